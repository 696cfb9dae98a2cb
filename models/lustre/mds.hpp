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
  // Provisioned metadata IOPS of one MDT; 0: none. FSx grants 2 opens or closes per IOPS; getattr
  // has no published multiplier and is counted like them (assumed).
  PerSecond provisioned_iops{};
  std::array<double, kMetadataOperations> iops_per_operation{0.5, 0.5, 0.5};
};

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
