#include "models/lustre/policy/readahead.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>

using namespace lustrum;
using namespace lustrum::lustre;

namespace {

constexpr ReadaheadLimits kLimits{Bytes{2 * kMib}, Bytes{256 * kMib}, Bytes{4 * kMib}};
constexpr Bytes kBudget{1024 * kMib};

Readahead::Fetch plan(Readahead& readahead, std::uint64_t offset, std::uint64_t length,
                      std::uint64_t size, Bytes budget = kBudget) {
  return readahead.plan(Bytes{offset}, Bytes{length}, Bytes{size}, kLimits, budget);
}

} // namespace

TEST_CASE("the second read of a small file fetches it whole") {
  Readahead r;
  auto fetch = plan(r, 0, 4096, kMib);
  CHECK(fetch.end == Bytes{4096});
  fetch = plan(r, 4096, 4096, kMib);
  CHECK(fetch.begin == Bytes{4096});
  CHECK(fetch.end == Bytes{kMib});
  CHECK(plan(r, 8192, 4096, kMib).empty());
}

TEST_CASE("sequential reads open the window by one RPC each, in whole RPCs") {
  Readahead r;
  constexpr std::uint64_t kSize = kGib;
  CHECK(plan(r, 0, 4 * kMib, kSize).end == Bytes{4 * kMib});
  CHECK(plan(r, 4 * kMib, 4 * kMib, kSize).end == Bytes{12 * kMib});
  CHECK(plan(r, 8 * kMib, 4 * kMib, kSize).end == Bytes{20 * kMib});
  CHECK(r.ahead() == Bytes{8 * kMib});
  // A client that may read ahead no further fetches nothing more than is there.
  CHECK(plan(r, 12 * kMib, 4 * kMib, kSize, Bytes{}).empty());
}

TEST_CASE("a random read fetches exactly what was asked and closes the window") {
  Readahead r;
  plan(r, 0, 4 * kMib, kGib);
  plan(r, 4 * kMib, 4 * kMib, kGib);
  const auto jump = plan(r, 500 * kMib, 4096, kGib);
  CHECK(jump.begin == Bytes{500 * kMib});
  CHECK(jump.end == Bytes{500 * kMib + 4096});
  CHECK(r.ahead() == Bytes{});
}

TEST_CASE(
    "property: every byte asked is fetched or was, nothing past the end, the window in bounds") {
  CHECK(rc::check([] {
    Readahead r;
    const auto size = *rc::gen::inRange<std::uint64_t>(1, 64 * kMib);
    for (int i = 0; i < 40; ++i) {
      const bool follow = *rc::gen::inRange(0, 4) > 0;
      static std::uint64_t next;
      if (i == 0) next = 0;
      const std::uint64_t offset =
          follow && next < size ? next : *rc::gen::inRange<std::uint64_t>(0, size);
      const std::uint64_t length =
          *rc::gen::inRange<std::uint64_t>(1, std::min<std::uint64_t>(size - offset, 3 * kMib) + 1);
      const Bytes had_begin = r.fetched_begin();
      const Bytes had_end = r.fetched_end();
      const auto fetch = plan(r, offset, length, size);
      const bool was_there = Bytes{offset} >= had_begin && Bytes{offset + length} <= had_end;
      RC_ASSERT(was_there || (!fetch.empty() && fetch.end >= Bytes{offset + length}));
      RC_ASSERT(fetch.empty() || fetch.end <= Bytes{size});
      RC_ASSERT(r.ahead() <= kLimits.per_file + kLimits.rpc_size + kLimits.whole_file);
      next = offset + length;
    }
  }));
}
