// From a scenario's storage and tunables to the settings of object storage servers and their disks.
#pragma once

#include "models/assembly/scenario.hpp"
#include "models/lustre/server/oss.hpp"

namespace lustrum {

// Capacity of one OST, as the bill counts it (FSx: a TiB of 1,000 GiB).
Bytes ost_capacity(const Scenario& scenario);

// `network_peak`: what the network card of a server carries while its burst credit lasts.
// \pre the scenario was loaded without errors
lustre::OssSettings build_oss(const Scenario& scenario, BytesPerSecond& network_peak);

} // namespace lustrum
