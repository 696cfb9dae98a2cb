// The choice of OSTs by free space, for when it is not balanced (Lustre's "QOS" allocator).
#pragma once

#include "models/lustre/policy/ost_space.hpp"

#include <vector>

namespace lustrum::lustre {

struct QosSettings {
  std::uint32_t threshold_rr = 43; // of 256: lod.*.qos_threshold_rr, 17 %
  std::uint32_t prio_free = 232;   // of 256: lod.*.qos_prio_free, 91 %
  Seconds maxage{5};               // how old free-space figures get
};

// Weighted random choice. With b the free space of an OST, n usable OSTs and w = 256 - prio_free:
//
//   weight = b - (penalty of the OST + penalty of its OSS), at least 0
//   per object: w b / 256 / (n - 1) / 2 of the OST; the same of an OSS, of the free space of its
//   OSTs, their number and the number of OSSs
//
// The chosen OST and OSS have their penalty halved and get n (number of OSSs) times the amount per
// object, then every penalty falls by that amount. Unused ones halve every `maxage` x 8.
// Source: Lustre 2.15 lustre/lod/lod_qos.c, lustre/obdclass/lu_tgt_descs.c.
class WeightedChoice {
public:
  // OST i lies on OSS i mod `servers`.
  WeightedChoice(std::uint32_t osts, std::uint32_t servers, const QosSettings& settings,
                 std::uint64_t seed);

  // Takes in the free space of now.
  void refresh(const OstSpace& space, Seconds now);
  // No use for weights: max b (256 - threshold_rr) / 256 < min b, or fewer than two OSTs.
  // As of the last refresh.
  bool is_balanced() const { return balanced_; }

  // Chooses `stripes` OSTs, no OST more than `per_ost` times, and appends them. Returns how many:
  // fewer than `stripes` when candidates are few, none when they are fewer than `minimum`.
  std::uint32_t choose(const OstSpace& space, std::uint32_t stripes, std::uint32_t minimum,
                       std::uint32_t per_ost, std::vector<OstIndex>& out);

private:
  struct Target { // an OST or an OSS
    std::uint64_t free_kib = 0;
    std::uint64_t penalty = 0; // KiB
    std::uint64_t penalty_per_object = 0;
    double used_s = 0;      // when it was last chosen
    std::uint32_t osts = 0; // of an OSS: usable ones
    std::uint32_t room = 0; // objects it may still get of this set
    std::uint64_t weight = 0;
  };
  void decay(Target& target) const;
  void charge(std::size_t chosen);
  std::uint64_t weigh();

  QosSettings settings_;
  std::uint64_t seed_;
  std::uint64_t draws_ = 0;
  double now_s_ = 0;
  bool balanced_ = true;
  std::uint32_t usable_ = 0;
  std::uint32_t usable_servers_ = 0;
  std::vector<Target> ost_;
  std::vector<Target> oss_;
};

} // namespace lustrum::lustre
