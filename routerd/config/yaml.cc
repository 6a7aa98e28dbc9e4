// YAML to protobuf: yaml-cpp's parser events become a small tree with positions, which then fills the message. The
// tree is our own because yaml-cpp's keeps only the last of repeated keys and expands aliases.
#include "routerd/config/yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <limits>
#include <optional>
#include <sstream>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/duration.pb.h"
#include "routerd/base/suggest.h"

namespace routerd::config {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::OneofDescriptor;
using google::protobuf::Reflection;

constexpr size_t kQuotedBytesMax = 60;

absl::string_view Absl(std::string_view text) { return {text.data(), text.size()}; }

struct Node {
  enum class Kind { kNull, kScalar, kList, kBlock };
  struct Entry;

  Kind kind = Kind::kNull;
  SourcePosition at;
  bool quoted = false;         // A scalar in quotes is text, whatever it looks like.
  std::string text;            // Of a scalar.
  std::vector<Node> items;     // Of a list.
  std::vector<Entry> entries;  // Of a block of keys.
};

struct Node::Entry {
  std::string key;
  SourcePosition at;
  Node value;
};

// Builds the tree. Throws YAML::ParserException, as yaml-cpp does, to stop at what is refused.
class TreeBuilder : public YAML::EventHandler {
 public:
  Node TakeRoot() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_count_ > 1) Refuse(mark, "more than one document; only one is read");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Place(Start(mark, "", anchor, Node::Kind::kNull));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    Refuse(mark, "an alias (*name) is not read here; write the value in full");
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    Node node = Start(mark, tag, anchor, Node::Kind::kScalar);
    node.quoted = tag == "!";
    node.text = value;
    Place(std::move(node));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Open(mark, Start(mark, tag, anchor, Node::Kind::kList));
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    Open(mark, Start(mark, tag, anchor, Node::Kind::kBlock));
  }
  void OnMapEnd() override { Close(); }

 private:
  // A list or block whose end has not come yet.
  struct Unfinished {
    Node node;
    bool has_key = false;  // A block's next node is the value of its last entry.
  };

  [[noreturn]] static void Refuse(const YAML::Mark& mark, const std::string& what) {
    throw YAML::ParserException(mark, what);
  }

  Node Start(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, Node::Kind kind) {
    if (++nodes_count_ > kYamlNodesMax) Refuse(mark, absl::StrCat("more than ", kYamlNodesMax, " values"));
    if (anchor != YAML::NullAnchor) Refuse(mark, "an anchor (&name) is not read here");
    // yaml-cpp's own marks: "?" for what has no tag, "!" for text in quotes.
    if (!tag.empty() && tag != "?" && tag != "!") Refuse(mark, "a tag (!name) is not read here");
    Node node;
    node.kind = kind;
    node.at = {mark.line + 1, mark.column + 1};
    return node;
  }

  void Open(const YAML::Mark& mark, Node node) {
    if (unfinished_.size() >= kYamlDepthMax) Refuse(mark, absl::StrCat("nested deeper than ", kYamlDepthMax));
    unfinished_.push_back({std::move(node)});
  }

  void Close() {
    Node node = std::move(unfinished_.back().node);
    unfinished_.pop_back();
    Place(std::move(node));
  }

  void Place(Node node) {
    if (unfinished_.empty()) {
      root_ = std::move(node);
      return;
    }
    Unfinished& parent = unfinished_.back();
    if (parent.node.kind == Node::Kind::kList) {
      parent.node.items.push_back(std::move(node));
    } else if (parent.has_key) {
      Node::Entry& entry = parent.node.entries.back();
      if (node.kind == Node::Kind::kNull) node.at = entry.at;  // yaml-cpp puts it wherever it noticed.
      entry.value = std::move(node);
      parent.has_key = false;
    } else if (node.kind == Node::Kind::kScalar) {
      parent.node.entries.push_back({std::move(node.text), node.at, Node()});
      parent.has_key = true;
    } else {
      YAML::Mark mark;
      mark.line = node.at.line - 1;
      mark.column = node.at.column - 1;
      Refuse(mark, "a key must be plain text");
    }
  }

  Node root_;
  std::vector<Unfinished> unfinished_;
  size_t nodes_count_ = 0;
  int documents_count_ = 0;
};

// The text in quotes, shortened and without control characters, for a message.
std::string Quoted(std::string_view text) {
  const bool cut = text.size() > kQuotedBytesMax;
  if (cut) text = text.substr(0, kQuotedBytesMax);
  return absl::StrCat("\"", absl::Utf8SafeCEscape(Absl(text)), cut ? "..." : "", "\"");
}

