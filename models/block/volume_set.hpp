// The volumes of one host as stations. An access is split over the stripe; its parts run at the
// same time, each on its volume, all through the instance's limit and the PCIe bus.
#pragma once

#include "models/block/volume_settings.hpp"
#include "models/device/device_model.hpp"
#include "models/fabric/host_links.hpp"
#include "models/storage.hpp"

#include <vector>

namespace lustrum::block {

struct VolumeUsage {
  std::uint64_t reads = 0; // operations as the device counts them
  std::uint64_t writes = 0;
  Bytes read{};
  Bytes written{};
};

class VolumeSet {
public:
  // `links`: whose PCIe bus the volumes sit on, or nullptr (network volumes have cards of their
  // own). `station_class`: a literal, how results group the volumes.
  VolumeSet(kernel::World& world, const fabric::HostLinks* links, ClientIndex client,
            const VolumeSettings& settings, std::string_view station_class);

  // Reads or writes a stretch of a file, whose place on the volumes follows from its number.
  kernel::Task access(device::Operation operation, FileIndex file, Bytes offset, Bytes length,
                      Outcome& outcome);

  const VolumeSettings& settings() const { return settings_; }
  const VolumeUsage& usage() const { return usage_; }
  Bytes capacity() const { return settings_.capacity * settings_.volumes; }
  // The volumes' stations have served what was accessed. Empty when all holds.
  std::vector<std::string> check_laws(bool idle) const;

private:
  struct Volume {
    kernel::SharedStation* station = nullptr; // its time, in bytes read
    kernel::Path read;
    kernel::Path write;
  };
  // An access in chunks of the stripe; `head` and `tail` are what it leaves out of the first and
  // the last.
  struct Striped {
    std::uint64_t first = 0;
    std::uint64_t chunks = 0;
    Bytes head{};
    Bytes tail{};
  };
  Striped stripe(Bytes offset, Bytes length) const;
  Bytes bytes_on(const Striped& striped, std::uint64_t v) const;
  kernel::Task move(const kernel::Path& path, Bytes bytes);

  kernel::World& world_;
  VolumeSettings settings_;
  std::vector<Volume> volumes_;
  kernel::BucketStation* operations_ = nullptr; // in read operations
  kernel::BucketStation* credit_ = nullptr;
  kernel::DelayStation& latency_;
  double write_cost_ = 1; // in read operations
  VolumeUsage usage_;
};

} // namespace lustrum::block
