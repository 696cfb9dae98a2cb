// What a direct call costs its process. Measured were whole calls of 1 to 64 MiB (lustre-release
// commit 7194eb6): t = overhead + bytes/rate, of which about 1 ms does not depend on the bytes. But
// a call of 4 KiB takes 350 us in all (commit 70f092a), so that ms cannot be a price per call: it
// is taken for what the first LNet message of 1 MiB costs, and below that as bytes.
#pragma once

#include "sim/base/units.hpp"

#include <algorithm>

namespace lustrum::lustre {

struct DirectIoTime {
  Seconds overhead{};
  BytesPerSecond rate{};

  // How long the process is busy with a call, beside the transfer.
  Seconds of(Bytes bytes) const {
    constexpr double kMessage = 1.0 * kMib; // LNET_MTU
    return overhead * std::min(bytes.as_double() / kMessage, 1.0) + bytes / rate;
  }
};

} // namespace lustrum::lustre