// Length of the valid UTF-8 sequence that `text` starts with; 0 if there is none.
size_t Utf8SequenceSize(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const size_t size = byte(0) < 0x80 ? 1 : byte(0) < 0xC2 ? 0 : byte(0) < 0xE0 ? 2 : byte(0) < 0xF0 ? 3 : 4;
  if (size == 0 || size > text.size() || byte(0) > 0xF4) return 0;
  for (size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  if (byte(0) == 0xE0 && byte(1) < 0xA0) return 0;   // Could be shorter.
  if (byte(0) == 0xED && byte(1) >= 0xA0) return 0;  // Half of a UTF-16 pair.
  if (byte(0) == 0xF0 && byte(1) < 0x90) return 0;
  if (byte(0) == 0xF4 && byte(1) >= 0x90) return 0;  // Beyond Unicode.
  return size;
}

// Where `text` stops being UTF-8 without NUL bytes; absent if it never does.
std::optional<SourcePosition> FindBadText(std::string_view text) {
  SourcePosition at;
  while (!text.empty()) {
    const size_t size = text.front() == '\0' ? 0 : Utf8SequenceSize(text);
    if (size == 0) return at;
    if (text.front() == '\n') {
      at = {at.line + 1, 1};
    } else {
      ++at.column;
    }
    text.remove_prefix(size);
  }
  return std::nullopt;
}

// yaml-cpp's complaints about a tab point elsewhere; this says it plainly. "" if no line is indented with one.
std::string TabHint(std::string_view text) {
  for (int line = 1; !text.empty(); ++line) {
    const std::string_view first = text.substr(0, text.find('\n'));
    const size_t indent = first.find_first_not_of(' ');
    if (indent != std::string_view::npos && first[indent] == '\t') {
      return absl::StrCat("; line ", line, " is indented with a tab, use spaces");
    }
    text.remove_prefix(std::min(first.size() + 1, text.size()));
  }
  return "";
}

std::string_view KindName(Node::Kind kind) {
  switch (kind) {
    case Node::Kind::kNull:
      return "nothing";
    case Node::Kind::kScalar:
      return "a single value";
    case Node::Kind::kList:
      return "a list";
    case Node::Kind::kBlock:
      return "a block of keys";
  }
  return "";
}

std::vector<std::string> KeysOf(const Descriptor& type) {
  std::vector<std::string> keys;
  for (int i = 0; i < type.field_count(); ++i) keys.push_back(type.field(i)->name());
  return keys;
}

// AgentStrategy -> AGENT_STRATEGY_.
std::string EnumPrefix(const EnumDescriptor& type) {
  std::string prefix;
  for (const char c : type.name()) {
    if (absl::ascii_isupper(c) && !prefix.empty()) prefix += '_';
    prefix += absl::ascii_toupper(c);
  }
  return prefix + "_";
}

// The names by which a file may call the enum's values: without the type's prefix, and not the unspecified one.
std::vector<std::pair<std::string, const EnumValueDescriptor*>> EnumNames(const EnumDescriptor& type) {
  const std::string prefix = EnumPrefix(type);
  std::vector<std::pair<std::string, const EnumValueDescriptor*>> names;
  for (int i = 0; i < type.value_count(); ++i) {
    const EnumValueDescriptor* value = type.value(i);
    if (absl::EndsWith(value->name(), "_UNSPECIFIED")) continue;
    const bool prefixed = absl::StartsWith(value->name(), prefix);
    names.emplace_back(prefixed ? value->name().substr(prefix.size()) : value->name(), value);
  }
  return names;
}

// Fills a message from a tree, and notes every problem and position.
class Filler {
 public:
  Filler(SourceMap& source, Problems& problems) : source_(source), problems_(problems) {}

  void FillMessage(const Node& node, const std::string& path, Message& message) {
    const Descriptor& type = *message.GetDescriptor();
    const std::vector<std::string> keys = KeysOf(type);
    if (!Expect(node, path, Node::Kind::kBlock, absl::StrCat("a block of keys (", absl::StrJoin(keys, ", "), ")"))) {
      return;
    }
    std::map<std::string_view, SourcePosition> seen;
    std::map<const OneofDescriptor*, std::string_view> chosen;
    for (const Node::Entry& entry : node.entries) {
      const std::string key_path = path.empty() ? EntryPath("", entry.key) : EntryPath(path, entry.key);
      if (!Once(entry, key_path, seen)) continue;
      const FieldDescriptor* field = type.FindFieldByName(entry.key);
      if (field == nullptr) {
        std::string hint = base::DidYouMean(entry.key, keys);
        if (hint.empty()) hint = absl::StrCat("; known here: ", absl::StrJoin(keys, ", "));
        problems_.AddAt(entry.at, key_path, absl::StrCat("unknown key", hint));
        continue;
      }
      if (const OneofDescriptor* oneof = field->real_containing_oneof()) {
        const auto [it, first] = chosen.emplace(oneof, entry.key);
        if (!first) {
          problems_.AddAt(entry.at, key_path, absl::StrCat("excludes ", std::string(it->second), "; give only one"));
          continue;
        }
      }
      FillField(entry, key_path, message, *field);
    }
  }

 private:
  bool Expect(const Node& node, const std::string& path, Node::Kind kind, std::string_view expected) {
    if (node.kind == kind) return true;
    if (node.kind == Node::Kind::kNull) {
      problems_.AddAt(node.at, path, "has no value; give one, or leave the key out for its default");
    } else {
      problems_.AddAt(node.at, path, absl::StrCat("expected ", Absl(expected), ", got ", Absl(KindName(node.kind))));
    }
    return false;
  }

  bool Once(const Node::Entry& entry, const std::string& path, std::map<std::string_view, SourcePosition>& seen) {
    const auto [it, first] = seen.emplace(entry.key, entry.at);
    if (first) return true;
    problems_.AddAt(entry.at, path, absl::StrCat("given twice; first in line ", it->second.line));
    return false;
  }

  void FillField(const Node::Entry& entry, const std::string& path, Message& message, const FieldDescriptor& field) {
    const Node& value = entry.value;
    if (field.is_map()) {
      source_.Add(path, entry.at);
      FillMap(value, path, message, field);
    } else if (field.is_repeated()) {
      source_.Add(path, entry.at);
      if (!Expect(value, path, Node::Kind::kList, "a list (items start with `- `)")) return;
      for (size_t i = 0; i < value.items.size(); ++i) {
        const std::string item_path = absl::StrCat(path, "[", i, "]");
        source_.Add(item_path, value.items[i].at);
        FillValue(value.items[i], item_path, message, field);
      }
    } else {
      source_.Add(path, value.kind == Node::Kind::kScalar ? value.at : entry.at);
      FillValue(value, path, message, field);
    }
  }

  void FillMap(const Node& node, const std::string& path, Message& message, const FieldDescriptor& field) {
    if (!Expect(node, path, Node::Kind::kBlock, "a block of keys")) return;
    std::map<std::string_view, SourcePosition> seen;
    for (const Node::Entry& entry : node.entries) {
      const std::string entry_path = EntryPath(path, entry.key);
      if (!Once(entry, entry_path, seen)) continue;
      source_.Add(entry_path, entry.at);
      Node key;
      key.kind = Node::Kind::kScalar;
      key.at = entry.at;
      key.text = entry.key;
      Message* pair = message.GetReflection()->AddMessage(&message, &field);
      FillValue(key, entry_path, *pair, *field.message_type()->map_key());
      FillValue(entry.value, entry_path, *pair, *field.message_type()->map_value());
    }
  }

  // Sets the field, or adds to it where it is repeated.
  void FillValue(const Node& node, const std::string& path, Message& message, const FieldDescriptor& field) {
    const Reflection& reflection = *message.GetReflection();
    const bool add = field.is_repeated();
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      Message& part = add ? *reflection.AddMessage(&message, &field) : *reflection.MutableMessage(&message, &field);
      if (auto* duration = google::protobuf::DynamicCastToGenerated<google::protobuf::Duration>(&part)) {
        FillDuration(node, path, *duration);
      } else {
        FillMessage(node, path, part);
      }
      return;
    }
    if (!Expect(node, path, Node::Kind::kScalar, "a single value")) return;
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT32:
        if (auto value = Integer<int32_t>(node, path)) {
          add ? reflection.AddInt32(&message, &field, *value) : reflection.SetInt32(&message, &field, *value);
        }
        break;
      case FieldDescriptor::CPPTYPE_INT64:
        if (auto value = Integer<int64_t>(node, path)) {
          add ? reflection.AddInt64(&message, &field, *value) : reflection.SetInt64(&message, &field, *value);
        }
        break;
      case FieldDescriptor::CPPTYPE_UINT32:
        if (auto value = Integer<uint32_t>(node, path)) {
          add ? reflection.AddUInt32(&message, &field, *value) : reflection.SetUInt32(&message, &field, *value);
        }
        break;
      case FieldDescriptor::CPPTYPE_UINT64:
        if (auto value = Integer<uint64_t>(node, path)) {
          add ? reflection.AddUInt64(&message, &field, *value) : reflection.SetUInt64(&message, &field, *value);
        }
        break;
      case FieldDescriptor::CPPTYPE_DOUBLE:
        if (auto value = Real(node, path, std::numeric_limits<double>::max())) {
          add ? reflection.AddDouble(&message, &field, *value) : reflection.SetDouble(&message, &field, *value);
        }
        break;
      case FieldDescriptor::CPPTYPE_FLOAT:
        if (auto value = Real(node, path, std::numeric_limits<float>::max())) {
          const float narrow = static_cast<float>(*value);
          add ? reflection.AddFloat(&message, &field, narrow) : reflection.SetFloat(&message, &field, narrow);
        }
        break;
      case FieldDescriptor::CPPTYPE_BOOL:
        if (node.quoted || (node.text != "true" && node.text != "false")) {
          problems_.AddAt(node.at, path, absl::StrCat("expected true or false, got ", Quoted(node.text)));
        } else {
          const bool value = node.text == "true";
          add ? reflection.AddBool(&message, &field, value) : reflection.SetBool(&message, &field, value);
        }
        break;
      case FieldDescriptor::CPPTYPE_ENUM:
        if (const EnumValueDescriptor* value = Enum(node, path, *field.enum_type())) {
          add ? reflection.AddEnum(&message, &field, value) : reflection.SetEnum(&message, &field, value);
        }
        break;
      case FieldDescriptor::CPPTYPE_STRING:
        add ? reflection.AddString(&message, &field, node.text) : reflection.SetString(&message, &field, node.text);
        break;
      case FieldDescriptor::CPPTYPE_MESSAGE:
        break;  // Above.
    }
  }

  template <typename T>
  std::optional<T> Integer(const Node& node, const std::string& path) {
    T value = 0;
    const char* const end = node.text.data() + node.text.size();
    const auto [rest, error] = std::from_chars(node.text.data(), end, value);
    if (!node.quoted && rest == end && error == std::errc()) return value;
    const bool digits = !node.quoted && rest == end && error == std::errc::result_out_of_range;
    problems_.AddAt(node.at, path,
                    digits ? absl::StrCat(node.text.size() > kQuotedBytesMax ? "it" : node.text, " is out of range (",
                                          std::numeric_limits<T>::min(), " to ", std::numeric_limits<T>::max(), ")")
                           : absl::StrCat("expected a whole number, got ", Quoted(node.text)));
    return std::nullopt;
  }

  std::optional<double> Real(const Node& node, const std::string& path, double max) {
    double value = 0;
    const bool plain = node.text.find_first_not_of("+-.eE0123456789") == std::string::npos;
    if (!node.quoted && plain && absl::SimpleAtod(node.text, &value) && std::abs(value) <= max) return value;
    problems_.AddAt(node.at, path, absl::StrCat("expected a number, got ", Quoted(node.text)));
    return std::nullopt;
  }

  const EnumValueDescriptor* Enum(const Node& node, const std::string& path, const EnumDescriptor& type) {
    std::vector<std::string> names;
    for (const auto& [name, value] : EnumNames(type)) {
      if (name == node.text) return value;
      names.push_back(name);
    }
    problems_.AddAt(node.at, path,
                    absl::StrCat("unknown value ", Quoted(node.text), base::DidYouMean(node.text, names), "; one of ",
                                 absl::StrJoin(names, ", ")));
    return nullptr;
  }

  void FillDuration(const Node& node, const std::string& path, google::protobuf::Duration& duration) {
    if (!Expect(node, path, Node::Kind::kScalar, "a duration such as 20s, 1m30s or 500ms")) return;
    absl::Duration value;
    int64_t number = 0;
    if (absl::SimpleAtoi(node.text, &number)) {
      problems_.AddAt(node.at, path, absl::StrCat("a duration needs its unit; did you mean \"", number, "s\"?"));
    } else if (!absl::ParseDuration(node.text, &value)) {
      problems_.AddAt(node.at, path,
                      absl::StrCat("expected a duration such as 20s, 1m30s, 500ms or 48h, got ", Quoted(node.text)));
    } else if (value < absl::ZeroDuration()) {
      problems_.AddAt(node.at, path, "a duration can't be negative");
    } else if (value > absl::Hours(24 * 366 * 100)) {
      problems_.AddAt(node.at, path, "a duration of more than 100 years");
    } else {
      duration.set_seconds(absl::IDivDuration(value, absl::Seconds(1), &value));
      duration.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(value)));
    }
  }

  SourceMap& source_;
  Problems& problems_;
};

