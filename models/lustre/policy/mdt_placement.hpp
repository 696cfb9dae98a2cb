// On which MDT a new directory lies (DNE).
#pragma once

#include "sim/base/units.hpp"

#include <vector>

namespace lustrum::lustre {

// While the MDTs' free inodes are within a threshold (5 %) of each other, round-robin for
// directories in the top three levels and the parent's MDT below. Otherwise the parent's MDT if its
// free inodes reach 16 / (depth of the parent + 10) of the mean, else a random one, by free inodes.
// Source: Lustre 2.15 lustre/lmv/lmv_obd.c. Lustre weighs free space as well, and each client has a
// round-robin of its own; here inodes count alone, and the file system has one.
class MdtPlacement {
public:
  static constexpr std::uint32_t kUsualThreshold = 5 * 256 / 100;

  // \param inodes of each MDT; 0: without end
  // \param threshold of 256: lmv.*.qos_threshold_rr, 5 %
  MdtPlacement(std::uint32_t mdts, std::uint64_t inodes, std::uint64_t seed,
               std::uint32_t threshold = kUsualThreshold);

  std::uint32_t mdts() const { return static_cast<std::uint32_t>(free_.size()); }
  // \param parent_depth 0 for children of the root
  MdtIndex place(MdtIndex parent, std::uint32_t parent_depth);

  void add_inode(MdtIndex mdt);
  void remove_inode(MdtIndex mdt) { ++free_[mdt.value()]; }
  std::uint64_t free_inodes(MdtIndex mdt) const { return free_[mdt.value()]; }
  bool is_balanced() const;

private:
  std::uint64_t seed_;
  std::uint64_t threshold_;
  std::uint64_t draws_ = 0;
  std::uint32_t next_ = 0; // round-robin
  std::vector<std::uint64_t> free_;
};

} // namespace lustrum::lustre
