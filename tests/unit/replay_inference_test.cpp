// Where a recorded path lies on the simulated storage, and what is fitted to a recording's calls.
#include "models/training/replay_files.hpp"
#include "models/training/trace_fit.hpp"

#include <doctest/doctest.h>

using namespace lustrum;
using namespace lustrum::training;
using doctest::Approx;

TEST_CASE("path rules: the longest prefix wins, whole folders only, others are left out") {
  const ReplayOptions options{.path_rules = {{"/a", "/x"}, {"/a/b/", "/y"}}};
  CHECK(mapped_path("/a/c", options) == "/x/c");
  CHECK(mapped_path("/a/b/c", options) == "/y/c");
  CHECK_FALSE(mapped_path("/ab/c", options));
  CHECK(mapped_path("/ab/c", {}) == "/ab/c");
  CHECK_FALSE(mapped_path("/ab/c", {.path_prefix = "/b"}));
}

// Reads of 1 and 4 MB that took 1 ms + bytes / 1 GB/s, one after the other: 2 ms and 5 ms. The line
// through both is that one, and nothing is shared: alone and shared are the same fit.
TEST_CASE("fit: a device with a latency and a rate is found again") {
  trace::Trace trace;
  trace.files.push_back({.path = "/data/a", .is_storage = true, .extent = 4'000'000});
  trace.processes.push_back({.host = "node", .pid = 1, .rank = 0});
  double now_s = 0;
  for (int i = 0; i < 10; ++i)
    for (const std::int64_t bytes : {1'000'000, 4'000'000}) {
      trace::Record record;
      record.kind = trace::OperationKind::read;
      record.file = 0;
      record.offset = 0;
      record.start_s = now_s;
      record.duration_s = 1e-3 + static_cast<double>(bytes) / 1e9;
      record.returned = bytes;
      now_s += 0.01;
      trace.records.push_back(record);
    }
  const DeviceFit fit = fit_device(trace, {});
  CHECK(fit.read.calls == 20);
  CHECK(fit.read.latency_s == Approx(1e-3));
  CHECK(fit.read.rate == Approx(1e9));
  CHECK(fit.read.error_s < 1e-9);
  CHECK(fit.read.shared_rate == 0);
  CHECK(fit.open.calls == 0);
}
