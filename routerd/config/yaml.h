// Reads YAML into any protobuf message by reflection: the message is the schema, so a config file is typed and checked
// in one place. Every problem is told with file, line, column and key.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/protobuf/message.h"

namespace routerd::config {

// A place in a file, both counted from 1.
struct SourcePosition {
  int line = 1;
  int column = 1;
};

// Where each field of a message came from. Paths look like `workspaces[0].queues[1].id`, and `skills.billing` for the
// entry of a map.
class SourceMap {
 public:
  explicit SourceMap(std::string file) : file_(std::move(file)) {}

  const std::string& file() const { return file_; }

  void Add(std::string path, SourcePosition position) { positions_.insert_or_assign(std::move(path), position); }

  // Whether the file gives the field at `path`.
  bool Has(std::string_view path) const { return positions_.find(path) != positions_.end(); }

  // Where `path` stands; for a field that the file doesn't give, the nearest enclosing one that it does.
  SourcePosition Find(std::string_view path) const;

 private:
  std::string file_;
  std::map<std::string, SourcePosition, std::less<>> positions_;
};

// What is wrong with one file, collected so that all of it can be mended at once. Keeps the first 20 problems and
// counts the rest. `source` must outlive it.
class Problems {
 public:
  explicit Problems(const SourceMap& source) : source_(source) {}

  // `what` says what is wrong with the field at `path`; the path of the whole file is "".
  void Add(std::string_view path, std::string_view what) { AddAt(source_.Find(path), path, what); }
  void AddAt(SourcePosition position, std::string_view path, std::string_view what);

  bool empty() const { return problems_.empty(); }
  // Whether more are only counted; then a costly hint is wasted on them.
  bool full() const { return problems_.size() >= kKeptMax; }

  // A line for each, in the order of the file, and one that counts those left out, if any.
  std::vector<std::string> Lines() const;

  // OK if there is none; else kInvalidArgument with the lines:
  // `config/dev.yaml:12:7: workspaces[0].queus: unknown key; did you mean "queues"?`
  absl::Status ToStatus() const;

 private:
  static constexpr size_t kKeptMax = 20;

  struct Problem {
    SourcePosition position;
    std::string text;
  };
  const SourceMap& source_;
  std::vector<Problem> problems_;
  size_t left_out_count_ = 0;
};

// The path of a map's entry; a key that isn't plain is put in quotes.
std::string EntryPath(std::string_view map_path, std::string_view key);

// What a file may hold. The limits are far above any sensible configuration, and keep a hostile file cheap.
inline constexpr size_t kYamlBytesMax = 8 << 20;
inline constexpr size_t kYamlNodesMax = 500'000;
inline constexpr int kYamlDepthMax = 32;

// Fills `message` from the YAML in `text`; `file` is the name for messages. Pure.
//
// Keys are field names. A google.protobuf.Duration is written as `20s`, `1m30s`, `500ms` or `2160h` and is never
// negative; an enum by its name without the type's prefix; a map as a block of keys. Refused are unknown and repeated
// keys, wrong types, numbers out of range, keys without a value, several members of a oneof, several documents, tags,
// and anchors and aliases (a file that says each thing where it stands has one line to blame). Fields that are not
// given keep what they hold.
absl::StatusOr<SourceMap> ParseYaml(std::string_view file, std::string_view text, google::protobuf::Message& message);

// Reads the file at `path` and parses it. kNotFound or kPermissionDenied if it can't be read.
absl::StatusOr<SourceMap> LoadYaml(const std::string& path, google::protobuf::Message& message);

// The text of the file at `path`, up to `bytes_max`. kNotFound, kPermissionDenied, kOutOfRange or kUnavailable.
absl::StatusOr<std::string> ReadTextFile(const std::string& path, size_t bytes_max);

}  // namespace routerd::config
