#include "models/training/replay_ranks.hpp"

#include <algorithm>
#include <map>
#include <string>

namespace lustrum::training {

using trace::OperationKind;
using trace::Record;

std::vector<LoopSpan> loop_spans(std::span<const Record> records) {
  std::vector<LoopSpan> spans;
  bool has_waits = false;
  for (const Record& record : records) {
    const bool step = record.kind == OperationKind::span_step;
    if (!step && record.kind != OperationKind::span_wait) continue;
    // A span inside the one before it says the same once more.
    if (!spans.empty() && record.start_s < spans.back().end_s) continue;
    has_waits = has_waits || !step;
    spans.push_back({.start_s = record.start_s, .end_s = record.end_s(), .step = step});
  }
  if (has_waits || spans.empty()) return spans;
  std::vector<LoopSpan> with_waits;
  double last_s = records.front().start_s;
  for (const LoopSpan& step : spans) {
    with_waits.push_back({.start_s = last_s, .end_s = step.start_s, .step = false});
    with_waits.push_back(step);
    last_s = step.end_s;
  }
  return with_waits;
}

std::vector<TracedRank> traced_ranks(const trace::Trace& trace, std::uint32_t max_ranks) {
  struct Main {
    std::uint32_t thread = trace::kNoIndex;
    std::ptrdiff_t steps = 0;
  };
  std::map<std::uint32_t, Main> mains;
  for (std::uint32_t t = 0; t < trace.threads.size(); ++t) {
    const trace::ProcessEntry& process = trace.processes[trace.threads[t].process];
    if (max_ranks > 0 &&
        (process.rank < 0 || static_cast<std::uint32_t>(process.rank) >= max_ranks))
      continue;
    const auto records = trace.records_of(t);
    const auto steps = std::count_if(records.begin(), records.end(), [](const Record& record) {
      return record.kind == OperationKind::span_step;
    });
    if (steps == 0) continue;
    Main& main = mains[trace.threads[t].process];
    if (steps > main.steps) main = {t, steps};
  }
  std::vector<TracedRank> ranks;
  ranks.reserve(mains.size());
  for (const auto& [process, main] : mains)
    ranks.push_back({process, main.thread, loop_spans(trace.records_of(main.thread))});
  return ranks;
}

std::vector<std::uint32_t> rank_of_processes(const trace::Trace& trace,
                                             const std::vector<TracedRank>& ranks) {
  std::vector<std::uint32_t> rank_of(trace.processes.size(), trace::kNoIndex);
  std::map<std::string, std::vector<std::uint32_t>> of_host;
  for (std::uint32_t r = 0; r < ranks.size(); ++r) {
    rank_of[ranks[r].process] = r;
    of_host[trace.processes[ranks[r].process].host].push_back(r);
  }
  for (std::uint32_t p = 0; p < rank_of.size(); ++p) {
    const auto host = of_host.find(trace.processes[p].host);
    if (rank_of[p] == trace::kNoIndex && host != of_host.end() && host->second.size() == 1)
      rank_of[p] = host->second.front();
  }
  return rank_of;
}

ReplayGroups replay_groups(const trace::Trace& trace, const std::vector<TracedRank>& ranks) {
  ReplayGroups groups;
  groups.of_process = rank_of_processes(trace, ranks);
  groups.count = static_cast<std::uint32_t>(ranks.empty() ? trace.processes.size() : ranks.size());
  for (std::uint32_t p = 0; p < groups.of_process.size(); ++p) {
    if (groups.of_process[p] != trace::kNoIndex) continue;
    const std::int32_t rank = trace.processes[p].rank;
    const bool has_number = rank >= 0 && static_cast<std::uint32_t>(rank) < groups.count;
    groups.of_process[p] = ranks.empty() ? p : has_number ? static_cast<std::uint32_t>(rank) : 0;
  }
  return groups;
}

} // namespace lustrum::training
