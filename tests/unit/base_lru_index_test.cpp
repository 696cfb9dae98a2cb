// HashIndex and LruIndex against std::map and a plain list.
#include "sim/base/lru_index.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <map>
#include <unordered_map>
#include <vector>

using namespace lustrum;

namespace {

// Every key lands on one of four places, so that probing and closing gaps are exercised.
struct PoorHash {
  std::uint64_t operator()(std::uint64_t key) const { return key % 4; }
};

template <class Hash> void agrees_with_map() {
  CHECK(rc::check("finds what a map finds", [] {
    const auto steps = *rc::gen::container<std::vector<std::uint64_t>>(rc::gen::inRange(0, 40));
    HashIndex<std::uint64_t, Hash> index;
    std::map<std::uint64_t, std::uint32_t> naive;
    std::uint32_t value = 0;
    for (const std::uint64_t key : steps) { // a key comes and goes in turn
      if (naive.erase(key) > 0) {
        index.erase(key);
      } else {
        index.insert(key, ++value);
        naive[key] = value;
      }
      RC_ASSERT(index.size() == naive.size());
      for (std::uint64_t k = 0; k < 40; ++k) {
        const auto found = naive.find(k);
        RC_ASSERT(index.find(k) == (found == naive.end() ? UINT32_MAX : found->second));
      }
    }
  }));
}

} // namespace

TEST_CASE("hash index: as a map, with a good and with a poor hash") {
  agrees_with_map<HashWord>();
  agrees_with_map<PoorHash>();
}

TEST_CASE("lru index: evicts in the order of last use") {
  CHECK(rc::check("as a list", [] {
    const auto capacity = *rc::gen::inRange<std::size_t>(1, 8);
    const auto uses = *rc::gen::container<std::vector<std::uint64_t>>(rc::gen::inRange(0, 16));
    LruIndex<std::uint64_t, std::uint64_t> lru;
    std::vector<std::uint64_t> naive; // oldest first
    for (const std::uint64_t key : uses) {
      const auto there = std::find(naive.begin(), naive.end(), key);
      std::uint64_t* value = lru.touch(key);
      RC_ASSERT((value != nullptr) == (there != naive.end()));
      if (value) {
        RC_ASSERT(*value == 10 * key);
        naive.erase(there);
      } else {
        lru.insert(key) = 10 * key;
      }
      naive.push_back(key);
      if (naive.size() > capacity) {
        RC_ASSERT(lru.oldest() == 10 * naive.front());
        lru.erase(lru.oldest_key());
        naive.erase(naive.begin());
      }
      RC_ASSERT(lru.size() == naive.size());
      RC_ASSERT(lru.oldest_key() == naive.front());
    }
  }));
}

TEST_CASE("property: an index of numbers answers as a standard map does") {
  CHECK(rc::check([] {
    NumberIndex index;
    std::unordered_map<std::uint32_t, std::uint32_t> expected;
    // Few keys, some far apart, so that runs of full slots grow together and are taken apart.
    const auto stride = *rc::gen::element<std::uint32_t>(1, 8, 64, 0x10000000);
    const auto steps = *rc::gen::container<std::vector<std::uint32_t>>(
        400, rc::gen::inRange<std::uint32_t>(0, 3 * 60));
    for (const std::uint32_t step : steps) {
      const std::uint32_t key = step / 3 * stride;
      if (step % 3 != 0) {
        const bool is_new = expected.emplace(key, step).second;
        RC_ASSERT(index.find_or_insert(key, step) == (is_new ? step : expected[key]));
      } else if (expected.contains(key)) {
        RC_ASSERT(!index.erase_if(key, expected[key] + 1));
        RC_ASSERT(index.erase_if(key, expected[key]));
        expected.erase(key);
      }
      RC_ASSERT(index.size() == expected.size());
      for (std::uint32_t k = 0; k < 60; ++k) {
        const auto found = expected.find(k * stride);
        RC_ASSERT(index.find(k * stride) ==
                  (found == expected.end() ? NumberIndex::kNone : found->second));
      }
    }
  }));
}
