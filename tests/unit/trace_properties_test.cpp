// What must hold for any trace: our own format gives back what was written, converting loses
// nothing, and the parts of a trace make up the whole.
#include "sim/trace/native_writer.hpp"
#include "sim/trace/read_trace.hpp"
#include "sim/trace/trace_generate.hpp"
#include "sim/trace/trace_split.hpp"
#include "sim/trace/trace_statistics.hpp"
#include "tests/unit/trace_files.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <map>
#include <string>

using namespace lustrum;
using namespace lustrum::trace;
using lustrum::test::TemporaryFolder;

namespace {

void check(const char* what, bool passed) {
  INFO(what);
  CHECK(passed);
}

rc::Gen<std::string> path() {
  // Bytes that need escapes, too.
  return rc::gen::map(rc::gen::container<std::string>(rc::gen::inRange<char>(1, 127)),
                      [](std::string text) { return "/" + text; });
}

double seconds(std::int64_t ns) { return static_cast<double>(ns) / 1e9; }

// Any trace that keeps the rules of record.hpp.
Trace any_trace() {
  Trace trace;
  const auto files = *rc::gen::unique<std::vector<std::string>>(path());
  for (const std::string& file : files)
    trace.files.push_back({file, *rc::gen::arbitrary<bool>(), *rc::gen::inRange(0U, 1U << 30)});
  trace.names = {"read", "odd\tname\n", "step"};
  trace.sources = {"a.pfw", "b\\.pfw"};
  const int processes = *rc::gen::inRange(1, 4);
  for (int p = 0; p < processes; ++p)
    trace.processes.push_back({"host" + std::to_string(p % 2), p, *rc::gen::inRange(-1, 3)});
  const int threads = *rc::gen::inRange(1, 6);
  std::int64_t end_ns = 0;
  for (std::uint32_t t = 0; t < static_cast<std::uint32_t>(threads); ++t) {
    ThreadEntry thread{t, t % static_cast<std::uint32_t>(processes), t % 2, trace.records.size(),
                       0};
    std::int64_t start_ns = 0;
    for (int n = *rc::gen::inRange(0, 8); n > 0; --n) {
      // The first of all starts at 0: that is what time 0 means.
      if (!trace.records.empty()) start_ns += *rc::gen::inRange<std::int64_t>(0, 1'000'000'000'000);
      Record record;
      record.start_s = seconds(start_ns);
      const std::int64_t duration_ns = *rc::gen::inRange<std::int64_t>(0, 1'000'000'000);
      record.duration_s = seconds(duration_ns);
      record.thread = t;
      record.process = thread.process;
      record.name = *rc::gen::inRange(0U, 3U);
      record.kind = static_cast<OperationKind>(*rc::gen::inRange(0, 17));
      if (!files.empty() && *rc::gen::arbitrary<bool>())
        record.file = *rc::gen::inRange(0U, static_cast<std::uint32_t>(files.size()));
      record.epoch = *rc::gen::inRange(-1, 5);
      record.step = *rc::gen::inRange(-1, 500);
      if (!is_span(record.kind)) {
        record.requested = *rc::gen::inRange<std::uint64_t>(0, 1ULL << 40U);
        record.fd = *rc::gen::inRange(-1, 100);
        const bool is_open = record.kind == OperationKind::open;
        // The descriptor of an open is what it returned.
        if (is_open)
          record.returned = record.fd < 0 ? -2 : record.fd;
        else if (*rc::gen::arbitrary<bool>())
          record.returned = *rc::gen::inRange<std::int64_t>(-3, 1LL << 20U);
        record.failed = record.returned != kNoReturn && record.returned < 0;
        if (is_open) record.open_flags = *rc::gen::arbitrary<std::uint32_t>();
        if (*rc::gen::arbitrary<bool>())
          record.offset = *rc::gen::inRange<std::uint64_t>(0, 1ULL << 40U);
      }
      if (record.file != kNoIndex && record.bytes_moved() > 0 && record.offset != kUnknownOffset)
        trace.files[record.file].extent =
            std::max(trace.files[record.file].extent, record.offset + record.bytes_moved());
      end_ns = std::max(end_ns, start_ns + duration_ns);
      trace.records.push_back(record);
      ++thread.record_count;
    }
    trace.threads.push_back(thread);
  }
  trace.duration_s = seconds(end_ns);
  if (!trace.records.empty())
    trace.epoch_origin_ns = *rc::gen::inRange<std::int64_t>(0, 2'000'000'000'000'000'000);
  return trace;
}

Trace written_and_read(const Trace& trace, const std::string& name) {
  const TemporaryFolder folder;
  NativeWriter writer(folder.path() / name);
  visit_records(trace, writer);
  return read_trace({folder.path() / name}).trace;
}

// Events of DFTracer as text: sequential reads without offsets, hashed names explained last, and
// workers whose lines mix.
std::string any_dftracer_text() {
  std::string text = "[\n";
  const int lines = *rc::gen::inRange(0, 30);
  int at_us = 1'000'000;
  for (int i = 0; i < lines; ++i) {
    at_us += *rc::gen::inRange(0, 50);
    const std::string tid = std::to_string(*rc::gen::inRange(7, 10));
    const std::string fd = std::to_string(*rc::gen::inRange(3, 6));
    const std::string name =
        *rc::gen::elementOf(std::vector<std::string>{"open", "read", "pread", "lseek64", "close"});
    const std::string file =
        *rc::gen::arbitrary<bool>() ? R"("fname":"/l/)" + fd + "\"" : R"("fhash":"h)" + fd + "\"";
    std::string arguments = R"("fd":)" + fd + R"(,"ret":)" + fd + "," + file;
    if (name == "pread") arguments += R"(,"offset":4096,"count":8)";
    text += R"({"id":)" + std::to_string(i) + R"(,"name":")" + name +
            R"(","cat":"POSIX","pid":5,"tid":)" + tid + R"(,"ts":)" + std::to_string(at_us) +
            R"(,"dur":)" + std::to_string(*rc::gen::inRange(0, 9)) +
            R"(,"ph":"X","args":{"hhash":"n",)" + arguments + "}}\n";
  }
  for (const char* fd : {"3", "4", "5"})
    text += std::string{R"({"name":"FH","pid":5,"tid":7,"ph":"M","args":{"name":"/l/)"} + fd +
            R"(","value":"h)" + fd + "\"}}\n";
  return text;
}

} // namespace

