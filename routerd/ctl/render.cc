// Tables and lines, one function an answer.
#include "routerd/ctl/render.h"

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "google/protobuf/util/json_util.h"
#include "routerd/ctl/text.h"

namespace routerd::ctl {
namespace {

std::string WithoutPrefix(const std::string& name, std::string_view prefix) {
  return name.starts_with(prefix) ? name.substr(prefix.size()) : name;
}

std::string EndText(v1::Contact::EndReason reason) {
  return WithoutPrefix(v1::Contact::EndReason_Name(reason), "END_REASON_");
}

// How the customer is called, and the standing.
std::string CustomerText(const v1::Customer& customer) {
  const std::string& name = customer.display_name().empty() ? customer.id() : customer.display_name();
  return OneLine(name, 24);
}

std::string Count(int64_t count) { return std::to_string(count); }

std::string Names(const google::protobuf::RepeatedPtrField<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + ShortName(name);
  return text;
}

std::string Percent(double share) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.0f%%", share * 100);
  return buffer;
}

std::string ServiceLevel(const v1::Queue& queue) {
  if (!queue.has_service_level_target() || queue.accepted_count() + queue.abandoned_count() == 0) return "";
  return Percent(queue.service_level()) + " in " + DurationText(queue.service_level_target());
}

std::string TimeCell(bool has, const google::protobuf::Timestamp& time, const Here& here) {
  return has ? DateText(time, here.zone) : "";
}

void AddLine(std::string_view title, const std::string& text, std::string& out) {
  if (text.empty()) return;
  std::string line(title);
  line.resize(12, ' ');
  out += line + OneLine(text) + "\n";
}

// The plain fields of an event's own part: "reason=lapsed missed_count=1".
std::string Details(const google::protobuf::Message& kind) {
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  const google::protobuf::Reflection& reflection = *kind.GetReflection();
  reflection.ListFields(kind, &fields);
  using Field = google::protobuf::FieldDescriptor;
  std::string out;
  for (const Field* field : fields) {
    if (field->is_repeated() || field->cpp_type() == Field::CPPTYPE_MESSAGE) continue;
    std::string value;
    switch (field->cpp_type()) {
      case Field::CPPTYPE_STRING:
        value = OneLine(reflection.GetString(kind, field), 60);
        if (value.find(' ') != std::string::npos) value = "\"" + value + "\"";
        break;
      case Field::CPPTYPE_BOOL:
        value = reflection.GetBool(kind, field) ? "yes" : "no";
        break;
      case Field::CPPTYPE_INT32:
        value = Count(reflection.GetInt32(kind, field));
        break;
      case Field::CPPTYPE_INT64:
        value = Count(reflection.GetInt64(kind, field));
        break;
      case Field::CPPTYPE_ENUM:
        value = reflection.GetEnum(kind, field)->name();
        break;
      default:
        continue;
    }
    out += " " + field->name() + "=" + value;
  }
  return out;
}

// "offer.made" for the field offer_made: what it is about ends at the first known noun.
std::string EventName(const std::string& field) {
  for (const std::string_view noun :
       {"contact_", "offer_", "agent_", "wrap_up_", "message_", "messages_", "context_", "adapter_", "policy_"}) {
    if (!field.starts_with(noun)) continue;
    std::string verb = field.substr(noun.size());
    if (const size_t end = verb.rfind("_event"); end != std::string::npos) verb.resize(end);
    return std::string(noun.substr(0, noun.size() - 1)) + "." + verb;
  }
  if (field == "requirements_relaxed") return "contact.relaxed";
  if (field == "reservation_ended") return "reservation.ended";
  return field;
}

// What else became of offers and contacts, for queues where anything did.
void AddOutcomes(const v1::Statistics& statistics, std::string& text) {
  Table table({"QUEUE", ">AGENT GONE", ">CUSTOMER GONE", ">UNREACHABLE", ">OVERFLOWED", ">EXPIRED", ">ESCALATED",
               ">CALLBACKS"});
  bool any = false;
  for (const v1::Queue& queue : statistics.queues()) {
    const int64_t counts[] = {queue.agent_gone_count(), queue.customer_gone_count(), queue.unreachable_count(),
                              queue.overflowed_count(), queue.expired_count(),       queue.escalated_count(),
                              queue.callback_count()};
    std::vector<std::string> cells = {ShortName(queue.name())};
    int64_t sum = 0;
    for (const int64_t count : counts) {
      sum += count;
      cells.push_back(Count(count));
    }
    if (sum == 0) continue;
    any = true;
    table.Add(std::move(cells));
  }
  if (any) text += "\n" + table.Text();
}

// Bounds of v1.Queue's wait_bucket_counts, in seconds; the last count is of those beyond.
constexpr int kWaitBounds[] = {5, 10, 20, 30, 60, 120, 300, 600, 1200, 3600};
constexpr int kBarWidth = 40;

// How long those who were accepted had waited.
std::string Histogram(const v1::Queue& queue) {
  int64_t most = 0;
  for (const int64_t count : queue.wait_bucket_counts()) most = std::max(most, count);
  if (most == 0) return "";
  Table table({"WAITED UP TO", ">ACCEPTED", ""});
  for (int i = 0; i < queue.wait_bucket_counts_size(); ++i) {
    const bool is_last = i >= static_cast<int>(std::size(kWaitBounds));
    const int64_t count = queue.wait_bucket_counts(i);
    table.Add(
        {is_last ? "longer" : DurationText(absl::Seconds(kWaitBounds[i])), Count(count),
         count == 0 ? " " : std::string(static_cast<size_t>(std::max<int64_t>(1, count * kBarWidth / most)), '#')});
    if (is_last) break;
  }
  return table.Text();
}

std::string OpenText(const v1::Queue& queue, const Here& here) {
  std::string text = queue.open() ? "open" : "closed";
  if (queue.has_open_change_time()) text += " until " + DateText(queue.open_change_time(), here.zone);
  return text;
}

}  // namespace

