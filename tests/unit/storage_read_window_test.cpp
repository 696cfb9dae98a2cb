// How far ahead a reader's data is fetched, and what a cache of blocks holds.
#include "models/storage/name_cache.hpp"
#include "models/storage/read_window.hpp"
#include "models/tiering/policy/block_cache.hpp"
#include "models/tiering/policy/missed_share.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace lustrum;
using namespace lustrum::tiering;
using doctest::Approx;

namespace {

// Ends of the requests that a read makes.
std::vector<std::uint64_t> requests(ReadWindow& window) {
  std::vector<std::uint64_t> ends;
  for (auto p = window.next_piece(); p.begin < p.end; p = window.next_piece())
    ends.push_back(p.end.count());
  return ends;
}

using Ends = std::vector<std::uint64_t>;

} // namespace

TEST_CASE("read window: grows while reads follow one another") {
  // First 4, then pieces of 8, window up to 32. Reads of 2 in a file of 1000: after the first
  // request of 4 the reader passes 2 (half of it): window 8, so up to 2 + 8 = 10 -> one piece of 8
  // to 12.
  ReadWindow window({.first = 4_B, .piece = 8_B, .largest = 32_B, .grows = true});
  CHECK(window.begin_read(0_B, 2_B, 1000_B));
  CHECK(requests(window) == Ends{4});
  CHECK_FALSE(window.begin_read(2_B, 2_B, 1000_B)); // passes 2: window 8, wanted 10
  CHECK(requests(window) == Ends{12});
  CHECK_FALSE(window.begin_read(4_B, 2_B, 1000_B)); // grows again at 4 + 4 = 8; wanted 12
  CHECK(requests(window).empty());
  CHECK_FALSE(window.begin_read(6_B, 4_B, 1000_B)); // passes 8: window 16, wanted 22
  CHECK(requests(window) == Ends{20, 28});
}

TEST_CASE("read window: a jump starts anew, a short one does not") {
  ReadWindow window({.first = 4_B,
                     .piece = 8_B,
                     .largest = 8_B,
                     .grows = true,
                     .seek_forward = 16_B,
                     .seek_backward = 2_B});
  window.begin_read(0_B, 4_B, 1000_B);
  CHECK(requests(window) == Ends{4});
  CHECK_FALSE(window.begin_read(20_B, 2_B, 1000_B)); // 4 + 16 is allowed: what lies between is read
  CHECK(requests(window) == Ends{12, 20, 28});
  CHECK(window.kept_from() == 20_B); // 22 less 2
  CHECK_FALSE(window.begin_read(20_B, 2_B, 1000_B));
  CHECK(window.begin_read(19_B, 2_B, 1000_B)); // before what is kept
  CHECK(requests(window) == Ends{23});
  CHECK(window.begin_read(500_B, 2_B, 1000_B));
  CHECK(requests(window) == Ends{504});
  CHECK_FALSE(window.begin_read(502_B, 498_B, 1000_B)); // never beyond the end
  CHECK(requests(window).back() == 1000);
}

TEST_CASE("read window: whole objects, and exact ranges") {
  ReadWindow whole({.first = 300_B, .piece = 300_B, .largest = kWholeFile});
  whole.begin_read(0_B, 1_B, 1000_B);
  CHECK(requests(whole) == Ends{300, 600, 900, 1000});
  ReadWindow at_once({.first = kWholeFile, .piece = 300_B, .largest = kWholeFile});
  at_once.begin_read(0_B, 1_B, 1000_B);
  CHECK(requests(at_once) == Ends{1000});
  ReadWindow exact({.first = 8_B, .piece = 8_B, .largest = kWholeFile, .exact = true});
  exact.begin_read(100_B, 20_B, 1000_B);
  CHECK(requests(exact) == Ends{108, 116, 120});
  CHECK_FALSE(exact.begin_read(120_B, 3_B, 1000_B));
  CHECK(requests(exact) == Ends{123});
}

TEST_CASE("read window: as the page cache reads ahead: nothing at first, then twice as much") {
  ReadWindow window({.piece = 8_B, .largest = 32_B, .grows = true});
  window.begin_read(100_B, 2_B, 1000_B);
  CHECK(requests(window) == Ends{102});
  window.begin_read(500_B, 20_B, 1000_B); // larger than a request
  CHECK(requests(window) == Ends{508, 516, 524});
  CHECK_FALSE(window.begin_read(520_B, 2_B, 1000_B)); // in sequence: 8 -> 16
  CHECK(requests(window) == Ends{532, 540});
}

