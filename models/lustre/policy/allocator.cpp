#include "models/lustre/policy/allocator.hpp"

#include <algorithm>

namespace lustrum::lustre {

ObjectAllocator::ObjectAllocator(std::uint32_t osts, std::uint32_t servers,
                                 const QosSettings& settings, std::uint64_t seed)
    : osts_(osts), settings_(settings), seed_(seed), weighted_(osts, servers, settings, seed),
      on_ost_(osts) {}

std::uint32_t ObjectAllocator::add_walk(std::uint64_t instance) {
  walks_.emplace_back(osts_, seed_, instance);
  return static_cast<std::uint32_t>(walks_.size() - 1);
}

void ObjectAllocator::refresh(const OstSpace& space, Seconds now) {
  // The clock stands still while files are placed before a run: there, every n sets stand for the
  // time that they would have taken.
  const bool first = refreshed_.count() < 0;
  const bool stands_still = now == refreshed_;
  ++sets_since_refresh_;
  if (!first && !(stands_still ? sets_since_refresh_ >= osts_
                               : now.count() - refreshed_.count() >= settings_.maxage.count()))
    return;
  weighted_.refresh(space, now);
  refreshed_ = now;
  sets_since_refresh_ = 0;
}

std::uint32_t ObjectAllocator::round_robin(const Set& set, std::uint32_t per_ost,
                                           const OstSpace& space, std::vector<OstIndex>& out) {
  RoundRobinWalk& walk = walks_[set.walk];
  walk.begin(set.stripes);
  std::fill(on_ost_.begin(), on_ost_.end(), std::uint16_t{0});
  std::uint32_t found = 0;
  // First round: OSTs in good state; second round: slow ones as well.
  for (const bool slow_too : {false, true}) {
    if (slow_too) walk.restart();
    for (std::uint32_t i = 0; i < osts_ * per_ost && found < set.stripes; ++i) {
      const OstIndex ost = walk.next();
      if (!space.is_usable(ost) || (space.is_slow(ost) && !slow_too)) continue;
      if (on_ost_[ost.value()] == per_ost) continue;
      ++on_ost_[ost.value()];
      out.push_back(ost);
      ++found;
    }
    if (found >= set.minimum) break;
  }
  return found;
}

std::uint32_t ObjectAllocator::allocate(const Set& set, const OstSpace& space, Seconds now,
                                        std::vector<OstIndex>& out) {
  refresh(space, now);
  const std::uint32_t per_ost = set.overstriped ? (set.stripes - 1) / osts_ + 1 : 1;
  if (!weighted_.is_balanced()) {
    const std::uint32_t chosen = weighted_.choose(space, set.stripes, set.minimum, per_ost, out);
    if (chosen > 0) return chosen;
  }
  return round_robin(set, per_ost, space, out);
}

} // namespace lustrum::lustre
