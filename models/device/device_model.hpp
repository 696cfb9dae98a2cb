// Block devices as pure arithmetic: how long a request keeps the device busy, and how long it takes
// besides. The station (fifo) adds the queue.
#pragma once

#include "sim/base/units.hpp"

#include <algorithm>
#include <cassert>

namespace lustrum::device {

enum class Operation : std::uint8_t { read, write };

// A flash device (or a provisioned share of one). It is busy for b/B, never less than 1/IOPS; the
// latency is paid besides and does not occupy it, because a flash device works on many requests at
// once:
//   response(unloaded) = latency + max(b/B, 1/IOPS)
struct NvmeModel {
  Seconds latency{};
  BytesPerSecond read_bandwidth{};
  BytesPerSecond write_bandwidth{};
  PerSecond iops{};

  Seconds busy_time(Operation operation, Bytes bytes) const {
    const BytesPerSecond bandwidth =
        operation == Operation::read ? read_bandwidth : write_bandwidth;
    assert(bandwidth.count() > 0 && iops.count() > 0);
    return std::max(bytes / bandwidth, Seconds{1 / iops.count()});
  }
};

} // namespace lustrum::device
