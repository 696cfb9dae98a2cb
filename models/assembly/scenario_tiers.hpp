// Lustre file systems that are bought by throughput and whose storage lies in tiers (FSx
// Intelligent-Tiering): what a scenario says of one, and what it is billed by.
#pragma once

#include "models/assembly/scenario.hpp"
#include "models/assembly/storage_kind.hpp"
#include "models/lustre/filesystem.hpp"

#include <string_view>
#include <vector>

namespace lustrum {

// Why this Lustre file system cannot have that key of `storage`; empty: it can.
std::string_view why_no_such_tiers(const LustreSystem& system, std::string_view key);

// Sets scenario.storage.tiered.
void read_tiers(const StorageReading& reading);
// \pre the other sections are read, and the system is by_throughput()
void check_tiers(const StorageReading& reading);

// The store behind one OST.
tiering::TieredStoreSettings tiers_of_ost(const Scenario& scenario);

// Throughput, what is held in each class as the run leaves it, SSD cache, metadata IOPS, requests.
std::vector<Charge> charges_of_tiers(const Scenario& scenario,
                                     const lustre::Filesystem& filesystem);
void note_tiers(const lustre::Filesystem& filesystem, RunResult& result);

} // namespace lustrum