TEST_CASE("trace properties: our own format gives back what was written") {
  check("plain", rc::check([] {
          const Trace trace = any_trace();
          RC_ASSERT(written_and_read(trace, "t.lustrum") == trace);
        }));
  check("compressed", rc::check([] {
          const Trace trace = any_trace();
          RC_ASSERT(written_and_read(trace, "t.lustrum.gz") == trace);
        }));
}

TEST_CASE("trace properties: DFTracer converted as a stream is the same trace") {
  check("same records", rc::check([] {
          const TemporaryFolder folder;
          const auto source = folder.write("t.pfw", any_dftracer_text());
          const Trace direct = read_trace({source}).trace;
          // Records kept in memory, in a file, or read a second time.
          constexpr std::uint32_t kBlock = 128; // of few records
          for (const RecordLimits limits :
               {RecordLimits{}, RecordLimits{.in_memory_bytes = 256, .block_bytes = kBlock},
                RecordLimits{256, 512, kBlock}}) {
            NativeWriter writer(folder.path() / "t.lustrum");
            ReadReport report;
            stream_records(files_as_source({source}, {}), writer, report, limits);
            const ReadResult converted = read_trace({folder.path() / "t.lustrum"});
            RC_ASSERT(converted.trace == direct);
            RC_ASSERT(report.events == direct.records.size());
          }
        }));
}

TEST_CASE("trace properties: the shipped samples survive the conversion") {
  for (const char* name :
       {"microloader.pfw", "loader.strace.gz", "checkpoint.strace.gz", "ls_lR.strace.gz"}) {
    INFO(name);
    const Trace trace =
        read_trace({std::filesystem::path{LUSTRUM_SOURCE_DIR} / "traces/samples" / name}).trace;
    CHECK(written_and_read(trace, "t.lustrum.gz") == trace);
  }
}

TEST_CASE("trace properties: the parts of a trace make up the whole") {
  const TemporaryFolder folder;
  GenerateSettings settings;
  settings.ranks = 5;
  settings.files = 60;
  settings.batch = 3;
  const auto source = generated_source(settings);
  StatisticsVisitor whole;
  ReadReport report;
  stream_records(source, whole, report);
  for (const SplitBy by : {SplitBy::rank, SplitBy::process, SplitBy::time}) {
    const auto target = folder.path() / std::to_string(static_cast<int>(by));
    std::filesystem::create_directories(target);
    const auto parts = split_trace(
        source, {.by = by, .window = Seconds{0.1}, .folder = target, .compress = false}, report);
    CHECK(parts.size() >= 4);
    std::uint64_t bytes = 0;
    std::uint64_t records = 0;
    for (const SplitPart& part : parts) {
      const TraceStatistics statistics = trace_statistics(read_trace({part.file}).trace);
      CHECK(statistics.records == part.records);
      records += part.records;
      bytes += statistics.job.bytes_read;
    }
    CHECK(records == whole.statistics().records);
    CHECK(bytes == whole.statistics().job.bytes_read);
    // Read together they are the whole again.
    const TraceStatistics together = trace_statistics(read_trace({target}).trace);
    CHECK(together.records == records);
    CHECK(together.job.step_s == doctest::Approx(whole.statistics().job.step_s));
    CHECK(together.processes.size() == 5);
  }
}

