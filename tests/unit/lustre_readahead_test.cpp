#include "models/lustre/policy/page_cache.hpp"
#include "models/lustre/policy/readahead.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>

using namespace lustrum;
using namespace lustrum::lustre;

namespace {

constexpr ReadaheadLimits kLimits{
    .whole_file = Bytes{2 * kMib}, .per_file = Bytes{256 * kMib}, .rpc_size = Bytes{4 * kMib}};

// One open file and what it counts.
struct Reader {
  Readahead readahead;
  ReadaheadStats stats;
  ReadaheadLimits limits = kLimits;
  ReadaheadBudget budget{.bytes = Bytes{1024 * kMib}};

  ReadaheadPlan read(std::uint64_t offset, std::uint64_t length, std::uint64_t size,
                     std::uint64_t missing = 0, bool mmap = false) {
    return readahead.plan({.offset = Bytes{offset},
                           .length = Bytes{length},
                           .size = Bytes{size},
                           .missing_pages = missing,
                           .all_present = missing == 0,
                           .mmap = mmap},
                          limits, budget, stats);
  }
  ReadaheadPlan fault(std::uint64_t page, std::uint64_t size) {
    return read(page * 4096, 4096, size, 1, true);
  }
};

Extent extent(std::uint64_t begin, std::uint64_t end) { return {Bytes{begin}, Bytes{end}}; }

std::vector<Extent> ahead(const ReadaheadPlan& plan) {
  return {plan.ahead.begin(), plan.ahead.begin() + plan.ahead_count};
}

} // namespace

TEST_CASE("the second read of a small file fetches it whole, once") {
  Reader r;
  CHECK(ahead(r.read(0, 4096, kMib)).empty());
  const auto plan = r.read(4096, 4096, kMib);
  CHECK(plan.demand == extent(4096, 8192));
  CHECK(ahead(plan) == std::vector{extent(0, 4096), extent(8192, kMib)});
  CHECK(ahead(r.read(8192, 4096, kMib)).empty());
  // Pages that were evicted since are fetched again.
  CHECK(ahead(r.read(12288, 4096, kMib, 1)).size() == 2);
  CHECK(r.stats.miss_inside_window == 0);
}

TEST_CASE("sequential reads open the window by one RPC each, in whole RPCs") {
  Reader r;
  CHECK(ahead(r.read(0, 4 * kMib, kGib)).empty());
  CHECK(ahead(r.read(4 * kMib, 4 * kMib, kGib)) == std::vector{extent(8 * kMib, 12 * kMib)});
  CHECK(ahead(r.read(8 * kMib, 4 * kMib, kGib)) == std::vector{extent(12 * kMib, 20 * kMib)});
  CHECK(r.readahead.ahead() == Bytes{8 * kMib});
  CHECK(r.readahead.window() == Bytes{8 * kMib});
  // A client that may read ahead no further fetches nothing more than is asked.
  r.budget.bytes = Bytes{};
  CHECK(ahead(r.read(12 * kMib, 4 * kMib, kGib)).empty());
  CHECK(r.stats.hit_max_readahead_issue == 1);
  CHECK(r.stats.readahead_pages == 3 * 1024);
}

TEST_CASE("the window grows to the limit of the file and no further") {
  Reader r;
  r.limits.per_file = Bytes{10 * kMib};
  for (std::uint64_t i = 0; i < 20; ++i) {
    const auto plan = r.read(i * kMib, kMib, kGib);
    for (const Extent& e : ahead(plan)) CHECK(e.end <= Bytes{(i + 1) * kMib + 10 * kMib});
  }
  CHECK(r.readahead.window() == Bytes{10 * kMib});
}

TEST_CASE("8 pages off is still sequential, 9 are not") {
  for (const std::uint64_t gap : {8U, 9U}) {
    Reader r;
    r.read(0, kMib, kGib);
    const auto plan = r.read(kMib + gap * 4096, kMib, kGib);
    CHECK(plan.ahead_count == (gap == 8 ? 1 : 0));
    CHECK(r.stats.readpage_not_consecutive == (gap == 8 ? 0 : 1));
  }
}

