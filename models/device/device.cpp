#include "models/device/device.hpp"

namespace lustrum::device {

Seconds Device::busy_time(const Access& access) {
  assert(access.bytes > Bytes{} && access.queue_depth > 0);
  const bool sequential = moved_ && access.object == last_object_ && access.offset == last_end_;
  moved_ = true;
  last_object_ = access.object;
  last_end_ = access.offset + access.bytes;
  if (const auto* nvme = std::get_if<NvmeModel>(&model_))
    return nvme->busy_time(access.operation, access.bytes);
  if (const auto* hdd = std::get_if<HddModel>(&model_))
    return hdd->busy_time(access.bytes, sequential, access.queue_depth);
  return std::get<Raid6Model>(model_).busy_time(access.operation, access.offset, access.bytes,
                                                sequential, access.queue_depth);
}

Seconds Device::latency() const {
  const auto* nvme = std::get_if<NvmeModel>(&model_);
  return nvme ? nvme->latency : Seconds{};
}

BytesPerSecond sequential_rate(const DeviceModel& model, Operation operation) {
  // Large enough that what is paid once per request does not count, and whole stripes.
  constexpr Bytes kLarge{kGib};
  Device device(model);
  const auto once = [&](Bytes offset) {
    return device.busy_time({.operation = operation, .offset = offset, .bytes = kLarge});
  };
  once(Bytes{});
  return kLarge / once(kLarge);
}

} // namespace lustrum::device