TEST_CASE("trace generate: counts and times by hand") {
  // 100 samples, 2 ranks, batches of 4: 12 full batches for each rank and epoch (4 samples left
  // out). A sample of 10 MiB is an open, 3 reads (4 + 4 + 2 MiB) and a close.
  GenerateSettings settings;
  settings.ranks = 2;
  settings.files = 100;
  settings.file_size = Bytes{10ULL << 20U};
  settings.epochs = 3;
  settings.latency = Seconds{0};
  settings.rate = BytesPerSecond{10.0 * (1U << 20U)}; // a sample takes 1 s, a batch 4 s
  settings.compute = Seconds{2};
  settings.workers = 4;
  const auto statistics_of = [](const GenerateSettings& of) {
    StatisticsVisitor visitor;
    ReadReport report;
    stream_records(generated_source(of), visitor, report);
    return visitor.statistics();
  };
  const TraceStatistics all = statistics_of(settings);
  const std::uint64_t samples = 2 * 12 * 4 * 3;
  CHECK(all.job.opens == samples);
  CHECK(all.job.calls.at("pread").calls == 3 * samples);
  CHECK(all.job.bytes_read == samples * (10ULL << 20U));
  CHECK(all.job.step.count == 2 * 12 * 3);
  CHECK(all.job.step_s == doctest::Approx(2 * 12 * 3 * 2.0));
  // Four workers make a batch a second, more than the 0.5 batches that a step of 2 s takes: only
  // the first batch of each epoch is waited for.
  CHECK(all.job.wait_s == doctest::Approx(2 * 3 * 4.0));
  // One worker makes a batch in 4 s: of each step's 4 s, 2 are waiting; the first is waited for in
  // full, and the worker goes on during the steps.
  settings.workers = 1;
  CHECK(statistics_of(settings).job.wait_s == doctest::Approx(2 * 3 * (4.0 + 11 * 2.0)));
  // No worker: every batch is waited for in full.
  settings.workers = 0;
  CHECK(statistics_of(settings).job.wait_s == doctest::Approx(2 * 3 * 12 * 4.0));
}

TEST_CASE("trace generate: each sample once per epoch, the same for the same seed") {
  GenerateSettings settings;
  settings.ranks = 3;
  settings.files = 24;
  settings.samples_per_file = 2;
  settings.batch = 2;
  settings.compute_jitter = 0.1;
  const TemporaryFolder folder;
  const auto read_of = [&](std::uint64_t seed) {
    settings.seed = seed;
    NativeWriter writer(folder.path() / "g.lustrum");
    ReadReport report;
    stream_records(generated_source(settings), writer, report);
    return read_trace({folder.path() / "g.lustrum"}).trace;
  };
  const Trace trace = read_of(7);
  std::map<std::pair<std::uint32_t, std::uint64_t>, int> reads;
  for (const Record& record : trace.records)
    if (record.kind == OperationKind::read) ++reads[{record.file, record.offset}];
  CHECK(reads.size() == 48);
  CHECK(std::ranges::all_of(reads, [](const auto& entry) { return entry.second == 1; }));
  CHECK(read_of(7) == trace);
  CHECK_FALSE(read_of(8) == trace);
}

TEST_CASE("trace statistics: of many durations percentiles come from buckets") {
  DurationSample sample;
  const int count = 3'000'000;
  for (int i = 1; i <= count; ++i) sample.add(static_cast<double>(i) * 1e-6);
  const DurationSummary summary = sample.summary();
  CHECK_FALSE(summary.exact);
  CHECK(summary.count == count);
  CHECK(summary.median_s >= 1.5);
  CHECK(summary.median_s <= 1.5 * (1 + 1.0 / 128));
  CHECK(summary.p99_s >= 2.97);
  CHECK(summary.p99_s <= 2.97 * (1 + 1.0 / 128));
  CHECK(summary.max_s == 3);
}
