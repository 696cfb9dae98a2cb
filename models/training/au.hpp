// Accelerator utilization exactly as DLIO computes it, and nothing else.
//
// For one rank and one block of steps, with the arrays that DLIO's loop records per step:
//   proc[i]    from asking for the batch to the end of compute (so it includes the wait)
//   compute[i] the time computed
// v1.0 (and v0.5): AU = sum(compute[1:]) / (block_end - block_start - proc[0])
// v2.0:            AU = sum(compute[s..e]) / (block_end - block_start - sum(proc[:s]) -
// sum(proc[e+1:])) where s steps are excluded at the start and n-1-e at the end. What follows
// `proc` in a step (log line, barrier) counts against AU. Source: argonne-lcf/dlio_benchmark,
// utils/statscounter.py.
#pragma once

#include "sim/base/units.hpp"

#include <cstdint>

namespace lustrum::training {

enum class AuFormula : std::uint8_t { v1_0, v2_0 };

struct AuSettings {
  AuFormula formula = AuFormula::v2_0;
  std::uint32_t exclude_start_steps = 1; // v2.0 only; v1.0 always leaves out the first
  std::uint32_t exclude_end_steps = 0;
};

// One rank's AU over one block, fed step by step.
class AuBlock {
public:
  AuBlock(const AuSettings& settings, std::uint32_t steps, Seconds block_start);

  void add_step(Seconds proc, Seconds compute);
  // Time between two steps that belongs to no block: a checkpoint inside the epoch.
  void leave_out(Seconds time) { excluded_ += time; }

  // AU of the block as a ratio; 0 when all steps are excluded.
  double au(Seconds block_end) const;
  bool has_counted() const { return counted_; }

private:
  bool counts(std::uint32_t step) const;

  std::uint32_t first_;
  std::uint32_t behind_; // one past the last step that counts
  std::uint32_t step_ = 0;
  bool counted_ = false; // a step at least
  Seconds start_;
  Seconds computed_{};
  Seconds excluded_{};
};

// One rank's AU over an epoch: of one block; or, where checkpoints divide it as DLIO's do, the mean
// of the blocks' that have steps which count, weighted by all their steps.
class EpochAu {
public:
  // `block_steps`: from one dividing checkpoint to the next; 0: checkpoints are left out of the one
  // block.
  EpochAu(const AuSettings& settings, std::uint32_t steps, std::uint32_t block_steps,
          Seconds start);

  void add_step(Seconds proc, Seconds compute);
  void checkpoint(Seconds begin, Seconds end);
  double au(Seconds end) const;

private:
  std::uint32_t next_block() const;

  AuSettings settings_;
  std::uint32_t steps_;
  std::uint32_t block_steps_;
  std::uint32_t done_ = 0;     // in blocks that have ended
  std::uint32_t in_block_ = 0; // in this one
  AuBlock block_;
  double sum_ = 0; // AU of the ended blocks that count, times their steps
  std::uint32_t counted_ = 0;
};

} // namespace lustrum::training
