// Which OSTs the objects of a new file get.
#pragma once

#include "models/lustre/policy/round_robin.hpp"
#include "models/lustre/policy/weighted_choice.hpp"

#include <vector>

namespace lustrum::lustre {

// Round-robin while free space is balanced, by weight when it is not; OSTs that are full or away
// are skipped, degraded ones used only when there are not enough others.
// Source: Lustre 2.15 lustre/lod/lod_qos.c.
class ObjectAllocator {
public:
  // An object set: those of one component of one file.
  struct Set {
    std::uint32_t walk = 0; // from add_walk(): sets of one kind follow one another over the OSTs
    std::uint32_t stripes = 1;
    std::uint32_t minimum = 1; // fewer only when there are no OSTs for more
    bool overstriped = false;
  };

  ObjectAllocator(std::uint32_t osts, std::uint32_t servers, const QosSettings& settings,
                  std::uint64_t seed);

  std::uint32_t add_walk(std::uint64_t instance);

  // Appends the OSTs of a set and returns how many there are: fewer than wanted when candidates
  // are few, 0 when every OST is full or away (ENOSPC).
  std::uint32_t allocate(const Set& set, const OstSpace& space, Seconds now,
                         std::vector<OstIndex>& out);

  bool is_balanced() const { return weighted_.is_balanced(); }

private:
  void refresh(const OstSpace& space, Seconds now);
  std::uint32_t round_robin(const Set& set, std::uint32_t per_ost, const OstSpace& space,
                            std::vector<OstIndex>& out);

  std::uint32_t osts_;
  QosSettings settings_;
  std::uint64_t seed_;
  std::vector<RoundRobinWalk> walks_;
  WeightedChoice weighted_;
  Seconds refreshed_{-1};
  std::uint32_t sets_since_refresh_ = 0;
  std::vector<std::uint16_t> on_ost_; // objects of the set in hand
};

} // namespace lustrum::lustre
