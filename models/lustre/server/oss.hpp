// Object storage servers: ost_io threads, CPU, network credit, and their OSTs (device with its own
// throughput credit, or flash before a tiered store). A thread is held for the whole RPC: device
// and bulk transfer.
#pragma once

#include "models/device/device.hpp"
#include "models/fabric/fabric.hpp"
#include "models/lustre/policy/counters.hpp"
#include "models/lustre/policy/file_table.hpp"
#include "models/lustre/policy/grant_pool.hpp"
#include "models/lustre/policy/nrs.hpp"
#include "models/lustre/policy/rpc_opcode.hpp"
#include "models/lustre/policy/server_cache.hpp"
#include "models/lustre/server/request.hpp"
#include "models/lustre/server/target.hpp"
#include "models/tiering/tiered_store.hpp"
#include "sim/base/cause.hpp"
#include "sim/kernel/world.hpp"

#include <memory>
#include <optional>

namespace lustrum::lustre {

// A provisioned rate with burst credit: `baseline` for good, the station's own capacity while the
// credit lasts. baseline 0: no limit besides the station.
struct BurstSettings {
  BytesPerSecond baseline{};
  double credit_bytes = 0;
  double initial_bytes = 0;
};

// Flash in front of the disks of one OST that holds what was read last, and outlives restarts of
// the server (FSx on hard disks, drive cache type READ).
struct SsdCacheSettings {
  Bytes capacity{}; // 0: none
  BytesPerSecond rate{};
  Seconds latency{};
};

struct OssSettings {
  std::uint32_t threads = 1; // ost_io, of all partitions
  std::uint32_t cores = 1;
  std::uint32_t cpts = 1;         // partitions: rates of TBF rules hold in each
  Seconds rpc_service{};          // CPU time per RPC
  BytesPerSecond checksum_rate{}; // of one core; 0: checksums are off
  BurstSettings network;
  GrantPool::Settings grants; // of one OST
  std::uint32_t osts = 1;     // per OSS
  NrsSettings nrs;            // who gets the next thread
  ServerCacheSettings cache;  // of one OSS, in its memory
  SsdCacheSettings ssd_cache; // of one OST
  // Of one OST: its device is flash that caches what lies in the store, and takes what is written.
  std::optional<tiering::TieredStoreSettings> tiered;
  device::DeviceModel disk; // of one OST, at its burst rate
  BurstSettings disk_credit;
  double write_cost = 1; // credit drawn by a written byte, in read bytes
  // obdfilter.*.sync_journal: a write is answered once the journal has its transaction.
  bool sync_journal = false;
  // Locks of one OST that clients may keep unused, all together (ldlm pool); 0: not known.
  std::uint64_t lock_limit = 0;

  // The device of a design that stands on flash. Pre: it does.
  device::NvmeModel& nvme() { return std::get<device::NvmeModel>(disk); }
};

class Oss;

class Ost {
public:
  // `latency` is shared by all OSTs: nobody queues there. The files tell a tiered store how long an
  // object is.
  Ost(kernel::World& world, Oss& oss, kernel::DelayStation& latency, OstIndex index,
      const OssSettings& settings, std::uint32_t clients, const FileTable& files,
      std::uint64_t seed);

  OstIndex index() const { return index_; }
  // The server that it is attached to.
  Oss& oss() const { return *oss_; }
  void move_to(Oss& oss) { oss_ = &oss; }
  Target& target() { return target_; }
  const Target& target() const { return target_; }

  // Reads or writes on the device, as far as the server's cache does not do: credit, queue and
  // service, latency.
  kernel::Task access(const BulkRequest& request, RpcTime& account);
  // Waits until the transaction of a write that ends now is in the journal.
  kernel::Task commit(RpcTime& account);
  // The device runs at this share of its rate: RAID rebuild, a failing disk. Pre: 0 < factor.
  void set_rate_factor(double factor) { rate_factor_ = factor; }

  GrantPool& grants() { return grants_; }
  const GrantPool& grants() const { return grants_; }

