// A storage of constant latencies without queues, for tests of jobs: every call takes what its kind
// takes, data moves at one rate per call, and what was done is kept for the test to look at.
#pragma once

#include "models/storage.hpp"

#include <map>
#include <set>
#include <vector>

namespace lustrum::test {

struct MemoryLatencies {
  Seconds open{};
  Seconds close{};
  Seconds create{}; // beside open
  Seconds stat{};
  Seconds remove{};
  Seconds directory{}; // make or remove
  Seconds sync{};
  BytesPerSecond read{1e15};
  BytesPerSecond write{1e15};
};

class MemoryStorage : public Storage {
public:
  struct Access {
    Caller caller;
    FileIndex file;
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
  };

  MemoryStorage(kernel::World& world, const MemoryLatencies& latencies)
      : world_(world), latencies_(latencies), delay_(world.add_delay({"memory", "memory", 0})) {}

  std::vector<Access> writes, reads;
  std::vector<Access> locks; // asked for ahead
  std::vector<std::pair<Caller, FileIndex>> stats, removes;
  std::vector<ClientIndex> dropped;
  std::uint64_t syncs = 0;
  std::uint64_t mapped = 0;                       // opens for page faults
  std::uint64_t group_locked = 0;                 // opens under a group lock
  std::uint64_t writes_that_succeed = UINT64_MAX; // ENOSPC from then on
  double slowdown_of_client_0 = 1;                // of all its calls

  DirectoryIndex place_directory(DirectoryIndex /*parent*/) override {
    directories_.push_back(true);
    return DirectoryIndex{static_cast<std::uint32_t>(directories_.size())};
  }
  FileIndex place_file(DirectoryIndex directory, Bytes size) override {
    const FileIndex file = reserve_file(directory);
    files_[file.value()] = {true, size};
    return file;
  }
  DirectoryIndex reserve_directory(DirectoryIndex /*parent*/) override {
    directories_.push_back(false);
    return DirectoryIndex{static_cast<std::uint32_t>(directories_.size())};
  }
  FileIndex reserve_file(DirectoryIndex directory) override {
    files_.push_back({});
    directory_of_.push_back(directory);
    return FileIndex{static_cast<std::uint32_t>(files_.size() - 1)};
  }
  Bytes file_size(FileIndex file) const override { return files_[file.value()].size; }
  void drop_caches(ClientIndex client) override { dropped.push_back(client); }

  kernel::Task open(Caller caller, FileIndex file, OpenMode mode, std::unique_ptr<OpenFile>& opened,
                    Outcome& outcome) override {
    co_await spend(caller, latencies_.open, outcome);
    const bool exists = files_[file.value()].exists;
    if (!exists && !mode.create) co_return outcome.fail(StorageError::no_entry);
    if (!exists) co_await spend(caller, latencies_.create, outcome);
    files_[file.value()].exists = true;
    if (mode.map) ++mapped;
    if (mode.group_lock) ++group_locked;
    opened = std::make_unique<OpenFile>(caller, file, mode);
  }
  kernel::Task read(OpenFile& file, Bytes offset, Bytes length, Outcome& outcome) override {
    co_await spend(file.caller(), length / latencies_.read, outcome);
    reads.push_back({file.caller(), file.file(), offset.count(), length.count()});
  }
  kernel::Task write(OpenFile& file, Bytes offset, Bytes length, Outcome& outcome) override {
    co_await spend(file.caller(), length / latencies_.write, outcome);
    if (writes.size() >= writes_that_succeed) co_return outcome.fail(StorageError::no_space);
    Bytes& size = files_[file.file().value()].size;
    size = std::max(size, offset + length);
    writes.push_back({file.caller(), file.file(), offset.count(), length.count()});
  }
  kernel::Task lock_ahead(OpenFile& file, Bytes offset, Bytes length,
                          Outcome& /*outcome*/) override {
    locks.push_back({file.caller(), file.file(), offset.count(), length.count()});
    co_return;
  }
  kernel::Task sync(OpenFile& file, Outcome& outcome) override {
    ++syncs;
    co_await spend(file.caller(), latencies_.sync, outcome);
  }
  kernel::Task close(std::unique_ptr<OpenFile> file, Outcome& outcome) override {
    co_await spend(file->caller(), latencies_.close, outcome);
  }
  kernel::Task truncate(Caller /*caller*/, FileIndex file, Bytes size,
                        Outcome& /*outcome*/) override {
    files_[file.value()].size = size;
    co_return;
  }
  kernel::Task stat(Caller caller, FileIndex file, Outcome& outcome) override {
    co_await spend(caller, latencies_.stat, outcome);
    if (!files_[file.value()].exists) co_return outcome.fail(StorageError::no_entry);
    stats.emplace_back(caller, file);
  }
  kernel::Task remove(Caller caller, FileIndex file, Outcome& outcome) override {
    co_await spend(caller, latencies_.remove, outcome);
    if (!files_[file.value()].exists) co_return outcome.fail(StorageError::no_entry);
    files_[file.value()].exists = false;
    removes.emplace_back(caller, file);
  }
  kernel::Task make_directory(Caller caller, DirectoryIndex directory, Outcome& outcome) override {
    co_await spend(caller, latencies_.directory, outcome);
    directories_[directory.value() - 1] = true;
  }
  kernel::Task remove_directory(Caller caller, DirectoryIndex directory,
                                Outcome& outcome) override {
    co_await spend(caller, latencies_.directory, outcome);
    for (std::size_t f = 0; f < files_.size(); ++f)
      if (files_[f].exists && directory_of_[f] == directory)
        co_return outcome.fail(StorageError::not_empty);
    directories_[directory.value() - 1] = false;
  }
  kernel::Task list(Caller /*caller*/, DirectoryIndex directory, std::vector<FileIndex>& files,
                    Outcome& /*outcome*/) override {
    for (std::size_t f = 0; f < files_.size(); ++f)
      if (files_[f].exists && directory_of_[f] == directory)
        files.push_back(FileIndex{static_cast<std::uint32_t>(f)});
    co_return;
  }

  IoTotals totals(JobIndex /*job*/) const override { return {}; }
  IoTotals totals() const override { return {}; }

  std::size_t files_that_exist() const {
    std::size_t count = 0;
    for (const File& file : files_) count += file.exists ? 1 : 0;
    return count;
  }
  DirectoryIndex directory_of(FileIndex file) const { return directory_of_[file.value()]; }

private:
  struct File {
    bool exists = false;
    Bytes size{};
  };

  kernel::Task spend(Caller caller, Seconds time, Outcome& outcome) {
    const Seconds real = time * (caller.client.value() == 0 ? slowdown_of_client_0 : 1);
    co_await world_.delay(delay_, real);
    outcome.time[Cause::disk] += real.count();
  }

  kernel::World& world_;
  MemoryLatencies latencies_;
  kernel::DelayStation& delay_;
  std::vector<File> files_;
  std::vector<DirectoryIndex> directory_of_;
  std::vector<bool> directories_; // [index - 1]: exists
};

} // namespace lustrum::test
