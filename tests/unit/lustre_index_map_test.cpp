#include "models/lustre/policy/index_map.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <unordered_map>

using namespace lustrum::lustre;

TEST_CASE("property: an index map answers as a standard map does") {
  CHECK(rc::check([] {
    IndexMap map;
    std::unordered_map<std::uint32_t, std::uint32_t> expected;
    // Few keys, some far apart, so that runs of full slots grow together and are taken apart.
    const auto stride = *rc::gen::element<std::uint32_t>(1, 8, 64, 0x10000000);
    const auto steps = *rc::gen::container<std::vector<std::uint32_t>>(
        400, rc::gen::inRange<std::uint32_t>(0, 3 * 60));
    for (const std::uint32_t step : steps) {
      const std::uint32_t key = step / 3 * stride;
      if (step % 3 != 0) {
        const bool is_new = expected.emplace(key, step).second;
        RC_ASSERT(map.find_or_set(key, step) == (is_new ? step : expected[key]));
      } else if (expected.contains(key)) {
        RC_ASSERT(!map.erase(key, expected[key] + 1));
        RC_ASSERT(map.erase(key, expected[key]));
        expected.erase(key);
      }
      RC_ASSERT(map.size() == expected.size());
      for (std::uint32_t k = 0; k < 60; ++k) {
        const auto found = expected.find(k * stride);
        RC_ASSERT(map.find(k * stride) ==
                  (found == expected.end() ? IndexMap::kNone : found->second));
      }
    }
  }));
}
