// Hybrid I/O (2.16+): a large buffered read or write is done as direct I/O, past the page cache.
#pragma once

#include "sim/base/units.hpp"

namespace lustrum::lustre {

struct HybridIoRule {
  bool enabled = false;            // llite.hybrid_io; off before 2.16
  Bytes read_threshold{8 * kMib};  // llite.hybrid_io_read_threshold_bytes
  Bytes write_threshold{2 * kMib}; // llite.hybrid_io_write_threshold_bytes
};

constexpr bool reads_directly(const HybridIoRule& rule, Bytes length) {
  return rule.enabled && length >= rule.read_threshold;
}
constexpr bool writes_directly(const HybridIoRule& rule, Bytes length) {
  return rule.enabled && length >= rule.write_threshold;
}

} // namespace lustrum::lustre
