// A stretch of a file or of an object, and the pages it touches.
#pragma once

#include "sim/base/units.hpp"

namespace lustrum::lustre {

inline constexpr Bytes kPageSize{4 * kKib};

// [begin, end); empty when end <= begin.
struct Extent {
  Bytes begin{};
  Bytes end{};

  constexpr bool empty() const { return end <= begin; }
  constexpr Bytes length() const { return empty() ? Bytes{} : end - begin; }
  friend constexpr bool operator==(const Extent&, const Extent&) = default;
};

// The first page that an extent touches, and the one behind its last.
constexpr std::uint64_t first_page(const Extent& extent) { return extent.begin / kPageSize; }
constexpr std::uint64_t end_page(const Extent& extent) {
  return extent.end / kPageSize + (extent.end % kPageSize > Bytes{} ? 1 : 0);
}
constexpr std::uint64_t page_count(const Extent& extent) {
  return extent.empty() ? 0 : end_page(extent) - first_page(extent);
}

} // namespace lustrum::lustre
