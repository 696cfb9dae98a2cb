// A Lustre file system in which nothing takes time or queues, for tests that put one limit in.
#pragma once

#include "models/lustre/filesystem.hpp"

#include <memory>

namespace lustrum::test {

inline constexpr double kBoundless = 1e15; // bytes or operations per second
inline constexpr std::uint32_t kPlenty = 1U << 20U;

inline lustre::FilesystemSettings ideal_filesystem() {
  lustre::FilesystemSettings s;
  s.fabric.client_nic = BytesPerSecond{kBoundless};
  s.fabric.server_nic = BytesPerSecond{kBoundless};
  s.oss.threads = kPlenty;
  s.oss.cores = kPlenty;
  s.oss.disk = device::NvmeModel{.latency = {},
                                 .read_bandwidth = BytesPerSecond{kBoundless},
                                 .write_bandwidth = BytesPerSecond{kBoundless},
                                 .iops = PerSecond{kBoundless}};
  s.mds.cores = kPlenty;
  s.tunables = lustre::LustreTunables::defaults();
  lustre::LustreTunables& t = s.tunables;
  t.client_copy_bandwidth = t.client_copy_bandwidth_write = BytesPerSecond{kBoundless};
  t.client_dio_bandwidth_read = t.client_dio_bandwidth_write = BytesPerSecond{kBoundless};
  t.client_dio_overhead_read = t.client_dio_overhead_write = {};
  t.client_dio_bounce_read = t.client_dio_bounce_write = BytesPerSecond{kBoundless};
  t.client_bulk_setup = {};
  t.osc_checksums = false;
  return s;
}

// Striping in one component.
inline lustre::Layout striped(std::uint32_t count, Bytes size = Bytes{kMib}) {
  return lustre::Layout({{.end = lustre::kToEnd, .stripe_count = count, .stripe_size = size}});
}

// Opens a file, reads it whole in one call, closes it.
inline kernel::Task read_whole(Storage& storage, ClientIndex client, FileIndex file) {
  Outcome outcome;
  std::unique_ptr<OpenFile> open;
  co_await storage.open({client, {}, 0}, file, {}, open, outcome);
  co_await storage.read(*open, Bytes{}, storage.file_size(file), outcome);
  co_await storage.close(std::move(open), outcome);
}

// The station with this label, which must exist.
inline const kernel::Station& station(const kernel::World& world, std::string_view label) {
  for (const kernel::Station* s : world.stations())
    if (kernel::to_string(s->label()) == label) return *s;
  throw std::runtime_error("no station " + std::string(label));
}

inline double mib_per_s(Bytes bytes, Seconds time) {
  return bytes.as_double() / static_cast<double>(kMib) / time.count();
}

} // namespace lustrum::test
