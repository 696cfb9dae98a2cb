#include "sim/trace/trace_statistics.hpp"

#include <algorithm>
#include <array>
#include <unordered_set>
#include <utility>

namespace lustrum::trace {
namespace {

struct Interval {
  double start_s = 0;
  double end_s = 0;
};

// Sorted, overlapping and touching ones made one.
void merge(std::vector<Interval>& intervals) {
  std::ranges::stable_sort(intervals, {}, &Interval::start_s);
  std::size_t kept = 0;
  for (const Interval& interval : intervals) {
    if (kept > 0 && interval.start_s <= intervals[kept - 1].end_s)
      intervals[kept - 1].end_s = std::max(intervals[kept - 1].end_s, interval.end_s);
    else
      intervals[kept++] = interval;
  }
  intervals.resize(kept);
}

// A tool that records a step and, inside it, the computing of that step records it twice: the
// durations of those that lie in no other. Sorts the intervals.
template <class Take> void for_each_outermost(std::vector<Interval>& intervals, const Take& take) {
  std::ranges::stable_sort(intervals, [](const Interval& a, const Interval& b) {
    return std::pair{a.start_s, -a.end_s} < std::pair{b.start_s, -b.end_s};
  });
  double last_end_s = -std::numeric_limits<double>::max();
  for (const Interval& interval : intervals) {
    if (interval.end_s <= last_end_s && interval.start_s < last_end_s) continue;
    last_end_s = interval.end_s;
    take(interval.end_s - interval.start_s);
  }
}

double total_s(const std::vector<Interval>& intervals) {
  double sum_s = 0;
  for (const Interval& interval : intervals) sum_s += interval.end_s - interval.start_s;
  return sum_s;
}

} // namespace

// The spans of one thread that count.
struct StatisticsVisitor::ThreadTimes {
  std::vector<Interval> waits;
  std::vector<Interval> steps;
  std::vector<Interval> loops;
  double first_s = std::numeric_limits<double>::max();
  double last_s = 0;
};

// One process or the whole job.
struct StatisticsVisitor::Collector {
  StreamStatistics out;
  std::unordered_set<std::uint32_t> opened; // only counted
  std::vector<CallTotals> calls;            // by name id
  DurationSample large;
  DurationSample small;
  DurationSample opens;
  DurationSample waits;
  DurationSample steps;
  double wait_s = 0;
  double step_s = 0;
  double loop_s = 0;
  double extent_s = 0;

