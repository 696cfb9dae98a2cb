// Totals: on small texts by hand, on the shipped sample, and on the recorded traces when present.
#include "sim/trace/read_trace.hpp"
#include "sim/trace/trace_statistics.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#ifndef LUSTRUM_REFERENCE_DIR
#define LUSTRUM_REFERENCE_DIR ""
#endif
#ifndef LUSTRUM_SOURCE_DIR
#define LUSTRUM_SOURCE_DIR "."
#endif

using namespace lustrum::trace;

namespace {

namespace fs = std::filesystem;

std::optional<ReadResult> read_reference(const std::string& name) {
  const std::string root = LUSTRUM_REFERENCE_DIR;
  if (root.empty() || !fs::exists(fs::path{root} / "traces" / name)) {
    MESSAGE("skipped: reference traces not present");
    return std::nullopt;
  }
  return read_trace({fs::path{root} / "traces" / name});
}

Record span(OperationKind kind, double start_s, double duration_s) {
  Record record;
  record.kind = kind;
  record.start_s = start_s;
  record.duration_s = duration_s;
  return record;
}

Trace one_thread(std::vector<Record> records, std::string name = "span") {
  Trace trace;
  trace.processes = {{"n1", 1, 0}};
  trace.threads = {{1, 0, 0, 0, records.size()}};
  trace.names = {std::move(name)};
  trace.records = std::move(records);
  return trace;
}

} // namespace

TEST_CASE("trace statistics: percentiles are values that occurred") {
  std::vector<double> values;
  for (int i = 100; i >= 1; --i) values.push_back(i);
  const DurationSummary summary = summarize(values);
  CHECK(summary.count == 100);
  CHECK(summary.total_s == 5050);
  CHECK(summary.median_s == 50);
  CHECK(summary.p95_s == 95);
  CHECK(summary.p99_s == 99);
  CHECK(summary.max_s == 100);
  CHECK(summarize({}).count == 0);
  CHECK(summarize({3}).p99_s == 3);
}

TEST_CASE("trace statistics: nested spans count once") {
  using enum OperationKind;
  const Trace trace =
      one_thread({span(span_wait, 0, 1), span(span_step, 1, 3), span(span_step, 1.5, 2),
                  span(span_wait, 4, 1), span(span_step, 5, 3)});
  const StreamStatistics stream = trace_statistics(trace).job;
  CHECK(stream.wait_s == doctest::Approx(2));
  CHECK(stream.step_s == doctest::Approx(6));
  CHECK(stream.step.count == 2); // 3 s each; the inner one is in the first
  CHECK(stream.step.total_s == doctest::Approx(6));
  CHECK(stream.wait_basis == WaitBasis::wait_spans);
  CHECK(stream.utilization == doctest::Approx(0.75));
}

TEST_CASE("trace statistics: without waits the training loop, else the job, is the whole") {
  using enum OperationKind;
  const std::vector<Record> records{span(span_other, 1, 8), span(span_step, 5, 2)};
  const StreamStatistics loop = trace_statistics(one_thread(records, "DLIOBenchmark._train")).job;
  CHECK(loop.wait_basis == WaitBasis::training_loop);
  CHECK(loop.utilization == doctest::Approx(0.25));
  const StreamStatistics job = trace_statistics(one_thread(records)).job;
  CHECK(job.wait_basis == WaitBasis::job);
  CHECK(job.utilization == doctest::Approx(0.25));
  CHECK(trace_statistics(one_thread({span(span_other, 0, 1)})).job.wait_basis == WaitBasis::none);
  CHECK(trace_statistics(Trace{}).job.utilization == 0);
}

TEST_CASE("trace statistics: the shipped sample") {
  const auto [trace, report] =
      read_trace({fs::path{LUSTRUM_SOURCE_DIR} / "traces/samples/microloader.pfw"});
  CHECK(report.complete());
  CHECK(report.duplicate_lines == 1);
  CHECK(report.failed_calls == 1);
  CHECK(report.pseudo_calls == 24); // 3 for each of 8 batches
  CHECK(report.unknown_calls.empty());
  const TraceStatistics statistics = trace_statistics(trace);
  REQUIRE(statistics.processes.size() == 1);
  CHECK(statistics.processes[0].threads == 5); // main, 2 workers in each of 2 epochs
  const StreamStatistics& job = statistics.job;
  CHECK(job.bytes_read == 16 * (4096 + 4 * (1U << 20)));
  CHECK(job.opens == 16);
  CHECK(job.closes == 16);
  CHECK(job.files_opened == 8);
  CHECK(job.calls.at("pread").calls == 64);
  CHECK(job.step.count == 8); // each yield with its compute inside
  CHECK(job.wait.count == 8);
  CHECK(job.step_s > 8 * 0.118);
  CHECK(job.step_s < 8 * 0.124);
  CHECK(job.wait_basis == WaitBasis::wait_spans);
  for (const Record& record : trace.records)
    if (record.kind == OperationKind::read) CHECK(record.offset != kUnknownOffset);
}

