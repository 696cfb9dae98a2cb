// The order in which OSTs get objects while their free space is balanced.
#pragma once

#include "sim/base/units.hpp"

namespace lustrum::lustre {

// OSTs are numbered so that neighbours lie on different OSSs (OST i on OSS i mod n_oss), which is
// the order Lustre walks them. The start index is drawn anew every (2000/n + 30) * n creates, and a
// lap with several stripes shifts the walk by one, or stripe counts that share a divisor with n
// would meet the same OSTs for ever. Source: Lustre 2.15 lustre/lod/lod_qos.c.
class RoundRobinWalk {
public:
  // `instance` tells apart several walks of one seed.
  RoundRobinWalk(std::uint32_t osts, std::uint64_t seed, std::uint64_t instance = 0)
      : osts_(osts), seed_(seed), instance_(instance) {}

  // Begins an object set of `stripes`; next() then names one OST after the other.
  // \pre always the same number of stripes: the shift is made for that
  void begin(std::uint32_t stripes);
  OstIndex next() { return OstIndex{(start_++ + offset_) % osts_}; }
  // Back to where the set began.
  void restart() { start_ = set_start_; }

private:
  std::uint32_t osts_;
  std::uint64_t seed_;
  std::uint64_t instance_;
  std::uint64_t reseeds_ = 0;
  std::uint32_t creates_left_ = 0;
  std::uint32_t start_ = 0;  // lod_qos.c: lqr_start_idx
  std::uint32_t offset_ = 0; // lod_qos.c: lqr_offset_idx
  std::uint32_t set_start_ = 0;
};

} // namespace lustrum::lustre