std::string StateText(v1::Contact::State state) { return WithoutPrefix(v1::Contact::State_Name(state), "STATE_"); }

std::string PresenceText(v1::Presence presence) { return WithoutPrefix(v1::Presence_Name(presence), "PRESENCE_"); }

std::string RequirementsText(const google::protobuf::RepeatedPtrField<v1::SkillRequirement>& requirements) {
  std::string text;
  for (const v1::SkillRequirement& one : requirements) {
    text += (text.empty() ? "" : ", ") + one.skill();
    if (one.tier() != v1::TIER_UNSPECIFIED) text += " " + v1::Tier_Name(one.tier());
  }
  return text;
}

std::string EstimateText(const v1::WaitEstimate& estimate) {
  std::string text = "place " + Count(estimate.place());
  if (!estimate.has_wait_p50()) return text + ", nobody on duty could take it";
  text += ", about " + DurationText(estimate.wait_p50()) + " to wait";
  if (estimate.has_wait_p90()) text += ", under " + DurationText(estimate.wait_p90()) + " for nine in ten";
  return text;
}

std::string Render(const v1::ListQueuesResponse& response) {
  if (response.queues().empty()) return "There are no queues.\n";
  Table table({"QUEUE", ">WAITING", ">OFFERED", ">ACTIVE", ">WRAP-UP", ">LONGEST", ">FREE", ">ON DUTY", ">EXPECTED",
               "SERVICE LEVEL"});
  for (const v1::Queue& queue : response.queues()) {
    table.Add({ShortName(queue.name()) + (queue.open() ? "" : " (closed)"), Count(queue.waiting_count()),
               Count(queue.offered_count()), Count(queue.active_count()), Count(queue.wrap_up_count()),
               queue.has_longest_wait() ? DurationText(queue.longest_wait()) : "", Count(queue.agents_free_count()),
               Count(queue.agents_available_count()),
               queue.estimate().has_wait_p50() ? DurationText(queue.estimate().wait_p50()) : "", ServiceLevel(queue)});
  }
  return table.Text();
}

