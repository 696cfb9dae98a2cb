// Histogram and SampleCounter against naive counting.
#include "sim/base/histogram.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <vector>

using namespace lustrum;

TEST_CASE("histogram: powers of two end their bucket") {
  Histogram histogram;
  for (const std::uint64_t value : std::vector<std::uint64_t>{0, 1, 2, 3, 4, 5, 8, 9})
    histogram.add_log2(value);
  CHECK(histogram[0] == 2); // 0 and 1
  CHECK(histogram[1] == 1); // 2
  CHECK(histogram[2] == 2); // 3 and 4
  CHECK(histogram[3] == 2); // 5 and 8
  CHECK(histogram[4] == 1); // 9
  CHECK(histogram.total() == 8);
}

TEST_CASE("histogram: what is too large lies in the last bucket") {
  Histogram histogram;
  histogram.add(31);
  histogram.add(32);
  histogram.add(UINT64_MAX);
  histogram.add_log2(UINT64_MAX);
  CHECK(histogram[31] == 4);
}

TEST_CASE("histogram: the bucket of a value is the least power of two not below it") {
  CHECK(rc::check("as a search from below finds it", [] {
    const auto value = *rc::gen::inRange<std::uint64_t>(0, 1U << 30U);
    std::size_t bucket = 0;
    while ((std::uint64_t{1} << bucket) < value) ++bucket;
    Histogram histogram;
    histogram.add_log2(value);
    RC_ASSERT(histogram[bucket] == 1U);
    RC_ASSERT(histogram.total() == 1U);
  }));
}

TEST_CASE("sample counter: like a list of the samples, however they are added") {
  CHECK(rc::check("count, least, largest, sum, squares", [] {
    const auto values =
        *rc::gen::container<std::vector<std::uint64_t>>(rc::gen::inRange<std::uint64_t>(0, 9999));
    SampleCounter all;
    SampleCounter parts;
    std::uint64_t sum = 0;
    std::uint64_t squares = 0;
    for (const std::uint64_t value : values) {
      all.add(value, 2);
      SampleCounter one;
      one.add(value);
      parts += one;
      parts += one;
      sum += 2 * value;
      squares += 2 * value * value;
    }
    RC_ASSERT(all == parts);
    RC_ASSERT(all.samples == 2 * values.size());
    RC_ASSERT(all.sum == sum);
    RC_ASSERT(all.sum_of_squares == squares);
    if (values.empty()) return;
    RC_ASSERT(all.min == *std::min_element(values.begin(), values.end()));
    RC_ASSERT(all.max == *std::max_element(values.begin(), values.end()));
  }));
}
