#include "models/lustre/policy/statahead.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <vector>

using namespace lustrum::lustre;

namespace {

constexpr StataheadLimits k215{.max = 32, .start = 2, .batch = 1};
constexpr StataheadLimits k216{.max = 128, .start = 8, .batch = 64};

struct Scan {
  std::uint64_t sent = 0;
  std::uint64_t rpcs = 0;
  std::uint64_t foreseen = 0;
};

Scan list(std::uint32_t entries, const StataheadLimits& limits, StataheadStats& stats) {
  Statahead statahead(entries);
  Scan scan;
  for (std::uint32_t entry = 0; entry < entries; ++entry) {
    const auto plan = statahead.stat(entry, limits, stats);
    scan.sent += plan.count;
    scan.rpcs += plan.rpcs;
    scan.foreseen += plan.foreseen ? 1U : 0U;
  }
  return scan;
}

} // namespace

TEST_CASE("the window doubles with each stat foreseen, from 2 to 32 and from 8 to 128") {
  for (const auto& limits : {k215, k216}) {
    Statahead statahead(1000);
    StataheadStats stats;
    const auto first = statahead.stat(0, limits, stats);
    CHECK((first.first == 1 && first.count == limits.start));
    std::uint32_t window = limits.start;
    for (std::uint32_t entry = 1; entry < 8; ++entry) {
      CHECK(statahead.window() == window);
      statahead.stat(entry, limits, stats);
      window = std::min(2 * window, limits.max);
    }
    CHECK(statahead.window() == limits.max);
  }
}

// L15: n = 10,000 entries are ceil(n/64) = 157 batches, and up to 7 small ones while the window
// opens. Without batches each entry but the first, which the process asks for itself, is an RPC.
TEST_CASE("ls -l of 10,000 files takes 157 batches and a few, or one RPC per file") {
  StataheadStats stats;
  const Scan batches = list(10000, k216, stats);
  CHECK(batches.sent == 9999);
  CHECK(batches.foreseen == 9999);
  CHECK(batches.rpcs >= 157);
  CHECK(batches.rpcs <= 157 + 7);
  const Scan single = list(10000, k215, stats);
  CHECK(single.rpcs == 9999);
  CHECK(stats.total == 2);
  CHECK(stats.wrong == 0);
  CHECK(stats.hit_total == 2 * 9999);
}

TEST_CASE("stats in another order than readdir's never start it") {
  StataheadStats stats;
  Statahead statahead(100);
  CHECK(statahead.stat(17, k216, stats).count == 0);
  CHECK(statahead.stat(0, k216, stats).count == 0);
  CHECK(!statahead.running());
  CHECK(stats.total == 0);
  StataheadLimits off = k216;
  off.max = 0;
  CHECK(Statahead(100).stat(0, off, stats).count == 0);
}

TEST_CASE("it gives up after 9 stats in a row that it did not foresee") {
  StataheadStats stats;
  Statahead statahead(100000);
  statahead.stat(0, k215, stats);
  for (std::uint32_t i = 1; i <= 9; ++i) {
    CHECK(statahead.running());
    CHECK(!statahead.stat(i * 1000, k215, stats).foreseen);
  }
  CHECK(!statahead.running());
  CHECK(stats.wrong == 1);
  CHECK(stats.miss_total == 9);
  CHECK(statahead.stat(9001, k215, stats).count == 0);
}

TEST_CASE("it gives up when fewer than 4 of 5 are foreseen") {
  StataheadStats stats;
  Statahead statahead(100000);
  statahead.stat(0, k215, stats);
  std::uint32_t entry = 0;
  // 3 foreseen, 1 not: judged from the 8th that was foreseen on, at the next that was not: 9 < 4*3.
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 3; ++i) CHECK(statahead.stat(++entry, k215, stats).foreseen);
    CHECK(statahead.running());
    statahead.stat(entry += 1000, k215, stats);
  }
  CHECK(!statahead.running());
  CHECK(stats.wrong == 1);
}

TEST_CASE("property: each entry is sent at most once, and no more are out than the window") {
  CHECK(rc::check([] {
    const auto entries = *rc::gen::inRange<std::uint32_t>(1, 600);
    const StataheadLimits limits = *rc::gen::element(k215, k216);
    Statahead statahead(entries);
    StataheadStats stats;
    std::vector<int> sent(entries, 0);
    std::uint32_t entry = 0;
    while (entry < entries) {
      const auto plan = statahead.stat(entry, limits, stats);
      RC_ASSERT(plan.foreseen == (sent[entry] == 1));
      RC_ASSERT(plan.first + plan.count <= entries);
      RC_ASSERT(plan.rpcs == (plan.count + limits.batch - 1) / limits.batch);
      for (std::uint32_t i = 0; i < plan.count; ++i) {
        RC_ASSERT(plan.first + i > entry);
        RC_ASSERT(++sent[plan.first + i] == 1);
      }
      RC_ASSERT(plan.first + plan.count <= entry + 1 + limits.max);
      entry += *rc::gen::weightedElement<std::uint32_t>({{30, 1}, {1, 2}, {1, 50}});
    }
    RC_ASSERT(stats.wrong <= stats.total);
  }));
}