TEST_CASE("a random read fetches exactly what was asked and closes the window") {
  Reader r;
  r.read(0, 4 * kMib, kGib);
  r.read(4 * kMib, 4 * kMib, kGib);
  const auto jump = r.read(500 * kMib, 4096, kGib);
  CHECK(jump.demand == extent(500 * kMib, 500 * kMib + 4096));
  CHECK(jump.ahead_count == 0);
  CHECK(r.readahead.ahead() == Bytes{});
  // The run begins anew: the read after the next one is the second of a run.
  CHECK(r.read(500 * kMib + 4096, 4096, kGib).ahead_count == 0);
  CHECK(r.read(500 * kMib + 8192, 4096, kGib).ahead_count == 1);
}

TEST_CASE("a page of the window that is gone closes it") {
  Reader r;
  for (std::uint64_t i = 0; i < 4; ++i) r.read(i * kMib, kMib, kGib);
  CHECK(r.readahead.window() == Bytes{12 * kMib});
  CHECK(r.read(4 * kMib, kMib, kGib, 3).ahead_count == 0);
  CHECK(r.stats.miss_inside_window == 1);
  CHECK(r.readahead.window() == Bytes{});
  CHECK(r.read(5 * kMib, kMib, kGib, 256).ahead_count == 0);
  CHECK(r.read(6 * kMib, kMib, kGib, 256).ahead_count == 1);
  CHECK(r.stats.miss_inside_window == 1);
}

TEST_CASE("pages never planned are no miss inside the window") {
  Reader r;
  r.read(0, 4 * kMib, kGib, 1024);
  r.read(4 * kMib, 4 * kMib, kGib, 1024);
  // Planned up to 12 MiB, but a lock ended at 10: 512 of these pages were not planned.
  r.readahead.reached(Bytes{10 * kMib});
  r.read(8 * kMib, 4 * kMib, kGib, 512);
  CHECK(r.stats.miss_inside_window == 0);
}

TEST_CASE("read-ahead that is ahead of need waits until a whole RPC is due") {
  Reader r;
  r.limits.per_file = Bytes{4 * kMib};
  r.read(0, 4 * kMib, kGib);
  r.read(4 * kMib, 4 * kMib, kGib);
  r.readahead.reached(Bytes{10 * kMib});
  // Up to 12 MiB the window would let it: 2 MiB, and the reader is still 1 MiB away from needing
  // it.
  CHECK(r.read(8 * kMib, kMib, kGib).ahead_count == 0);
  CHECK(ahead(r.read(9 * kMib, 4 * kMib, kGib)) == std::vector{extent(13 * kMib, 16 * kMib)});
}

TEST_CASE("a budget of less than 1 MiB is not used, a larger one is used up") {
  for (const std::uint64_t budget : {kMib - 1, kMib + 1}) {
    Reader r;
    r.budget.bytes = Bytes{budget};
    r.read(0, 4 * kMib, kGib);
    const Bytes planned = r.read(4 * kMib, 4 * kMib, kGib).ahead_bytes();
    CHECK(planned == Bytes{budget < kMib ? 0 : budget});
    CHECK(r.stats.hit_max_readahead_issue == 1);
  }
}

TEST_CASE("equal reads at equal distances, seen twice, fetch the next strides") {
  Reader r;
  constexpr std::uint64_t kLength = 128 * kKib;
  constexpr std::uint64_t kStride = kMib;
  CHECK(r.read(0, kLength, kGib).ahead_count == 0);
  CHECK(r.read(kStride, kLength, kGib).ahead_count == 0); // the distance is seen once
  CHECK(!r.readahead.in_strides());
  const auto third = r.read(2 * kStride, kLength, kGib); // and twice
  CHECK(r.readahead.in_strides());
  // One RPC of window: 4 MiB of what is read, 32 strides.
  REQUIRE(third.ahead_count == 32);
  for (std::uint64_t i = 0; i < 32; ++i)
    CHECK(third.ahead[i] == extent((3 + i) * kStride, (3 + i) * kStride + kLength));
  // The next read opens the window by 32 strides more; one was read since.
  CHECK(r.read(3 * kStride, kLength, kGib).ahead[0].begin == Bytes{35 * kStride});
  // A stride read in two parts goes on.
  CHECK(r.read(4 * kStride, kLength / 2, kGib).ahead_count > 0);
  const Bytes window = r.readahead.window();
  r.read(4 * kStride + kLength / 2, kLength / 2, kGib);
  CHECK(r.readahead.window() == window); // once per stride
  r.read(5 * kStride, kLength, kGib);
  CHECK(r.readahead.in_strides());
  // Another distance ends it.
  CHECK(r.read(7 * kStride, kLength, kGib).ahead_count == 0);
  CHECK(!r.readahead.in_strides());
}

