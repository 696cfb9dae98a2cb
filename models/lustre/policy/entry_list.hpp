// The entries of a directory in the order of their creation, of which any may be removed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace lustrum::lustre {

// 4 bytes per entry while nothing has been removed, with append and nth in constant time; 8 bytes
// and O(log n) afterwards. A list that gets empty forgets what it held.
class EntryList {
public:
  // Returns where the entry lies, for remove(). \pre not kRemoved
  std::uint32_t append(std::uint32_t entry);
  void remove(std::uint32_t place); // \pre an entry lies there
  std::size_t size() const { return size_; }
  std::uint32_t nth(std::size_t n) const; // \pre n < size()
  // By place, kRemoved where an entry was: places go up to places().
  std::uint32_t at(std::uint32_t place) const { return entries_[place]; }
  std::uint32_t places() const { return static_cast<std::uint32_t>(entries_.size()); }

  static constexpr std::uint32_t kRemoved = UINT32_MAX;

private:
  void add_to_tree(std::uint32_t place, std::uint32_t delta);
  void append_to_tree();

  std::size_t size_ = 0;
  std::vector<std::uint32_t> entries_; // with kRemoved
  // A Fenwick tree of how many entries are left, from the first removal on: node i, counted from
  // 1, holds the sum over the lowbit(i) places up to i.
  std::vector<std::uint32_t> left_;
};

} // namespace lustrum::lustre
