// What input pipeline a recording shows: a PyTorch-like loader whose workers read ahead of the
// training loop. Inferred, pure; the job it makes drives Trainer.
//
// Threads other than a rank's loop that read data are its loader workers. They fall into
// generations: a worker whose first read comes after the last read of all before it begins a new
// one. Generations of as many workers as the one that read most are epochs; others evaluate.
//
//   opens of a batch     opens over steps where a generation has at least twice as many steps as
//                        workers; else opens that the first worker to deliver had ended when the
//                        first wait did
//   batches of an epoch  opens of the generation / opens of a batch; those without a recorded step
//                        compute nothing; after the last recorded step nothing is waited for
//   bytes, calls         of an open: means; the call: what most bytes were read with
//   of each generation   start of workers, decoding, delivery, share in the page cache:
//                        trace_starts.hpp
//   prefetch             most batches begun and not yet taken, over workers
//   hand-over            10th percentile of the waits other than the first of a generation
//   compute              of each step, mean over ranks
#pragma once

#include "models/training/job.hpp"
#include "models/training/replay_options.hpp"
#include "models/training/replay_ranks.hpp"

#include <optional>

namespace lustrum::training {

// Of one kind of generation.
struct PipelinePhase {
  std::uint32_t count = 0; // generations of a rank
  std::uint32_t workers = 0;
  std::uint32_t opens_per_batch = 1;
  std::uint32_t batches = 0;       // of a generation
  Bytes open_bytes{};              // read after one open
  LoaderStart overall;             // of all generations; a sample is an open
  std::vector<LoaderStart> starts; // [generation]
  Seconds cached_read{};           // an open whose file was cached: its reads
  std::vector<double> step_s;      // [generation x batches]; 0 where there is no recorded step
};

struct InferredPipeline {
  std::uint32_t ranks = 0;
  std::uint32_t ranks_with_calls = 0; // some tracers leave ranks out
  PipelinePhase training;
  std::optional<PipelinePhase> evaluation;
  std::uint32_t last_steps = 0; // of the last epoch, with which the recording ends; 0: all
  std::uint32_t prefetch_factor = 1;
  Seconds handover{};
  Bytes read_call{};
  std::uint32_t small_reads_per_open = 0;
  Bytes small_read{};
  // What the trace holds, over ranks with calls (steps: all ranks), and what the model makes of it.
  double recorded_bytes = 0, explained_bytes = 0;
  double recorded_opens = 0, explained_opens = 0;
  double recorded_steps = 0, explained_steps = 0;
  double measured_wait_s = 0, measured_step_s = 0; // of all ranks
  std::vector<double> measured_first_waits_s;      // of each generation's first, the same
  std::uint64_t distinct_files = 0;
};

inline double sum_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum;
}

// Nothing without steps or without loader workers.
std::optional<InferredPipeline> infer_pipeline(const trace::Trace& trace,
                                               const ReplayOptions& options);

// The job, its files placed on the storage. `scale` as in ReplayOptions: more ranks, and so many
// times the files (an epoch is as long as recorded, and picks from them).
JobSettings pipeline_job(const InferredPipeline& inferred, const ReplayOptions& options,
                         Storage& storage);

// The loop's waiting for data: neither computing nor what recorded steps hold too (other ranks).
inline double loop_wait(const TimeAccount& time) {
  return time.total() - time[Cause::compute] - time[Cause::barrier] - time[Cause::other] -
         time[Cause::step_overhead];
}

} // namespace lustrum::training
