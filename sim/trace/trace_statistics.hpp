// Totals of a recorded job, as a check of the reader and as the measure a replay is compared with.
//
//   TraceStatistics s = trace_statistics(job.trace);
//   s.job.utilization;            // step time over step time and data wait
//   s.job.calls.at("pread").bytes // on storage
#pragma once

#include "sim/trace/record.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace lustrum::trace {

// Of durations in seconds. Percentiles by nearest rank: values that occurred.
struct DurationSummary {
  std::uint64_t count = 0;
  double total_s = 0;
  double median_s = 0;
  double p95_s = 0;
  double p99_s = 0;
  double max_s = 0;
};

struct CallTotals {
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

struct TraceStatistics {
  StreamStatistics job; // all processes; utilization over the sums of their times
  std::vector<ProcessStatistics> processes;
  std::uint64_t storage_files = 0; // named by any event
  double duration_s = 0;
};

struct StatisticsOptions {
  std::uint64_t large_read = std::uint64_t{1} << 20; // bytes
};

TraceStatistics trace_statistics(const Trace& trace, const StatisticsOptions& options = {});

// The summary of some durations in seconds, in any order.
DurationSummary summarize(std::vector<double> durations_s);

} // namespace lustrum::trace
