#include "models/lustre/policy/allocator.hpp"
#include "models/lustre/policy/precreate.hpp"
#include "sim/base/random.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <deque>
#include <numeric>
#include <set>

using namespace lustrum;
using namespace lustrum::lustre;

namespace {

double max_over_mean(const std::vector<std::uint32_t>& files) {
  const std::uint32_t most = *std::max_element(files.begin(), files.end());
  const std::uint32_t sum = std::accumulate(files.begin(), files.end(), 0U);
  return most * static_cast<double>(files.size()) / sum;
}

} // namespace

TEST_CASE("L22: round robin against random placement of 65,536 files on 64 OSTs") {
  // Between reseeds each OST gets its turn; every reseed may leave a lap unfinished, one file per
  // OST and reseed: 65,536 / 3,904 = 16 reseeds, so at most 1,024 + 17 (1.0166 of the mean).
  ObjectAllocator allocator(64, 16, {}, 1);
  const OstSpace space(64);
  const std::uint32_t walk = allocator.add_walk(0);
  std::vector<std::uint32_t> in_turn(64);
  std::vector<std::uint32_t> at_random(64);
  std::vector<OstIndex> chosen;
  for (std::uint32_t i = 0; i < 65'536; ++i) {
    chosen.clear();
    REQUIRE(allocator.allocate({.walk = walk}, space, Seconds{}, chosen) == 1);
    ++in_turn[chosen[0].value()];
    ++at_random[random::below(64, 7, 0, i)];
  }
  CHECK(max_over_mean(in_turn) <= 1.02);
  // Binomial: the mean is 1,024, sigma 31.7; the largest of 64 lies about 2.4 sigma above, 1.075.
  CHECK(max_over_mean(at_random) == doctest::Approx(1.08).epsilon(0.03));
}

TEST_CASE("weighted choice takes from each OST in proportion to its free space") {
  // Each file goes to OST i with probability f_i / F, so in the mean df_i = -(f_i / F) dW: every
  // OST's free space shrinks by the same factor 1 - W/F, and the differences by that factor too.
  constexpr std::uint32_t kOsts = 8;
  constexpr std::uint64_t kFile = 4 * kMib;
  for (const std::uint32_t servers : {1U, 4U}) {
    CAPTURE(servers);
    OstSpace space(kOsts, Bytes{128 * kGib});
    double free = 0;
    std::vector<double> before(kOsts);
    for (std::uint32_t t = 0; t < kOsts; ++t) {
      REQUIRE(space.take(OstIndex{t}, Bytes{t * 10 * kGib}));
      before[t] = space.available(OstIndex{t}).as_double();
      free += before[t];
    }
    ObjectAllocator allocator(kOsts, servers, {}, 3);
    const std::uint32_t walk = allocator.add_walk(0);
    std::vector<OstIndex> chosen;
    double written = 0;
    for (std::uint32_t i = 0; written < 0.6 * free; ++i, written += kFile) {
      chosen.clear();
      REQUIRE(allocator.allocate({.walk = walk}, space, Seconds{i * 0.01}, chosen) == 1);
      REQUIRE(space.take(chosen[0], Bytes{kFile}));
    }
    CHECK_FALSE(allocator.is_balanced());
    for (std::uint32_t t = 0; t < kOsts; ++t) {
      CAPTURE(t);
      CHECK(space.available(OstIndex{t}).as_double() ==
            doctest::Approx(before[t] * 0.4).epsilon(0.06));
    }
  }
}

TEST_CASE("an OST and its OSS that were just chosen are chosen less, for a while") {
  // prio_free 0: w = 256. With one OST per OSS the chosen one keeps (n - 1) b/(n - 1)/2 as penalty,
  // and its OSS as much: b in all, so it is not chosen twice in a row. Penalties halve with every
  // 8 x 5 s and are gone after 32 of these.
  const auto repeats = [](double gap_s) {
    OstSpace space(4, Bytes{100 * kGib});
    REQUIRE(space.take(OstIndex{0}, Bytes{40 * kGib}));
    ObjectAllocator allocator(4, 4, {.prio_free = 0}, 1);
    const std::uint32_t walk = allocator.add_walk(0);
    std::vector<OstIndex> chosen;
    for (int i = 0; i < 2000; ++i)
      allocator.allocate({.walk = walk}, space, Seconds{gap_s * i}, chosen);
    int same = 0;
    for (std::size_t i = 1; i < chosen.size(); ++i) same += chosen[i] == chosen[i - 1];
    return same;
  };
  CHECK(repeats(0) == 0);
  CHECK(repeats(0.1) == 0);
  // Without penalties: the sum of squared shares, 3 (100/360)^2 + (60/360)^2 = 0.259 of 2,000, with
  // a sigma of 20.
  CHECK(repeats(2000) == doctest::Approx(518).epsilon(0.16));
  // One halving between two choices: somewhere in the middle.
  CHECK(repeats(60) > 100);
  CHECK(repeats(60) < 430);
}

TEST_CASE("weights are used from an imbalance of 17 % on") {
  // threshold_rr 43 of 256: balanced while max (256 - 43) / 256 < min, that is min/max > 0.832.
  const auto balanced_at = [](std::uint64_t used_gib) {
    OstSpace space(2, Bytes{1000 * kGib});
    REQUIRE(space.take(OstIndex{0}, Bytes{used_gib * kGib}));
    ObjectAllocator allocator(2, 2, {}, 1);
    std::vector<OstIndex> chosen;
    allocator.allocate({.walk = allocator.add_walk(0)}, space, Seconds{}, chosen);
    return allocator.is_balanced();
  };
  CHECK(balanced_at(0));
  CHECK(balanced_at(167));
  CHECK_FALSE(balanced_at(169));
}

