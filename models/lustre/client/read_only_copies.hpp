// PCC in read-only mode (PCC-RO): whole files copied to a disk of the client when they are opened
// for reading, and read from there as long as the client has the file's layout lock.
//
// A file with copies has a mark in its layout; whoever writes to it has the MDT take the mark away,
// which calls all layout locks back. Who then asks for the layout again sees a new generation, and
// that his copy is of an older one.
// Source: lustre/llite/pcc.c (2.17), pcc.h; Lustre manual, PCC.
#pragma once

#include "models/device/device_model.hpp"
#include "models/lustre/client/metadata.hpp"
#include "models/lustre/policy/pcc.hpp"
#include "sim/base/hash_index.hpp"

#include <vector>

namespace lustrum::lustre {

struct PccSettings {
  PccMode mode = PccMode::read_only;
  Bytes capacity{};       // of one client's disk
  device::NvmeModel disk; // of one client
  std::vector<PccRule> rules{PccRule{}};
  Bytes inline_limit{256 * kMib}; // llite.pcc_async_threshold
};

// Which files have the mark, of the whole file system: a generation for each file, odd while it
// has.
class PccMarks {
public:
  std::uint32_t generation(FileIndex file) const {
    return file.value() < generations_.size() ? generations_[file.value()] : 0;
  }
  bool has(FileIndex file) const { return generation(file) % 2 == 1; }
  void set(FileIndex file, bool mark) {
    if (has(file) == mark) return;
    if (file.value() >= generations_.size()) generations_.resize(file.value() + std::size_t{1});
    ++generations_[file.value()];
  }

private:
  std::vector<std::uint32_t> generations_;
};

class ReadOnlyCopies {
public:
  struct Parts {
    kernel::World& world;
    FileTable& files;
    InodeLockService& inode_locks;
    MetadataClient& metadata;
    ObjectCache& objects;
    PccMarks& marks;
    kernel::DelayStation& timer; // the disk's latency
  };

  ReadOnlyCopies(const Parts& parts, ClientIndex client, const PccSettings& settings);

  // The file has been opened for reading: copies it if the rules say so. Small files are copied
  // before the open returns, larger ones while their readers use the servers.
  kernel::Task opened(Caller caller, FileIndex file, Outcome& outcome);
  // Whether a valid copy is here: one of the layout's present generation. \pre the client has the
  // layout
  bool serves(FileIndex file);
  // \pre serves(file)
  kernel::Task read(FileIndex file, Bytes length, Outcome& outcome);
  // Before a write by this client: nobody's copies are valid any more.
  kernel::Task make_writable(Caller caller, FileIndex file, Outcome& outcome);

  const PccCache& cache() const { return cache_; }

private:
  bool is_attaching(FileIndex file) const;
  void detach(FileIndex file);
  kernel::Task attach(Caller caller, FileIndex file, Outcome& outcome);
  kernel::Task attach_later(Caller caller, FileIndex file);
  kernel::Task copy(JobIndex job, FileIndex file, Bytes size, Outcome& outcome);
  void start(JobIndex job, FileIndex file, Extent extent);
  kernel::Task wait(JobIndex job, FileIndex file, Extent extent, Outcome& outcome);

  Parts parts_;
  ClientIndex client_;
  device::NvmeModel disk_model_;
  kernel::FifoStation& disk_;
  PccCache cache_;
  HashIndex<std::uint64_t> generations_; // of the copies
  std::vector<FileIndex> attaching_;
  kernel::Signal attached_;
  std::vector<FileIndex> detached_;   // scratch
  std::vector<ObjectExtent> extents_; // scratch
};

} // namespace lustrum::lustre