std::string Render(const v1::QueryAdmissionResponse& admission, const Here& here) {
  using Response = v1::QueryAdmissionResponse;
  std::string text;
  switch (admission.advice()) {
    case Response::JOIN:
      text = "join: " + EstimateText(admission.estimate());
      break;
    case Response::NOT_TODAY:
      text = "not today: it closes before the wait would be over (" + EstimateText(admission.estimate()) + ")";
      break;
    case Response::CLOSED:
      text = "closed";
      break;
    case Response::FULL:
      text = "full: as many wait as the queue takes";
      break;
    case Response::UNSTAFFED:
      text = "unstaffed: nobody who could take it is signed in";
      break;
    default:
      text = "unknown advice";
  }
  text += "\n";
  if (admission.has_close_time()) text += "closes " + DateText(admission.close_time(), here.zone) + "\n";
  if (admission.has_open_time()) text += "opens  " + DateText(admission.open_time(), here.zone) + "\n";
  text += admission.callback_allowed() ? "callbacks can be asked for\n" : "no callbacks\n";
  return text;
}

std::string Render(const v1::ListAgentsResponse& response, const Here& here) {
  if (response.agents().empty()) return "No agent is signed in; --all lists those who are offline too.\n";
  Table table({"AGENT", "NAME", "PRESENCE", ">SINCE", "DESK", ">USED", "HOLDS", ">ACCEPTED", ">LAPSED", ">DECLINED",
               ">REVOKED", "SKILLS"});
  for (const v1::Agent& agent : response.agents()) {
    std::string presence = PresenceText(agent.presence());
    if (!agent.presence_reason().empty()) presence += " (" + OneLine(agent.presence_reason(), 24) + ")";
    if (agent.pending_presence() != v1::PRESENCE_UNSPECIFIED) {
      presence += ", then " + PresenceText(agent.pending_presence());
    }
    std::string holds = Names(agent.contacts());
    if (!agent.consults().empty()) holds += (holds.empty() ? "" : ", ") + ("asked on " + Names(agent.consults()));
    table.Add({ShortName(agent.name()), OneLine(agent.display_name(), 24) + (agent.bot() ? " (bot)" : ""), presence,
               agent.has_presence_time() ? DurationText(here.now - TimeOf(agent.presence_time())) : "",
               agent.connected() ? "open" : "", Count(agent.used_capacity()) + "/" + Count(agent.capacity()), holds,
               Count(agent.accepted_count()), Count(agent.lapsed_count()), Count(agent.declined_count()),
               Count(agent.revoked_count()), RequirementsText(agent.skills())});
  }
  return table.Text();
}

std::string Render(const v1::ListContactsResponse& response, const Here& here) {
  if (response.contacts().empty()) return "There are no such contacts.\n";
  Table table(
      {">CONTACT", "STATE", "QUEUE", "CHANNEL", "CUSTOMER", "VIP", "AGENT", ">IN STATE", ">AGE", ">OFFERS", "TOPIC"});
  for (const v1::Contact& contact : response.contacts()) {
    std::string state = StateText(contact.state());
    if (contact.state() == v1::Contact::STATE_ENDED) state = EndText(contact.end_reason());
    if (contact.on_hold()) state += " (hold)";
    if (contact.escalation_level() > 0) state += " (level " + Count(contact.escalation_level()) + ")";
    if (contact.supervisor_called()) state += " SUPERVISOR";
    const absl::Time end = contact.has_end_time() ? TimeOf(contact.end_time()) : here.now;
    table.Add({ShortName(contact.name()), state, ShortName(contact.queue()), contact.channel(),
               CustomerText(contact.context().customer()), contact.context().customer().vip(),
               ShortName(contact.agent()),
               contact.has_state_time() ? DurationText(here.now - TimeOf(contact.state_time())) : "",
               contact.has_create_time() ? DurationText(end - TimeOf(contact.create_time())) : "",
               Count(contact.offer_count()), OneLine(contact.context().subject(), 40)});
  }
  std::string text = table.Text();
  if (!response.next_page_token().empty()) {
    text += "There are more";
    if (response.total_count() > 0) text += ", " + Count(response.total_count()) + " in all";
    text += "; --limit shows further ones.\n";
  }
  return text;
}

