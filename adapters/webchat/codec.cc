#include "adapters/webchat/codec.h"

#include <algorithm>
#include <boost/json.hpp>
#include <limits>

namespace adapters::webchat {
namespace {

namespace json = boost::json;

constexpr size_t kIdBytesMax = 64;
constexpr size_t kFieldCountMax = 20;
constexpr size_t kFieldBytesMax = 1'000;
constexpr size_t kFieldsBytesMax = 8 << 10;

std::string_view FromJson(json::string_view text) { return {text.data(), text.size()}; }
json::string_view View(std::string_view text) { return {text.data(), text.size()}; }

// Reads the fields of one frame; the first one that is wrong is remembered.
class Reader {
 public:
  explicit Reader(const json::object& object) : object_(object) {}

  bool ok() const { return !error_; }
  FrameError error(std::string cid) const {
    FrameError error = *error_;
    error.cid = std::move(cid);
    return error;
  }
  void Refuse(std::string code, std::string text) {
    if (!error_) error_ = FrameError{std::move(code), std::move(text)};
  }

  // Text of at most `bytes_max` bytes and without control characters but line ends and tabs.
  std::string Text(std::string_view key, size_t bytes_max) {
    const json::value* value = object_.if_contains(View(key));
    if (value == nullptr || value->is_null()) return "";
    const json::string* text = value->if_string();
    if (text == nullptr) {
      Refuse("bad_frame", std::string(key) + " must be text");
      return "";
    }
    if (text->size() > bytes_max) {
      Refuse("too_large", std::string(key) + " is longer than " + std::to_string(bytes_max) + " bytes");
      return "";
    }
    const auto control = [](unsigned char c) { return (c < 0x20 && c != '\n' && c != '\r' && c != '\t') || c == 0x7f; };
    if (std::any_of(text->begin(), text->end(), control)) {
      Refuse("bad_frame", std::string(key) + " has control characters");
      return "";
    }
    return std::string(FromJson(*text));
  }

  // An identifier that the page made: 1 to 64 letters, digits, `-`, `_`.
  std::string Id(std::string_view key) {
    std::string id = Text(key, kIdBytesMax);
    const auto allowed = [](unsigned char c) {
      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
    };
    if (ok() && (id.empty() || !std::all_of(id.begin(), id.end(), allowed))) {
      Refuse("bad_frame", std::string(key) + " must be 1 to 64 letters, digits, - or _");
      return "";
    }
    return id;
  }

  std::string Message(const CodecLimits& limits) {
    std::string text = Text("text", limits.text_characters_max * 4);
    if (CharacterCount(text) > limits.text_characters_max) {
      Refuse("too_large", "text is longer than " + std::to_string(limits.text_characters_max) + " characters");
    }
    return text;
  }

  int64_t Integer(std::string_view key, int64_t otherwise) {
    const json::value* value = object_.if_contains(View(key));
    if (value == nullptr || value->is_null()) return otherwise;
    if (const int64_t* number = value->if_int64(); number != nullptr && *number >= 0) return *number;
    Refuse("bad_frame", std::string(key) + " must be a whole number from 0 on");
    return otherwise;
  }

  bool Boolean(std::string_view key) {
    const json::value* value = object_.if_contains(View(key));
    if (value != nullptr && value->is_bool()) return value->get_bool();
    Refuse("bad_frame", std::string(key) + " must be true or false");
    return false;
  }

  // An object within the frame; nothing if it is absent.
  std::optional<Reader> Object(std::string_view key) {
    const json::value* value = object_.if_contains(View(key));
    if (value == nullptr || value->is_null()) return std::nullopt;
    if (value->is_object()) return Reader(value->get_object());
    Refuse("bad_frame", std::string(key) + " must be an object");
    return std::nullopt;
  }