TEST_CASE("a miss inside a stride window closes the window, the strides stay known") {
  Reader r;
  for (std::uint64_t i = 0; i < 3; ++i) r.read(i * kMib, 64 * kKib, kGib, 16);
  CHECK(r.read(3 * kMib, 64 * kKib, kGib, 16).ahead_count == 0);
  CHECK(r.stats.miss_inside_window == 1);
  CHECK(r.read(4 * kMib, 64 * kKib, kGib, 16).ahead[0].begin == Bytes{5 * kMib});
}

TEST_CASE("faults of mmap fetch single pages, and a cluster after two in the neighbourhood") {
  Reader r;
  CHECK(r.fault(1000, kGib).ahead_count == 0);
  CHECK(r.fault(1020, kGib).ahead_count == 0); // the first near another
  const auto plan = r.fault(1010, kGib);       // the second
  // Page 1010 lies in the MiB from page 768 to 1024.
  CHECK(plan.demand == extent(1010 * 4096, 1011 * 4096));
  CHECK(ahead(plan) ==
        std::vector{extent(768 * 4096, 1010 * 4096), extent(1011 * 4096, 1024 * 4096)});
}

TEST_CASE("strides and clusters end where the file ends") {
  Reader r;
  constexpr std::uint64_t kSize = 4 * kMib + 10000;
  for (std::uint64_t i = 0; i < 2; ++i) r.read(i * kMib, 64 * kKib, kSize);
  CHECK(ahead(r.read(2 * kMib, 64 * kKib, kSize)) ==
        std::vector{extent(3 * kMib, 3 * kMib + 64 * kKib), extent(4 * kMib, kSize)});
  CHECK(r.stats.readahead_to_eof == 1);
  Reader faults;
  faults.fault(1024, kSize);
  faults.fault(1024, kSize);
  CHECK(ahead(faults.fault(1025, kSize)) ==
        std::vector{extent(4 * kMib, 4 * kMib + 4096), extent(4 * kMib + 8192, kSize)});
}

TEST_CASE("faults far from one another stay single pages, in a small file too") {
  Reader r;
  for (std::uint64_t i = 0; i < 100; ++i)
    CHECK(r.fault((i + 10) * (i + 10) * 13, kGib).ahead_count == 0);
  CHECK(r.stats.misses == 100);
  Reader small;
  for (const std::uint64_t page : {0U, 100U}) CHECK(small.fault(page, kMib).ahead_count == 0);
}

TEST_CASE("a long sequential run of faults opens the window once per range") {
  Reader r;
  Bytes fetched;
  for (std::uint64_t page = 0; page < 1024; ++page)
    fetched += r.read(page * 4096, 4096, kGib, page < 3 ? 1 : 0, true).ahead_bytes();
  CHECK(r.readahead.window() == Bytes{4 * 4 * kMib});
  CHECK(fetched > Bytes{4 * kMib});
}

TEST_CASE("from the threshold on, workers fetch in pieces of 16 MiB, as many as are free") {
  Reader r;
  r.limits.async_threshold = Bytes{64 * kMib};
  r.limits.async_max_active = 4;
  constexpr std::uint64_t kRead = 16 * kMib;
  std::uint64_t at = 0;
  while (r.readahead.window() < Bytes{60 * kMib}) {
    CHECK(!r.read(at, kRead, 4 * kGib).async);
    at += kRead;
  }
  CHECK(r.stats.async_readahead == 0);
  const auto plan = r.read(at, kRead, 4 * kGib);
  at += kRead;
  CHECK(plan.async);
  for (const Extent& e : ahead(plan)) {
    CHECK(e.length() <= Bytes{16 * kMib});
    CHECK(e.begin / Bytes{16 * kMib} == (e.end - Bytes{1}) / Bytes{16 * kMib});
  }
  CHECK(r.stats.async_readahead == plan.ahead_count);
  // With one worker free one piece goes out; with none the reader does it himself.
  r.budget.async_active = 3;
  const auto one = r.read(at, 3 * kRead, 4 * kGib);
  at += 3 * kRead;
  CHECK((one.async && one.ahead_count == 1));
  r.budget.async_active = 4;
  const auto own = r.read(at, kRead, 4 * kGib);
  CHECK((!own.async && own.ahead_count == 1 && own.ahead[0].begin == one.ahead[0].end));
}

