#include "models/lustre/policy/hsm_release.hpp"

#include <cassert>
#include <utility>

namespace lustrum::lustre {

Bytes excess(const ReleaseRule& rule, Bytes used, Bytes capacity) {
  if (!(rule.high_watermark > 0)) return {};
  assert(rule.low_watermark <= rule.high_watermark);
  if (used.as_double() <= rule.high_watermark * capacity.as_double()) return {};
  const Bytes low{static_cast<std::uint64_t>(rule.low_watermark * capacity.as_double())};
  return used > low ? used - low : Bytes{};
}

std::vector<FileIndex> choose_releases(const ReleaseRule& rule, Seconds now, Bytes wanted,
                                       std::vector<tiering::FileAge> candidates) {
  std::erase_if(candidates, [&](const tiering::FileAge& candidate) {
    return now - candidate.accessed < rule.min_age;
  });
  return tiering::choose_releases(std::move(candidates), rule.order, wanted);
}

} // namespace lustrum::lustre
