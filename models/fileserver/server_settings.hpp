// Scale-up and scale-out file servers over NFS as figures: Amazon EFS, FSx for OpenZFS and ONTAP,
// Filestore, a server of one's own.
#pragma once

#include "models/storage/latency_spread.hpp"
#include "models/tiering/policy/block_cache.hpp"
#include "sim/base/parameter.hpp"

#include <optional>

namespace lustrum::fileserver {

struct ServerSettings {
  std::uint32_t servers = 1; // that share the files: HA pairs; ceilings are of each
  // --- ceilings, of each server
  BytesPerSecond read{}; // whatever serves it
  BytesPerSecond write{};
  BytesPerSecond disk_read{};  // of what is not in memory; 0: as `read`
  BytesPerSecond disk_write{}; // 0: as `write`
  PerSecond read_iops{};       // 0: no limit
  PerSecond write_iops{};
  PerSecond disk_iops{}; // of what is not in memory
  Bytes cache{};         // memory for file data; 0: none
  // --- one client
  BytesPerSecond client_read{}; // 0: no such limit
  BytesPerSecond client_write{};
  BytesPerSecond flow{}; // of one TCP connection; 0: no limit
  // --- latencies of a call, network included
  LatencySpread read_latency{};
  LatencySpread write_latency{};
  LatencySpread metadata_latency{};
  Seconds disk_latency{}; // added when memory does not have it
  // --- burst credit in metered bytes; baseline 0: none is needed
  BytesPerSecond baseline{};
  Bytes credit{};
  Bytes initial_credit{};
  double read_metering = 1; // metered bytes of a byte read
  Bytes least_metered{};    // a call counts as no less
  // --- files not used for long: a storage class of their own
  double cold_share = 0;        // of files, at the start
  LatencySpread cold_latency{}; // added to their calls
  bool warm_after_read = false;

  static const ParameterTable& parameters();

  // Presets, each from the table's defaults. Throughput of EFS is what its quotas allow, not what
  // it delivers at once to a new file system.
  static ServerSettings efs_elastic(bool new_client = true);
  static ServerSettings efs_bursting(Bytes stored);
  static ServerSettings efs_provisioned(BytesPerSecond provisioned);
  static ServerSettings ontap(std::uint32_t pairs);
  static ServerSettings openzfs();
  static ServerSettings filestore_zonal(Bytes capacity);
};

// How hosts mount it.
struct MountSettings {
  Bytes read_size{};             // rsize
  Bytes write_size{};            // wsize
  std::uint32_t in_flight = 1;   // calls of one client that are under way
  std::uint32_t connections = 1; // nconnect
  Bytes read_ahead{};
  Bytes page_cache{};
  Bytes dirty_limit{};            // written data of a client that is not yet on the server
  Seconds attribute_life{};       // acregmin
  std::uint32_t list_entries = 1; // of one READDIR
  BytesPerSecond copy_rate{};

  static const ParameterTable& parameters();
};

} // namespace lustrum::fileserver