absl::Status FileError(const std::string& path, int error) {
  const std::string text = absl::StrCat(path, ": can't be read: ", std::strerror(error));
  if (error == ENOENT || error == ENOTDIR) return absl::NotFoundError(text);
  if (error == EACCES || error == EPERM) return absl::PermissionDeniedError(text);
  return absl::UnavailableError(text);
}

}  // namespace

SourcePosition SourceMap::Find(std::string_view path) const {
  while (!path.empty()) {
    const auto it = positions_.find(path);
    if (it != positions_.end()) return it->second;
    const size_t end = path.find_last_of(".[");
    path = path.substr(0, end == std::string_view::npos ? 0 : end);
  }
  return {};
}

void Problems::AddAt(SourcePosition position, std::string_view path, std::string_view what) {
  if (full()) {
    ++left_out_count_;
    return;
  }
  const absl::string_view file = source_.file();
  problems_.push_back({position, absl::StrCat(file, ":", position.line, ":", position.column, ": ", Absl(path),
                                              path.empty() ? "" : ": ", Absl(what))});
}

std::vector<std::string> Problems::Lines() const {
  std::vector<Problem> sorted = problems_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const Problem& a, const Problem& b) {
    return std::pair(a.position.line, a.position.column) < std::pair(b.position.line, b.position.column);
  });
  std::vector<std::string> lines;
  for (Problem& problem : sorted) lines.push_back(std::move(problem.text));
  if (left_out_count_ > 0) lines.push_back(absl::StrCat(source_.file(), ": and ", left_out_count_, " more"));
  return lines;
}