std::string Render(const v1::ExplainContactResponse& response, const Here& here) {
  const v1::Contact& contact = response.contact();
  const v1::Customer& customer = contact.context().customer();
  std::string text = "Contact " + ShortName(contact.name()) + " is " + StateText(contact.state()) + ": " +
                     OneLine(response.summary()) + "\n\n";
  std::string who = CustomerText(customer);
  if (!customer.vip().empty()) who += ", VIP " + customer.vip();
  AddLine("customer", who, text);
  AddLine("topic", contact.context().subject(), text);
  AddLine("came by", contact.channel() + " (" + contact.adapter() + ")", text);
  AddLine("queue", ShortName(contact.queue()), text);
  const std::string requirements = RequirementsText(contact.requirements());
  AddLine("asks for", requirements.empty() ? "nothing in particular" : requirements, text);
  AddLine("came at", TimeCell(contact.has_create_time(), contact.create_time(), here), text);
  if (contact.has_head_start() && DurationOf(contact.head_start()) > absl::ZeroDuration()) {
    AddLine("head start", DurationText(contact.head_start()), text);
  }
  if (response.has_estimate()) AddLine("estimate", EstimateText(response.estimate()), text);
  AddLine("agent", ShortName(contact.agent()), text);
  AddLine("kept for", ShortName(contact.reserved_agent()), text);
  std::string labels;
  for (const std::string& label : contact.labels()) labels += (labels.empty() ? "" : ", ") + label;
  AddLine("labels", labels, text);
  AddLine("reply by", TimeCell(contact.has_deadline_time(), contact.deadline_time(), here), text);
  if (contact.supervisor_called()) AddLine("supervisor", "called; `prioritize --clear-call` answers the call", text);
  AddLine("outcome", contact.disposition(), text);
  if (response.ahead_reasons().empty()) {
    AddLine("ahead", Names(response.ahead()), text);
  } else {
    text += "\nAhead:\n";
    for (int i = 0; i < response.ahead_size(); ++i) {
      text += "  " + ShortName(response.ahead(i)) + " " + OneLine(response.ahead_reasons(i)) + "\n";
    }
    if (response.ahead_count() > response.ahead_size()) {
      text += "  and " + Count(response.ahead_count() - response.ahead_size()) + " more\n";
    }
  }

  if (!response.agents().empty()) {
    Table table({"AGENT", "COULD TAKE IT", "WHY NOT"});
    for (const v1::AgentExplanation& agent : response.agents()) {
      std::string why;
      for (const v1::AgentExplanation::FailedTest& test : agent.failed_tests()) {
        why += (why.empty() ? "" : "; ") + OneLine(test.text());
        if (test.has_opens_time()) why += " (opens at " + ClockText(test.opens_time(), here.zone) + ")";
      }
      table.Add({ShortName(agent.agent()), agent.eligible() ? "yes" : "no", why});
    }
    text += "\nAgents:\n" + table.Text("  ");
  }
  if (!response.life().empty()) {
    Table table({"TIME", "EVENT", "WHAT HAPPENED"});
    for (const v1::LifeStep& step : response.life()) {
      table.Add({TimeCell(step.has_time(), step.time(), here), step.event(), step.text()});
    }
    text += "\nLife:\n" + table.Text("  ");
  }
  return text;
}

std::string Render(const v1::Statistics& statistics, const Here& here) {
  std::string text;
  AddLine("time", TimeCell(statistics.has_time(), statistics.time(), here), text);
  AddLine("last event", Count(statistics.sequence()), text);
  AddLine("contacts",
          Count(statistics.live_contact_count()) + " live, " + Count(statistics.waiting_count()) + " waiting", text);
  AddLine("agents",
          Count(statistics.agents_signed_in_count()) + " signed in, " + Count(statistics.agents_available_count()) +
              " available",
          text);
  AddLine("at work",
          Count(statistics.mailbox_depth()) + " requests waiting, " + Count(statistics.journal_pending_count()) +
              " batches on their way to the disk",
          text);
  if (!statistics.queues().empty()) {
    Table table({"QUEUE", ">CREATED", ">ACCEPTED", ">ABANDONED", ">COMPLETED", ">LAPSED", ">DECLINED", ">REVOKED",
                 ">ASA", ">AHT", "SERVICE LEVEL"});
    for (const v1::Queue& queue : statistics.queues()) {
      table.Add({ShortName(queue.name()), Count(queue.created_count()), Count(queue.accepted_count()),
                 Count(queue.abandoned_count()), Count(queue.completed_count()), Count(queue.lapsed_count()),
                 Count(queue.declined_count()), Count(queue.revoked_count()),
                 queue.has_mean_wait() ? DurationText(queue.mean_wait()) : "",
                 queue.has_mean_handle_time() ? DurationText(queue.mean_handle_time()) : "", ServiceLevel(queue)});
    }
    text += "\n" + table.Text();
    AddOutcomes(statistics, text);
    Table estimates({"ESTIMATES OF", ">SCORED", ">WITHIN P50", ">WITHIN P90", ">MEAN ERROR"});
    bool scored = false;
    for (const v1::Queue& queue : statistics.queues()) {
      if (queue.estimated_count() == 0) continue;
      scored = true;
      estimates.Add({ShortName(queue.name()), Count(queue.estimated_count()), Percent(queue.within_p50()),
                     Percent(queue.within_p90()), DurationText(queue.mean_estimate_error())});
    }
    if (scored) text += "\n" + estimates.Text();
  }
  if (!statistics.refusals().empty()) {
    Table table({"REFUSED BECAUSE", ">TIMES"});
    // A map's order is anything; the table's is by name.
    const std::map<std::string, int64_t> refusals(statistics.refusals().begin(), statistics.refusals().end());
    for (const auto& [reason, count] : refusals) table.Add({reason, Count(count)});
    text += "\n" + table.Text();
  }
  return text;
}

