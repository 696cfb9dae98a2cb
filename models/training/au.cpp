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
  if (counts(step_))
    computed_ += compute;
  else
    excluded_ += proc;
  ++step_;
}

double AuBlock::au(Seconds block_end) const {
  const Seconds counted = block_end - start_ - excluded_;
  return counted > Seconds{} ? computed_ / counted : 0;
}

} // namespace lustrum::training