TEST_CASE("trace statistics: stormer, 8 GPUs on Lustre") {
  const std::optional<ReadResult> job = read_reference("stormer_era5_polaris_eagle");
  if (!job) return;
  const ReadReport& report = job->report;
  CHECK(report.files == 12);
  // A name that ends in a line break cuts line 12 of each of the four POSIX files.
  CHECK(report.rejoined_lines == 8);
  CHECK(report.damaged_lines == 0);
  CHECK(report.duplicate_lines == 0);
  CHECK(report.unknown_calls.empty());
  CHECK(report.events == 8 * 3'325 + 102'785 + 102'783 + 102'784 + 102'783);

  const TraceStatistics statistics = trace_statistics(job->trace);
  REQUIRE(statistics.processes.size() == 8);
  for (std::size_t rank = 0; rank < 8; ++rank) {
    const StreamStatistics& stream = statistics.processes[rank].stream;
    CHECK(job->trace.processes[rank].rank == static_cast<int>(rank));
    CHECK(stream.wait.count == 186);
    CHECK(stream.step.count == 186);
    CHECK(stream.utilization > 0.828);
    CHECK(stream.utilization < 0.843);
    if (rank >= 4) continue; // their POSIX files are left out
    const CallTotals& pread = stream.calls.at("pread");
    CHECK(pread.bytes == 115'226'870'010);
    CHECK(pread.calls == 27'738 + 61'908);
    CHECK(stream.large_reads == 27'738);
    CHECK(stream.small_reads == 61'908 + 18); // and 18 read() of three .npz
    CHECK(stream.bytes_read == 115'226'870'010 + 248'545);
    CHECK(stream.opens == 405); // 402 of .h5, 3 of .npz
    CHECK(stream.large_read.median_s > 0.0076);
    CHECK(stream.large_read.median_s < 0.0162);
    CHECK(stream.large_read.p95_s == doctest::Approx(0.105).epsilon(0.02));
    CHECK(stream.large_read.p99_s == doctest::Approx(0.152).epsilon(0.02));
    CHECK(stream.open.median_s == doctest::Approx(0.0005).epsilon(0.1));
  }
  const StreamStatistics& first = statistics.processes[0].stream;
  CHECK(first.files_opened == 370 + 3); // .h5 and .npz
  CHECK(first.wait_s == doctest::Approx(54.890228));
  CHECK(first.step_s == doctest::Approx(288.605503));
  CHECK(first.utilization == doctest::Approx(0.8402).epsilon(0.0001));
  CHECK(first.large_read.max_s == doctest::Approx(1.599313));
  CHECK(first.step.median_s == doctest::Approx(1.255819));
}

TEST_CASE("trace statistics: ruby, one rank of DLIO UNet3D") {
  const std::optional<ReadResult> job = read_reference("dlio_unet3d_npz_lustre_ruby");
  if (!job) return;
  const ReadReport& report = job->report;
  CHECK(report.lines == 93'895); // one is the bracket
  CHECK(report.event_lines == 93'894);
  CHECK(report.events == 89'054);
  CHECK(report.duplicate_lines == 4'840);
  CHECK(report.complete());

  const TraceStatistics statistics = trace_statistics(job->trace);
  REQUIRE(statistics.processes.size() == 1);
  CHECK(statistics.processes[0].threads == 21); // main, 4 workers in each of 5 epochs
  const StreamStatistics& stream = statistics.job;
  CHECK(stream.bytes_read == 21'455'286'649);
  CHECK(stream.files_opened == 99);
  CHECK(stream.closes == 119);     // samples read to their end
  CHECK(stream.opens == 119 + 20); // each worker's stream ends within a further sample
  CHECK(stream.large_reads == 5'142);
  CHECK(stream.calls.at("lseek64").calls == 81'736);
  CHECK(stream.large_read.median_s == doctest::Approx(0.001036));
  CHECK(stream.large_read.p95_s == doctest::Approx(0.117828));
  CHECK(stream.large_read.p99_s == doctest::Approx(0.238257));
  CHECK(stream.large_read.max_s == doctest::Approx(1.311004));
  CHECK(stream.step.count == 5);
  CHECK(stream.wait_basis == WaitBasis::training_loop);
  CHECK(stream.utilization == doctest::Approx(0.0730).epsilon(0.002));
  const auto unknown = [](const Record& record) {
    return record.kind == OperationKind::read && record.offset == kUnknownOffset;
  };
  CHECK(std::ranges::none_of(job->trace.records, unknown));
}

TEST_CASE("trace statistics: microread, 1,000 reads of 128 KiB") {
  const std::optional<ReadResult> job = read_reference("microread_lustre_corona");
  if (!job) return;
  const StreamStatistics stream = trace_statistics(job->trace).job;
  CHECK(stream.bytes_written == 3'276'800);
  CHECK(stream.calls.at("read").calls == 1'000);
  CHECK(stream.files_opened == 1);
}