std::string Render(const v1::Event& event, const Here& here) {
  std::string text =
      absl::FormatTime("%H:%M:%E3S", TimeOf(event.time()), here.zone) + "  #" + Count(event.sequence()) + "  ";
  std::string name = "event";
  std::string details;
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  event.GetReflection()->ListFields(event, &fields);
  for (const google::protobuf::FieldDescriptor* field : fields) {
    if (field->containing_oneof() == nullptr) continue;
    name = EventName(field->name());
    details = Details(event.GetReflection()->GetMessage(event, field));
  }
  if (event.has_offer_closed()) {
    std::string state = WithoutPrefix(v1::Offer::State_Name(event.offer_closed().state()), "STATE_");
    for (char& c : state) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    name = "offer." + state;
  }
  if (event.has_contact_held()) name = event.contact_held().on() ? "contact.held" : "contact.resumed";
  if (event.has_agent_connection_changed()) {
    name = event.agent_connection_changed().connected() ? "agent.connected" : "agent.disconnected";
  }
  text += name;
  if (!event.contact().empty()) text += " contact=" + ShortName(event.contact());
  if (!event.agent().empty()) text += " agent=" + ShortName(event.agent());
  if (!event.queue().empty()) text += " queue=" + ShortName(event.queue());
  if (event.has_contact_transferred()) {
    const v1::TransferNote& note = event.contact_transferred().note();
    return text + " to=" + note.target() + " reason=\"" + OneLine(note.reason(), 60) + "\"";
  }
  if (event.has_message_posted()) {
    const v1::Message& message = event.message_posted().message();
    return text + " from=" + WithoutPrefix(v1::Message::Author_Name(message.author()), "AUTHOR_") + " \"" +
           OneLine(message.text(), 60) + "\"";
  }
  return text + details;
}

std::string Render(const v1::Contact& contact) {
  std::string text = "Contact " + ShortName(contact.name()) + " is " + StateText(contact.state());
  if (contact.state() == v1::Contact::STATE_ENDED) text += " (" + EndText(contact.end_reason()) + ")";
  if (!contact.queue().empty()) text += ", queue " + ShortName(contact.queue());
  if (!contact.agent().empty()) text += ", agent " + ShortName(contact.agent());
  return text + ".\n";
}

std::string Render(const v1::Agent& agent) {
  std::string text = "Agent " + ShortName(agent.name()) + " is " + PresenceText(agent.presence());
  if (!agent.presence_reason().empty()) text += " (" + OneLine(agent.presence_reason()) + ")";
  if (agent.pending_presence() != v1::PRESENCE_UNSPECIFIED) {
    text += ", and " + PresenceText(agent.pending_presence()) + " once nothing is held";
  }
  return text + ".\n";
}