  void add_call(const TraceTables& tables, const Record& record, std::uint64_t large_read);
  void add_times(double thread_wait_s, double thread_step_s, const ThreadTimes& times);
  StreamStatistics finish(const TraceTables& tables);
  void set_wait();
};

void StatisticsVisitor::Collector::add_call(const TraceTables& tables, const Record& record,
                                            std::uint64_t large_read) {
  if (!tables.is_storage(record)) {
    if (record.file != kNoIndex) ++out.pseudo_calls;
    return;
  }
  const std::uint64_t bytes = record.bytes_moved();
  if (calls.size() <= record.name) calls.resize(tables.names.size());
  CallTotals& totals = calls[record.name];
  totals.kind = record.kind;
  ++totals.calls;
  totals.bytes += bytes;
  totals.duration_s += record.duration_s;
  if (record.failed) {
    ++totals.failed;
    ++out.failed_calls;
    return;
  }
  switch (record.kind) {
  case OperationKind::open:
    ++out.opens;
    opens.add(record.duration_s);
    opened.insert(record.file);
    break;
  case OperationKind::close:
    ++out.closes;
    break;
  case OperationKind::write:
    out.bytes_written += bytes;
    break;
  case OperationKind::read:
    out.bytes_read += bytes;
    ++(bytes > large_read ? out.large_reads : out.small_reads);
    (bytes > large_read ? large : small).add(record.duration_s);
    break;
  default:
    break;
  }
}

void StatisticsVisitor::Collector::add_times(double thread_wait_s, double thread_step_s,
                                             const ThreadTimes& times) {
  wait_s += thread_wait_s;
  step_s += thread_step_s;
  loop_s += total_s(times.loops);
  if (thread_step_s > 0) extent_s += times.last_s - times.first_s;
}

void StatisticsVisitor::Collector::set_wait() {
  if (step_s <= 0) {
    out.wait_s = wait_s;
  } else if (out.wait.count != 0) {
    out.wait_basis = WaitBasis::wait_spans;
    out.wait_s = wait_s;
  } else if (loop_s > 0) {
    out.wait_basis = WaitBasis::training_loop;
    out.wait_s = std::max(0.0, loop_s - step_s);
  } else {
    out.wait_basis = WaitBasis::job;
    out.wait_s = std::max(0.0, extent_s - step_s);
  }
}

StreamStatistics StatisticsVisitor::Collector::finish(const TraceTables& tables) {
  out.files_opened = opened.size();
  out.large_read = large.summary();
  out.small_read = small.summary();
  out.open = opens.summary();
  out.wait = waits.summary();
  out.step = steps.summary();
  out.step_s = step_s;
  for (std::size_t name = 0; name < calls.size(); ++name)
    if (calls[name].calls > 0) out.calls.emplace(tables.names[name], calls[name]);
  set_wait();
  if (out.wait_basis != WaitBasis::none) out.utilization = out.step_s / (out.step_s + out.wait_s);
  return std::move(out);
}

StatisticsVisitor::StatisticsVisitor(const StatisticsOptions& options) : options_(options) {}
StatisticsVisitor::~StatisticsVisitor() = default;

void StatisticsVisitor::begin(const TraceTables& tables,
                              const std::vector<bool>& /*offsets_final*/) {
  tables_ = tables;
  parts_.resize(tables.processes.size() + 1);
  times_.resize(tables.threads.size());
  statistics_.duration_s = tables.duration_s;
  statistics_.storage_files =
      static_cast<std::uint64_t>(std::ranges::count_if(tables.files, &FileEntry::is_storage));
  for (std::uint32_t i = 0; i < tables.files.size(); ++i) statistics_.files.push_back({.file = i});
}

void StatisticsVisitor::record(const Record& record) {
  ++statistics_.records;
  ThreadTimes& times = times_[record.thread];
  times.first_s = std::min(times.first_s, record.start_s);
  times.last_s = std::max(times.last_s, record.end_s());
  Collector& process = parts_[record.process];
  Collector& job = parts_.back();
  const Interval interval{record.start_s, record.end_s()};
  if (record.kind == OperationKind::span_wait) {
    times.waits.push_back(interval);
  } else if (record.kind == OperationKind::span_step) {
    times.steps.push_back(interval);
  } else if (record.kind == OperationKind::span_other) {
    if (tables_.name_of(record).ends_with("._train")) times.loops.push_back(interval);
  } else {
    process.add_call(tables_, record, options_.large_read);
    job.add_call(tables_, record, options_.large_read);
    if (!tables_.is_storage(record)) return;
    FileStatistics& file = statistics_.files[record.file];
    file.duration_s += record.duration_s;
    const bool counts = !record.failed;
    if (counts && record.kind == OperationKind::open) {
      ++file.opens;
    } else if (counts && record.kind == OperationKind::read) {
      ++file.reads;
      file.bytes_read += record.bytes_moved();
    } else if (counts && record.kind == OperationKind::write) {
      ++file.writes;
      file.bytes_written += record.bytes_moved();
    } else {
      ++file.other_calls;
    }
  }
}

void StatisticsVisitor::finish_threads() {
  for (std::uint32_t i = 0; i < times_.size(); ++i) {
    ThreadTimes& times = times_[i];
    const std::uint32_t process = tables_.threads[i].process;
    for_each_outermost(times.waits, [&](double wait_s) {
      parts_[process].waits.add(wait_s);
      parts_.back().waits.add(wait_s);
    });
    for_each_outermost(times.steps, [&](double step_s) {
      parts_[process].steps.add(step_s);
      parts_.back().steps.add(step_s);
    });
    merge(times.waits);
    merge(times.steps);
    merge(times.loops);
    const double wait_s = total_s(times.waits);
    const double step_s = total_s(times.steps);
    parts_[process].add_times(wait_s, step_s, times);
    parts_.back().add_times(wait_s, step_s, times);
    auto wait = times.waits.begin();
    for (const Interval& step : times.steps) {
      StepStatistics row{process, step.start_s, 0, step.end_s - step.start_s};
      for (; wait != times.waits.end() && wait->start_s < step.end_s; ++wait)
        row.wait_s += wait->end_s - wait->start_s;
      statistics_.steps.push_back(row);
    }
  }
  std::ranges::stable_sort(statistics_.steps, [](const StepStatistics& a, const StepStatistics& b) {
    return std::pair{a.process, a.start_s} < std::pair{b.process, b.start_s};
  });
}

void StatisticsVisitor::end() {
  finish_threads();
  for (std::uint32_t i = 0; i < tables_.processes.size(); ++i)
    statistics_.processes.push_back({i, 0, parts_[i].finish(tables_)});
  for (const ThreadEntry& thread : tables_.threads) ++statistics_.processes[thread.process].threads;
  statistics_.job = parts_.back().finish(tables_);
  std::erase_if(statistics_.files, [](const FileStatistics& file) {
    return file.opens + file.reads + file.writes + file.other_calls == 0;
  });
  std::ranges::sort(statistics_.files, [this](const FileStatistics& a, const FileStatistics& b) {
    const std::uint64_t x = a.bytes_read + a.bytes_written;
    const std::uint64_t y = b.bytes_read + b.bytes_written;
    return x != y ? x > y : tables_.files[a.file].path < tables_.files[b.file].path;
  });
}

std::string_view to_string(WaitBasis basis) {
  constexpr std::array<std::string_view, 4> kNames{"none", "wait spans", "training loop", "job"};
  return kNames.at(static_cast<std::size_t>(basis));
}

TraceStatistics trace_statistics(const Trace& trace, const StatisticsOptions& options) {
  StatisticsVisitor visitor(options);
  visit_records(trace, visitor);
  return visitor.statistics();
}

} // namespace lustrum::trace
