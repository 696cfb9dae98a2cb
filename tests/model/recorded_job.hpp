// A recording of a training job as PyTorch's loader makes it, from round numbers. A naive model of
// its own, in one pass over the batches in order:
//
//   begin(b)  = max(end of the worker's batch before, start of step b - workers x prefetch)
//   end(b)    = begin(b) + opens x (open + reads x read + close + decode)
//   start(b)  = max(end of step b - 1, end(b) + delivery)
//
// Around each open, until its decoding ends, lies a span with the file's name. Every rank has the
// same times. All workers begin to read `workers x startup` after the loop has begun to wait; the
// next epoch (or evaluation) follows the last step at once.
#pragma once

#include "sim/trace/record.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace lustrum::test {

struct RecordedEpoch {
  std::uint32_t workers = 4;
  std::uint32_t batches = 12;
  std::uint32_t steps = 12; // recorded; the recording ends with the last one of the last epoch
  bool cached = false;
  double startup_s = 0.05;
  double decode_s = 0.1;
  double delivery_s = 0.3;
  double compute_s = 0.5;
};

struct RecordedJob {
  std::uint32_t ranks = 1;
  std::uint32_t ranks_with_calls = 1;
  std::vector<RecordedEpoch> epochs{{}, {}};
  std::uint32_t opens_per_batch = 2;
  std::uint32_t prefetch = 2;
  double open_s = 0.001;
  double close_s = 0.002;
  std::uint32_t reads = 4; // of an open
  std::uint64_t read_bytes = 1U << 20U;
  double read_s = 0.01;
  double cached_read_s = 0.0005;
};

class RecordedJobWriter {
public:
  explicit RecordedJobWriter(const RecordedJob& job) : job_(job) {
    for (std::uint32_t r = 0; r < job_.ranks; ++r) add_rank(r);
  }

  trace::Trace trace;
  std::vector<double> first_waits_s; // of each start, of one rank
  double wait_s = 0;                 // of one rank
  double step_s = 0;

private:
  using Records = std::vector<trace::Record>;

  void add_rank(std::uint32_t rank) {
    trace.processes.push_back(
        {.host = "node" + std::to_string(rank), .pid = rank, .rank = static_cast<int>(rank)});
    std::vector<Records> threads(1); // the loop, then the workers
    wait_s = step_s = 0;
    first_waits_s.clear();
    double now_s = 0;
    for (const RecordedEpoch& epoch : job_.epochs) add_epoch(epoch, rank, now_s, threads);
    for (std::size_t t = 0; t < threads.size(); ++t) {
      if (t > 0 && rank >= job_.ranks_with_calls) break;
      trace.threads.push_back({.tid = static_cast<std::int64_t>(100 + t),
                               .process = rank,
                               .first_record = trace.records.size(),
                               .record_count = threads[t].size()});
      for (trace::Record& record : threads[t]) {
        record.thread = static_cast<std::uint32_t>(trace.threads.size() - 1);
        record.process = rank;
        trace.records.push_back(record);
        trace.duration_s = std::max(trace.duration_s, record.end_s());
      }
    }
  }

  void add_epoch(const RecordedEpoch& epoch, std::uint32_t rank, double& now_s,
                 std::vector<Records>& threads) {
    const std::size_t first = threads.size();
    threads.resize(first + epoch.workers);
    std::vector<double> ends_s, steps_s;
    const double began_s = now_s;
    for (std::uint32_t b = 0; b < epoch.batches; ++b) {
      double at_s =
          b < epoch.workers ? began_s + epoch.workers * epoch.startup_s : ends_s[b - epoch.workers];
      const std::uint32_t ahead = epoch.workers * job_.prefetch;
      if (b >= ahead && b - ahead >= steps_s.size()) break; // never begun
      if (b >= ahead) at_s = std::max(at_s, steps_s[b - ahead]);
      for (std::uint32_t o = 0; o < job_.opens_per_batch; ++o)
        add_open(epoch, file_of(rank, b * job_.opens_per_batch + o), at_s,
                 threads[first + b % epoch.workers]);
      ends_s.push_back(at_s);
      if (b >= epoch.steps) continue;
      const double taken_s = std::max(now_s, at_s + epoch.delivery_s);
      add_span(trace::OperationKind::span_wait, now_s, taken_s, threads[0]);
      add_span(trace::OperationKind::span_step, taken_s, taken_s + epoch.compute_s, threads[0]);
      if (b == 0) first_waits_s.push_back(taken_s - now_s);
      wait_s += taken_s - now_s;
      step_s += epoch.compute_s;
      steps_s.push_back(taken_s);
      now_s = taken_s + epoch.compute_s;
    }
  }

  std::uint32_t file_of(std::uint32_t rank, std::uint32_t number) {
    const std::string path = "/data/" + std::to_string(rank) + "/" + std::to_string(number);
    for (std::uint32_t f = 0; f < trace.files.size(); ++f)
      if (trace.files[f].path == path) return f;
    trace.files.push_back(
        {.path = path, .is_storage = true, .extent = job_.reads * job_.read_bytes});
    return static_cast<std::uint32_t>(trace.files.size() - 1);
  }

  static void add_span(trace::OperationKind kind, double from_s, double to_s, Records& records) {
    trace::Record record;
    record.kind = kind;
    record.start_s = from_s;
    record.duration_s = to_s - from_s;
    records.push_back(record);
  }

  void add_open(const RecordedEpoch& epoch, std::uint32_t file, double& at_s, Records& records) {
    const auto call = [&](trace::OperationKind kind, double duration_s) -> trace::Record& {
      trace::Record record;
      record.kind = kind;
      record.file = file;
      record.start_s = at_s;
      record.duration_s = duration_s;
      at_s += duration_s;
      return records.emplace_back(record);
    };
    const double began_s = at_s;
    call(trace::OperationKind::open, job_.open_s);
    for (std::uint32_t r = 0; r < job_.reads; ++r) {
      trace::Record& read =
          call(trace::OperationKind::read, epoch.cached ? job_.cached_read_s : job_.read_s);
      read.offset = r * job_.read_bytes;
      read.requested = job_.read_bytes;
      read.returned = static_cast<std::int64_t>(job_.read_bytes);
    }
    call(trace::OperationKind::close, job_.close_s);
    at_s += epoch.decode_s;
    add_span(trace::OperationKind::span_other, began_s, at_s, records);
    records.back().file = file;
    // By start, as a trace has them: before its calls.
    const auto calls = static_cast<std::ptrdiff_t>(job_.reads) + 2;
    std::rotate(records.end() - 1 - calls, records.end() - 1, records.end());
  }

  RecordedJob job_;
};

} // namespace lustrum::test
