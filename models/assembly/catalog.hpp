// The catalog: instances and storage systems as data, in models/catalog/*.yaml. Each figure carries
// value, source, as_of and kind; the loader rejects one without.
//
//   Diagnostics diagnostics;
//   const Catalog catalog = Catalog::load("models/catalog", diagnostics);
//   const Instance* instance = catalog.find_instance("p5.48xlarge"); // nullptr: no such entry
#pragma once

#include "models/assembly/catalog_entry.hpp"
#include "models/cost/price.hpp"
#include "sim/base/diagnostics.hpp"
#include "sim/base/parameter.hpp"

#include <string>
#include <string_view>
#include <vector>

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
  Figure<bool> fsx_efa; // the file system accepts it as an EFA client (FSx: Nitro v4 or newer)
  Figure<bool> gds;     // it can read with GPUDirect Storage
  Figure<std::uint32_t> gds_nics; // network cards that Lustre uses then; 0: efa_nics
  Figure<BytesPerSecond>
      pcie_bandwidth;                   // between network cards and the rest, each way; 0: no limit
  Figure<BytesPerSecond> ebs_bandwidth; // 0: not known here, or not of EC2
  Figure<BytesPerSecond> memory_bandwidth; // of all memory, both ways together; 0: no limit

  std::uint32_t nics_with(bool gpu_direct) const {
    return gpu_direct && gds_nics.value > 0 ? gds_nics.value : efa_nics.value;
  }
  static const ParameterTable& parameters();
};

// A Lustre file system that can be bought or built: models/catalog/filesystems.yaml. Rates are
// given per TiB (cloud) or per server and OST (appliance, or bought by throughput); the other of
// the two is 0. A rate of 0 among the ceilings of the network means that there is none. On premises
// the `efa` figures stand for the RDMA network there is (InfiniBand).
struct LustreSystem {
  Figure<std::string> lustre_version;
  Figure<std::string> default_layout; // as `lfs setstripe` takes it

  // Capacity: the least that can be bought, the step, and how much one OSS holds.
  Figure<BytesPerSecond> throughput_step; // what one OSS gives is bought; 0: capacity is
  Figure<Bytes> capacity_min;
  Figure<Bytes> capacity_step;    // over EFA the step is oss_capacity_efa
  Figure<Bytes> oss_capacity;     // over TCP
  Figure<Bytes> oss_capacity_efa; // 0: EFA not offered
  Figure<std::uint32_t> oss_osts;
  Figure<std::uint32_t> oss_osts_efa;

  // Object storage servers.
  Figure<std::uint32_t> oss_threads; // ost_io service threads; 0: by Lustre's formula
  Figure<Seconds> oss_rpc_service;   // CPU time of one RPC
  Figure<std::uint32_t> oss_cores;
  Figure<std::uint32_t> oss_partitions; // CPTs
  Figure<Bytes> oss_memory_per_tib;     // of the server's cache
  Figure<Bytes> oss_memory;             // the same of a server, whatever the capacity
  Figure<Bytes> ssd_cache_per_tib;      // that can be bought in front of the disks; 0: none
  Figure<BytesPerSecond> ssd_cache_read_per_tib;
  Figure<Seconds> ssd_cache_latency;
  Figure<BytesPerSecond> network_per_tib;
  Figure<BytesPerSecond> network_burst_per_tib; // equal to network_per_tib: no burst
  Figure<BytesPerSecond> network_per_oss;

  // OST device.
  Figure<std::string> disk_model; // flash or raid6
  Figure<std::uint32_t> raid_data_disks;
  Figure<BytesPerSecond> hdd_bandwidth; // of one disk
  Figure<BytesPerSecond> disk_read_per_tib;
  Figure<BytesPerSecond> disk_read_burst_per_tib;
  Figure<BytesPerSecond> disk_write_per_tib;
  Figure<BytesPerSecond> disk_write_burst_per_tib;
  Figure<BytesPerSecond> disk_read_per_ost;
  Figure<BytesPerSecond> disk_write_per_ost;
  Figure<Seconds> disk_latency; // of an unloaded small read
  Figure<PerSecond> disk_iops_per_ost;
  Figure<Seconds> burst_duration; // full burst from a full bucket until the credit is spent

