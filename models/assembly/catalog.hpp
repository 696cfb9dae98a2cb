// The catalog: instances and file systems as data, in models/catalog/*.yaml. Each figure carries
// value, source, as_of and kind; the loader rejects one without.
#pragma once

#include "sim/base/parameter.hpp"

#include <string>

namespace lustrum {

// A GPU instance or server: models/catalog/instances.yaml.
struct Instance {
  Figure<std::string> gpu_model;
  Figure<std::uint32_t> gpus;
  Figure<std::uint32_t> vcpus;
  Figure<Bytes> memory;
  Figure<BytesPerSecond> tcp_bandwidth;     // of the one NIC that carries Lustre's TCP traffic
  Figure<std::uint32_t> efa_nics;           // network cards that Lustre may use over EFA; 0: no EFA
  Figure<BytesPerSecond> efa_nic_bandwidth; // of each
  Figure<bool> fsx_efa;                     // FSx for Lustre accepts this instance as an EFA client
  Figure<UsdPerHour> price;

  static const ParameterTable& parameters();
};

// A Lustre file system that can be bought or built: models/catalog/filesystems.yaml. Rates are given
// per TiB (cloud) or per server (appliance); the other of the two is 0.
struct LustreSystem {
  Figure<std::string> lustre_version;
  Figure<std::string> default_layout; // as `lfs setstripe` takes it

  // Capacity: the least that can be bought, the step, and how much one OSS holds.
  Figure<Bytes> capacity_min;
  Figure<Bytes> capacity_step;
  Figure<Bytes> oss_capacity;     // over TCP
  Figure<Bytes> oss_capacity_efa; // 0: EFA not offered
  Figure<std::uint32_t> oss_osts;
  Figure<std::uint32_t> oss_osts_efa;

  // Object storage servers.
  Figure<std::uint32_t> oss_threads;    // ost_io service threads
  Figure<Seconds> oss_rpc_service;      // CPU time of one RPC
  Figure<std::uint32_t> oss_cores;
  Figure<Bytes> oss_memory_per_tib;
  Figure<BytesPerSecond> network_per_tib;
  Figure<BytesPerSecond> network_burst_per_tib; // equal to network_per_tib: no burst
  Figure<BytesPerSecond> network_per_oss;

  // OST device.
  Figure<BytesPerSecond> disk_read_per_tib;
  Figure<BytesPerSecond> disk_read_burst_per_tib;
  Figure<BytesPerSecond> disk_write_per_tib;
  Figure<BytesPerSecond> disk_write_burst_per_tib;
  Figure<BytesPerSecond> disk_read_per_ost;
  Figure<BytesPerSecond> disk_write_per_ost;
  Figure<Seconds> disk_latency;   // of an unloaded small read
  Figure<PerSecond> disk_iops_per_ost;
  Figure<Seconds> burst_duration; // full burst from a full bucket until the credit is spent

  // Metadata.
  Figure<std::string> metadata_mode; // `provisioned` (FSx metadata IOPS) or `server`
  Figure<std::uint32_t> mdts;        // in mode `server`
  Figure<std::uint32_t> mds_cores;
  Figure<PerSecond> mds_open_rate;   // per MDT
  Figure<PerSecond> mds_close_rate;
  Figure<PerSecond> mds_getattr_rate;

  // Network between client and server.
  Figure<Seconds> tcp_latency; // one way, software included
  Figure<Seconds> efa_latency;
  Figure<BytesPerSecond> tcp_client_ceiling;
  Figure<BytesPerSecond> tcp_flow_ceiling; // one client to one OSS
  Figure<BytesPerSecond> efa_client_ceiling;

  // Price.
  Figure<UsdPerGibMonth> price_capacity;
  Figure<Usd> price_metadata_iops_month; // per provisioned IOPS above the included ones
  Figure<UsdPerHour> price_per_oss;      // appliance: purchase spread over its life, per OSS

  static const ParameterTable& parameters();
};

} // namespace lustrum
