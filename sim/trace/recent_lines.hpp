// Whether a line was there before, among the last ones of a file: by their hashes, in bounded
// memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace lustrum::trace {

class RecentLines {
public:
  // 64 bits, not 0. Brings the line's place into the cache, for insert() after other work: a place
  // in tens of MB is far away.
  std::uint64_t hash_of(std::string_view text) const;

  // False when the line was there: at least the last kWindow are known.
  bool insert(std::uint64_t hash);

private:
  static constexpr std::size_t kWindow = std::size_t{4} << 20;

  class Set {
  public:
    bool insert(std::uint64_t hash);
    bool contains(std::uint64_t hash) const;
    void prefetch(std::uint64_t hash) const {
      if (!slots_.empty()) __builtin_prefetch(&slots_[hash & (slots_.size() - 1)]);
    }
    std::size_t count() const { return count_; }

  private:
    bool place(std::uint64_t hash);
    void grow();

    std::vector<std::uint64_t> slots_; // 0: free; a power of two of them
    std::size_t count_ = 0;
  };

  Set newer_;
  Set older_;
};

} // namespace lustrum::trace
