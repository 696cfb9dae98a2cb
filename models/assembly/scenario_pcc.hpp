// The section `storage.pcc` of a scenario: copies of files on the clients' own disks.
#pragma once

#include "sim/base/parameter.hpp"

#include <cstdint>
#include <string>

namespace lustrum {

struct PccChoice {
  std::string mode; // off, ro or rw
  Bytes capacity{};
  BytesPerSecond read_bandwidth{};
  BytesPerSecond write_bandwidth{};
  Seconds latency{};
  PerSecond iops{};
  Bytes inline_limit{};

  bool on() const { return mode != "off"; }
  static const ParameterTable& parameters();
};

} // namespace lustrum
