#include "models/lustre/policy/hsm_release.hpp"

#include <algorithm>
#include <cassert>
#include <tuple>

namespace lustrum::lustre {

Bytes excess(const ReleaseRule& rule, Bytes used, Bytes capacity) {
  if (!(rule.high_watermark > 0)) return {};
  assert(rule.low_watermark <= rule.high_watermark);
  if (used.as_double() <= rule.high_watermark * capacity.as_double()) return {};
  const Bytes low{static_cast<std::uint64_t>(rule.low_watermark * capacity.as_double())};
  return used > low ? used - low : Bytes{};
}

std::vector<FileIndex> choose_releases(const ReleaseRule& rule, Seconds now, Bytes wanted,
                                       std::vector<ReleaseCandidate>& candidates) {
  std::erase_if(candidates, [&](const ReleaseCandidate& candidate) {
    return now - candidate.last_access < rule.min_age;
  });
  std::sort(candidates.begin(), candidates.end(),
            [&](const ReleaseCandidate& a, const ReleaseCandidate& b) {
              if (rule.order == ReleaseRule::Order::largest && a.size != b.size)
                return a.size > b.size;
              return std::tie(a.last_access, a.file) < std::tie(b.last_access, b.file);
            });
  std::vector<FileIndex> chosen;
  Bytes sum{};
  for (const ReleaseCandidate& candidate : candidates) {
    if (sum >= wanted) break;
    sum += candidate.size;
    chosen.push_back(candidate.file);
  }
  return chosen;
}

} // namespace lustrum::lustre
