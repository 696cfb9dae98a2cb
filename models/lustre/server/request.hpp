// What an OST_READ or OST_WRITE says of itself: enough for the server to schedule, cache and count
// it.
#pragma once

#include "models/device/device_model.hpp"
#include "models/fabric/fabric_settings.hpp"
#include "sim/base/units.hpp"

namespace lustrum::lustre {

struct BulkRequest {
  ClientIndex client{};
  JobIndex job{};
  std::uint32_t object = 0;
  Bytes offset{}; // within the object
  Bytes length{};
  device::Operation operation = device::Operation::read;
  bool high_priority = false;                         // writes back what a lock callback waits for
  fabric::HostPath host = fabric::HostPath::buffered; // where the bytes go within the client

  bool is_read() const { return operation == device::Operation::read; }
};

} // namespace lustrum::lustre
