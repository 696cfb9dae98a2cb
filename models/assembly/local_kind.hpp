// Disks of each client (instance store, network volumes striped by RAID-0) as a kind of storage.
// The data set is there when the job begins: what copying it took is not part of the run.
#pragma once

#include "models/assembly/storage_kind.hpp"
#include "models/block/local_storage.hpp"

namespace lustrum {

const StorageKind& local_kind();

// The section `storage` of a scenario on local disks.
struct LocalChoice {
  std::uint32_t volumes = 0; // 0: as the entry says
  Bytes volume_size{};       // 0: as the entry says
  block::LocalSettings local;

  static const ParameterTable& parameters();
};

} // namespace lustrum
