// The simple device that fit_device() fits to a recording, as a storage: a constant time for
// metadata, a latency and a rate for data, without caches. The rate is each call's own, or shared
// by all calls of a client.
#pragma once

#include "models/storage/tree_storage.hpp"
#include "models/training/trace_fit.hpp"

#include <vector>

namespace lustrum::training {

class FittedStorage : public TreeStorage {
public:
  FittedStorage(kernel::World& world, const DeviceFit& fit, std::uint32_t clients);

  void drop_caches(ClientIndex /*client*/) override {}
  kernel::Task open(Caller caller, FileIndex file, OpenMode mode, std::unique_ptr<OpenFile>& opened,
                    Outcome& outcome) override;
  kernel::Task read(OpenFile& file, Bytes offset, Bytes length, Outcome& outcome) override;
  kernel::Task write(OpenFile& file, Bytes offset, Bytes length, Outcome& outcome) override;
  kernel::Task sync(OpenFile& file, Outcome& outcome) override;
  kernel::Task close(std::unique_ptr<OpenFile> file, Outcome& outcome) override;
  kernel::Task truncate(Caller caller, FileIndex file, Bytes size, Outcome& outcome) override;
  kernel::Task stat(Caller caller, FileIndex file, Outcome& outcome) override;
  kernel::Task remove(Caller caller, FileIndex file, Outcome& outcome) override;
  kernel::Task make_directory(Caller caller, DirectoryIndex directory, Outcome& outcome) override;
  kernel::Task remove_directory(Caller caller, DirectoryIndex directory, Outcome& outcome) override;
  kernel::Task list(Caller caller, DirectoryIndex directory, std::vector<FileIndex>& files,
                    Outcome& outcome) override;

private:
  kernel::Task spend(double time_s, Cause cause, Outcome& outcome);
  kernel::Task move(const Caller& caller, const LineFit& line, Bytes length, Outcome& outcome);

  kernel::World& world_;
  DeviceFit fit_;
  kernel::DelayStation& delay_;
  std::vector<kernel::Path> rates_; // [client], where shared
};

} // namespace lustrum::training
