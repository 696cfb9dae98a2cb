// The data of whole files between OSTs and what runs on a client beside jobs: copytools, PCC. It
// goes the way of any client's data: page cache, locks, RPCs, the network card.
#pragma once

#include "models/lustre/client/object_cache.hpp"

#include <vector>

namespace lustrum::lustre {

class FileData {
public:
  // `job`: whose bytes they are. All must outlive it.
  FileData(FileTable& files, ObjectCache& cache, JobIndex job)
      : files_(files), cache_(cache), job_(job) {}

  // Makes the extent dirty. \pre its objects are there
  kernel::Task store(FileIndex file, Extent extent, Outcome& outcome);
  // Waits until the extent is here, and sends for `ahead` bytes more.
  kernel::Task fetch(FileIndex file, Extent extent, Bytes ahead, Outcome& outcome);
  // Writes all back and forgets the pages.
  kernel::Task flush(FileIndex file, Outcome& outcome);
  void discard(std::uint32_t object) { cache_.discard(object, Bytes{}); }

private:
  void map(FileIndex file, Extent extent, std::vector<ObjectExtent>& out) const;

  FileTable& files_;
  ObjectCache& cache_;
  JobIndex job_;
};

} // namespace lustrum::lustre
