// What a cache of file data holds: blocks of one size, up to a capacity, evicted one by one. Which
// one goes first is a policy. Pure bookkeeping: it serves a client's memory, a local disk in front
// of an object store, a file server's memory, a read cache on flash.
#pragma once

#include "sim/base/lru_index.hpp"
#include "sim/base/units.hpp"

#include <algorithm>

namespace lustrum::tiering {

enum class Eviction : std::uint8_t {
  lru,  // the one not used for longest
  fifo, // the one that came first
};

struct BlockCacheSettings {
  Bytes capacity{}; // 0: there is none
  Bytes block{kMib};
  Eviction eviction = Eviction::lru;
};

struct BlockCacheStats {
  Bytes hit{};
  Bytes missed{};
  Bytes inserted{};
  Bytes evicted{};

  double hit_share() const {
    const double all = hit.as_double() + missed.as_double();
    return all > 0 ? hit.as_double() / all : 0;
  }
};

class BlockCache {
public:
  explicit BlockCache(const BlockCacheSettings& settings) : settings_(settings) {}

  bool enabled() const { return settings_.capacity > Bytes{}; }
  Bytes held() const { return held_; }
  Bytes peak() const { return peak_; }
  const BlockCacheStats& stats() const { return stats_; }

  // How many bytes of [offset, offset + length) are here; they are now the youngest.
  Bytes look_up(FileIndex file, Bytes offset, Bytes length) {
    if (!enabled()) return {};
    Bytes hit{};
    const Bytes end = offset + length;
    for (std::uint64_t b = offset / settings_.block; b * settings_.block.count() < end.count();
         ++b) {
      const Bytes begin{b * settings_.block.count()};
      const Bytes from = std::max(offset, begin);
      const Bytes to = std::min(end, begin + settings_.block);
      const bool present = settings_.eviction == Eviction::lru
                               ? blocks_.touch(key(file, b)) != nullptr
                               : blocks_.find(key(file, b)) != nullptr;
      (present ? stats_.hit : stats_.missed) += to - from;
      if (present) hit += to - from;
    }
    return hit;
  }
  // Puts in the blocks that [offset, offset + length) of a file of `size` bytes touches. One that
  // the cache could not hold even when empty is left out.
  void insert(FileIndex file, Bytes offset, Bytes length, Bytes size) {
    if (!enabled() || length == Bytes{}) return;
    const Bytes end = offset + length;
    for (std::uint64_t b = offset / settings_.block; b * settings_.block.count() < end.count();
         ++b) {
      const Bytes begin{b * settings_.block.count()};
      const Bytes bytes = std::min(settings_.block, std::max(size, end) - begin);
      insert_block(key(file, b), bytes);
    }
  }
  void erase(FileIndex file, Bytes size) {
    for (std::uint64_t b = 0; b * settings_.block.count() < size.count(); ++b)
      if (const Bytes* bytes = blocks_.find(key(file, b))) {
        held_ -= *bytes;
        blocks_.erase(key(file, b));
      }
  }
  void clear() {
    while (!blocks_.empty()) blocks_.erase(blocks_.oldest_key());
    held_ = Bytes{};
  }

private:
  static constexpr std::uint32_t kBlockBits = 32;
  static std::uint64_t key(FileIndex file, std::uint64_t block) {
    return (std::uint64_t{file.value()} << kBlockBits) | block;
  }
  void insert_block(std::uint64_t key, Bytes bytes) {
    if (Bytes* present = blocks_.find(key)) { // a file that grew
      held_ -= *present;
      stats_.evicted += *present;
      blocks_.erase(key);
    }
    if (bytes > settings_.capacity) return;
    while (held_ + bytes > settings_.capacity) {
      held_ -= blocks_.oldest();
      stats_.evicted += blocks_.oldest();
      blocks_.erase(blocks_.oldest_key());
    }
    blocks_.insert(key) = bytes;
    held_ += bytes;
    stats_.inserted += bytes;
    peak_ = std::max(peak_, held_);
  }

  BlockCacheSettings settings_;
  LruIndex<std::uint64_t, Bytes> blocks_; // by file and block
  Bytes held_{};
  Bytes peak_{};
  BlockCacheStats stats_;
};

} // namespace lustrum::tiering
