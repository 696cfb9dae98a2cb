// What a metadata server is made of.
#pragma once

#include "models/lustre/server/metadata_operation.hpp"
#include "sim/base/units.hpp"

namespace lustrum::lustre {

struct MdsSettings {
  std::uint32_t cores = 1;
  std::uint32_t cpts = 1;
  // Threads of each service; 0: as many as Lustre starts for these cores (service_threads.hpp).
  std::array<std::uint32_t, kMdsPortals> threads{};
  // CPU time of one operation: cores / (rate of one MDT).
  PerOperation<Seconds> service{};
  // The MDT's device: time that one transaction takes of it, 1 / (transactions per second). Commits
  // are grouped, so this bounds the rate and is no commit latency. 0: no limit.
  Seconds transaction{};
  // Provisioned metadata IOPS of one MDT (0: none), and how many of them one operation takes.
  PerSecond provisioned_iops{};
  PerOperation<double> iops_per_operation{};
};

// How long the provisioned rate may be exceeded is not published: saved-up IOPS of this time
// (assumed).
inline constexpr Seconds kIopsBurst{0.1};

} // namespace lustrum::lustre
