// What a client asks of the metadata servers.
#pragma once

#include "models/lustre/client/mdc.hpp"
#include "models/lustre/policy/file_table.hpp"
#include "models/storage.hpp"

#include <deque>

namespace lustrum::lustre {

class MetadataClient {
public:
  MetadataClient(kernel::World& world, fabric::Fabric& fabric, FileTable& files,
                 std::deque<Mds>& mds, ClientIndex client, const LustreTunables& tunables);

  kernel::Task open(Caller caller, FileIndex file, OpenMode mode, Outcome& outcome);
  kernel::Task close(Caller caller, FileIndex file, Outcome& outcome);
  kernel::Task stat(Caller caller, FileIndex file, Outcome& outcome);

private:
  Mdc& mdc_of(FileIndex file);

  FileTable& files_;
  std::deque<Mdc> mdcs_;
};

} // namespace lustrum::lustre
