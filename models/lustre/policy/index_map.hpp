// A map from 32-bit numbers to 32-bit numbers: open addressing with linear probing, 8 bytes a slot.
// Eight keys that follow one another share a cache line, since objects are mostly used in order.
// Never iterated, so its order cannot leak into a result. It only grows.
#pragma once

#include <cassert>
#include <cstdint>
#include <vector>

namespace lustrum::lustre {

class IndexMap {
public:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  // The value of `key`, or kNone.
  std::uint32_t find(std::uint32_t key) const {
    if (slots_.empty()) return kNone;
    for (std::size_t at = home(key);; at = next(at))
      if (slots_[at].value == kNone || slots_[at].key == key) return slots_[at].value;
  }

  // The value of `key`, which becomes `value` if it had none. Valid until the next change.
  // \pre value != kNone
  std::uint32_t& find_or_set(std::uint32_t key, std::uint32_t value) {
    assert(value != kNone);
    if ((size_ + 1) * 2 > slots_.size()) grow(); // runs of full slots stay short
    std::size_t at = home(key);
    while (slots_[at].value != kNone && slots_[at].key != key) at = next(at);
    if (slots_[at].value == kNone) {
      ++size_;
      slots_[at] = {key, value};
    }
    return slots_[at].value;
  }

  // Starts to load what erase(key) will need.
  void prefetch(std::uint32_t key) const { __builtin_prefetch(&slots_[home(key)]); }

  // Forgets `key` if that is its value; says whether it was. \pre `key` has a value
  bool erase(std::uint32_t key, std::uint32_t value) {
    std::size_t hole = home(key);
    while (slots_[hole].key != key || slots_[hole].value == kNone) {
      assert(slots_[hole].value != kNone);
      hole = next(hole);
    }
    if (slots_[hole].value != value) return false;
    // Later keys of the same run move up unless that would put them before their home.
    for (std::size_t at = next(hole); slots_[at].value != kNone; at = next(at)) {
      const std::size_t mask = slots_.size() - 1;
      if (((at - home(slots_[at].key)) & mask) < ((at - hole) & mask)) continue;
      slots_[hole] = slots_[at];
      hole = at;
    }
    slots_[hole].value = kNone;
    --size_;
    return true;
  }

  std::size_t size() const { return size_; }
  std::size_t memory_bytes() const { return slots_.size() * sizeof(Slot); }

private:
  static constexpr std::uint32_t kLine = 8;
  struct Slot {
    std::uint32_t key = 0;
    std::uint32_t value = kNone;
  };
  // A line of eight keys goes where multiplication by 2^32 over the golden ratio puts it.
  std::size_t home(std::uint32_t key) const {
    const std::uint32_t line = (key / kLine * 0x9E3779B9U) >> shift_;
    return std::size_t{line} * kLine + key % kLine;
  }
  std::size_t next(std::size_t at) const { return (at + 1) & (slots_.size() - 1); }

  void grow() {
    constexpr unsigned kFirstBits = 2;
    const std::vector<Slot> old = std::move(slots_);
    shift_ = old.empty() ? 32 - kFirstBits : shift_ - 1;
    slots_.assign((std::size_t{1} << (32 - shift_)) * kLine, Slot{});
    size_ = 0;
    for (const Slot& slot : old)
      if (slot.value != kNone) find_or_set(slot.key, slot.value);
  }

  std::vector<Slot> slots_;
  std::size_t size_ = 0;
  unsigned shift_ = 32; // 32 - log2 of the lines
};

} // namespace lustrum::lustre
