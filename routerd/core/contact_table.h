// Live contacts, found by their number.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "routerd/core/types.h"

namespace routerd::core {

// Contacts are numbered one after the other and most end in about the order in which they came. So a position in a
// table of pages finds one sooner than a hash would, neighbours share cache lines, and a walk is in order as it is. A
// page goes when its last contact ends; one contact that stays for days keeps its page alone, 520 bytes.
//
// A contact stays where it is from Add to Remove; its memory is kept for the next.
template <typename Contact>
class ContactTable {
 public:
  // Null for ended and unknown ones.
  Contact* Find(ContactId id) const {
    const uint64_t page = Index(id) / kPageSize - first_page_;
    return page < pages_.size() && pages_[page] != nullptr ? pages_[page]->contacts[Index(id) % kPageSize] : nullptr;
  }

  // A fresh contact under a number. Requires: it has none yet.
  Contact& Add(ContactId id) {
    if (free_.empty()) Grow();
    Contact* contact = free_.back();
    free_.pop_back();
    Page& page = PageFor(Index(id) / kPageSize);
    page.contacts[Index(id) % kPageSize] = contact;
    ++page.count;
    ++size_;
    return *contact;
  }

  // Requires: the contact is there.
  void Remove(ContactId id) {
    std::unique_ptr<Page>& page = pages_[Index(id) / kPageSize - first_page_];
    Contact*& contact = page->contacts[Index(id) % kPageSize];
    *contact = Contact{};
    free_.push_back(contact);
    contact = nullptr;
    --size_;
    if (--page->count > 0) return;
    page.reset();
    for (; !pages_.empty() && pages_.front() == nullptr; ++first_page_) pages_.pop_front();
  }

  size_t size() const { return size_; }

  // Calls `visit` for each in the order of their numbers. It may remove none.
  template <typename Visit>
  void ForEach(Visit&& visit) const {
    for (const auto& page : pages_) {
      for (size_t i = 0; page != nullptr && i < kPageSize; ++i) {
        if (page->contacts[i] != nullptr) visit(*page->contacts[i]);
      }
    }
  }

 private:
  static constexpr size_t kPageSize = 64;
  static constexpr size_t kSlabSize = 256;
  struct Page {
    std::array<Contact*, kPageSize> contacts{};
    size_t count = 0;
  };

  void Grow() {
    slabs_.push_back(std::make_unique<Contact[]>(kSlabSize));
    for (size_t i = kSlabSize; i-- > 0;) free_.push_back(&slabs_.back()[i]);
  }

  Page& PageFor(uint64_t number) {
    if (pages_.empty()) first_page_ = number;
    for (; number < first_page_; --first_page_) pages_.emplace_front();
    if (number - first_page_ >= pages_.size()) pages_.resize(number - first_page_ + 1);
    std::unique_ptr<Page>& page = pages_[number - first_page_];
    if (page == nullptr) page = std::make_unique<Page>();
    return *page;
  }

  std::deque<std::unique_ptr<Page>> pages_;  // From first_page_ on; null where nobody is left.
  uint64_t first_page_ = 0;
  std::vector<std::unique_ptr<Contact[]>> slabs_;
  std::vector<Contact*> free_;
  size_t size_ = 0;
};

}  // namespace routerd::core
