// What an OST_READ or OST_WRITE says of itself: enough for the server to schedule, cache and count
// it.
#pragma once

#include "models/device/device_model.hpp"
#include "sim/base/units.hpp"

namespace lustrum::lustre {

struct BulkRequest {
  ClientIndex client{};
  JobIndex job{};
  std::uint32_t object = 0;
  Bytes offset{}; // within the object
  Bytes length{};
  device::Operation operation = device::Operation::read;
  bool high_priority = false; // writes back what a lock callback waits for
  bool gpu = false;           // GPUDirect: the data does not touch the host's memory

  bool is_read() const { return operation == device::Operation::read; }
};

} // namespace lustrum::lustre
