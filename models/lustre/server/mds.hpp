// A metadata server with one MDT: CPU cores with a service time per operation and, where metadata
// IOPS are provisioned (FSx), a token bucket that each operation draws from.
#pragma once

#include "sim/base/cause.hpp"
#include "sim/kernel/world.hpp"

#include <array>

namespace lustrum::lustre {

enum class MetadataOperation : std::uint8_t { open, close, getattr };
inline constexpr std::size_t kMetadataOperations = 3;

struct MdsSettings {
  std::uint32_t cores = 1;
  // CPU time of one operation: cores / (rate of one MDT).
  std::array<Seconds, kMetadataOperations> service{};
  // Provisioned metadata IOPS of one MDT (0: none), and how many of them one operation takes.
  PerSecond provisioned_iops{};
  std::array<double, kMetadataOperations> iops_per_operation{};
};

// How long the provisioned rate may be exceeded is not published: saved-up IOPS of this time
// (assumed).
inline constexpr Seconds kIopsBurst{0.1};

class Mds {
public:
  Mds(kernel::World& world, MdtIndex index, const MdsSettings& settings);

  // Serves one request that has arrived.
  kernel::Task serve(MetadataOperation operation, TimeAccount& account);

private:
  kernel::World& world_;
  MdsSettings settings_;
  kernel::FifoStation& cpu_;
  kernel::BucketStation* iops_ = nullptr;
};

} // namespace lustrum::lustre
