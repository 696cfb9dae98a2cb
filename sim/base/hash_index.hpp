// A hash table from keys to places in a pool of the owner's. Open addressing with linear probing at
// most half full; erasing closes the gap, so there are no tombstones and a table of steady size
// never allocates.
#pragma once

#include "sim/base/random.hpp"

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace lustrum {

struct HashWord {
  std::uint64_t operator()(std::uint64_t key) const { return random::mix_bits(key); }
};

// `Hash` turns a key into 64 bits of which all are well mixed.
template <class Key, class Hash = HashWord> class HashIndex {
public:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  std::size_t size() const { return size_; }

  // kNone when the key is not there.
  std::uint32_t find(const Key& key) const {
    if (entries_.empty()) return kNone;
    return entries_[place_of(key)].value;
  }
  // \pre the key is not there; value != kNone
  void insert(const Key& key, std::uint32_t value) {
    if (2 * (size_ + 1) > entries_.size()) grow();
    Entry& entry = entries_[place_of(key)];
    assert(entry.value == kNone && value != kNone);
    entry = {key, value};
    ++size_;
  }
  // \pre the key is there
  void erase(const Key& key) {
    std::size_t gap = place_of(key);
    assert(entries_[gap].value != kNone);
    // What stands behind the gap moves into it unless it would come to stand before its home.
    for (std::size_t i = next(gap); entries_[i].value != kNone; i = next(i)) {
      const std::size_t away = (i - home(entries_[i].key)) & mask();
      if (away < ((i - gap) & mask())) continue;
      entries_[gap] = entries_[i];
      gap = i;
    }
    entries_[gap].value = kNone;
    --size_;
  }

private:
  struct Entry {
    Key key{};
    std::uint32_t value = kNone;
  };

  std::size_t mask() const { return entries_.size() - 1; }
  std::size_t next(std::size_t place) const { return (place + 1) & mask(); }
  std::size_t home(const Key& key) const { return static_cast<std::size_t>(Hash{}(key)) & mask(); }
  // Where the key stands, or the free place where it would.
  std::size_t place_of(const Key& key) const {
    std::size_t place = home(key);
    while (entries_[place].value != kNone && !(entries_[place].key == key)) place = next(place);
    return place;
  }
  void grow() {
    constexpr std::size_t kFirstSize = 16;
    std::vector<Entry> old(entries_.empty() ? kFirstSize : 2 * entries_.size());
    old.swap(entries_);
    for (const Entry& entry : old)
      if (entry.value != kNone) entries_[place_of(entry.key)] = entry;
  }

  std::vector<Entry> entries_; // a power of two
  std::size_t size_ = 0;
};

} // namespace lustrum
