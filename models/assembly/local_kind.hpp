// Disks of each client (instance store, network volumes striped by RAID-0) as a kind of storage.
// The data set is there when the job begins, or with `copy_in` the job waits until it is.
#pragma once

#include "models/assembly/copy_in_choice.hpp"
#include "models/assembly/storage_kind.hpp"
#include "models/block/local_storage.hpp"

#include <type_traits>

namespace lustrum {

const StorageKind& local_kind();

// An entry of local_disks.yaml: a volume, what its price includes and how far it goes.
struct LocalDisks {
  block::VolumeSettings volume; // first: the model's rows find it at the address of the entry
  // What the price of the capacity includes, of one volume; more is charged.
  PerSecond included_iops{};
  BytesPerSecond included_throughput{};
  // What can be bought at most; 0: nothing can, the figures are what there is.
  PerSecond most_iops{};
  BytesPerSecond most_throughput{};
  std::string instances; // whose own disks these are, by how their names begin; empty: of none
  bool instance_limit = false; // EBS: the instance's own in place of set_rate
  bool shared = false;         // one set of volumes that all nodes attach, read-only

  static const ParameterTable& parameters();
};
static_assert(std::is_standard_layout_v<LocalDisks>);

// The section `storage` of a scenario on local disks.
struct LocalChoice {
  std::uint32_t volumes = 0;   // 0: as the entry says
  Bytes volume_size{};         // 0: as the entry says
  PerSecond iops{};            // of a volume; 0: as the entry says
  BytesPerSecond throughput{}; // of a volume; 0: as the entry says
  block::LocalSettings local;

  static const ParameterTable& parameters();
};

// The volumes of one node for that choice.
block::VolumeSettings bought(const LocalDisks& disks, const LocalChoice& choice,
                             std::uint32_t nodes);

} // namespace lustrum
