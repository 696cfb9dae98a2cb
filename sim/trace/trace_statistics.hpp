// Totals of a recorded job, as a check of the reader and as the measure a replay is compared with.
//
//   TraceStatistics s = trace_statistics(job.trace);
//   s.job.utilization;            // step time over step time and data wait
//   s.job.calls.at("pread").bytes // on storage
#pragma once

#include "sim/trace/duration_sample.hpp"
#include "sim/trace/record.hpp"
#include "sim/trace/record_stream.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace lustrum::trace {

struct CallTotals {
  OperationKind kind = OperationKind::other_call;
  std::uint64_t calls = 0;
  std::uint64_t failed = 0;
  std::uint64_t bytes = 0; // moved
  double duration_s = 0;
};

// What the data wait is taken from.
enum class WaitBasis : std::uint8_t {
  none,          // no step is recorded: no utilization
  wait_spans,    // the recorded waits
  training_loop, // none recorded: the spans `…._train` less the steps
  job,           // neither: the time from the first to the last event of the stepping threads
};

std::string_view to_string(WaitBasis basis);

// Calls count on storage only, failed ones included unless said.
struct StreamStatistics {
  std::uint64_t bytes_read = 0;
  std::uint64_t bytes_written = 0;
  std::uint64_t large_reads = 0; // that returned more than StatisticsOptions::large_read bytes
  std::uint64_t small_reads = 0; // the other successful ones
  std::uint64_t opens = 0;       // successful
  std::uint64_t closes = 0;
  std::uint64_t files_opened = 0; // distinct
  std::uint64_t failed_calls = 0;
  std::uint64_t pseudo_calls = 0;          // on no storage; in no other figure
  std::map<std::string, CallTotals> calls; // by name as recorded
  DurationSummary large_read;
  DurationSummary small_read;
  DurationSummary open;

  DurationSummary wait; // spans
  DurationSummary step; // spans
  // Per thread overlapping spans count once, so nested ones (`yield` around `compute`) do not add.
  double wait_s = 0;
  double step_s = 0;
  WaitBasis wait_basis = WaitBasis::none;
  double utilization = 0; // step_s / (step_s + wait_s), 0 to 1; 0 with WaitBasis::none
};

struct ProcessStatistics {
  std::uint32_t process = 0; // index into Trace::processes
  std::uint32_t threads = 0;
  StreamStatistics stream;
};

// One file on storage; successful calls.
struct FileStatistics {
  std::uint32_t file = 0; // index into TraceTables::files
  std::uint64_t opens = 0;
  std::uint64_t reads = 0;
  std::uint64_t writes = 0;
  std::uint64_t other_calls = 0; // failed ones too
  std::uint64_t bytes_read = 0;
  std::uint64_t bytes_written = 0;
  double duration_s = 0; // of all its calls
};

// A step, and the data wait of its thread since the step before.
struct StepStatistics {
  std::uint32_t process = 0;
  double start_s = 0;
  double wait_s = 0;
  double step_s = 0;
};

struct TraceStatistics {
  StreamStatistics job; // all processes; utilization over the sums of their times
  std::vector<ProcessStatistics> processes;
  std::vector<FileStatistics> files; // that a call names, by bytes, the most first, then by path
  std::vector<StepStatistics> steps; // by process and start; nested and touching ones are one
  std::uint64_t storage_files = 0;   // named by any event
  std::uint64_t records = 0;
  double duration_s = 0;
};

struct StatisticsOptions {
  std::uint64_t large_read = std::uint64_t{1} << 20; // bytes
};

// Gathers the statistics of a stream of records. Holds a few numbers per file and process, and 16
// bytes per step and data wait.
class StatisticsVisitor : public RecordVisitor {
public:
  explicit StatisticsVisitor(const StatisticsOptions& options = {});
  ~StatisticsVisitor() override;

  void begin(const TraceTables& tables, const std::vector<bool>& offsets_final) override;
  void record(const Record& record) override;
  void end() override;

  const TraceStatistics& statistics() const { return statistics_; } // after end()
  // Without records: what the numbers of files and processes mean.
  const TraceTables& tables() const { return tables_; }

private:
  struct Collector;
  struct ThreadTimes;

  void finish_threads();

  StatisticsOptions options_;
  TraceTables tables_;
  std::vector<Collector> parts_; // per process, and the job
  std::vector<ThreadTimes> times_;
  TraceStatistics statistics_;
};

TraceStatistics trace_statistics(const Trace& trace, const StatisticsOptions& options = {});

} // namespace lustrum::trace
