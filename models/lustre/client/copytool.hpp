// An HSM agent: a copytool on a client, which moves whole files between the archive and the OSTs.
// What it writes to Lustre goes the way of any client's writes: page cache, locks, RPCs, its
// network card.
// Source: Lustre 2.15 lustre/utils/lhsmtool_posix.c.
#pragma once

#include "models/lustre/client/file_data.hpp"
#include "models/lustre/server/archive_store.hpp"
#include "models/lustre/server/hsm_agent.hpp"
#include "models/lustre/server/mds_wire.hpp"

namespace lustrum::lustre {

struct CopytoolSettings {
  std::uint32_t concurrent_files = 0; // 0: as many as it is sent, as lhsmtool_posix does
  BytesPerSecond bandwidth{};         // of the agent, all files together; 0: no limit of its own
  Seconds file_overhead{};            // of one file, besides the RPCs
};

class Copytool : public HsmAgent {
public:
  struct Parts {
    kernel::World& world;
    FileTable& files;
    MdsWire& wire;
    ArchiveStore& archive;
    ObjectCache& cache; // of the client it runs on
    kernel::DelayStation& timer;
  };

  // `job`: whose bytes they are.
  Copytool(const Parts& parts, std::uint32_t index, JobIndex job, const CopytoolSettings& settings);

  kernel::Task run(HsmCopy& copy) override;
  void discard(std::uint32_t object) { data_.discard(object); }

private:
  // Whether the copy is to go on.
  bool goes_on(HsmCopy& copy) const;
  kernel::Task restore(HsmCopy& copy, const kernel::Path& path);
  kernel::Task archive(HsmCopy& copy, const kernel::Path& path);

  Parts parts_;
  std::uint32_t index_;
  FileData data_;
  CopytoolSettings settings_;
  kernel::SharedStation* bandwidth_ = nullptr;
  kernel::SlotsStation* slots_ = nullptr;
  std::deque<kernel::Path> connections_; // as many as were ever used at a time
  std::vector<const kernel::Path*> free_connections_;
};

} // namespace lustrum::lustre
