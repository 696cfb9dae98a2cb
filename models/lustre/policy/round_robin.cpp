#include "models/lustre/policy/round_robin.hpp"

#include "sim/base/random.hpp"

namespace lustrum::lustre {

void RoundRobinWalk::begin(std::uint32_t stripes) {
  constexpr std::uint32_t kReseedCount = 2000; // LOV_CREATE_RESEED_COUNT
  constexpr std::uint32_t kReseedMultiple = 30;
  if (creates_left_ == 0) {
    creates_left_ = (kReseedCount / osts_ + kReseedMultiple) * osts_;
    start_ = static_cast<std::uint32_t>(
        random::below(osts_, seed_, random::component("lustre.allocator", instance_), reseeds_++));
  } else if (stripes >= osts_ || start_ > osts_) {
    start_ %= osts_;
    if (stripes > 1 && osts_ % stripes != 1) ++offset_;
  }
  --creates_left_;
  set_start_ = start_;
}

} // namespace lustrum::lustre
