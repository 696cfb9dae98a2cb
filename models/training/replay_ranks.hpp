// The training loops of a recorded job: which thread of a process runs it, and its waits and steps.
// Pure.
#pragma once

#include "sim/trace/record.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace lustrum::training {

struct LoopSpan {
  double start_s = 0;
  double end_s = 0;
  bool step = false; // else a wait

  double duration_s() const { return end_s - start_s; }
};

struct TracedRank {
  std::uint32_t process = 0;
  std::uint32_t main = 0; // its thread
  std::vector<LoopSpan> spans;
};

// The main thread's waits and steps in time order. Without recorded waits, the time before each
// step counts as one.
std::vector<LoopSpan> loop_spans(std::span<const trace::Record> records);

// Processes with steps, by their index. Of several threads with steps the one with most is the
// loop. `max_ranks`: only processes of a rank below it; 0: all.
std::vector<TracedRank> traced_ranks(const trace::Trace& trace, std::uint32_t max_ranks = 0);

// Which rank (index into `ranks`) the calls of a process are made for: its own, or that of the only
// rank on its host; kNoIndex: none.
std::vector<std::uint32_t> rank_of_processes(const trace::Trace& trace,
                                             const std::vector<TracedRank>& ranks);

// What a scaled replay copies as one: a rank with the processes that work for it; without any rank,
// a process. Processes of no rank go with the rank of their number, else with the first.
struct ReplayGroups {
  std::uint32_t count = 0;
  std::vector<std::uint32_t> of_process;
};
ReplayGroups replay_groups(const trace::Trace& trace, const std::vector<TracedRank>& ranks);

} // namespace lustrum::training
