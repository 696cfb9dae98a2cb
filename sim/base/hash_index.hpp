// A hash table from keys to places in a pool of the owner's. Open addressing with linear probing at
// most half full; erasing closes the gap, so there are no tombstones and a table of steady size
// never allocates. Never iterated, so its order cannot leak into a result.
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

// For numbers that are mostly used in order: eight that follow one another lie side by side, in one
// cache line with keys of 32 bits.
struct HashNeighbours {
  std::uint64_t operator()(std::uint32_t key) const {
    constexpr std::uint32_t kLine = 8;
    // Multiplication by 2^64 over the golden ratio mixes the upper bits.
    const std::uint64_t line = (key / kLine * 0x9E3779B97F4A7C15U) >> 32U;
    return line * kLine + key % kLine;
  }
};

// `Hash` turns a key into bits of which the lower ones, as many as the table needs, are well mixed.
template <class Key, class Hash = HashWord> class HashIndex {
public:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  std::size_t size() const { return size_; }

  // kNone when the key is not there.
  std::uint32_t find(const Key& key) const {
    if (entries_.empty()) return kNone;
    return entries_[place_of(key)].value;
  }
  // The value of the key, which becomes `value` if it had none. Valid until the next change.
  // \pre value != kNone
  std::uint32_t& find_or_insert(const Key& key, std::uint32_t value) {
    assert(value != kNone);
    if (2 * (size_ + 1) > entries_.size()) grow();
    Entry& entry = entries_[place_of(key)];
    if (entry.value == kNone) {
      entry = {key, value};
      ++size_;
    }
    return entry.value;
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
  void erase(const Key& key) { erase_at(place_of(key)); }
  // Erases the key if that is its value; says whether it was. \pre the key is there
  bool erase_if(const Key& key, std::uint32_t value) {
    const std::size_t place = place_of(key);
    assert(entries_[place].value != kNone);
    if (entries_[place].value != value) return false;
    erase_at(place);
    return true;
  }
  // Starts to load what erasing the key will need. \pre not empty
  void prefetch(const Key& key) const { __builtin_prefetch(&entries_[home(key)]); }
  std::size_t memory_bytes() const { return entries_.capacity() * sizeof(Entry); }

private:
  struct Entry {
    Key key{};
    std::uint32_t value = kNone;
  };

  void erase_at(std::size_t gap) {
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

// Of numbers that are mostly used in order: files, objects. 8 bytes an entry.
using NumberIndex = HashIndex<std::uint32_t, HashNeighbours>;

} // namespace lustrum
