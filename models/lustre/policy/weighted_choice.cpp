#include "models/lustre/policy/weighted_choice.hpp"

#include "sim/base/random.hpp"

#include <algorithm>

namespace lustrum::lustre {

WeightedChoice::WeightedChoice(std::uint32_t osts, std::uint32_t servers,
                               const QosSettings& settings, std::uint64_t seed)
    : settings_(settings), seed_(seed), ost_(osts), oss_(servers) {}

void WeightedChoice::decay(Target& target) const {
  const double age = (now_s_ - target.used_s) / 8; // lu_tgt_descs.c: >> 3
  const double maxage = settings_.maxage.count();
  if (balanced_ || age > 32 * maxage)
    target.penalty = 0; // weights start afresh after a balanced time
  else if (age > maxage)
    target.penalty >>= static_cast<std::uint32_t>(age / maxage);
}

void WeightedChoice::refresh(const OstSpace& space, Seconds now) {
  now_s_ = now.count();
  const std::uint64_t prio_wide = 256 - settings_.prio_free;
  std::uint64_t least = UINT64_MAX;
  std::uint64_t most = 0;
  usable_ = usable_servers_ = 0;
  for (Target& oss : oss_) oss.free_kib = oss.osts = 0;
  for (std::uint32_t i = 0; i < ost_.size(); ++i) {
    Target& ost = ost_[i];
    ost.free_kib = space.is_active(OstIndex{i}) ? space.available(OstIndex{i}).count() / kKib : 0;
    if (ost.free_kib == 0) continue;
    ++usable_;
    Target& oss = oss_[i % oss_.size()];
    if (oss.osts++ == 0) ++usable_servers_;
    oss.free_kib += ost.free_kib;
    least = std::min(least, ost.free_kib);
    most = std::max(most, ost.free_kib);
  }
  // A lone OSS cannot be penalised: its OSTs get twice the penalty instead.
  const std::uint64_t halves = usable_servers_ > 1 ? 2 : 1;
  const std::uint64_t other_osts = usable_ > 1 ? usable_ - 1 : 1;
  const std::uint64_t other_servers = usable_servers_ > 1 ? usable_servers_ - 1 : 1;
  for (Target& ost : ost_) {
    ost.penalty_per_object = ost.free_kib / 256 * prio_wide / other_osts / halves;
    decay(ost);
  }
  for (Target& oss : oss_) {
    oss.penalty_per_object = oss.osts > 0 && usable_servers_ > 1
                                 ? oss.free_kib / 256 * prio_wide / (oss.osts * other_servers) / 2
                                 : 0;
    decay(oss);
  }
  balanced_ = usable_ < 2 || most / 256 * (256 - settings_.threshold_rr) < least;
}

std::uint64_t WeightedChoice::weigh() {
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < ost_.size(); ++i) {
    Target& ost = ost_[i];
    const std::uint64_t penalty = ost.penalty + oss_[i % oss_.size()].penalty;
    ost.weight = ost.room > 0 && ost.free_kib > penalty ? ost.free_kib - penalty : 0;
    total += ost.weight;
  }
  return total;
}

void WeightedChoice::charge(std::size_t chosen) {
  Target& ost = ost_[chosen];
  Target& oss = oss_[chosen % oss_.size()];
  --ost.room;
  ost.used_s = oss.used_s = now_s_;
  ost.penalty = ost.penalty / 2 + ost.penalty_per_object * usable_;
  oss.penalty = oss.penalty / 2 + oss.penalty_per_object * usable_servers_;
  for (Target& other : oss_) other.penalty -= std::min(other.penalty, other.penalty_per_object);
  for (Target& other : ost_) other.penalty -= std::min(other.penalty, other.penalty_per_object);
}

std::uint32_t WeightedChoice::choose(const OstSpace& space, std::uint32_t stripes,
                                     std::uint32_t minimum, std::uint32_t per_ost,
                                     std::vector<OstIndex>& out) {
  std::uint32_t candidates = 0;
  for (std::uint32_t i = 0; i < ost_.size(); ++i) {
    const OstIndex index{i};
    ost_[i].room = space.is_usable(index) && !space.is_slow(index) ? per_ost : 0;
    candidates += ost_[i].room;
  }
  if (candidates < minimum || candidates == 0) return 0;
  const std::uint32_t chosen = std::min(stripes, candidates);
  for (std::uint32_t n = 0; n < chosen; ++n) {
    const std::uint64_t total = weigh();
    std::uint64_t ticket =
        total > 0 ? random::below(total, seed_, random::component("lustre.qos"), draws_++) : 0;
    // OSTs without weight are used when none has any.
    std::size_t i = 0;
    while (ost_[i].room == 0 || (total > 0 && ticket >= ost_[i].weight)) {
      if (ost_[i].room > 0) ticket -= ost_[i].weight;
      ++i;
    }
    out.emplace_back(static_cast<std::uint32_t>(i));
    charge(i);
  }
  return chosen;
}

} // namespace lustrum::lustre
