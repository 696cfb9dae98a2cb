// The OSS cache against a naive one that keeps a set of pages, and its bypass rules.
#include "models/lustre/policy/server_cache.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <list>
#include <set>
#include <utility>

using namespace lustrum;
using namespace lustrum::lustre;

namespace {

constexpr Bytes kPage = 4_KiB;

ServerCacheSettings cache_of(Bytes capacity) { return {.capacity = capacity}; }

// Pages by chunk, chunks from the least to the most recently used.
class NaiveCache {
public:
  explicit NaiveCache(Bytes capacity) : capacity_(capacity) {}

  // Bytes of the extent that were there.
  Bytes use(const ServerCache::Extent& extent) {
    const Bytes end = extent.offset + extent.bytes;
    Bytes hit;
    for (std::uint64_t p = extent.offset / kPage; kPage * p < end; ++p) {
      std::set<std::uint64_t>& pages = touch({extent.object, p / 256});
      if (!pages.insert(p).second)
        hit += std::min(end, kPage * (p + 1)) - std::max(extent.offset, kPage * p);
    }
    while (used() > capacity_) chunks_.pop_front();
    return hit;
  }
  Bytes used() const {
    Bytes sum;
    for (const auto& chunk : chunks_) sum += kPage * chunk.second.size();
    return sum;
  }

private:
  using Key = std::pair<std::uint64_t, std::uint64_t>;
  std::set<std::uint64_t>& touch(const Key& key) {
    for (auto chunk = chunks_.begin(); chunk != chunks_.end(); ++chunk)
      if (chunk->first == key) {
        chunks_.splice(chunks_.end(), chunks_, chunk);
        return chunks_.back().second;
      }
    return chunks_.emplace_back(key, std::set<std::uint64_t>{}).second;
  }

  Bytes capacity_;
  std::list<std::pair<Key, std::set<std::uint64_t>>> chunks_;
};

ServerCache::Extent random_extent() {
  return {.object = *rc::gen::inRange<std::uint64_t>(0, 4),
          .offset = Bytes{*rc::gen::inRange<std::uint64_t>(0, 4 * kMib)},
          .bytes = Bytes{*rc::gen::inRange<std::uint64_t>(1, 3 * kMib)}};
}

} // namespace

TEST_CASE("server cache: as a set of pages") {
  CHECK(rc::check("hits, misses and size", [] {
    const Bytes capacity = kPage * *rc::gen::inRange<std::uint64_t>(1, 2048);
    ServerCache cache(cache_of(capacity));
    NaiveCache naive(capacity);
    for (int i = 0; i < 30; ++i) {
      const ServerCache::Extent extent = random_extent();
      if (*rc::gen::arbitrary<bool>()) {
        const ServerCache::Lookup found = cache.read(extent);
        RC_ASSERT(found.hit == naive.use(extent));
        RC_ASSERT(found.hit + found.missing == extent.bytes);
        if (!found.whole()) {
          RC_ASSERT(found.first_missing >= extent.offset);
          RC_ASSERT(found.first_missing + found.missing <= extent.offset + extent.bytes);
        }
      } else {
        cache.write(extent);
        naive.use(extent);
      }
      RC_ASSERT(cache.used() == naive.used());
      RC_ASSERT(cache.used() <= capacity);
    }
  }));
}

TEST_CASE("server cache: what is missing of an extent that is there in part") {
  ServerCache cache(cache_of(64_MiB));
  cache.write({.object = 1, .offset = 1_MiB, .bytes = 1_MiB});
  // [0.5, 2.5) MiB: the middle is there.
  const ServerCache::Lookup part = cache.read({.object = 1, .offset = 512_KiB, .bytes = 2_MiB});
  CHECK(part.hit == 1_MiB);
  CHECK(part.missing == 1_MiB);
  CHECK(part.first_missing == 512_KiB);
  CHECK_FALSE(part.whole());
  CHECK(cache.read({.object = 1, .offset = 512_KiB, .bytes = 2_MiB}).whole());
  CHECK(cache.read({.object = 2, .offset = 1_MiB, .bytes = 1_MiB}).hit == 0_B); // another object
  CHECK(cache.hit_bytes() == 3_MiB);
  CHECK(cache.miss_bytes() == 2_MiB);
  cache.drop(1, 3_MiB);
  CHECK(cache.used() == 1_MiB);
  CHECK(cache.read({.object = 1, .offset = 1_MiB, .bytes = 1_MiB}).hit == 0_B);
}

TEST_CASE("server cache: the second epoch hits if it fits, and never if it does not") {
  // LRU and a cycle: 100 % or 0 %.
  const auto second_epoch_hits = [](Bytes capacity) {
    ServerCache cache(cache_of(capacity));
    Bytes hits;
    for (int epoch = 0; epoch < 2; ++epoch) {
      hits = 0_B;
      for (std::uint64_t i = 0; i < 64; ++i)
        hits += cache.read({.object = i, .offset = 0_B, .bytes = 1_MiB}).hit;
    }
    return hits;
  };
  CHECK(second_epoch_hits(64_MiB) == 64_MiB);
  CHECK(second_epoch_hits(63_MiB) == 0_B);
}

TEST_CASE("server cache: what leaves nothing behind") {
  const auto hit_after = [](const ServerCacheSettings& settings, bool write, Bytes bytes,
                            Bytes object_size) {
    ServerCache cache(settings);
    const ServerCache::Extent extent{
        .object = 1, .offset = 0_B, .bytes = bytes, .object_size = object_size};
    if (write)
      cache.write(extent);
    else
      cache.read(extent);
    return cache.read({.object = 1, .offset = 0_B, .bytes = 4_KiB}).whole();
  };
  ServerCacheSettings settings = cache_of(64_MiB);
  CHECK(hit_after(settings, false, 4_MiB, 4_MiB));
  CHECK(hit_after(settings, true, 4_MiB, 4_MiB));
  CHECK(hit_after(settings, false, 8_MiB - 1_B, 1_GiB));
  // From 8 MiB on.
  CHECK_FALSE(hit_after(settings, false, 8_MiB, 8_MiB));
  CHECK_FALSE(hit_after(settings, true, 8_MiB, 8_MiB));
  settings.readcache_max_filesize = 1_MiB;
  CHECK(hit_after(settings, false, 64_KiB, 1_MiB));
  CHECK_FALSE(hit_after(settings, false, 64_KiB, 1_MiB + 1_B));
  settings = cache_of(64_MiB);
  settings.read_cache_enable = false;
  CHECK_FALSE(hit_after(settings, false, 64_KiB, 1_MiB));
  CHECK(hit_after(settings, true, 64_KiB, 1_MiB));
  settings = cache_of(64_MiB);
  settings.writethrough_cache_enable = false;
  CHECK(hit_after(settings, false, 64_KiB, 1_MiB));
  CHECK_FALSE(hit_after(settings, true, 64_KiB, 1_MiB));
  CHECK_FALSE(hit_after(cache_of(0_B), false, 64_KiB, 1_MiB));
}

TEST_CASE("server cache: a request that bypasses uses what is there") {
  ServerCache cache(cache_of(64_MiB));
  cache.write({.object = 1, .offset = 0_B, .bytes = 4_MiB});
  CHECK(cache.read({.object = 1, .offset = 0_B, .bytes = 16_MiB}).hit == 4_MiB);
  CHECK(cache.used() == 4_MiB);
}
