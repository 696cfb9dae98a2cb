// Calls to the MDT of a file by those who are no client of their own: HSM agents and `lfs hsm_*`.
// They cost the way there and back and the server's time; slots and locks are not theirs to wait
// for.
#pragma once

#include "models/fabric/fabric.hpp"
#include "models/lustre/policy/file_table.hpp"
#include "models/lustre/server/mds.hpp"

#include <deque>
#include <optional>

namespace lustrum::lustre {

class MdsWire {
public:
  MdsWire(fabric::Fabric& fabric, const FileTable& files, std::deque<Mds>& mds)
      : fabric_(fabric), files_(files), mds_(mds) {}

  auto one_way() { return fabric_.metadata_latency(); }
  // The server's part alone.
  kernel::Task serve(FileIndex file, MetadataOperation operation) {
    Mds& mds = mds_[files_.mdt_of(file).value()];
    while (!mds.target().available()) co_await mds.target().change();
    TimeAccount account; // whoever waits puts it down to a cause of his own
    std::optional<kernel::SlotHold> thread;
    co_await mds.serve({.operation = operation}, thread, account);
  }
  kernel::Task call(FileIndex file, MetadataOperation operation) {
    co_await one_way();
    co_await serve(file, operation);
    co_await one_way();
  }

private:
  fabric::Fabric& fabric_;
  const FileTable& files_;
  std::deque<Mds>& mds_;
};

} // namespace lustrum::lustre
