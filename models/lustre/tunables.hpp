// Client tunables under their lctl names, with the defaults of Lustre 2.15 (FSx today).
#pragma once

#include "sim/base/parameter.hpp"

namespace lustrum::lustre {

struct LustreTunables {
  std::uint32_t osc_max_rpcs_in_flight = 0;
  std::uint32_t osc_max_pages_per_rpc = 0; // of 4 KiB
  std::uint32_t osc_max_dirty_mb = 0;
  bool osc_checksums = true;
  std::uint32_t mdc_max_rpcs_in_flight = 0;
  std::uint32_t mdc_max_mod_rpcs_in_flight = 0;
  std::uint32_t llite_max_cached_mb = 0;
  std::uint32_t llite_max_read_ahead_mb = 0;
  std::uint32_t llite_max_read_ahead_per_file_mb = 0;
  std::uint32_t llite_max_read_ahead_whole_mb = 0;
  Seconds client_fault_time{};            // of a page that is in the page cache
  BytesPerSecond client_copy_bandwidth{}; // of one process out of the page cache

  static const ParameterTable& parameters();
  static LustreTunables defaults() { return with_defaults<LustreTunables>(parameters()); }

  BytesPerSecond checksum_rate() const {
    constexpr double kCrc32c = 9763e6;
    return osc_checksums ? BytesPerSecond{kCrc32c} : BytesPerSecond{};
  }
  Bytes rpc_size() const {
    constexpr std::uint64_t kPage = 4 * kKib;
    return Bytes{osc_max_pages_per_rpc * kPage};
  }
};

} // namespace lustrum::lustre
