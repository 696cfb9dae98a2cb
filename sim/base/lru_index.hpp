// Values by key, in the order of their last use: what a cache needs to find and to evict, each in
// O(1). Nodes come from a pool; once the cache has its size nothing is allocated any more.
//
//   LruIndex<std::uint64_t, Block> blocks;
//   if (Block* block = blocks.touch(key)) ...        // now the youngest
//   else blocks.insert(key) = Block{...};
//   while (too_many) blocks.erase(blocks.oldest_key());
#pragma once

#include "sim/base/hash_index.hpp"

namespace lustrum {

template <class Key, class Value, class Hash = HashWord> class LruIndex {
public:
  std::size_t size() const { return index_.size(); }
  bool empty() const { return size() == 0; }

  // nullptr when the key is not there. A pointer holds until the next insert().
  Value* find(const Key& key) {
    const std::uint32_t node = index_.find(key);
    return node == kNone ? nullptr : &nodes_[node].value;
  }
  // As find(), and makes it the youngest.
  Value* touch(const Key& key) {
    const std::uint32_t node = index_.find(key);
    if (node == kNone) return nullptr;
    if (node != youngest_) {
      unlink(node);
      link_youngest(node);
    }
    return &nodes_[node].value;
  }
  // A new value, the youngest. \pre the key is not there
  Value& insert(const Key& key) {
    std::uint32_t node = free_;
    if (node == kNone) {
      node = static_cast<std::uint32_t>(nodes_.size());
      nodes_.emplace_back();
    } else {
      free_ = nodes_[node].older;
    }
    index_.insert(key, node);
    nodes_[node].key = key;
    nodes_[node].value = Value{};
    link_youngest(node);
    return nodes_[node].value;
  }
  // \pre the key is there
  void erase(const Key& key) {
    const std::uint32_t node = index_.find(key);
    assert(node != kNone);
    index_.erase(key);
    unlink(node);
    nodes_[node].older = free_;
    free_ = node;
  }
  // Of the least recently used. \pre not empty(). By value: erase() may take it.
  Key oldest_key() const { return nodes_[oldest_].key; }
  const Value& oldest() const { return nodes_[oldest_].value; }

private:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  struct Node {
    Key key{};
    Value value{};
    std::uint32_t older = kNone; // or the next free one
    std::uint32_t younger = kNone;
  };

  void link_youngest(std::uint32_t node) {
    nodes_[node].older = youngest_;
    nodes_[node].younger = kNone;
    (youngest_ == kNone ? oldest_ : nodes_[youngest_].younger) = node;
    youngest_ = node;
  }
  void unlink(std::uint32_t node) {
    const Node& n = nodes_[node];
    (n.older == kNone ? oldest_ : nodes_[n.older].younger) = n.younger;
    (n.younger == kNone ? youngest_ : nodes_[n.younger].older) = n.older;
  }

  HashIndex<Key, Hash> index_;
  std::vector<Node> nodes_;
  std::uint32_t oldest_ = kNone;
  std::uint32_t youngest_ = kNone;
  std::uint32_t free_ = kNone;
};

} // namespace lustrum
