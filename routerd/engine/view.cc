#include "routerd/engine/view.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "absl/strings/str_cat.h"
#include "routerd/base/error.h"
#include "routerd/base/suggest.h"
#include "routerd/engine/life.h"
#include "routerd/engine/messages.h"
#include "routerd/engine/names.h"
#include "routerd/engine/snapshot.h"
#include "routerd/engine/workspace_impl.h"

namespace routerd::engine {
namespace {

using absl::StatusCode;
using base::Error;

absl::Status UnknownContact(const std::string& name) {
  return Error(StatusCode::kNotFound, "CONTACT_UNKNOWN", absl::StrCat("no contact ", name));
}

absl::Status BadToken() {
  return Error(StatusCode::kInvalidArgument, "FIELD_MALFORMED",
               "page_token is not one that a list of the same contacts gave");
}

// Where a live contact stands in a list: those who wait, in line order, then the others by id.
bool Matches(const ContactFile& file, const v1::ListContactsRequest& request) {
  const v1::Contact& head = file.head;
  if (!request.queue().empty() && BareName(head.queue(), kQueues) != BareName(request.queue(), kQueues)) return false;
  if (!request.agent().empty() && BareName(head.agent(), kAgents) != BareName(request.agent(), kAgents)) return false;
  if (!request.customer().empty() && file.context.customer().id() != request.customer()) return false;
  return request.state() == v1::Contact::STATE_UNSPECIFIED || head.state() == request.state();
}

}  // namespace

v1::Queue ViewImpl::QueueOf(const v1::QueueConfig& config) const {
  v1::Queue queue;
  queue.set_name(QueueName(config.id()));
  queue.set_display_name(std::string(s_.dossier.directory().QueueDisplayName(config.id())));
  if (config.has_service_level_target()) *queue.mutable_service_level_target() = config.service_level_target();
  s_.statistics.Fill(config.id(), queue);
  if (const ContactFile* first = s_.dossier.Find(s_.statistics.FirstWaiting(config.id()))) {
    *queue.mutable_longest_wait() = ToProto(s_.now - FromProto(first->head.queue_time()));
  }
  const auto id = router().FindQueue(config.id());
  if (!id) return queue;
  const core::Router::Hours hours = router().HoursOf(*id, s_.now);
  queue.set_open(hours.open);
  if (hours.change_at != core::kNever) *queue.mutable_open_change_time() = ToProto(hours.change_at);
  const core::Router::Staffing staffing = router().StaffingOf(*id);
  queue.set_agents_available_count(staffing.available);
  queue.set_agents_free_count(staffing.free);
  if (s_.dossier.directory().config().channels_size() > 0) {
    const auto channel = router().FindChannel(s_.dossier.directory().config().channels(0).id());
    if (channel)
      *queue.mutable_estimate() = engine::ToProto(router().EstimateNewcomer(*id, *channel, core::kNoVip, s_.now));
  }
  return queue;
}

std::vector<v1::Queue> ViewImpl::Queues() const {
  std::vector<v1::Queue> queues;
  for (const v1::QueueConfig& config : s_.dossier.directory().config().queues()) queues.push_back(QueueOf(config));
  return queues;
}

absl::StatusOr<v1::Queue> ViewImpl::Queue(const std::string& name) const {
  if (const v1::QueueConfig* config = s_.dossier.directory().FindQueue(name)) return QueueOf(*config);
  return UnknownQueue(name);
}

absl::Status ViewImpl::UnknownQueue(const std::string& name) const {
  std::vector<std::string> known;
  for (const v1::QueueConfig& config : s_.dossier.directory().config().queues()) known.push_back(config.id());
  return Error(StatusCode::kNotFound, "QUEUE_UNKNOWN",
               absl::StrCat("no queue ", name, base::DidYouMean(std::string(BareName(name, kQueues)), known)));
}

std::vector<v1::Agent> ViewImpl::Agents(bool all) const {
  std::vector<v1::Agent> agents;
  for (const v1::AgentConfig& config : s_.dossier.directory().config().agents()) {
    const auto id = router().FindAgent(config.id());
    if (!id || (!all && router().agent(*id).presence == core::Presence::kOffline)) continue;
    agents.push_back(AgentOf(router(), s_.dossier.directory(), *id));
  }
  return agents;
}

absl::StatusOr<v1::Agent> ViewImpl::Agent(const std::string& name) const {
  const auto id = router().FindAgent(BareName(name, kAgents));
  if (id) return AgentOf(router(), s_.dossier.directory(), *id);
  std::vector<std::string> known;
  for (const v1::AgentConfig& config : s_.dossier.directory().config().agents()) known.push_back(config.id());
  return Error(StatusCode::kNotFound, "AGENT_UNKNOWN",
               absl::StrCat("no agent ", name, base::DidYouMean(std::string(BareName(name, kAgents)), known)));
}

absl::StatusOr<v1::ListContactsResponse> ViewImpl::Contacts(const v1::ListContactsRequest& request) const {
  const size_t size = request.page_size() <= 0 ? 100 : static_cast<size_t>(std::min(request.page_size(), 1'000));
  return request.state() == v1::Contact::STATE_ENDED ? EndedContacts(request, size) : LiveContacts(request, size);
}

// The token is the number of the page's last contact: the next page begins after it, in the order as it is by then. If
// it has moved on meanwhile, after where it stands now.
absl::StatusOr<v1::ListContactsResponse> ViewImpl::LiveContacts(const v1::ListContactsRequest& request,
                                                                size_t size) const {
  std::vector<const ContactFile*> matching;
  router().VisitLine([&](const core::ContactCommon& data) {
    const ContactFile* file = s_.dossier.Find(data.id);
    if (file != nullptr && Matches(*file, request)) matching.push_back(file);
    return true;
  });
  const auto others = static_cast<std::ptrdiff_t>(matching.size());
  s_.dossier.VisitContacts([&](const ContactFile& file) {
    if (file.head.state() != v1::Contact::STATE_QUEUED && Matches(file, request)) matching.push_back(&file);
  });
  std::sort(matching.begin() + others, matching.end(),
            [](const ContactFile* a, const ContactFile* b) { return a->id < b->id; });

  size_t from = 0;
  if (!request.page_token().empty()) {
    const core::ContactId last = ParseContact(request.page_token());
    if (last == core::kNoContact) return BadToken();
    const auto at = std::find_if(matching.begin(), matching.end(), [&](const ContactFile* f) { return f->id == last; });
    if (at == matching.end()) {
      return Error(StatusCode::kAborted, "PAGE_GONE", "the page's last contact is no longer in the list; begin anew");
    }
    from = static_cast<size_t>(at - matching.begin()) + 1;
  }
  v1::ListContactsResponse response;
  const size_t end = std::min(matching.size(), from + size);
  for (size_t i = from; i < end; ++i) *response.add_contacts() = ContactOf(*matching[i]);
  if (end < matching.size()) response.set_next_page_token(absl::StrCat(core::Index(matching[end - 1]->id)));
  response.set_total_count(static_cast<int32_t>(matching.size()));
  return response;
}

// The token is the end time and name of the page's last contact.
absl::StatusOr<v1::ListContactsResponse> ViewImpl::EndedContacts(const v1::ListContactsRequest& request,
                                                                 size_t size) const {
  journal::EndedFilter filter;
  if (!request.queue().empty()) filter.queue = QueueName(BareName(request.queue(), kQueues));
  if (!request.agent().empty()) filter.agent = AgentName(BareName(request.agent(), kAgents));
  filter.customer = request.customer();
  filter.limit = static_cast<int>(size);
  if (const std::string& token = request.page_token(); !token.empty()) {
    const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), filter.before_time_ns);
    if (error != std::errc() || end == token.data() + token.size() || *end != ':') return BadToken();
    filter.before_contact = std::string(end + 1, token.data() + token.size());
  }
  const auto records = s_.journal.ListEnded(filter);
  if (!records.ok()) return records.status();
  v1::ListContactsResponse response;
  for (const std::string& bytes : *records) {
    v1::Contact& contact = *response.add_contacts();
    if (!contact.ParseFromString(bytes)) {
      return Error(StatusCode::kDataLoss, "RECORD_DAMAGED", "the record of an ended contact can't be read");
    }
    contact.clear_life();
    contact.mutable_context()->clear_transcript();
    contact.mutable_context()->clear_earlier_message_count();
  }
  if (records->size() == size && size > 0) {
    const v1::Contact& last = response.contacts(response.contacts_size() - 1);
    response.set_next_page_token(absl::StrCat(FromProto(last.end_time()).time_since_epoch().count(), ":", last.name()));
  }
  return response;
}

absl::StatusOr<v1::Contact> ViewImpl::Contact(const std::string& name) const {
  const core::ContactId id = ParseContact(name);
  if (const ContactFile* file = s_.dossier.Find(id)) return RecordOf(*file);
  const auto record = id == core::kNoContact ? nullptr : s_.ended.Find(ContactName(id), s_.journal);
  if (record == nullptr) return UnknownContact(name);
  return *record;
}

void ViewImpl::ExplainWaiting(const ContactFile& file, size_t agents_max, core::AgentId only,
                              v1::ExplainContactResponse& out) const {
  const core::WaitEstimate estimate = router().Estimate(file.id, s_.now);
  *out.mutable_estimate() = engine::ToProto(estimate);
  const core::Explanation explanation = router().Explain(file.id, s_.now, agents_max, only);
  for (const core::Ahead& ahead : explanation.ahead) {
    out.add_ahead(ContactName(ahead.contact));
    out.add_ahead_reasons(ahead.why);
  }
  out.set_ahead_count(explanation.ahead_count);
  for (const core::AgentVerdict& verdict : explanation.agents) {
    v1::AgentExplanation& agent = *out.add_agents();
    agent.set_agent(AgentName(router().NameOf(verdict.agent)));
    agent.set_eligible(verdict.failed.empty());
    for (const core::FailedTest& failed : verdict.failed) {
      v1::AgentExplanation::FailedTest& test = *agent.add_failed_tests();
      test.set_test(failed.test);
      test.set_text(failed.text);
      if (failed.opens_at != core::kNever) *test.mutable_opens_time() = ToProto(failed.opens_at);
    }
  }
  out.set_summary(absl::StrCat("waits in ", Sv(BareName(file.head.queue(), kQueues)), " at place ", estimate.place,
                               ", asking for ", RequirementsText(file.head.requirements()), ": ", explanation.cause));
}

absl::StatusOr<v1::ExplainContactResponse> ViewImpl::Explain(const v1::ExplainContactRequest& request) const {
  absl::StatusOr<v1::Contact> contact = Contact(request.name());
  if (!contact.ok()) return contact.status();
  if (request.has_time() && FromProto(contact->create_time()) > s_.now) {
    return Error(StatusCode::kNotFound, "CONTACT_UNKNOWN",
                 absl::StrCat(request.name(), " had not come yet at ", ClockText(s_.now), " (UTC)"));
  }
  const size_t agents_max = request.max_agents() <= 0 ? 50 : static_cast<size_t>(std::min(request.max_agents(), 1'000));
  core::AgentId only = core::kNoAgent;
  if (!request.agent().empty()) {
    if (absl::StatusOr<v1::Agent> agent = Agent(request.agent()); !agent.ok()) return agent.status();
    only = *router().FindAgent(BareName(request.agent(), kAgents));
  }
  v1::ExplainContactResponse response;
  if (!contact->life().empty()) {
    const v1::LifeStep& last = contact->life(contact->life_size() - 1);
    response.set_summary(absl::StrCat(last.text(), " (", ClockText(FromProto(last.time())), ")"));
  }
  const ContactFile* file = s_.dossier.Find(contact->name());
  if (file != nullptr && file->head.state() == v1::Contact::STATE_QUEUED) {
    ExplainWaiting(*file, agents_max, only, response);
  }
  response.mutable_life()->Swap(contact->mutable_life());
  *response.mutable_contact() = *std::move(contact);
  return response;
}

absl::StatusOr<v1::QueryAdmissionResponse> ViewImpl::Admission(const v1::QueryAdmissionRequest& request) const {
  const auto queue = router().FindQueue(BareName(request.queue(), kQueues));
  if (!queue || s_.dossier.directory().FindQueue(request.queue()) == nullptr) return UnknownQueue(request.queue());
  const auto channel = router().FindChannel(request.channel());
  if (!channel) {
    std::vector<std::string> known;
    for (const v1::ChannelConfig& config : s_.dossier.directory().config().channels()) known.push_back(config.id());
    return Error(StatusCode::kNotFound, "CHANNEL_UNKNOWN",
                 absl::StrCat("no channel \"", request.channel(), "\"", base::DidYouMean(request.channel(), known)));
  }
  const auto vip = request.vip().empty() ? core::kNoVip : router().FindVip(request.vip());
  if (!vip) {
    std::vector<std::string> known;
    for (const v1::VipConfig& config : s_.dossier.directory().config().vip_levels()) known.push_back(config.id());
    return Error(StatusCode::kNotFound, "VIP_UNKNOWN",
                 absl::StrCat("no VIP level \"", request.vip(), "\"", base::DidYouMean(request.vip(), known)));
  }
  using Advice = core::Router::Advice;
  const core::Router::Admission admission = router().AdmissionTo(*queue, *channel, *vip, s_.now);
  v1::QueryAdmissionResponse response;
  switch (admission.advice) {
    case Advice::kJoin:
      response.set_advice(v1::QueryAdmissionResponse::JOIN);
      break;
    case Advice::kNotToday:
      response.set_advice(v1::QueryAdmissionResponse::NOT_TODAY);
      break;
    case Advice::kClosed:
      response.set_advice(v1::QueryAdmissionResponse::CLOSED);
      break;
    case Advice::kFull:
      response.set_advice(v1::QueryAdmissionResponse::FULL);
      break;
    case Advice::kUnstaffed:
      response.set_advice(v1::QueryAdmissionResponse::UNSTAFFED);
      break;
  }
  if (admission.advice != Advice::kClosed) *response.mutable_estimate() = engine::ToProto(admission.estimate);
  if (admission.close_at != core::kNever) *response.mutable_close_time() = ToProto(admission.close_at);
  if (admission.open_at != core::kNever) *response.mutable_open_time() = ToProto(admission.open_at);
  response.set_callback_allowed(admission.callback_allowed);
  return response;
}

v1::Statistics ViewImpl::Statistics() const {
  v1::Statistics statistics;
  *statistics.mutable_time() = ToProto(s_.now);
  statistics.set_sequence(s_.sequence);
  statistics.set_live_contact_count(static_cast<int64_t>(router().contact_count()));
  statistics.set_waiting_count(static_cast<int64_t>(router().waiting_count()));
  int signed_in = 0;
  int available = 0;
  for (size_t i = 0; i < router().agent_count(); ++i) {
    const core::Presence presence = router().agent(core::AgentId{static_cast<uint32_t>(i)}).presence;
    if (presence != core::Presence::kOffline) ++signed_in;
    if (presence == core::Presence::kAvailable) ++available;
  }
  statistics.set_agents_signed_in_count(signed_in);
  statistics.set_agents_available_count(available);
  for (v1::Queue& queue : Queues()) *statistics.add_queues() = std::move(queue);
  for (const auto& [reason, count] : s_.refusals) (*statistics.mutable_refusals())[reason] = count;
  statistics.set_mailbox_depth(static_cast<int64_t>(s_.mailbox_depth));
  statistics.set_journal_pending_count(static_cast<int64_t>(s_.pending_batches));
  return statistics;
}

std::vector<std::string> ViewImpl::State() const {
  return ExportSnapshot(router(), s_.dossier, s_.statistics, s_.sequence);
}

}  // namespace routerd::engine
