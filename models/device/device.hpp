// The block device of a target: one of the models, and where its head stands.
//
//   Device device(HddModel{});
//   co_await world.serve(disk, device.busy_time({Operation::read, object, offset, 4_MiB, depth}));
//   co_await world.delay(latency, device.latency());
#pragma once

#include "models/device/device_model.hpp"
#include "models/device/hdd_model.hpp"
#include "models/device/raid6_model.hpp"

#include <variant>

namespace lustrum::device {

using DeviceModel = std::variant<NvmeModel, HddModel, Raid6Model>;

// The rate of large accesses one after the other.
BytesPerSecond sequential_rate(const DeviceModel& model, Operation operation);

struct Access {
  Operation operation{};
  std::uint64_t object = 0; // unique on the device
  Bytes offset{};           // in the object
  Bytes bytes{};
  std::uint32_t queue_depth = 1; // requests at the device, this one included
};

class Device {
public:
  explicit Device(const DeviceModel& model) : model_(model) {}

  const DeviceModel& model() const { return model_; }

  // How long the request keeps the device busy; to be called once for each, in the order in which
  // they are served. An access is sequential when it goes on in the object, at the byte, where the
  // last one ended. \pre bytes > 0, queue_depth > 0
  Seconds busy_time(const Access& access);
  // Paid besides, without occupying the device.
  Seconds latency() const;

private:
  DeviceModel model_;
  bool moved_ = false;
  std::uint64_t last_object_ = 0;
  Bytes last_end_{};
};

} // namespace lustrum::device
