// Checks of the section `network` against the instance and the file system.
#pragma once

#include "models/assembly/scenario.hpp"
#include "sim/scenario/yaml_document.hpp"

namespace lustrum {

// Reports what is impossible and sets the number of network cards where none is given. `network`
// may be absent. Pre: the catalog has the scenario's instance and file system.
void check_network(Scenario& scenario, const YamlNode& network, Diagnostics& diagnostics);

} // namespace lustrum