TEST_CASE("an OST is full below 0.1 % and takes files again above 0.2 %") {
  OstSpace space(1, Bytes{1024 * kMib});
  const OstIndex ost{0};
  REQUIRE(space.take(ost, Bytes{1023 * kMib}));
  CHECK_FALSE(space.is_full(ost));
  REQUIRE(space.take(ost, Bytes{1}));
  CHECK(space.is_full(ost));
  space.give_back(ost, Bytes{kMib + 1}); // 2 MiB free
  CHECK(space.is_full(ost));
  space.give_back(ost, Bytes{1});
  CHECK_FALSE(space.is_full(ost));
  CHECK_FALSE(space.take(ost, Bytes{2 * kMib + 2}));
  CHECK(space.available(ost) == Bytes{2 * kMib + 1});
}

TEST_CASE("property: no space only when every OST is full or away") {
  CHECK(rc::check("sets are whole where they can be, on usable OSTs, slow ones last", [] {
    const auto osts = *rc::gen::inRange(1U, 12U);
    OstSpace space(osts, Bytes{100 * kMib});
    ObjectAllocator allocator(osts, *rc::gen::inRange(1U, osts + 1), {}, 5);
    const std::uint32_t stripes = *rc::gen::inRange(1U, 2 * osts + 1);
    ObjectAllocator::Set set{.walk = allocator.add_walk(0), .overstriped = stripes > osts};
    set.stripes = stripes;
    set.minimum = stripes - stripes / 4;
    const std::uint32_t per_ost = (stripes - 1) / osts + 1;
    for (int step = 0; step < 20; ++step) {
      const OstIndex changed{*rc::gen::inRange(0U, osts)};
      space.set_active(changed, *rc::gen::inRange(0, 3) > 0);
      space.set_degraded(OstIndex{*rc::gen::inRange(0U, osts)}, *rc::gen::arbitrary<bool>());
      space.take(changed, Bytes{*rc::gen::inRange<std::uint64_t>(0, 60 * kMib)});
      std::uint32_t usable = 0;
      std::uint32_t good = 0;
      for (std::uint32_t t = 0; t < osts; ++t) {
        usable += space.is_usable(OstIndex{t});
        good += space.is_usable(OstIndex{t}) && !space.is_slow(OstIndex{t});
      }
      std::vector<OstIndex> chosen;
      const std::uint32_t n = allocator.allocate(set, space, Seconds{step * 3.0}, chosen);
      RC_ASSERT(n == chosen.size());
      RC_ASSERT((n == 0) == (usable == 0));
      RC_ASSERT(n <= stripes);
      RC_ASSERT(n >= std::min(set.minimum, usable * per_ost));
      std::vector<std::uint32_t> on(osts);
      bool slow = false;
      for (const OstIndex ost : chosen) {
        RC_ASSERT(space.is_usable(ost));
        RC_ASSERT(++on[ost.value()] <= per_ost);
        slow = slow || space.is_slow(ost);
      }
      if (slow) RC_ASSERT(good * per_ost < set.minimum);
    }
  }));
}

TEST_CASE("a precreation pool grows until it covers the time of an answer") {
  // One create per tick, answers after L ticks. The request leaves when the pool is below b/2 and
  // is answered L creates later; the batch stops doubling once b/2 - L stays above b/4 + 1: at the
  // first power of two times 32 above 4 L + 4.
  for (const std::uint32_t latency : {10U, 100U, 500U, 1500U}) {
    CAPTURE(latency);
    PrecreatePool pool;
    std::deque<std::pair<std::uint32_t, std::uint32_t>> answers; // tick, objects
    std::uint32_t taken = 0;
    std::uint32_t made = 32;
    std::uint32_t waits = 0;
    for (std::uint32_t tick = 0; tick < 100'000; ++tick) {
      if (!answers.empty() && answers.front().first == tick) {
        pool.created(answers.front().second);
        made += answers.front().second;
        answers.pop_front();
      }
      const bool got = pool.take();
      taken += got;
      if (!got && tick > 50'000) ++waits;
      if (const std::uint32_t asked = pool.ask(); asked > 0) {
        REQUIRE(answers.empty());
        answers.emplace_back(tick + latency, asked);
      }
    }
    CHECK(made == taken + pool.ready());
    CHECK(waits == 0);
    std::uint32_t expected = 32;
    while (expected <= 4 * latency + 4) expected *= 2;
    CHECK(pool.batch() == expected);
  }
}

TEST_CASE("a precreation pool asks for 10,000 at most and starts over when the OST falls short") {
  PrecreatePool pool;
  std::uint32_t largest = 0;
  for (int round = 0; round < 20; ++round) {
    while (pool.take()) {
    }
    const std::uint32_t asked = pool.ask();
    largest = std::max(largest, asked);
    CHECK(pool.ask() == 0); // one at a time
    pool.created(asked);
  }
  CHECK(largest == 10'000);
  CHECK(pool.batch() == 20'000);
  while (pool.take()) {
  }
  CHECK(pool.ask() == 10'000);
  pool.created(5);
  CHECK(pool.batch() == 32);
  CHECK(pool.ready() == 5);
}
