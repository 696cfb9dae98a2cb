// Which OSTs the objects of a new file get.
#pragma once

#include "sim/base/units.hpp"

namespace lustrum::lustre {

// Round-robin object allocation over OSTs whose free space is balanced. OSTs are numbered so that
// neighbours lie on different OSSs (OST i on OSS i mod n_oss), which is the order Lustre walks
// them. The start index is drawn anew every (2000/n + 30) * n creates, and a lap with several
// stripes shifts the walk by one, or stripe counts that share a divisor with n would meet the same
// OSTs for ever. Source: Lustre 2.15 lustre/lod/lod_qos.c.
class RoundRobinAllocator {
public:
  // `instance` tells apart several allocators of one seed.
  RoundRobinAllocator(std::uint32_t osts, std::uint64_t seed, std::uint64_t instance = 0)
      : osts_(osts), seed_(seed), instance_(instance) {}

  // The first OST for an object set of `stripes`; the others follow it.
  // \pre always the same number of stripes: the shift is made for that
  OstIndex allocate(std::uint32_t stripes);

private:
  std::uint32_t osts_;
  std::uint64_t seed_;
  std::uint64_t instance_;
  std::uint64_t reseeds_ = 0;
  std::uint32_t creates_left_ = 0;
  std::uint32_t start_ = 0;  // lod_qos.c: lqr_start_idx
  std::uint32_t offset_ = 0; // lod_qos.c: lqr_offset_idx
};

} // namespace lustrum::lustre