  // All fields of an object within the frame, each text.
  Fields AllText(std::string_view key) {
    Fields fields;
    std::optional<Reader> object = Object(key);
    if (!object) return fields;
    size_t bytes = 0;
    for (const json::key_value_pair& field : object->object_) {
      std::string name(FromJson(field.key()));
      std::string value = object->Text(name, kFieldBytesMax);
      bytes += name.size() + value.size();
      if (!object->ok()) {
        Refuse(object->error_->code, std::string(key) + "." + object->error_->text);
        return {};
      }
      if (name.empty() || name.size() > kIdBytesMax || fields.size() == kFieldCountMax || bytes > kFieldsBytesMax) {
        Refuse("too_large", std::string(key) + " has too many or too long fields");
        return {};
      }
      if (!value.empty()) fields.emplace_back(std::move(name), std::move(value));
    }
    return fields;
  }

 private:
  const json::object& object_;
  std::optional<FrameError> error_;
};

bool Blank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == std::string_view::npos; }

ClientFrame ReadHello(Reader& reader) {
  HelloFrame hello;
  hello.site = reader.Text("site", kIdBytesMax);
  hello.resume = reader.Text("resume", 128);
  hello.conversation = reader.Text("conversation", kIdBytesMax);
  hello.after = reader.Integer("after", 0);
  hello.lang = reader.Text("lang", 35);
  if (std::optional<Reader> page = reader.Object("page")) {
    hello.page_url = page->Text("url", 2'000);
    hello.page_title = page->Text("title", 500);
    if (!page->ok()) reader.Refuse("bad_frame", "page." + page->error("").text);
  }
  if (std::optional<Reader> identity = reader.Object("identity")) {
    hello.identity = Identity{identity->Text("id", 128), identity->Text("hash", 128)};
    if (!identity->ok()) reader.Refuse("bad_frame", "identity." + identity->error("").text);
  }
  return hello;
}

json::object Frame(std::string_view type) { return {{"t", View(type)}}; }

json::object EventObject(const ChatEvent& event) {
  json::object object = Frame("event");
  object["seq"] = event.seq;
  object["at"] = event.at_ms;
  object["kind"] = event.kind;
  json::object from{{"kind", event.from}};
  if (!event.name.empty()) from["name"] = event.name;
  object["from"] = std::move(from);
  if (!event.text.empty()) object[event.kind == "ended" ? "reason" : "text"] = event.text;
  if (!event.cid.empty()) object["cid"] = event.cid;
  return object;
}

}  // namespace

std::variant<ClientFrame, FrameError> ParseFrame(std::string_view text, const CodecLimits& limits) {
  if (text.size() > kFrameBytesMax) return FrameError{"too_large", "a frame has at most 64 KiB"};
  json::error_code failed;
  json::parse_options options;
  options.max_depth = 4;
  const json::value value = json::parse(View(text), failed, {}, options);
  if (failed || !value.is_object()) return FrameError{"bad_frame", "a frame is one JSON object"};
  Reader reader(value.get_object());
  const std::string type = reader.Text("t", 16);
  std::string cid;
  ClientFrame frame;
  if (type == "hello") {
    frame = ReadHello(reader);
  } else if (type == "start") {
    cid = reader.Id("cid");
    frame = StartFrame{cid, reader.Text("topic", 200), reader.AllText("form"), reader.AllText("attributes"),
                       reader.Message(limits)};
  } else if (type == "msg") {
    cid = reader.Id("cid");
    MessageFrame message{cid, reader.Message(limits)};
    if (reader.ok() && Blank(message.text)) reader.Refuse("bad_frame", "text is empty");
    frame = std::move(message);
  } else if (type == "typing") {
    frame = TypingFrame{reader.Boolean("on")};
  } else if (type == "seen") {
    frame = SeenFrame{reader.Integer("seq", 0)};
  } else if (type == "ack") {
    frame = AckFrame{reader.Integer("seq", 0)};
  } else if (type == "end") {
    frame = EndFrame{};
  } else if (type == "history") {
    frame = HistoryFrame{reader.Integer("before", std::numeric_limits<int64_t>::max()), reader.Integer("limit", 50)};
  } else if (type == "ping") {
    frame = PingFrame{reader.Integer("n", 0)};
  } else {
    reader.Refuse("bad_frame", "unknown type; this server speaks routerd.chat.v1");
  }
  if (!reader.ok()) return reader.error(cid);
  return frame;
}

std::string_view ToString(ChatState state) {
  switch (state) {
    case ChatState::kNone:
      return "none";
    case ChatState::kStarting:
      return "starting";
    case ChatState::kWaiting:
      return "waiting";
    case ChatState::kActive:
      return "active";
    case ChatState::kDormant:
      return "dormant";
    case ChatState::kEnded:
      return "ended";
  }
  return "none";
}

std::string EncodeWelcome(const Welcome& welcome) {
  json::object object = Frame("welcome");
  if (!welcome.resume.empty()) object["resume"] = welcome.resume;
  object["visitor"] = welcome.visitor;
  if (!welcome.conversation.empty()) object["conversation"] = welcome.conversation;
  object["state"] = View(ToString(welcome.state));
  object["seq"] = welcome.seq;
  object["delivered"] = welcome.delivered;
  object["seen"] = welcome.seen;
  if (!welcome.agent.empty()) object["agent"] = welcome.agent;
  if (welcome.truncated) object["truncated"] = true;
  json::array topics;
  for (const std::string& topic : welcome.topics) topics.emplace_back(topic);
  object["config"] = {{"title", welcome.title},
                      {"greeting", welcome.greeting},
                      {"topics", std::move(topics)},
                      {"online", welcome.online},
                      {"text_characters_max", welcome.text_characters_max}};
  object["server_time"] = welcome.server_time_ms;
  return json::serialize(object);
}

std::string EncodeEvent(const ChatEvent& event) { return json::serialize(EventObject(event)); }

std::string EncodeHistory(const std::vector<ChatEvent>& events, bool more) {
  json::object object = Frame("history");
  json::array list;
  for (const ChatEvent& event : events) list.emplace_back(EventObject(event));
  object["events"] = std::move(list);
  object["more"] = more;
  return json::serialize(object);
}

std::string EncodeReceipt(std::string_view cid, int64_t seq, std::string_view status, std::string_view conversation) {
  json::object object = Frame("receipt");
  if (!cid.empty()) object["cid"] = View(cid);
  object["seq"] = seq;
  object["status"] = View(status);
  if (!conversation.empty()) object["conversation"] = View(conversation);
  return json::serialize(object);
}

std::string EncodeQueue(int64_t position, std::optional<int64_t> wait_s, std::optional<int64_t> wait_max_s) {
  json::object object = Frame("queue");
  object["position"] = position;
  if (wait_s) object["wait_s"] = *wait_s;
  if (wait_max_s) object["wait_max_s"] = *wait_max_s;
  return json::serialize(object);
}

std::string EncodeTyping(bool on, std::string_view name) {
  json::object object = Frame("typing");
  object["on"] = on;
  object["from"] = {{"kind", "agent"}, {"name", View(name)}};
  return json::serialize(object);
}

std::string EncodeStatus(bool online) {
  json::object object = Frame("status");
  object["online"] = online;
  return json::serialize(object);
}

std::string EncodeError(const FrameError& error) {
  json::object object = Frame("error");
  object["code"] = error.code;
  object["text"] = error.text;
  if (!error.cid.empty()) object["cid"] = error.cid;
  if (!error.about.empty()) object["about"] = error.about;
  if (error.retry_after_ms > 0) object["retry_after_ms"] = error.retry_after_ms;
  return json::serialize(object);
}

std::string EncodePong(int64_t n) {
  json::object object = Frame("pong");
  object["n"] = n;
  return json::serialize(object);
}

std::string EncodeBye(std::string_view reason, int64_t retry_after_ms) {
  json::object object = Frame("bye");
  object["reason"] = View(reason);
  object["retry_after_ms"] = retry_after_ms;
  return json::serialize(object);
}

size_t CharacterCount(std::string_view text) {
  return std::count_if(text.begin(), text.end(), [](unsigned char c) { return (c & 0xc0) != 0x80; });
}

std::string CutToBytes(std::string_view text, size_t bytes_max) {
  if (text.size() <= bytes_max) return std::string(text);
  size_t end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return std::string(text.substr(0, end));
}

}  // namespace adapters::webchat
