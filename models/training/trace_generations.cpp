#include "models/training/trace_generations.hpp"

#include "models/training/replay_files.hpp"
#include "models/training/trace_cache.hpp"

#include <algorithm>
#include <map>

namespace lustrum::training {

using trace::OperationKind;
using trace::Record;

double LoaderWorker::last_s() const {
  double last = 0;
  for (const OpenedFile& open : opens) last = std::max(last, open.end_s);
  return last;
}

std::size_t Generation::opens() const {
  std::size_t sum = 0;
  for (const LoaderWorker& worker : workers) sum += worker.opens.size();
  return sum;
}

std::uint64_t Generation::bytes() const {
  std::uint64_t sum = 0;
  for (const LoaderWorker& worker : workers)
    for (const OpenedFile& open : worker.opens) sum += open.bytes;
  return sum;
}

const LoaderWorker& Generation::first_worker() const {
  return *std::min_element(
      workers.begin(), workers.end(),
      [](const LoaderWorker& a, const LoaderWorker& b) { return a.tid < b.tid; });
}

std::size_t Generation::opens_ended_at_first_step() const {
  if (steps.empty()) return 0;
  double last = -1;
  std::size_t count = 0;
  for (const LoaderWorker& worker : workers) {
    std::size_t ended = 0;
    double ended_s = -1;
    for (const OpenedFile& open : worker.opens) {
      if (open.end_s > steps.front().start_s) break;
      ++ended;
      ended_s = open.end_s;
    }
    if (ended_s <= last) continue;
    last = ended_s;
    count = ended;
  }
  return count;
}

namespace {

LoaderWorker worker_of(const trace::Trace& trace, std::uint32_t thread,
                       const std::vector<bool>& replayed, const std::vector<bool>& cached) {
  LoaderWorker worker{.tid = trace.threads[thread].tid};
  std::map<std::uint32_t, std::size_t> current; // file: its last open
  std::size_t index = trace.threads[thread].first_record;
  for (const Record& record : trace.records_of(thread)) {
    const std::size_t number = index++;
    if (record.failed || record.file == trace::kNoIndex || !replayed[record.file]) continue;
    if (trace::is_span(record.kind)) continue; // around calls, and perhaps decoding
    const auto open = current.find(record.file);
    // Opened before the recording: its first read counts as its open.
    const bool read = record.kind == OperationKind::read && record.bytes_moved() > 0;
    if (record.kind == OperationKind::open || (read && open == current.end())) {
      current[record.file] = worker.opens.size();
      worker.opens.push_back({.file = record.file, .start_s = record.start_s});
    } else if (open == current.end()) {
      continue;
    }
    OpenedFile& file = worker.opens[current[record.file]];
    file.io_s += record.duration_s;
    file.end_s = std::max(file.end_s, record.end_s());
    if (!read) continue;
    file.read_s += record.duration_s;
    file.cached = cached[number]; // all reads of an open alike
    file.bytes += record.bytes_moved();
    file.reads.push_back(record.bytes_moved());
  }
  std::erase_if(worker.opens, [](const OpenedFile& open) { return open.bytes == 0; });
  return worker;
}

// A worker that starts after all before it have ended begins another generation.
std::vector<Generation> generations_of(std::vector<LoaderWorker> workers) {
  std::sort(workers.begin(), workers.end(),
            [](const LoaderWorker& a, const LoaderWorker& b) { return a.first_s() < b.first_s(); });
  std::vector<Generation> generations;
  double last_s = -1;
  for (LoaderWorker& worker : workers) {
    if (generations.empty() || worker.first_s() > last_s) generations.emplace_back();
    last_s = std::max(last_s, worker.last_s());
    generations.back().workers.push_back(std::move(worker));
    generations.back().workers_seen = generations.back().workers.size();
  }
  return generations;
}

// A generation has the spans from the one in which its first read falls up to the next's.
void cut_spans(const TracedRank& rank, const std::vector<double>& first_s,
               std::vector<Generation>& generations) {
  std::size_t g = 0;
  double waited_s = 0;
  for (std::size_t s = 0; s < rank.spans.size(); ++s) {
    const LoopSpan& span = rank.spans[s];
    const bool last_span = s + 1 == rank.spans.size();
    const double until_s = last_span ? span.end_s : rank.spans[s + 1].start_s;
    while (g + 1 < generations.size() && !span.step && first_s[g + 1] < until_s) ++g;
    if (!span.step) {
      waited_s += span.duration_s();
      continue;
    }
    generations[g].steps.push_back(span);
    generations[g].waits_s.push_back(waited_s);
    waited_s = 0;
  }
}

void find_startups(const TracedRank& rank, std::vector<Generation>& generations) {
  double last_s = 0; // read of the generation before
  for (Generation& g : generations) {
    const double first_s = g.workers.front().first_s();
    double from_s = last_s;
    for (const LoopSpan& span : rank.spans)
      if (span.start_s <= first_s) from_s = std::max(last_s, span.start_s);
    g.startup_s = first_s - std::min(first_s, from_s);
    for (const LoaderWorker& worker : g.workers) last_s = std::max(last_s, worker.last_s());
  }
}

} // namespace

std::vector<std::vector<Generation>> loader_generations(const trace::Trace& trace,
                                                        const std::vector<TracedRank>& ranks,
                                                        const ReplayOptions& options) {
  const std::vector<std::uint32_t> rank_of = rank_of_processes(trace, ranks);
  std::vector<bool> replayed;
  for (const trace::FileEntry& file : trace.files)
    replayed.push_back(file.is_storage && mapped_path(file.path, options).has_value());
  const CacheSplit split = split_by_cache(trace, options);
  std::vector<std::vector<LoaderWorker>> workers(ranks.size());
  for (std::uint32_t t = 0; t < trace.threads.size(); ++t) {
    const std::uint32_t rank = rank_of[trace.threads[t].process];
    if (rank == trace::kNoIndex || ranks[rank].main == t) continue;
    LoaderWorker worker = worker_of(trace, t, replayed, split.cached);
    if (!worker.opens.empty()) workers[rank].push_back(std::move(worker));
  }
  std::vector<std::vector<Generation>> all(ranks.size());
  std::size_t model = ranks.size(); // the first rank with calls
  for (std::size_t r = 0; r < ranks.size(); ++r) {
    all[r] = generations_of(std::move(workers[r]));
    if (all[r].empty()) continue;
    if (model == ranks.size()) model = r;
    std::vector<double> first_s;
    for (const Generation& g : all[r]) first_s.push_back(g.workers.front().first_s());
    cut_spans(ranks[r], first_s, all[r]);
    find_startups(ranks[r], all[r]);
  }
  if (model == ranks.size()) return all;
  std::vector<double> first_s;
  for (const Generation& g : all[model]) first_s.push_back(g.workers.front().first_s());
  for (std::size_t r = 0; r < ranks.size(); ++r) {
    if (!all[r].empty()) continue;
    for (const Generation& g : all[model]) all[r].emplace_back().workers_seen = g.workers.size();
    cut_spans(ranks[r], first_s, all[r]);
  }
  return all;
}

} // namespace lustrum::training