TEST_CASE("block cache: a scan of more than it holds hits nothing, of less everything") {
  // LRU and a data set read in the same order over and over: with one block more than fits, each
  // block is evicted just before its turn.
  for (const std::uint64_t blocks : {10U, 11U}) {
    BlockCache cache({.capacity = 10_MiB, .block = 1_MiB});
    const Bytes size = Bytes{kMib} * blocks;
    for (int epoch = 0; epoch < 4; ++epoch)
      for (std::uint64_t b = 0; b < blocks; ++b) {
        const Bytes at = Bytes{kMib} * b;
        if (cache.look_up(FileIndex{1}, at, 1_MiB) == Bytes{})
          cache.insert(FileIndex{1}, at, 1_MiB, size);
      }
    CHECK(cache.stats().hit_share() == Approx(blocks == 10 ? 0.75 : 0));
    CHECK(cache.held() == 10_MiB);
    CHECK(cache.stats().inserted == cache.stats().evicted + cache.held());
  }
}

TEST_CASE("block cache: small files take what they have, files leave as a whole") {
  BlockCache cache({.capacity = 1_MiB, .block = 1_MiB});
  for (std::uint32_t f = 0; f < 8; ++f) cache.insert(FileIndex{f}, 0_B, 128_KiB, 128_KiB);
  CHECK(cache.held() == 1_MiB);
  CHECK(cache.look_up(FileIndex{3}, 1_KiB, 4_KiB) == 4_KiB);
  cache.erase(FileIndex{3}, 128_KiB);
  CHECK(cache.held() == 896_KiB);
  CHECK(cache.look_up(FileIndex{3}, 1_KiB, 4_KiB) == 0_B);
  cache.insert(FileIndex{9}, 0_B, 2_MiB, 2_MiB); // each of its blocks pushes out what is there
  CHECK(cache.look_up(FileIndex{9}, 0_B, 2_MiB) == 1_MiB);
  cache.clear();
  CHECK(cache.held() == 0_B);
}

TEST_CASE("block cache: first in first out does not care for hits") {
  for (const Eviction eviction : {Eviction::lru, Eviction::fifo}) {
    BlockCache cache({.capacity = 2_MiB, .block = 1_MiB, .eviction = eviction});
    cache.insert(FileIndex{0}, 0_B, 1_MiB, 1_MiB);
    cache.insert(FileIndex{1}, 0_B, 1_MiB, 1_MiB);
    cache.look_up(FileIndex{0}, 0_B, 1_MiB);
    cache.insert(FileIndex{2}, 0_B, 1_MiB, 1_MiB);
    const bool first_is_there = cache.look_up(FileIndex{0}, 0_B, 1_MiB) == 1_MiB;
    CHECK(first_is_there == (eviction == Eviction::lru));
  }
}

TEST_CASE("names: known for a while, and no more than so many") {
  NameCache names(Seconds{10}, 2);
  names.learn(FileIndex{1}, Seconds{0});
  CHECK(names.knows(FileIndex{1}, Seconds{9.9}));
  CHECK_FALSE(names.knows(FileIndex{1}, Seconds{10}));
  names.learn(FileIndex{1}, Seconds{10});
  names.learn(FileIndex{2}, Seconds{10});
  CHECK(names.knows(FileIndex{1}, Seconds{11})); // now 2 is the oldest
  names.learn(FileIndex{3}, Seconds{11});
  CHECK_FALSE(names.knows(FileIndex{2}, Seconds{11}));
  CHECK(names.knows(FileIndex{3}, Seconds{11}));
  names.forget(FileIndex{3});
  CHECK_FALSE(names.knows(FileIndex{3}, Seconds{11}));
  NameCache none(Seconds{0}, 2);
  none.learn(FileIndex{1}, Seconds{0});
  CHECK_FALSE(none.knows(FileIndex{1}, Seconds{0}));
}

TEST_CASE("what a cache must miss") {
  CHECK(missed_share(100, 100, 1000) == 1); // the first time everything
  CHECK(missed_share(400, 100, 100) == Approx(0.25));
  CHECK(missed_share(400, 100, 50) == Approx(1 - 0.75 * 0.5));
  CHECK(missed_share(400, 100, 0) == 1);
}
