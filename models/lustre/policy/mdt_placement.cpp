#include "models/lustre/policy/mdt_placement.hpp"

#include "sim/base/random.hpp"

#include <algorithm>
#include <cassert>
#include <numeric>

namespace lustrum::lustre {

MdtPlacement::MdtPlacement(std::uint32_t mdts, std::uint64_t inodes, std::uint64_t seed,
                           std::uint32_t threshold)
    : seed_(seed), threshold_(threshold), free_(mdts, inodes > 0 ? inodes : 1ULL << 42U) {
  assert(mdts > 0);
}

void MdtPlacement::add_inode(MdtIndex mdt) {
  // An MDT without inodes would refuse the create; data sets are checked against capacity before.
  assert(free_[mdt.value()] > 0);
  --free_[mdt.value()];
}

bool MdtPlacement::is_balanced() const {
  const auto [least, most] = std::minmax_element(free_.begin(), free_.end());
  constexpr std::uint64_t kParts = 256;
  return *most * (kParts - threshold_) / kParts < *least;
}

MdtIndex MdtPlacement::place(MdtIndex parent, std::uint32_t parent_depth) {
  constexpr std::uint32_t kRoundRobinLevels = 3; // max_inherit_rr of the root's default layout
  if (is_balanced()) {
    if (parent_depth >= kRoundRobinLevels) return parent;
    const MdtIndex chosen{next_};
    next_ = (next_ + 1) % mdts();
    return chosen;
  }
  const std::uint64_t total = std::accumulate(free_.begin(), free_.end(), std::uint64_t{0});
  const std::uint64_t enough = total * 16 / (std::uint64_t{mdts()} * (parent_depth + 10));
  if (free_[parent.value()] >= enough) return parent;
  std::uint64_t ticket =
      random::below(total, seed_, random::component("lustre.mdt_placement"), draws_++);
  std::uint32_t chosen = 0;
  while (ticket >= free_[chosen]) ticket -= free_[chosen++];
  return MdtIndex{chosen};
}

} // namespace lustrum::lustre
