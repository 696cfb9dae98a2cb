#include "sim/base/random.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

using namespace lustrum;
using namespace lustrum::random;

namespace {

constexpr std::uint64_t kSeed = 7;
constexpr std::uint64_t kTest = component("test");
constexpr std::uint64_t kDraws = 100'000;

struct Moments {
  double mean;
  double variance;
};

template <class Draw> Moments moments(Draw one) {
  double sum = 0;
  double squares = 0;
  for (std::uint64_t i = 0; i < kDraws; ++i) {
    const double x = one(kSeed, kTest, i);
    sum += x;
    squares += x * x;
  }
  const double mean = sum / kDraws;
  return {mean, squares / kDraws - mean * mean};
}

} // namespace

TEST_CASE("draws are pinned: a change here changes every recorded result") {
  static_assert(component("") == 0xCBF29CE484222325ULL);
  static_assert(component("a") == 0xAF63DC4C8601EC8CULL); // published FNV-1a test vector
  static_assert(component("a", 0) == component("a"));
  static_assert(component("a", 1) != component("a", 2));
  CHECK(draw(0, 0, 0) == 4295609322031115183ULL);
  CHECK(draw(kSeed, kTest, 0) == 6461609980180806414ULL);
  CHECK(draw(kSeed, kTest, 1) == 12339406612416856691ULL);
  CHECK(draw(kSeed + 1, kTest, 0) == 12922848286720970921ULL);
  CHECK(std::bit_cast<std::uint64_t>(uniform(kSeed, kTest, 2)) == 4603124943230952904ULL);
  CHECK(std::bit_cast<std::uint64_t>(normal(kSeed, kTest, 2)) == 4593633665339258059ULL);
  CHECK(std::bit_cast<std::uint64_t>(exponential(kSeed, kTest, 2)) == 4603567761471899351ULL);
  CHECK(below(1000, kSeed, kTest, 3) == 373);
}

TEST_CASE("each input bit flips half of the output bits") {
  for (unsigned argument = 0; argument < 3; ++argument)
    for (unsigned bit = 0; bit < 64; ++bit) {
      int flipped = 0;
      constexpr std::uint64_t kSamples = 200;
      for (std::uint64_t i = 0; i < kSamples; ++i) {
        const std::uint64_t change = std::uint64_t{1} << bit;
        const std::uint64_t a = draw(i, i * i, i + 5);
        const std::uint64_t b =
            draw(i ^ (argument == 0 ? change : 0), (i * i) ^ (argument == 1 ? change : 0),
                 (i + 5) ^ (argument == 2 ? change : 0));
        flipped += std::popcount(a ^ b);
      }
      // 12,800 fair coins have a standard deviation of 57; six of them is 0.027.
      CHECK(flipped / (64.0 * kSamples) == doctest::Approx(0.5).epsilon(0.06));
    }
}

TEST_CASE("mean and variance of the distributions") {
  // Standard errors of 100,000 draws: 0.0009 and 0.0002; 0.0032 and 0.0045; 0.0032 and 0.0089.
  const Moments flat = moments(uniform);
  CHECK(flat.mean == doctest::Approx(0.5).epsilon(0.006));
  CHECK(flat.variance == doctest::Approx(1.0 / 12).epsilon(0.01));
  const Moments bell = moments(normal);
  CHECK(std::fabs(bell.mean) < 0.012);
  CHECK(bell.variance == doctest::Approx(1).epsilon(0.015));
  const Moments waits = moments(exponential);
  CHECK(waits.mean == doctest::Approx(1).epsilon(0.012));
  CHECK(waits.variance == doctest::Approx(1).epsilon(0.03));
}

TEST_CASE("uniform stays strictly inside (0, 1)") {
  for (std::uint64_t i = 0; i < kDraws; ++i) {
    const double u = uniform(kSeed, kTest, i);
    REQUIRE(u > 0);
    REQUIRE(u < 1);
  }
}

TEST_CASE("the logarithm agrees with libm") {
  const auto check = [](double x) {
    const double expected = std::log(x);
    REQUIRE(std::fabs(portable_log(x) - expected) <= 1e-15 * std::fabs(expected));
  };
  for (std::uint64_t i = 0; i < kDraws; ++i) {
    const double u = uniform(kSeed, kTest, i);
    check(u);
    check(1 + u);
    check(1 + u * 1e-6);
    check(1 - u * 1e-6);
    check(std::ldexp(u, static_cast<int>(i % 2000) - 1000));
  }
  CHECK(portable_log(1) == 0);
  check(5e-324);
  check(1.7976931348623157e308);
}

TEST_CASE("the normal quantile inverts the distribution function") {
  for (const double p : {1e-300, 1e-100, 1e-20, 1e-9, 0.001, 0.07, 0.08, 0.3, 0.5, 0.6, 0.95}) {
    const double back = std::erfc(-normal_quantile(p) / std::sqrt(2.0)) / 2;
    // Far in the tail a relative error e of z becomes z^2 e of p.
    CHECK(back == doctest::Approx(p).epsilon(1e-12));
  }
  CHECK(normal_quantile(0.25) == doctest::Approx(-0.6744897501960817).epsilon(1e-15));
  CHECK(normal_quantile(0.001) == doctest::Approx(-3.090232306167813).epsilon(1e-15));
  CHECK(normal_quantile(1e-20) == doctest::Approx(-9.262340089798408).epsilon(1e-15));
}

TEST_CASE("shuffle: a permutation, pinned, and each place equally likely") {
  std::vector<std::uint32_t> order(10);
  std::iota(order.begin(), order.end(), 0U);
  shuffle(order, kSeed, kTest);
  CHECK(order == std::vector<std::uint32_t>{4, 2, 5, 1, 7, 6, 3, 9, 8, 0});
  constexpr std::uint64_t kTrials = 20'000;
  std::uint64_t first_at[4][4] = {};
  for (std::uint64_t trial = 0; trial < kTrials; ++trial) {
    std::vector<std::uint32_t> four{0, 1, 2, 3};
    shuffle(four, kSeed, component("four", trial));
    for (std::size_t i = 0; i < four.size(); ++i) ++first_at[i][four[i]];
    REQUIRE(four[0] + four[1] + four[2] + four[3] == 6);
  }
  for (const auto& row : first_at)
    for (const std::uint64_t count : row) // 5,000 with a standard deviation of 61
      CHECK(static_cast<double>(count) == doctest::Approx(kTrials / 4.0).epsilon(0.05));
}

TEST_CASE("below reaches every value and no other") {
  std::vector<int> seen(7);
  for (std::uint64_t i = 0; i < 1000; ++i) ++seen.at(below(7, kSeed, kTest, i));
  CHECK(std::all_of(seen.begin(), seen.end(), [](int n) { return n > 100; }));
  CHECK(below(1, kSeed, kTest, 0) == 0);
}
