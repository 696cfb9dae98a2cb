#include "models/training/au.hpp"

#include <algorithm>

namespace lustrum::training {

AuBlock::AuBlock(const AuSettings& settings, std::uint32_t steps, Seconds block_start)
    : first_(settings.formula == AuFormula::v1_0 ? 1 : settings.exclude_start_steps),
      behind_(settings.formula == AuFormula::v1_0
                  ? steps
                  : steps - std::min(steps, settings.exclude_end_steps)),
      start_(block_start) {}

bool AuBlock::counts(std::uint32_t step) const { return step >= first_ && step < behind_; }

void AuBlock::add_step(Seconds proc, Seconds compute) {
  if (counts(step_)) {
    computed_ += compute;
    counted_ = true;
  } else {
    excluded_ += proc;
  }
  ++step_;
}

double AuBlock::au(Seconds block_end) const {
  const Seconds counted = block_end - start_ - excluded_;
  return counted > Seconds{} ? computed_ / counted : 0;
}

EpochAu::EpochAu(const AuSettings& settings, std::uint32_t steps, std::uint32_t block_steps,
                 Seconds start)
    : settings_(settings), steps_(steps), block_steps_(block_steps),
      block_(settings, next_block(), start) {}

std::uint32_t EpochAu::next_block() const {
  const std::uint32_t left = steps_ - std::min(steps_, done_);
  return block_steps_ > 0 ? std::min(block_steps_, left) : left;
}

void EpochAu::add_step(Seconds proc, Seconds compute) {
  block_.add_step(proc, compute);
  ++in_block_;
}

void EpochAu::checkpoint(Seconds begin, Seconds end) {
  if (block_steps_ == 0) return block_.leave_out(end - begin);
  if (block_.has_counted()) {
    sum_ += block_.au(begin) * in_block_;
    counted_ += in_block_;
  }
  done_ += in_block_;
  in_block_ = 0;
  block_ = AuBlock(settings_, next_block(), end);
}

double EpochAu::au(Seconds end) const {
  if (counted_ == 0) return block_.au(end);
  const std::uint32_t last = block_.has_counted() ? in_block_ : 0;
  return (sum_ + (last > 0 ? block_.au(end) * last : 0)) / (counted_ + last);
}

} // namespace lustrum::training
