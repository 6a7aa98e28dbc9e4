// How the workspace's state and events read to agents and adapters.
#pragma once

#include <memory>
#include <optional>

#include "routerd/core/router.h"
#include "routerd/engine/dossier.h"
#include "routerd/v1/agent_service.pb.h"
#include "routerd/v1/contact_service.pb.h"

namespace routerd::engine {

// What the contact's adapter is owed for `event`; null for nothing. A function of the event alone, but for what the
// agent is called now, so that a replay tells what was told the first time.
std::shared_ptr<const v1::ConnectResponse> AdapterMessage(const v1::Event& event, const Directory& directory);
// As the customer's side may see it: without what agents say among themselves, and served whether dormant or not.
v1::Contact ForAdapter(v1::Contact contact);
// The whole contact as it stands, for an adapter that lost events.
std::shared_ptr<const v1::ConnectResponse> ResyncMessage(const ContactFile& file, const Directory& directory);
// A passing note about a contact, addressed to its adapter.
v1::ConnectResponse AdapterNote(const ContactFile& file);

v1::WaitEstimate ToProto(const core::WaitEstimate& estimate);
v1::Agent AgentOf(const core::Router& router, const Directory& directory, core::AgentId agent);
// Requires: the contact is offered.
v1::Offer OfferOf(const ContactFile& file, const ContactFile::OpenOffer& open, const Directory& directory);
// As its agent sees it: with context and transcript, or brief without them.
v1::Contact FullContactForAgent(const ContactFile& file, const Directory& directory);
v1::Contact BriefContactForAgent(const ContactFile& file, const Directory& directory);
// Everything the agent holds.
v1::Picture PictureOf(const core::Router& router, const Dossier& dossier, core::AgentId agent, core::Instant now);

}  // namespace routerd::engine
