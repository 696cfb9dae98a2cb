// From a scenario's storage and tunables to the settings of object storage servers and their disks.
#pragma once

#include "models/assembly/scenario.hpp"
#include "models/lustre/server/oss.hpp"

namespace lustrum {

// `network_peak`: what the network card of a server carries while its burst credit lasts.
// \pre the scenario was loaded without errors
lustre::OssSettings build_oss(const Scenario& scenario, BytesPerSecond& network_peak);

} // namespace lustrum
