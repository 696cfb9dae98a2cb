// The section `lustre` of a scenario: defaults of the version and of the client's machine, then the
// preset, then what the file gives.
#pragma once

#include "models/assembly/scenario.hpp"
#include "sim/scenario/yaml_reader.hpp"

namespace lustrum {

// Sets scenario.lustre and makes storage.lustre_version the real number. Returns the tunables that
// the file gives. \pre storage, cluster and network are read; entries that the catalog does not
// have leave their fields empty
GivenKeys read_lustre(const YamlNode& root, Scenario& scenario, Diagnostics& diagnostics);

// Where the section gives this tunable: written with dots, nested, or both.
YamlNode node_of_tunable(const YamlNode& section, std::string_view key);

} // namespace lustrum
