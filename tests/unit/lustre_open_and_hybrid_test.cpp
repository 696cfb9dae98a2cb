#include "models/lustre/policy/hybrid_io.hpp"
#include "models/lustre/policy/open_cache.hpp"

#include <doctest/doctest.h>

using namespace lustrum;
using namespace lustrum::lustre;

TEST_CASE("the fifth open within 100 ms of one another asks for the open lock") {
  OpenHistory history;
  const OpenCacheRule rule;
  for (int i = 0; i < 8; ++i) {
    const Seconds now{0.01 * i};
    CHECK(history.opened(now, rule) == (i >= 4));
    history.closed(now + Seconds{0.001});
  }
}

TEST_CASE("a pause of more than 100 ms since the close begins the series anew") {
  OpenHistory history;
  const OpenCacheRule rule;
  for (int i = 0; i < 4; ++i) {
    history.opened(Seconds{0.01 * i}, rule);
    history.closed(Seconds{0.01 * i + 0.005});
  }
  // Open for long is no pause: what counts is the time since the close.
  history.closed(Seconds{10.0});
  CHECK(history.opened(Seconds{10.0999}, rule));
  history.closed(Seconds{11.0});
  CHECK(!history.opened(Seconds{11.2}, rule));
  OpenHistory never;
  for (int i = 0; i < 20; ++i)
    CHECK(!never.opened(Seconds{0.001 * i}, {.threshold_count = 0, .threshold = Seconds{1}}));
}

TEST_CASE("from 2.16 on reads of 8 MiB and writes of 2 MiB go past the page cache") {
  const HybridIoRule on{.enabled = true};
  CHECK(reads_directly(on, Bytes{8 * kMib}));
  CHECK(!reads_directly(on, Bytes{8 * kMib - 1}));
  CHECK(writes_directly(on, Bytes{2 * kMib}));
  CHECK(!writes_directly(on, Bytes{2 * kMib - 1}));
  CHECK(!reads_directly(HybridIoRule{}, Bytes{kGib}));
  CHECK(!writes_directly(HybridIoRule{}, Bytes{kGib}));
}