  // Bytes of requests served, whether from the device or from the server's memory.
  double bytes_read() const { return bytes_read_; }
  double bytes_written() const { return bytes_written_; }
  OstCounters& counters() { return counters_; }
  const OstCounters& counters() const { return counters_; }
  // An RPC without data has been served.
  void count(RpcOpcode opcode, Seconds time);
  // nullptr without.
  const tiering::TieredStore* tiered() const { return tiered_.get(); }
  // An object of this size is gone.
  void destroyed(std::uint32_t object, Bytes size) {
    if (tiered_) tiered_->removed(object, size);
  }
  // Bytes of reads that came out of the SSD cache before hard disks.
  Bytes ssd_hits() const { return ssd_ ? ssd_->contents.hit_bytes() : Bytes{}; }

private:
  // Reads fill it, writes pass it by (assumed: it is sold as a read cache).
  struct SsdCache {
    SsdCache(kernel::World& world, OstIndex index, const SsdCacheSettings& settings);
    ServerCache contents;
    kernel::FifoStation& flash;
  };
  // In oss_tiered.cpp: what of a read is neither in memory nor on the device is fetched. `access`
  // is then what the device must deliver, perhaps nothing.
  kernel::Task read_tiered(device::Access& access);
  kernel::Task fetch(std::uint32_t object, Bytes at, Bytes bytes);
  kernel::Task wait_for(std::uint32_t object, Bytes at);
  // An object's size as far as that cache wants to know.
  Bytes size_for(const ServerCache& cache, std::uint64_t object) const;
  // What a cache has of a read is taken off it. False: nothing is left.
  static bool take_hits(ServerCache& cache, device::Access& access, Bytes object_size);

  kernel::World& world_;
  Oss* oss_;
  OstIndex index_;
  const OssSettings& settings_;
  Target target_;
  device::Device device_;
  double rate_factor_ = 1;
  kernel::FifoStation& disk_;
  kernel::DelayStation& latency_;
  kernel::BucketStation* credit_ = nullptr;
  std::unique_ptr<SsdCache> ssd_;
  std::unique_ptr<tiering::TieredStore> tiered_;
  const FileTable& files_;
  // Commits of the journal, one at a time: what has begun and what is done.
  std::uint64_t commits_begun_ = 0;
  std::uint64_t commits_done_ = 0;
  kernel::Signal committed_;
  double bytes_read_ = 0;
  double bytes_written_ = 0;
  GrantPool grants_;
  OstCounters counters_;
};

class Oss {
public:
  Oss(kernel::World& world, fabric::Fabric& fabric, OssIndex index, const OssSettings& settings);

  OssIndex index() const { return index_; }
  const OssSettings& settings() const { return settings_; }
  const kernel::ScheduledSlotsStation& threads() const { return threads_; }
  const ServiceCounters& counters() const { return counters_; }

  // OST_READ or OST_WRITE as it arrives from a client: thread, CPU, device and bulk transfer.
  // Pre: the request outlives the call.
  kernel::Task bulk(Ost& ost, const BulkRequest& request, RpcTime& time);
  ServerCache* cache() { return settings_.cache.capacity > Bytes{} ? &cache_ : nullptr; }
  // The server starts anew: its memory is empty.
  void restart() { cache_ = ServerCache{settings_.cache}; }
  // CPU of a request without data: LDLM_ENQUEUE, OST_SYNC, OST_PUNCH ...
  kernel::Task serve_small(TimeAccount& account, Cause cause);

private:
  Seconds cpu_time(const BulkRequest& request) const;

  kernel::World& world_;
  fabric::Fabric& fabric_;
  OssIndex index_;
  const OssSettings& settings_;
  kernel::ScheduledSlotsStation& threads_;
  std::unique_ptr<RequestScheduler> nrs_; // none for FIFO
  ServerCache cache_;
  kernel::FifoStation& cpu_;
  kernel::BucketStation* network_credit_ = nullptr;
  ServiceCounters counters_;
};

} // namespace lustrum::lustre
