#include "sim/trace/trace_statistics.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

namespace lustrum::trace {
namespace {

// Spans of one thread laid together: overlapping ones count once.
class Cover {
public:
  // Precondition: starts do not go down.
  void add(const Record& span) {
    total_s_ += std::max(0.0, span.end_s() - std::max(end_s_, span.start_s));
    end_s_ = std::max(end_s_, span.end_s());
  }
  double total_s() const { return total_s_; }

private:
  double total_s_ = 0;
  double end_s_ = 0;
};

// Gathers one process or the whole job.
class Collector {
public:
  explicit Collector(const StatisticsOptions& options) : options_(options) {}

  void add_thread(const Trace& trace, std::uint32_t thread) {
    Cover wait;
    Cover step;
    Cover loop;
    double last_s = 0;
    const std::span<const Record> records = trace.records_of(thread);
    for (const Record& record : records) {
      last_s = std::max(last_s, record.end_s());
      if (!is_span(record.kind)) {
        add_call(trace, record);
      } else if (record.kind == OperationKind::span_wait) {
        wait.add(record);
        waits_.push_back(record.duration_s);
      } else if (record.kind == OperationKind::span_step) {
        step.add(record);
        steps_.push_back(record.duration_s);
      } else if (trace.name_of(record).ends_with("._train")) {
        loop.add(record);
      }
    }
    wait_s_ += wait.total_s();
    step_s_ += step.total_s();
    loop_s_ += loop.total_s();
    if (step.total_s() > 0) extent_s_ += last_s - records.front().start_s;
  }

  StreamStatistics finish() {
    out_.files_opened = opened_.size();
    out_.large_read = summarize(std::move(large_));
    out_.small_read = summarize(std::move(small_));
    out_.open = summarize(std::move(opens_));
    out_.wait = summarize(std::move(waits_));
    out_.step = summarize(std::move(steps_));
    out_.step_s = step_s_;
    set_wait();
    if (out_.wait_basis != WaitBasis::none)
      out_.utilization = out_.step_s / (out_.step_s + out_.wait_s);
    return std::move(out_);
  }

private:
  void add_call(const Trace& trace, const Record& record) {
    if (!trace.is_storage(record)) {
      if (record.file != kNoIndex) ++out_.pseudo_calls;
      return;
    }
    const std::uint64_t bytes = record.bytes_moved();
    CallTotals& totals = out_.calls[std::string{trace.name_of(record)}];
    ++totals.calls;
    totals.bytes += bytes;
    totals.duration_s += record.duration_s;
    if (record.failed) {
      ++totals.failed;
      ++out_.failed_calls;
      return;
    }
    switch (record.kind) {
    case OperationKind::open:
      ++out_.opens;
      opens_.push_back(record.duration_s);
      opened_.insert(record.file);
      break;
    case OperationKind::close:
      ++out_.closes;
      break;
    case OperationKind::write:
      out_.bytes_written += bytes;
      break;
    case OperationKind::read:
      out_.bytes_read += bytes;
      ++(bytes > options_.large_read ? out_.large_reads : out_.small_reads);
      (bytes > options_.large_read ? large_ : small_).push_back(record.duration_s);
      break;
    default:
      break;
    }
  }

  void set_wait() {
    if (step_s_ <= 0) {
      out_.wait_s = wait_s_;
    } else if (out_.wait.count != 0) {
      out_.wait_basis = WaitBasis::wait_spans;
      out_.wait_s = wait_s_;
    } else if (loop_s_ > 0) {
      out_.wait_basis = WaitBasis::training_loop;
      out_.wait_s = std::max(0.0, loop_s_ - step_s_);
    } else {
      out_.wait_basis = WaitBasis::job;
      out_.wait_s = std::max(0.0, extent_s_ - step_s_);
    }
  }

  const StatisticsOptions& options_;
  StreamStatistics out_;
  std::set<std::uint32_t> opened_;
  std::vector<double> large_;
  std::vector<double> small_;
  std::vector<double> opens_;
  std::vector<double> waits_;
  std::vector<double> steps_;
  double wait_s_ = 0;
  double step_s_ = 0;
  double loop_s_ = 0;
  double extent_s_ = 0;
};

} // namespace

std::string_view to_string(WaitBasis basis) {
  constexpr std::array<std::string_view, 4> kNames{"none", "wait spans", "training loop", "job"};
  return kNames.at(static_cast<std::size_t>(basis));
}

DurationSummary summarize(std::vector<double> durations_s) {
  DurationSummary summary;
  if (durations_s.empty()) return summary;
  std::ranges::sort(durations_s);
  const auto at = [&durations_s](double share) {
    const double rank = std::ceil(share * static_cast<double>(durations_s.size()));
    return durations_s[static_cast<std::size_t>(std::max(rank, 1.0)) - 1];
  };
  summary.count = durations_s.size();
  for (const double duration_s : durations_s) summary.total_s += duration_s;
  summary.median_s = at(0.50);
  summary.p95_s = at(0.95);
  summary.p99_s = at(0.99);
  summary.max_s = durations_s.back();
  return summary;
}

TraceStatistics trace_statistics(const Trace& trace, const StatisticsOptions& options) {
  TraceStatistics statistics;
  statistics.duration_s = trace.duration_s;
  statistics.storage_files =
      static_cast<std::uint64_t>(std::ranges::count_if(trace.files, &FileEntry::is_storage));
  Collector job{options};
  std::vector<Collector> parts(trace.processes.size(), Collector{options});
  for (std::uint32_t i = 0; i < trace.processes.size(); ++i)
    statistics.processes.push_back({i, 0, {}});
  for (std::uint32_t i = 0; i < trace.threads.size(); ++i) {
    const std::uint32_t process = trace.threads[i].process;
    ++statistics.processes[process].threads;
    parts[process].add_thread(trace, i);
    job.add_thread(trace, i);
  }
  for (std::uint32_t i = 0; i < trace.processes.size(); ++i)
    statistics.processes[i].stream = parts[i].finish();
  statistics.job = job.finish();
  return statistics;
}

} // namespace lustrum::trace
