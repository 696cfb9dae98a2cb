#include "models/lustre/policy/statahead.hpp"

#include <algorithm>

namespace lustrum::lustre {

namespace {
constexpr std::uint64_t kHitsToJudge = 8;
constexpr std::uint64_t kHitsPerMiss = 4;
constexpr std::uint32_t kMissesInRow = 8;
} // namespace

// Counts the stat as foreseen or not, and ends the scan's statahead if too few are.
bool Statahead::foreseen(std::uint32_t entry, const StataheadLimits& limits,
                         StataheadStats& stats) {
  const bool hit = entry >= used_ && entry < sent_;
  used_ = std::max(used_, entry + 1);
  sent_ = std::max(sent_, used_);
  if (hit) {
    ++hits_;
    ++stats.hit_total;
    misses_in_row_ = 0;
    window_ = std::min(2 * window_, limits.max);
    return true;
  }
  ++misses_;
  ++stats.miss_total;
  ++misses_in_row_;
  const bool low = hits_ >= kHitsToJudge && hits_ < kHitsPerMiss * misses_;
  if (low || misses_in_row_ > kMissesInRow) {
    state_ = State::off;
    ++stats.wrong;
  }
  return false;
}

Statahead::Plan Statahead::stat(std::uint32_t entry, const StataheadLimits& limits,
                                StataheadStats& stats) {
  Plan plan;
  bool growing = false;
  if (state_ == State::fresh) {
    state_ = entry == 0 && entries_ > 1 && limits.max > 0 ? State::running : State::off;
    if (state_ == State::off) return plan;
    ++stats.total;
    window_ = std::min(limits.start, limits.max);
    used_ = sent_ = 1; // the first is asked for by the process itself
    growing = true;
  } else if (state_ == State::running) {
    const std::uint32_t window = window_;
    plan.foreseen = foreseen(entry, limits, stats);
    growing = window_ > window;
  }
  if (state_ != State::running) return plan;
  const std::uint32_t left = entries_ > sent_ ? entries_ - sent_ : 0;
  const std::uint32_t on_their_way = sent_ - used_;
  const std::uint32_t room =
      std::min(left, window_ > on_their_way ? window_ - on_their_way : std::uint32_t{0});
  // A whole batch cannot be had from a smaller window: then when nothing is left of it.
  const bool is_due = growing || room == left || room >= limits.batch || on_their_way == 0;
  if (room == 0 || !is_due) return plan;
  plan.first = sent_;
  plan.count = room;
  plan.rpcs = (room + limits.batch - 1) / limits.batch;
  sent_ += room;
  return plan;
}

} // namespace lustrum::lustre
