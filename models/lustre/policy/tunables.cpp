#include "models/lustre/policy/tunables.hpp"

#include "models/lustre/policy/tunable_tables.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <string_view>
#include <utility>

namespace lustrum::lustre {

const ParameterTable& LustreTunables::parameters() {
  static const ParameterTable table = joined_tables(
      {ours_tunables(), client_tunables(), network_tunables(), oss_tunables(), mds_tunables()});
  return table;
}

BytesPerSecond LustreTunables::checksum_rate() const {
  const std::array rates{
      std::pair<std::string_view, BytesPerSecond>{"crc32c", client_checksum_rate_crc32c},
      std::pair<std::string_view, BytesPerSecond>{"t10ip4K", client_checksum_rate_t10ip4k},
      std::pair<std::string_view, BytesPerSecond>{"t10ip512", client_checksum_rate_t10ip512},
      std::pair<std::string_view, BytesPerSecond>{"crc32", client_checksum_rate_crc32},
      std::pair<std::string_view, BytesPerSecond>{"adler", client_checksum_rate_adler},
  };
  const auto* const found = std::find_if(rates.begin(), rates.end(), [&](const auto& rate) {
    return rate.first == osc_checksum_type;
  });
  assert(found != rates.end());
  return found->second;
}

} // namespace lustrum::lustre
