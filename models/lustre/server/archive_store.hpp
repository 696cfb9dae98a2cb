// What stands behind HSM agents, in few numbers: an object store or a tape library's disk pool. A
// request waits for the store's request rate, then for its first byte; its data then flows at the
// least of the connection's, the agent's and the store's rate.
#pragma once

#include "sim/kernel/world.hpp"

namespace lustrum::lustre {

// Rates of 0: no such limit.
struct ArchiveSettings {
  Seconds first_byte{};
  BytesPerSecond connection_rate{}; // of one file's data
  BytesPerSecond total_rate{};      // of all agents together
  PerSecond requests{};             // GETs and PUTs
};

class ArchiveStore {
public:
  ArchiveStore(kernel::World& world, const ArchiveSettings& settings);

  // A connection of an agent, and what its data crosses; kept for as long as the world lives.
  // `agent`: the agent's own rate, or nullptr.
  kernel::Path connect(std::uint32_t agent_index, std::uint32_t connection,
                       kernel::SharedStation* agent);
  // One request, until its first byte moves.
  kernel::Task begin();

  std::uint64_t requests() const { return requests_; }

private:
  kernel::World& world_;
  ArchiveSettings settings_;
  kernel::DelayStation& latency_;
  kernel::SharedStation* total_ = nullptr;
  kernel::BucketStation* request_rate_ = nullptr;
  std::uint64_t requests_ = 0;
};

} // namespace lustrum::lustre
