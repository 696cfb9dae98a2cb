// Which files a policy engine releases to make room: when usage passes a high watermark, clean
// archived files go until it is down at the low one. Source: Robinhood, as the Lustre manual (HSM)
// describes it; on FSx the release tasks of a data repository (by days since last access).
#pragma once

#include "models/tiering/policy/access_tiers.hpp"
#include "sim/base/units.hpp"

#include <vector>

namespace lustrum::lustre {

struct ReleaseRule {
  double high_watermark = 0; // share of the capacity; 0: never
  double low_watermark = 0;
  tiering::ReleaseOrder order = tiering::ReleaseOrder::lru; // which go first
  Seconds min_age{}; // files used more recently than this stay
};

// How much is to go at this usage: 0 up to the high watermark.
Bytes excess(const ReleaseRule& rule, Bytes used, Bytes capacity);

// Of files that may be released (archived, clean, closed) the first in the rule's order whose sizes
// reach `wanted`; all that are old enough when they do not suffice.
std::vector<FileIndex> choose_releases(const ReleaseRule& rule, Seconds now, Bytes wanted,
                                       std::vector<tiering::FileAge> candidates);

} // namespace lustrum::lustre
