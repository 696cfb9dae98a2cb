// Client hosts as storages other than Lustre see them: their network cards for IP.
#pragma once

#include "models/assembly/scenario.hpp"
#include "models/assembly/storage_kind.hpp"
#include "models/fabric/host_links.hpp"

namespace lustrum {

fabric::HostLinkSettings host_links_of(const Scenario& scenario);

// Reports more network cards than the instance has, and sets their number where none is given.
void check_host_cards(const StorageReading& reading);

} // namespace lustrum
