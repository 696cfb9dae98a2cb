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
  Bytes part{};                     // of a ranged GET or a multipart PUT; 0: files move in one
};

// What it was asked for, as an object store bills it.
struct ArchiveUsage {
  std::uint64_t gets = 0;
  std::uint64_t puts = 0;    // those of multipart uploads included
  std::uint64_t deletes = 0; // free of charge at S3
};

enum class ArchiveRequest : std::uint8_t { get, put, remove };

// Requests that move a file: a range each, or a PUT; an upload in parts is begun and completed by
// one more request each. \source S3 user guide, multipart upload
std::uint64_t requests_for(ArchiveRequest request, Bytes size, Bytes part);

class ArchiveStore {
public:
  ArchiveStore(kernel::World& world, const ArchiveSettings& settings);

  // A connection of an agent, and what its data crosses; kept for as long as the world lives.
  // `agent`: the agent's own rate, or nullptr.
  kernel::Path connect(std::uint32_t agent_index, std::uint32_t connection,
                       kernel::SharedStation* agent);
  // The requests for a file of this size, until the first byte moves; those that follow are sent
  // while data moves.
  kernel::Task begin(ArchiveRequest request, Bytes size);

  const ArchiveUsage& usage() const { return usage_; }

private:
  kernel::World& world_;
  ArchiveSettings settings_;
  kernel::DelayStation& latency_;
  kernel::SharedStation* total_ = nullptr;
  kernel::BucketStation* request_rate_ = nullptr;
  ArchiveUsage usage_;
};

} // namespace lustrum::lustre
