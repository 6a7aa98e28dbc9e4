#include "routerd/engine/outbox.h"

#include <type_traits>

namespace routerd::engine {

void Outbox::Release(const absl::Status& durable) {
  for (Owed& owed : owed_) {
    std::visit(
        [&durable](auto& item) {
          if constexpr (std::is_same_v<std::decay_t<decltype(item)>, std::function<void()>>) {
            if (durable.ok()) item();
          } else {
            item.Release(durable);
          }
        },
        owed);
  }
  owed_.clear();
}

}  // namespace routerd::engine
