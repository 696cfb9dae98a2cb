// What storages other than Lustre have in common: client hosts with their cards for IP, and the
// list of what is assumed.
#pragma once

#include "models/assembly/scenario.hpp"
#include "models/assembly/storage_kind.hpp"
#include "models/fabric/host_links.hpp"
#include "sim/scenario/yaml_reader.hpp"

#include <string_view>
#include <vector>

namespace lustrum {

fabric::HostLinkSettings host_links_of(const Scenario& scenario);

// Rows of a section whose default is assumed and was not given, for the list of a result; none
// where the section is not `used`.
std::vector<AssumedRow> assumed_defaults(std::string_view prefix, const ParameterTable& table,
                                         const GivenKeys& given, bool used);

// Reports more network cards than the instance has, and sets their number where none is given.
void check_host_cards(const StorageReading& reading);

} // namespace lustrum
