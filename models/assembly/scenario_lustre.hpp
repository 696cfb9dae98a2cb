// The section `lustre` of a scenario: defaults of the version and of the client's machine, then the
// preset, then what the file gives.
#pragma once

#include "models/assembly/scenario.hpp"

namespace lustrum {

class YamlNode;

// Sets scenario.lustre and makes storage.lustre_version the real number. \pre storage, cluster and
// network are read; entries that the catalog does not have leave their fields empty
void read_lustre(const YamlNode& root, Scenario& scenario, Diagnostics& diagnostics);

} // namespace lustrum
