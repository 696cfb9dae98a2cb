// What a client knows of names: attributes that it looked up or saw in a listing, for a while, as
// many as it keeps.
#pragma once

#include "sim/base/lru_index.hpp"
#include "sim/base/units.hpp"

namespace lustrum {

class NameCache {
public:
  // \pre entries > 0
  NameCache(Seconds life, std::uint64_t entries) : life_(life), entries_(entries) {}

  bool knows(FileIndex file, Seconds now) {
    const Seconds* until = names_.touch(file.value());
    return until && now < *until;
  }
  void learn(FileIndex file, Seconds now) {
    if (!(life_ > Seconds{})) return;
    Seconds* until = names_.touch(file.value());
    if (!until) {
      if (names_.size() >= entries_) names_.erase(names_.oldest_key());
      until = &names_.insert(file.value());
    }
    *until = now + life_;
  }
  void forget(FileIndex file) {
    if (names_.find(file.value())) names_.erase(file.value());
  }
  void clear() {
    while (!names_.empty()) names_.erase(names_.oldest_key());
  }

private:
  Seconds life_;
  std::uint64_t entries_;
  LruIndex<std::uint64_t, Seconds> names_; // known until
};

} // namespace lustrum
