#include "routerd/engine/source_index.h"

#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "routerd/engine/names.h"

namespace routerd::engine {
namespace {

constexpr size_t kEndedMax = 1'000'000;
constexpr int64_t kRememberedNs = std::chrono::nanoseconds(std::chrono::hours(24)).count();

// Adapters' ids hold no newline, so two pairs never make the same key.
std::string Key(std::string_view adapter, std::string_view source_id) {
  return absl::StrCat(Sv(adapter), "\n", Sv(source_id));
}

}  // namespace

void SourceIndex::Add(std::string_view adapter, std::string_view source_id, core::ContactId contact) {
  if (!source_id.empty()) by_source_.insert_or_assign(Key(adapter, source_id), contact);
}

void SourceIndex::End(v1::SnapshotSource ended) {
  const int64_t forget_before_ns = ended.end_time_ns() - kRememberedNs;
  by_conversation_.insert_or_assign(ended.conversation(), forgotten_count_ + ended_.size());
  ended_.push_back(std::move(ended));
  while (ended_.size() > kEndedMax || ended_.front().end_time_ns() < forget_before_ns) {
    const v1::SnapshotSource& oldest = ended_.front();
    const auto source = by_source_.find(Key(oldest.adapter(), oldest.source_id()));
    if (source != by_source_.end() && source->second == ParseContact(oldest.contact())) by_source_.erase(source);
    const auto conversation = by_conversation_.find(oldest.conversation());
    if (conversation != by_conversation_.end() && conversation->second == forgotten_count_) {
      by_conversation_.erase(conversation);
    }
    ended_.pop_front();
    ++forgotten_count_;
  }
}

std::optional<core::ContactId> SourceIndex::Find(std::string_view adapter, std::string_view source_id) const {
  const auto it = by_source_.find(Key(adapter, source_id));
  if (it == by_source_.end()) return std::nullopt;
  return it->second;
}

const v1::SnapshotSource* SourceIndex::FindConversation(std::string_view conversation) const {
  const auto it = by_conversation_.find(Sv(conversation));
  return it == by_conversation_.end() ? nullptr : &ended_[it->second - forgotten_count_];
}

void SourceIndex::Visit(const std::function<void(const v1::SnapshotSource&)>& visit) const {
  for (const v1::SnapshotSource& source : ended_) visit(source);
}

}  // namespace routerd::engine
