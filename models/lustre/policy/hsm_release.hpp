// Which files a policy engine releases to make room: when usage passes a high watermark, clean
// archived files go until it is down at the low one. Source: Robinhood, as the Lustre manual (HSM)
// describes it; on FSx the release tasks of a data repository (by days since last access).
#pragma once

#include "sim/base/units.hpp"

#include <vector>

namespace lustrum::lustre {

struct ReleaseRule {
  enum class Order : std::uint8_t { oldest, largest }; // which go first
  double high_watermark = 0;                           // share of the capacity; 0: never
  double low_watermark = 0;
  Order order = Order::oldest;
  Seconds min_age{}; // files used more recently than this stay
};

// A file that may be released: archived, clean, closed.
struct ReleaseCandidate {
  FileIndex file{};
  Bytes size{};
  Seconds last_access{};
};

// How much is to go at this usage: 0 up to the high watermark.
Bytes excess(const ReleaseRule& rule, Bytes used, Bytes capacity);

// The first files, in the rule's order, whose sizes reach `wanted`; all that are old enough when
// they do not suffice. Equal ones go by number. Sorts the candidates.
std::vector<FileIndex> choose_releases(const ReleaseRule& rule, Seconds now, Bytes wanted,
                                       std::vector<ReleaseCandidate>& candidates);

} // namespace lustrum::lustre
