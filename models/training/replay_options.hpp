// What a replay is asked to do, and what came of it.
#pragma once

#include "models/storage.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace lustrum::training {

enum class ReplayMode : std::uint8_t {
  ops,   // a thread makes its next call its recorded pause after the last one ended
  timed, // open loop: as `ops`, but no call before, and as far as the thread is free at, its
         // recorded time; steps and waits do not move it
};

// Files below `from` lie below `to` on the simulated storage.
struct PathRule {
  std::string from;
  std::string to;
};

// More ranks and files than were recorded. Rank r of N is copy r / R of the recorded rank r mod R.
// A file that one recorded rank alone used is its own: each copy of that rank has another one.
// Other files are shared by all copies. Each file stands for `files` alike; the n-th time (from 0)
// that copy c of a rank's thread opens a file it takes number (c + n) mod `files`.
struct ReplayScale {
  std::uint32_t ranks = 0; // 0: as recorded
  std::uint32_t files = 1; // factor
};

struct ReplayOptions {
  ReplayMode mode = ReplayMode::ops;
  bool keep_think_time = true;
  double think_time_scale = 1;
  std::string path_prefix = {}; // only files below it; empty: all
  std::vector<PathRule> path_rules =
      {};                      // the longest that fits; empty: paths stay; else only those
  std::uint32_t max_ranks = 0; // 0: all
  ReplayScale scale = {};
  JobIndex job{};
  ClientIndex first_client{};
  std::uint32_t clients = 1; // hosts of the trace are dealt out to these, from the first one on
  bool detect_cached = true;
  // A read was cached if faster than size/cache_rate + cache_latency (rate 0: none for that), or
  // with its file (trace_cache.hpp).
  BytesPerSecond cache_rate{};
  Seconds cache_latency{};
};

// Seconds are summed over ranks.
struct ReplayOutcome {
  Seconds makespan{};
  std::uint32_t ranks = 0; // processes with steps; 0: the trace shows no training loop
  TimeAccount time;        // of all ranks; without ranks, of all threads
  double measured_step_s = 0;
  double measured_wait_s = 0;
  double replayed_wait_s = 0;
  double measured_io_s = 0; // of the calls that were sent
  double replayed_io_s = 0;
  double late_s = 0;       // `timed`: the furthest that a call began behind its recorded time
  std::uint64_t calls = 0; // sent to the storage
  std::uint64_t cached_reads = 0;
  Bytes cached_bytes{};
};

} // namespace lustrum::training
