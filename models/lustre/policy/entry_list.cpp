#include "models/lustre/policy/entry_list.hpp"

#include <bit>
#include <cassert>

namespace lustrum::lustre {

namespace {

std::size_t low_bit(std::size_t i) { return i & (~i + 1); }

} // namespace

void EntryList::append_to_tree() {
  const std::size_t node = left_.size() + 1;
  std::uint32_t sum = 1;
  for (std::size_t child = node - 1; child > node - low_bit(node); child -= low_bit(child))
    sum += left_[child - 1];
  left_.push_back(sum);
}

void EntryList::add_to_tree(std::uint32_t place, std::uint32_t delta) {
  for (std::size_t node = place + std::size_t{1}; node <= left_.size(); node += low_bit(node))
    left_[node - 1] += delta;
}

std::uint32_t EntryList::append(std::uint32_t entry) {
  assert(entry != kRemoved);
  entries_.push_back(entry);
  if (!left_.empty()) append_to_tree();
  ++size_;
  return static_cast<std::uint32_t>(entries_.size() - 1);
}

void EntryList::remove(std::uint32_t place) {
  assert(entries_[place] != kRemoved);
  if (--size_ == 0) {
    entries_.clear();
    left_.clear();
    return;
  }
  if (left_.empty())
    while (left_.size() < entries_.size()) append_to_tree();
  entries_[place] = kRemoved;
  add_to_tree(place, UINT32_MAX); // minus one
}

std::uint32_t EntryList::nth(std::size_t n) const {
  assert(n < size_);
  if (left_.empty()) return entries_[n];
  std::size_t place = 0; // so many places hold at most n entries
  for (std::size_t step = std::bit_floor(left_.size()); step > 0; step /= 2) {
    if (place + step > left_.size() || left_[place + step - 1] > n) continue;
    place += step;
    n -= left_[place - 1];
  }
  return entries_[place];
}

} // namespace lustrum::lustre
