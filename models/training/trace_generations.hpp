// Loader workers of a recorded job, in the generations in which they were started. Pure.
#pragma once

#include "models/training/replay_options.hpp"
#include "models/training/replay_ranks.hpp"

#include <cstdint>
#include <vector>

namespace lustrum::training {

// A file opened by a worker, and the reads that followed on it.
struct OpenedFile {
  std::uint32_t file = 0;
  double start_s = 0;
  double end_s = 0; // of the last call
  double io_s = 0;
  double read_s = 0;   // of it, in reads
  bool cached = false; // it was in the page cache (trace_cache.hpp)
  std::uint64_t bytes = 0;
  std::vector<std::uint64_t> reads{};
};

struct LoaderWorker {
  std::int64_t tid = 0;
  std::vector<OpenedFile> opens{}; // that were read from; by start

  double first_s() const { return opens.front().start_s; }
  double last_s() const;
};

struct Generation {
  std::vector<LoaderWorker> workers; // by first read; empty: the rank's calls were not recorded
  std::size_t workers_seen = 0;      // its own, or of the rank whose generations it was given
  std::vector<LoopSpan> steps;
  std::vector<double> waits_s; // the time waited before each step
  double startup_s = 0;        // all workers

  std::size_t opens() const;
  std::uint64_t bytes() const;
  // The worker that PyTorch gives the first batch: the one it started first, so the one with the
  // lowest thread id. \pre there are workers
  const LoaderWorker& first_worker() const;
  // By the worker whose batch ended the first wait.
  std::size_t opens_ended_at_first_step() const;
};

// [rank][generation]. A rank whose calls were not recorded gets its steps cut as another rank's.
std::vector<std::vector<Generation>> loader_generations(const trace::Trace& trace,
                                                        const std::vector<TracedRank>& ranks,
                                                        const ReplayOptions& options);

} // namespace lustrum::training
