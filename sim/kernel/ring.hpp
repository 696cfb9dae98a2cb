// Two queues without allocation in steady state: a growing ring (FIFO), and a queue ordered by key
// that is O(1) as long as keys come in rising order, as they nearly always do.
#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace lustrum::kernel {

// FIFO on a power-of-two buffer that doubles when full.
template <class T> class Ring {
public:
  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }
  const T& front() const { return items_[head_]; }
  const T& back() const { return items_[(head_ + size_ - 1) & (items_.size() - 1)]; }
  const T& operator[](std::size_t i) const { return items_[(head_ + i) & (items_.size() - 1)]; }
  template <class F> void for_each(F f) const {
    for (std::size_t i = 0; i < size_; ++i) f((*this)[i]);
  }
  void push(const T& item) {
    if (size_ == items_.size()) grow();
    items_[(head_ + size_) & (items_.size() - 1)] = item;
    ++size_;
  }
  T pop() {
    assert(size_ > 0);
    T item = items_[head_];
    head_ = (head_ + 1) & (items_.size() - 1);
    --size_;
    return item;
  }
  // Takes out the first item that satisfies the predicate; the others keep their order. O(n).
  template <class P> bool remove_first(P matches) {
    const auto slot = [this](std::size_t i) -> T& {
      return items_[(head_ + i) & (items_.size() - 1)];
    };
    std::size_t at = 0;
    while (at < size_ && !matches(slot(at))) ++at;
    if (at == size_) return false;
    for (; at + 1 < size_; ++at) slot(at) = slot(at + 1);
    --size_;
    return true;
  }

private:
  void grow() {
    constexpr std::size_t kFirstSize = 4;
    std::vector<T> larger(std::max(kFirstSize, items_.size() * 2));
    for (std::size_t i = 0; i < size_; ++i) larger[i] = (*this)[i];
    items_.swap(larger);
    head_ = 0;
  }

  std::vector<T> items_;
  std::size_t head_ = 0;
  std::size_t size_ = 0;
};

// Smallest key first, equal keys in the order they came. A key that is not below the last one goes
// to a ring in O(1); the rest go to a binary heap. T has a member `double key`.
template <class T> class OrderedQueue {
public:
  bool empty() const { return ring_.empty() && heap_.empty(); }
  std::size_t size() const { return ring_.size() + heap_.size(); }

  void push(const T& item) {
    if (ring_.empty() || item.key >= ring_.back().key) {
      ring_.push(item);
    } else {
      heap_.push_back({item, sequence_++});
      std::push_heap(heap_.begin(), heap_.end(), later);
    }
  }
  const T& front() const { return ring_first() ? ring_.front() : heap_.front().item; }
  // In no particular order.
  template <class F> void for_each(F f) const {
    ring_.for_each(f);
    for (const Entry& entry : heap_) f(entry.item);
  }
  // The item a few places behind the front, where it is known cheaply: what to fetch from memory
  // early.
  const T* soon() const { return ring_.size() > kSoon ? &ring_[kSoon] : nullptr; }
  T pop() {
    if (ring_first()) return ring_.pop();
    std::pop_heap(heap_.begin(), heap_.end(), later);
    T item = heap_.back().item;
    heap_.pop_back();
    return item;
  }
  // Takes out one item that satisfies the predicate. O(n): for what happens seldom.
  template <class P> bool remove_first(P matches) {
    if (ring_.remove_first(matches)) return true;
    const auto found = std::find_if(heap_.begin(), heap_.end(),
                                    [&](const Entry& entry) { return matches(entry.item); });
    if (found == heap_.end()) return false;
    heap_.erase(found);
    std::make_heap(heap_.begin(), heap_.end(), later);
    return true;
  }

private:
  static constexpr std::size_t kSoon = 4;

  struct Entry {
    T item;
    std::uint32_t sequence;
  };
  static bool later(const Entry& a, const Entry& b) {
    return a.item.key > b.item.key || (a.item.key == b.item.key && a.sequence > b.sequence);
  }
  // On equal keys the ring's is the older: a key equal to the ring's last would have joined it.
  bool ring_first() const {
    return heap_.empty() || (!ring_.empty() && ring_.front().key <= heap_.front().item.key);
  }

  Ring<T> ring_;
  std::vector<Entry> heap_;
  std::uint32_t sequence_ = 0;
};

} // namespace lustrum::kernel
