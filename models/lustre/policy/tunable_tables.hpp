// The parts of LustreTunables::parameters(), by whom they tune.
#pragma once

#include "sim/base/parameter.hpp"

namespace lustrum::lustre {

ParameterTable client_tunables();  // OSC, MDC, llite
ParameterTable network_tunables(); // locks, timeouts, LNet: of clients and servers
ParameterTable oss_tunables();     // OST, server cache, threads, NRS
ParameterTable mds_tunables();     // allocation, precreation, MDT, HSM, recovery
ParameterTable ours_tunables();    // what Lustre has no name for

} // namespace lustrum::lustre