TEST_CASE("read-ahead turned off fetches what is asked") {
  Reader r;
  r.limits.per_file = Bytes{};
  for (std::uint64_t i = 0; i < 10; ++i) CHECK(r.read(i * 4096, 4096, kMib).ahead_count == 0);
}

TEST_CASE("property: nothing past the end, nothing of the demand twice, no more than the budget") {
  CHECK(rc::check([] {
    Reader r;
    r.limits.async_threshold = Bytes{16 * kMib};
    r.limits.async_max_active = 3;
    const auto size = *rc::gen::inRange<std::uint64_t>(1, 64 * kMib);
    const bool mmap = *rc::gen::inRange(0, 4) == 0;
    std::uint64_t next = 0;
    std::uint64_t length = 1;
    std::uint64_t gap = 0;
    for (int i = 0; i < 60; ++i) {
      std::uint64_t offset = next;
      const int kind = *rc::gen::inRange(0, 6); // mostly sequential, then strides, then random
      if (kind >= 3) offset = next + gap;
      if (kind == 5 || offset >= size) offset = *rc::gen::inRange<std::uint64_t>(0, size);
      if (offset > next) gap = offset - next;
      if (kind != 4) length = *rc::gen::inRange<std::uint64_t>(1, 3 * kMib);
      if (mmap) length = 4096;
      length = std::min(size - offset, length);
      r.budget.bytes = Bytes{*rc::gen::inRange<std::uint64_t>(0, 40 * kMib)};
      const auto missing = *rc::gen::inRange<std::uint64_t>(0, length / 4096 + 2);
      const Bytes window = r.readahead.window();
      const auto plan = r.read(offset, length, size, missing, mmap);
      RC_ASSERT(plan.demand == extent(offset, offset + length));
      RC_ASSERT(plan.ahead_bytes() <= r.budget.bytes);
      RC_ASSERT(r.readahead.window() <= std::min(window + kLimits.rpc_size, kLimits.per_file));
      for (const Extent& e : ahead(plan)) {
        RC_ASSERT(!e.empty() && e.end <= Bytes{size});
        RC_ASSERT(e.end <= plan.demand.begin || e.begin >= plan.demand.end);
      }
      next = offset + length;
    }
  }));
}

TEST_CASE("property: a sequential read of a file fetches each byte once") {
  CHECK(rc::check([] {
    Reader r;
    const auto size = *rc::gen::inRange<std::uint64_t>(2 * kMib + 1, 200 * kMib);
    const auto step = *rc::gen::inRange<std::uint64_t>(4096, 6 * kMib);
    Bytes fetched;   // demand that was not planned before, and read-ahead
    Bytes planned{}; // all below has been fetched
    for (std::uint64_t at = 0; at < size; at += step) {
      const auto plan = r.read(at, std::min(step, size - at), size);
      if (plan.demand.end > planned) {
        fetched += plan.demand.end - std::max(plan.demand.begin, planned);
        planned = plan.demand.end;
      }
      for (const Extent& e : ahead(plan)) {
        RC_ASSERT(e.begin == planned);
        fetched += e.length();
        planned = e.end;
      }
    }
    RC_ASSERT(fetched == Bytes{size});
    RC_ASSERT(r.stats.readpage_not_consecutive == 0);
  }));
}

TEST_CASE("property: random reads fetch their own pages and no others") {
  CHECK(rc::check([] {
    Reader r;
    PageCache cache({.chunk = Bytes{4 * kMib}, .max_cached = Bytes{kGib}});
    PageCache::Lookup found;
    constexpr std::uint64_t kSize = 512 * kMib;
    std::uint64_t next = 0;
    for (std::uint64_t i = 1; i <= 40; ++i) {
      // Lengths all differ, so no two reads make a stride.
      const std::uint64_t length = 5000 * i;
      auto offset = *rc::gen::inRange<std::uint64_t>(kMib, kSize - length);
      if (offset + 9 * 4096 > next && offset < next + 9 * 4096) offset = next + 9 * 4096;
      if (offset + length > kSize) continue;
      const auto plan = r.read(offset, length, kSize);
      RC_ASSERT(plan.ahead_count == 0);
      const Bytes before = cache.used();
      cache.read(1, plan.demand, found);
      const std::uint64_t missing = found.missing_pages;
      cache.fetching(1, plan.demand, 1, false);
      RC_ASSERT(cache.used() - before == kPageSize * missing);
      RC_ASSERT(missing <= length / 4096 + 2);
      next = offset + length;
    }
  }));
}
