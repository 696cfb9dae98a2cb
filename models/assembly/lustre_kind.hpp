// Lustre file systems as a kind of storage: what a scenario says of one, and the system of a run.
#pragma once

#include "models/assembly/storage_kind.hpp"

namespace lustrum {

const StorageKind& lustre_kind();

// Of the section `storage`; the rest of scenario.hpp that is Lustre's is filled by its `read`.
std::unique_ptr<StorageSystem> build_lustre_system(const Scenario& scenario, kernel::World& world,
                                                   bool counters);

} // namespace lustrum
