// The phase in which a job's data is copied from another storage to the disks of its clients: what
// `aws s3 sync` before training does, or SageMaker's File mode. Several files at once on each
// client; each piece is written as soon as it has arrived.
#pragma once

#include "models/block/local_storage.hpp"

namespace lustrum::block {

struct CopyInSettings {
  std::uint32_t files_at_once = 1; // per client
  Bytes piece{};                   // read from the source and written, at a time
  bool shards = false;             // client c of n gets files c, c + n, ...; else all get all
};

// A file of the source and what it becomes.
struct CopyFile {
  FileIndex source;
  FileIndex local;
};

struct CopyInResult {
  Bytes copied{};           // on all clients
  Seconds longest{};        // until the last client had everything
  std::uint64_t failed = 0; // files
  TimeAccount time;         // of all copying processes, by cause
};

// Copies to clients [first, first + clients). Processes 0 to files_at_once - 1 of each client do
// it. Everything passed by reference must outlive the task. \pre the files' sizes are equal, and
// the local ones are placed and absent
kernel::Task copy_in(kernel::World& world, Storage& source, LocalStorage& local,
                     const std::vector<CopyFile>& files, ClientIndex first, std::uint32_t clients,
                     CopyInSettings settings, JobIndex job, CopyInResult& result);

} // namespace lustrum::block
