// One file server of a FileServer: its ceilings, operations, memory, disks, and the time of a call
// at it. Clients stand in file_server.hpp.
#pragma once

#include "models/fileserver/server_settings.hpp"
#include "models/storage.hpp"

namespace lustrum::fileserver {

struct ServerUsage {
  std::uint64_t reads = 0; // calls
  std::uint64_t writes = 0;
  std::uint64_t metadata = 0;
  Bytes read{};
  Bytes written{};
  Bytes read_from_disk{};
  Bytes read_cold{}; // from the infrequent-access class
  double metered_bytes = 0;

  ServerUsage& operator+=(const ServerUsage& other);
};

// What a server's calls draw on; none where there is no such limit.
struct ServerBuckets {
  kernel::BucketStation* read_iops = nullptr;
  kernel::BucketStation* write_iops = nullptr;
  kernel::BucketStation* disk_iops = nullptr;
  kernel::BucketStation* credit = nullptr;
};

class Server {
public:
  Server(kernel::World& world, std::uint32_t number, const ServerSettings& settings,
         kernel::DelayStation& latency, std::uint64_t seed);

  // Everything of a call but the transfer: operations, credit, latency, disks. Of a read, whether
  // the data must come over `disk_path` first.
  kernel::Task read_call(FileIndex file, Bytes offset, Bytes length, Bytes size, bool& from_disk,
                         Outcome& outcome);
  kernel::Task write_call(FileIndex file, Bytes offset, Bytes length, Bytes size, Outcome& outcome);
  // A metadata call that looks, or one that changes.
  kernel::Task metadata_call(bool changes, Outcome& outcome);
  void forget(FileIndex file, Bytes size) { cache_.erase(file, size); }
  void set_cold(FileIndex file);

  kernel::SharedStation& reads() { return *reads_; }
  kernel::SharedStation& writes() { return *writes_; }
  // nullptr where disks are no slower than the server.
  kernel::SharedStation* disk() { return disk_; }
  double write_cost() const { return write_cost_; }
  bool has_disk_for_writes() const { return settings_.disk_write.count() > 0; }
  const ServerUsage& usage() const { return usage_; }
  const tiering::BlockCache& cache() const { return cache_; }

private:
  kernel::Task throttle(kernel::BucketStation* operations, double metered, Outcome& outcome);
  bool is_cold(FileIndex file) const { return file.value() < cold_.size() && cold_[file.value()]; }

  kernel::World& world_;
  const ServerSettings& settings_;
  kernel::DelayStation& latency_;
  tiering::BlockCache cache_;
  kernel::SharedStation* reads_;
  kernel::SharedStation* writes_;
  kernel::SharedStation* disk_ = nullptr;
  double write_cost_ = 1;
  LatencyDraws read_draws_;
  LatencyDraws write_draws_;
  LatencyDraws metadata_draws_;
  LatencyDraws cold_draws_;
  ServerBuckets limits_;
  std::vector<bool> cold_; // by file
  ServerUsage usage_;
};

} // namespace lustrum::fileserver