std::string RenderDetails(const v1::Queue& queue, const Here& here) {
  std::string text = "Queue " + ShortName(queue.name());
  if (!queue.display_name().empty()) text += " (" + OneLine(queue.display_name()) + ")";
  text += " is " + OpenText(queue, here) + ".\n\n";
  std::string waiting = Count(queue.waiting_count());
  if (queue.has_longest_wait()) waiting += ", the first in line for " + DurationText(queue.longest_wait());
  AddLine("waiting", waiting, text);
  AddLine("with agents",
          Count(queue.offered_count()) + " offered, " + Count(queue.active_count()) + " active, " +
              Count(queue.dormant_count()) + " dormant, " + Count(queue.wrap_up_count()) + " in wrap-up",
          text);
  AddLine("scheduled", Count(queue.scheduled_count()), text);
  AddLine("agents",
          Count(queue.agents_available_count()) + " on duty, " + Count(queue.agents_free_count()) + " with room", text);
  if (queue.has_estimate()) AddLine("who came now", EstimateText(queue.estimate()), text);
  AddLine("in time", ServiceLevel(queue), text);
  AddLine("contacts",
          Count(queue.created_count()) + " came, " + Count(queue.accepted_count()) + " accepted, " +
              Count(queue.completed_count()) + " completed, " + Count(queue.abandoned_count()) + " abandoned",
          text);
  AddLine("by rules",
          Count(queue.overflowed_count()) + " overflowed, " + Count(queue.expired_count()) + " expired, " +
              Count(queue.escalated_count()) + " escalated, " + Count(queue.callback_count()) + " callbacks",
          text);
  AddLine("offers",
          Count(queue.lapsed_count()) + " lapsed, " + Count(queue.declined_count()) + " declined, " +
              Count(queue.unreachable_count()) + " unreachable, " + Count(queue.revoked_count()) + " revoked (" +
              Count(queue.agent_gone_count()) + " agent gone, " + Count(queue.customer_gone_count()) +
              " customer gone)",
          text);
  if (queue.has_mean_wait()) AddLine("mean wait", DurationText(queue.mean_wait()), text);
  if (queue.has_mean_handle_time()) {
    AddLine("mean handle", DurationText(queue.mean_handle_time()) + ", wrap-up included", text);
  }
  if (queue.estimated_count() > 0) {
    AddLine("estimates",
            Count(queue.estimated_count()) + " scored: " + Percent(queue.within_p50()) + " within P50, " +
                Percent(queue.within_p90()) + " within P90, mean error " + DurationText(queue.mean_estimate_error()),
            text);
  }
  const std::string histogram = Histogram(queue);
  return histogram.empty() ? text : text + "\n" + histogram;
}

std::string RenderDetails(const v1::Agent& agent, const Here& here) {
  std::string text = Render(agent) + "\n";
  std::string name = OneLine(agent.display_name());
  if (agent.bot()) name += " (bot)";
  AddLine("name", name, text);
  if (agent.has_presence_time()) AddLine("since", DateText(agent.presence_time(), here.zone), text);
  AddLine("then", OneLine(agent.pending_presence_reason()), text);
  AddLine("desk", agent.connected() ? "open" : "none", text);
  std::string holds = Count(agent.used_capacity()) + " of " + Count(agent.capacity());
  if (!agent.contacts().empty()) holds += ": " + Names(agent.contacts());
  AddLine("holds", holds, text);
  AddLine("asked on", Names(agent.consults()), text);
  std::string channels;
  for (const v1::ChannelCapacity& one : agent.channels()) {
    channels += (channels.empty() ? "" : ", ") + one.channel() + " " + Count(one.max_count());
  }
  AddLine("channels", channels, text);
  AddLine("skills", RequirementsText(agent.skills()), text);
  AddLine("offers",
          Count(agent.accepted_count()) + " accepted, " + Count(agent.lapsed_count()) + " lapsed, " +
              Count(agent.declined_count()) + " declined, " + Count(agent.revoked_count()) +
              " revoked since sign-in; " + Count(agent.missed_count()) + " missed in a row now",
          text);
  return text;
}

std::string Json(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  std::string text;
  // Fails only for malformed Any, Timestamp and the like, which a router does not send.
  const auto status = google::protobuf::util::MessageToJsonString(message, &text, options);
  return status.ok() ? text : "{\"error\":\"the answer cannot be written as JSON\"}";
}

}  // namespace routerd::ctl