  // Metadata.
  Figure<std::string> metadata_mode; // `provisioned` (FSx metadata IOPS) or `server`
  Figure<std::uint32_t> mdts;        // in mode `server`
  Figure<std::uint32_t> iops_min;    // in mode `provisioned`: none is included; 0: by capacity
  Figure<std::uint32_t> iops_max;
  Figure<double> open_per_iops; // in mode `provisioned`: opens and closes together
  Figure<double> getattr_per_iops;
  Figure<bool> close_counts;          // a close takes IOPS as an open does
  Figure<PerSecond> mds_transactions; // of an MDT's device; 0: no limit
  Figure<std::uint32_t> mds_cores;
  Figure<PerSecond> mds_open_rate; // per MDT, of its CPU; service time = mds_cores / rate
  Figure<PerSecond> mds_close_rate;
  Figure<PerSecond> mds_create_rate; // with the close that follows; 0: as NVMe systems to opens
  Figure<PerSecond> mds_delete_rate; // the same
  Figure<PerSecond> mds_getattr_rate;

  // Network between client and server.
  Figure<Seconds> tcp_latency; // one way, software included
  Figure<Seconds> efa_latency;
  Figure<bool> efa_metadata; // metadata RPCs use it too; on FSx they stay on TCP
  Figure<BytesPerSecond> tcp_client_ceiling;
  Figure<BytesPerSecond> tcp_flow_ceiling; // one client to one OSS
  Figure<BytesPerSecond> efa_client_ceiling;
  Figure<BytesPerSecond> gds_client_ceiling; // with GPUDirect Storage
  Figure<bool> gds;                          // its servers serve GPUDirect Storage
  Figure<std::uint32_t> efa_connections;     // most, of all clients' cards; 0: no limit
  Figure<std::string> rdma_lnd;              // what `efa` is here: efa or o2ib
  Figure<BytesPerSecond> tcp_per_connection; // most of one TCP connection; 0: no limit
  Figure<BytesPerSecond> tcp_copy;           // most that one thread receives; 0: no limit
  Figure<BytesPerSecond> mds_network;        // of one metadata server, each way; 0: no limit

  // What a price list prices is models/catalog/prices/*.yaml's.
  Figure<double> billed_gib_per_tib; // 1,000 where the product's TiB is billed as 1,000 GiB

  // Servers follow from the throughput bought, storage grows with what is stored and lies in tiers:
  // FSx Intelligent-Tiering.
  bool by_throughput() const { return throughput_step.value.count() > 0; }
  bool offers_efa() const { return oss_capacity_efa.value > Bytes{}; }

  static const ParameterTable& parameters();
};

// Metadata IOPS that FSx provisions by itself for a capacity.
// \source FSx for Lustre guide, quoted 2026-08: 1.2 TiB 1,500; 2.4 TiB 3,000; to 9.6 TiB 6,000; to
// 45.6 TiB 12,000; from 48 TiB 12,000 per 24 TiB
std::uint32_t automatic_metadata_iops(Bytes capacity);

// May so many be provisioned? 1,500, 3,000, 6,000 and multiples of 12,000 to 192,000.
// \source FSx API reference
bool is_metadata_iops(std::uint32_t iops);

// Capacity as billed. The product's TiB is in fact 1,000 GiB on FSx.
double billed_gib(const LustreSystem& system, Bytes capacity);

// What is wrong with figures that are fine one by one: one sentence each.
std::vector<std::string> problems_of(const Instance& instance);
std::vector<std::string> problems_of(const LustreSystem& system);

class Catalog {
public:
  // Reads the files of a folder, one for each kind of entry, and reports all that is wrong with
  // them. An entry with an error is not kept.
  static Catalog load(const std::string& folder, Diagnostics& diagnostics);

  const Instance* find_instance(std::string_view name) const;
  // Whatever can stand under a job; nullptr: no such entry.
  const CatalogEntry* find_storage(std::string_view name) const;
  const LustreSystem* find_filesystem(std::string_view name) const; // of Lustre
  // In alphabetical order.
  std::vector<std::string> instance_names() const;
  std::vector<std::string> storage_names() const;
  // By kind, within one as in its file.
  const std::vector<CatalogEntry>& entries() const { return entries_; }
  const std::vector<PriceList>& price_lists() const { return price_lists_; }
  const std::vector<std::string>& files() const { return files_; } // what was read

private:
  const CatalogEntry* find(std::string_view name, bool instance) const;
  std::vector<std::string> names(bool instance) const;
  void load_kind(const EntryKind& kind, const std::string& file, Diagnostics& diagnostics);

  std::vector<CatalogEntry> entries_;
  std::vector<PriceList> price_lists_;
  std::vector<std::string> files_;
};

// Every kind of entry there is: instances first, then each kind of storage.
const std::vector<const EntryKind*>& entry_kinds();

} // namespace lustrum
