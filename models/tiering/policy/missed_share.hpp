// Share of the bytes read that a cache cannot have held: all of a data set the first time it is
// read through, then what does not fit. A lower bound for any eviction policy.
#pragma once

#include <algorithm>

namespace lustrum::tiering {

inline double missed_share(double read_bytes, double data_bytes, double cached_bytes) {
  if (!(data_bytes > 0) || read_bytes <= data_bytes) return 1;
  const double again = read_bytes - data_bytes;
  return 1 - again / read_bytes * std::min(1.0, cached_bytes / data_bytes);
}

} // namespace lustrum::tiering
