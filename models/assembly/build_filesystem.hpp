// From a scenario's storage, network and tunables to the settings of the Lustre model.
#pragma once

#include "models/assembly/scenario.hpp"
#include "models/lustre/filesystem.hpp"

namespace lustrum {

// \pre the scenario was loaded without errors
lustre::FilesystemSettings build_filesystem(const Scenario& scenario);

} // namespace lustrum
