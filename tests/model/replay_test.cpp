// Replays: a small trace whose answer is known, and recorded runs where they are at hand.
#include "models/training/trace_replay.hpp"
#include "sim/trace/read_trace.hpp"
#include "tests/model/child_numbers.hpp"
#include "tests/model/ideal_filesystem.hpp"

#include <doctest/doctest.h>

#include <filesystem>

using namespace lustrum;
using namespace lustrum::test;
using namespace lustrum::training;
using doctest::Approx;

namespace {

constexpr ReplayOptions kOptions{.cache_rate = BytesPerSecond{1200.0 * kMib},
                                 .cache_latency = Seconds{150e-6}};

// One rank: waits 1 s for its loader, which starts 0.2 s after the wait began and reads 100 MiB in
// 0.7 s (0.1 s is hand-over), then computes 2 s; and so once more.
trace::Trace two_steps() {
  trace::Trace trace;
  trace.files.push_back({.path = "/data/a", .is_storage = true, .extent = 200 * kMib});
  trace.processes.push_back({.host = "node", .pid = 1, .rank = 0});
  trace.names.push_back("call");
  const auto add = [&](std::uint32_t thread, trace::OperationKind kind, double start_s,
                       double duration_s, std::uint64_t offset = 0, std::int64_t bytes = 0) {
    trace::Record record;
    record.kind = kind;
    record.start_s = start_s;
    record.duration_s = duration_s;
    record.thread = thread;
    record.file = trace::is_span(kind) ? trace::kNoIndex : 0;
    record.offset = offset;
    record.requested = static_cast<std::uint64_t>(bytes);
    record.returned = bytes;
    trace.records.push_back(record);
  };
  for (const double t : {0.0, 3.0}) {
    add(0, trace::OperationKind::span_wait, t, 1);
    add(0, trace::OperationKind::span_step, t + 1, 2);
  }
  trace.threads.push_back({.tid = 1, .process = 0, .first_record = 0, .record_count = 4});
  for (const double t : {0.0, 3.0})
    add(1, trace::OperationKind::read, t + 0.2, 0.7, t > 0 ? 100 * kMib : 0, 100 * kMib);
  trace.threads.push_back({.tid = 2, .process = 0, .first_record = 4, .record_count = 2});
  trace.duration_s = 6;
  return trace;
}

std::vector<double> replay(const trace::Trace& trace, lustre::FilesystemSettings settings,
                           ReplayOptions options) {
  return numbers_from_child([&] {
    kernel::Engine engine({});
    lustre::Filesystem fs(engine.world(), settings);
    TraceReplay run(engine, fs, trace, options);
    engine.run();
    const ReplayOutcome outcome = run.outcome();
    return std::vector<double>{outcome.measured_wait_s,
                               outcome.measured_step_s,
                               outcome.replayed_wait_s,
                               outcome.makespan.count(),
                               static_cast<double>(fs.totals().read_delivered.count()),
                               static_cast<double>(outcome.cached_reads),
                               outcome.time.total() - outcome.ranks * outcome.makespan.count()};
  });
}

} // namespace

TEST_CASE("a replayed wait ends when the call it depended on has been replayed") {
  const trace::Trace trace = two_steps();
  // As fast as nothing: what remains of each wait is the start (first one only: 0.2 s) and the
  // hand-over. The second read comes 2.3 s after the first ended, and the wait for it begins 2.1 s
  // after that.
  auto numbers = replay(trace, ideal_filesystem(), kOptions);
  CHECK(numbers.at(0) == Approx(2));
  CHECK(numbers.at(1) == Approx(4));
  CHECK(numbers.at(2) == Approx(0.3 + 0.3).epsilon(0.001));
  CHECK(numbers.at(4) == 200.0 * kMib);
  CHECK(numbers.at(6) == Approx(0).epsilon(1e-9));
  // A disk of 50 MiB/s: each read takes 2 s instead of 0.7 s, so waits grow by 1.3 s.
  auto slow = ideal_filesystem();
  slow.oss.nvme().read_bandwidth = BytesPerSecond{50.0 * kMib};
  numbers = replay(trace, slow, kOptions);
  CHECK(numbers.at(2) == Approx(2.3 + 2.3).epsilon(0.001));
  CHECK(numbers.at(3) == Approx(4 + 4.6).epsilon(0.001));
}

TEST_CASE("reads faster than any server come out of the page cache") {
  trace::Trace trace = two_steps();
  trace.records.at(4).duration_s = 0.05; // 100 MiB in 50 ms: 2,000 MiB/s
  auto numbers = replay(trace, ideal_filesystem(), kOptions);
  CHECK(numbers.at(5) == 1);
  CHECK(numbers.at(4) == 100.0 * kMib);
  ReplayOptions all = kOptions;
  all.detect_cached = false;
  CHECK(replay(trace, ideal_filesystem(), all).at(5) == 0);
}

TEST_CASE("timed: calls at their recorded times, late only when their thread is busy") {
  const trace::Trace trace = two_steps();
  auto slow = ideal_filesystem();
  slow.oss.nvme().read_bandwidth = BytesPerSecond{50.0 * kMib};
  ReplayOptions options = kOptions;
  options.mode = ReplayMode::timed;
  // Each read takes 2 s; they begin at 0.2 s and 3.2 s.
  CHECK(replay(trace, slow, options).at(3) == Approx(5.2).epsilon(0.001));
  slow.oss.nvme().read_bandwidth = BytesPerSecond{25.0 * kMib};
  // 4 s each: the second begins when the first has ended.
  CHECK(replay(trace, slow, options).at(3) == Approx(8.2).epsilon(0.001));
}

TEST_CASE("scale: copies of a rank read files of their own") {
  const trace::Trace trace = two_steps();
  ReplayOptions options = kOptions;
  options.scale = {.ranks = 3, .files = 2};
  // Copies do as the original: three times the steps, the waits (0.3 s each) and the bytes.
  const auto numbers = replay(trace, ideal_filesystem(), options);
  CHECK(numbers.at(1) == Approx(3 * 4));
  CHECK(numbers.at(2) == Approx(3 * 0.6).epsilon(0.001));
  CHECK(numbers.at(4) == 3 * 200.0 * kMib);
}

TEST_CASE("stormer: how much of its measured utilization the model explains") {
  // A real training run on 8 GPUs: 83.5 % of the loop is steps, measured. On an ideal file system
  // what is left of the waiting is not storage: worker start-up, decoding, hand-over, cached reads.
  const std::filesystem::path folder =
      std::filesystem::path(LUSTRUM_REFERENCE_DIR) / "traces" / "stormer_era5_polaris_eagle";
  if (!std::filesystem::exists(folder)) {
    MESSAGE("skipped: reference traces not present");
    return;
  }
  const trace::ReadResult read = trace::read_trace({folder});
  auto settings = ideal_filesystem();
  settings.fabric.clients = 2;
  ReplayOptions options = kOptions;
  options.clients = 2;
  const std::vector<double> numbers = replay(read.trace, settings, options);
  const double measured = numbers.at(1) / (numbers.at(1) + numbers.at(0));
  const double simulated = numbers.at(1) / (numbers.at(1) + numbers.at(2));
  MESSAGE("measured " << 100 * measured << " %, ideal storage " << 100 * simulated
                      << " %, of the wait " << 100 * numbers.at(2) / numbers.at(0)
                      << " % is not storage");
  CHECK(measured == Approx(0.835).epsilon(0.003));
  CHECK(simulated > measured);
  CHECK(simulated < 0.95);
}
