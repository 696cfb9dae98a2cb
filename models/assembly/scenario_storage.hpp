// What the section `storage` says besides its table: rules of the token bucket filter, full OSTs.
#pragma once

#include "models/assembly/scenario.hpp"

#include <optional>
#include <string_view>
#include <utility>

namespace lustrum {

class YamlNode;

// `3` or `8-15` as first and last client; absent when it is neither.
std::optional<std::pair<std::uint32_t, std::uint32_t>> client_range(std::string_view text);

// \param list may be no such node
void read_tbf_rules(const YamlNode& list, StorageSettings& storage, Diagnostics& diagnostics);
// What depends on jobs, clients and the policy. \pre the tunables are read
void check_tbf_rules(const YamlNode& list, const Scenario& scenario, Diagnostics& diagnostics);
// \pre the catalog has the file system
void check_ost_used(const YamlNode& storage, Scenario& scenario, Diagnostics& diagnostics);

} // namespace lustrum
