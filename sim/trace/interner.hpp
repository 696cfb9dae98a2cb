// Strings as dense ids in the order they first came.
#pragma once

#include "sim/trace/text_hash.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lustrum::trace {

class Interner {
public:
  std::uint32_t id(std::string_view text) {
    if (last_ < strings_.size() && strings_[last_] == text) return last_; // mostly
    if (2 * strings_.size() >= slots_.size()) grow();
    const std::uint64_t hash = text_hash(text);
    const auto mark = static_cast<std::uint32_t>(hash >> 32U);
    for (std::size_t i = hash;; ++i) {
      Slot& slot = slots_[i & (slots_.size() - 1)];
      if (slot.next_id == 0) {
        strings_.emplace_back(text);
        slot = {mark, static_cast<std::uint32_t>(strings_.size())};
      } else if (slot.mark != mark || strings_[slot.next_id - 1] != text) {
        continue;
      }
      last_ = slot.next_id - 1;
      return last_;
    }
  }
  const std::vector<std::string>& strings() const { return strings_; }

private:
  struct Slot {
    std::uint32_t mark = 0;    // of the string's hash: others are seldom looked at
    std::uint32_t next_id = 0; // after the string's; 0: free
  };

  void grow() {
    slots_.assign(std::max<std::size_t>(2 * slots_.size(), 64), {});
    for (std::uint32_t id = 0; id < strings_.size(); ++id) {
      const std::uint64_t hash = text_hash(strings_[id]);
      std::size_t i = hash;
      while (slots_[i & (slots_.size() - 1)].next_id != 0) ++i;
      slots_[i & (slots_.size() - 1)] = {static_cast<std::uint32_t>(hash >> 32U), id + 1};
    }
  }

  std::vector<std::string> strings_;
  std::vector<Slot> slots_; // a power of two of them, at most half of them taken
  std::uint32_t last_ = 0;
};

} // namespace lustrum::trace
