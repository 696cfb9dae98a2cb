// Block devices of one host, striped (RAID-0): network volumes (EBS, Hyperdisk) with a limit of
// each volume and one of the instance, or an instance's own NVMe drives.
#pragma once

#include "sim/base/parameter.hpp"
#include "sim/base/units.hpp"

namespace lustrum::block {

struct VolumeSettings {
  std::uint32_t volumes = 1;
  Bytes capacity{};          // of one volume; 0: without end
  BytesPerSecond read{};     // of one volume
  BytesPerSecond write{};    // of one volume; reads and writes share its time
  PerSecond read_iops{};     // of one volume; 0: no limit
  PerSecond write_iops{};    // the same
  Bytes io_size{};           // what the device counts as one operation at most
  Bytes chunk{};             // of the stripe
  Seconds latency{};         // beside the transfer, of each access
  BytesPerSecond set_rate{}; // of all volumes together: the instance's limit; 0: none
  PerSecond set_iops{};      // the same
  // Burst credit of the set, as small instances and some volumes have it: set_rate is then reached
  // as long as credit lasts, and fills up at this rate. 0: none.
  BytesPerSecond baseline{};
  Bytes credit{};
  Bytes initial_credit{};

  static const ParameterTable& parameters();

  // The lasting rate of large reads over all volumes, and of large writes.
  BytesPerSecond read_rate() const { return limited(read * volumes); }
  BytesPerSecond write_rate() const { return limited(write * volumes); }
  BytesPerSecond limited(BytesPerSecond rate) const {
    return set_rate.count() > 0 && set_rate < rate ? set_rate : rate;
  }
};

} // namespace lustrum::block