absl::Status Problems::ToStatus() const {
  return problems_.empty() ? absl::OkStatus() : absl::InvalidArgumentError(absl::StrJoin(Lines(), "\n"));
}

std::string EntryPath(std::string_view map_path, std::string_view key) {
  const bool plain = !key.empty() && key.size() <= kQuotedBytesMax && std::all_of(key.begin(), key.end(), [](char c) {
    return absl::ascii_isalnum(c) || c == '_' || c == '-';
  });
  if (!plain) return absl::StrCat(Absl(map_path), "[", Quoted(key), "]");
  return absl::StrCat(Absl(map_path), map_path.empty() ? "" : ".", Absl(key));
}

absl::StatusOr<SourceMap> ParseYaml(std::string_view file, std::string_view text, Message& message) {
  SourceMap source{std::string(file)};
  Problems problems(source);
  Node root;
  if (text.size() > kYamlBytesMax) {
    problems.Add("", absl::StrCat("larger than ", kYamlBytesMax, " bytes"));
  } else if (const std::optional<SourcePosition> bad = FindBadText(text)) {
    problems.AddAt(*bad, "", "not UTF-8 text");
  } else {
    try {
      std::istringstream stream{std::string(text)};
      YAML::Parser parser(stream);
      TreeBuilder builder;
      while (parser.HandleNextDocument(builder)) {
      }
      root = builder.TakeRoot();
      if (root.kind == Node::Kind::kNull) problems.Add("", "the file says nothing");
    } catch (const YAML::Exception& error) {
      const bool known = error.mark.line >= 0;
      problems.AddAt(known ? SourcePosition{error.mark.line + 1, error.mark.column + 1} : SourcePosition{}, "",
                     absl::StrCat(error.msg, TabHint(text)));
    }
  }
  if (problems.empty()) Filler(source, problems).FillMessage(root, "", message);
  if (absl::Status status = problems.ToStatus(); !status.ok()) return status;
  return source;
}

absl::StatusOr<std::string> ReadTextFile(const std::string& path, size_t bytes_max) {
  std::FILE* file = std::fopen(path.c_str(), "re");
  if (file == nullptr) return FileError(path, errno);
  std::string text;
  char buffer[16384];
  errno = 0;
  while (size_t size = std::fread(buffer, 1, sizeof buffer, file)) {
    text.append(buffer, size);
    if (text.size() > bytes_max) break;
  }
  const int error = std::ferror(file) != 0 ? errno : 0;
  std::fclose(file);
  if (error != 0) return FileError(path, error);
  if (text.size() > bytes_max) return absl::OutOfRangeError(absl::StrCat(path, ": larger than ", bytes_max, " bytes"));
  return text;
}

absl::StatusOr<SourceMap> LoadYaml(const std::string& path, Message& message) {
  absl::StatusOr<std::string> text = ReadTextFile(path, kYamlBytesMax);
  if (!text.ok()) return text.status();
  return ParseYaml(path, *text, message);
}

}  // namespace routerd::config
