// PCC in read-write mode (PCC-RW): files that this client creates lie whole on a disk of its own,
// and nowhere else. To the others such a file is released: whoever of them reads or writes it has
// it restored to the OSTs, for which the client is the HSM agent. A file that outgrows the disk is
// restored in the same way, and its writer goes on with the OSTs.
// Source: lustre/llite/pcc.c; Lustre manual, PCC.
#pragma once

#include "models/device/device_model.hpp"
#include "models/lustre/client/file_data.hpp"
#include "models/lustre/client/metadata.hpp"
#include "models/lustre/policy/pcc.hpp"
#include "models/lustre/server/hsm_service.hpp"

#include <vector>

namespace lustrum::lustre {

struct PccSettings;

class WritableCopies : public HsmAgent, public FileKeeper {
public:
  struct Parts {
    kernel::World& world;
    FileTable& files;
    HsmService& hsm;
    ObjectCache& objects;
    ClientState& state;
    kernel::DelayStation& timer; // the disk's latency
    JobIndex job{};              // whose bytes a restore moves
  };

  WritableCopies(const Parts& parts, ClientIndex client, const PccSettings& settings);

  // Whether a file that the client is about to create goes to its disk.
  bool admits(FileIndex file) const;
  bool has(FileIndex file) const { return parts_.hsm.kept().agent(file) == this; }
  // At the disk's rate. A write that finds no room does nothing, and `fits` is false. \pre
  // has(file), and the client has the layout
  kernel::Task write(FileIndex file, Extent extent, bool& fits, Outcome& outcome);
  kernel::Task read(FileIndex file, Extent extent, Outcome& outcome);
  // After a truncate. \pre has(file)
  void truncated(FileIndex file) { cache_.resize(file, parts_.files.size(file)); }

  const PccCache& cache() const { return cache_; }
  double written_bytes() const { return written_bytes_; }

  // FileKeeper, HsmAgent
  void created(FileIndex file) override;
  kernel::Task run(HsmCopy& copy) override;
  void forget(FileIndex file) override { cache_.detach(file); }

private:
  bool is_busy(FileIndex file) const;
  kernel::Task use_disk(FileIndex file, device::Operation operation, Bytes length,
                        Outcome& outcome);
  bool goes_on(HsmCopy& copy) const;

  Parts parts_;
  device::NvmeModel disk_model_;
  kernel::FifoStation& disk_;
  PccCache cache_;
  FileData data_;
  std::vector<FileIndex> busy_; // with each read and write under way
  kernel::Signal idle_;
  std::vector<FileIndex> detached_; // stays empty: nothing makes room for others
  double written_bytes_ = 0;
};

} // namespace lustrum::lustre
