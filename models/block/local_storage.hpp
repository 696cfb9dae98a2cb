// File systems on the disks of each client: instance-store NVMe, or RAID-0 of network volumes. What
// a client has it has for itself: its own copy of every file, or its shard of them; file_size() is
// that of the largest copy. Files get there before the job (placed), by a copy-in phase
// (copy_in.hpp), or by being written.
#pragma once

#include "models/block/volume_set.hpp"
#include "models/storage/tree_storage.hpp"
#include "models/storage/write_back.hpp"
#include "models/tiering/policy/block_cache.hpp"
#include "sim/kernel/topology.hpp"

#include <deque>
#include <optional>

namespace lustrum::block {

struct LocalSettings {
  VolumeSettings volumes;
  Bytes page_cache{};            // of a client's memory; 0: none
  Bytes dirty_limit{};           // of its memory that written data may take; then writers wait
  Bytes write_back{};            // of one access when written data goes to the disks
  Seconds metadata_latency{};    // of open, create, stat, remove
  PerSecond changes{};           // creates, removals and the like of one client; 0: no limit
  BytesPerSecond copy_rate{};    // of one process, between page cache and application; 0: no time
  bool on_pcie = true;           // the disks share the host's bus with its NICs
  bool placed_is_absent = false; // placed files are yet to be copied in

  static const ParameterTable& parameters(); // without the volumes'
};

struct LocalUsage {
  Bytes held_peak{};         // on the fullest client
  Bytes copied_in{};         // on all clients
  std::uint64_t missing = 0; // opens of files that this client does not have
};

class LocalStorage : public TreeStorage {
public:
  // `links`: of the hosts, whose buses the disks share; may be shared with other storages.
  LocalStorage(kernel::World& world, const fabric::HostLinks& links, const LocalSettings& settings,
               std::uint32_t jobs);

  void drop_caches(ClientIndex client) override { hosts_[client.value()].page_cache.clear(); }
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

  // Files that exist, on whichever client.
  std::vector<FileIndex> existing_files() const {
    std::vector<FileIndex> files;
    for (std::uint32_t f = 0; f < tree().files(); ++f)
      if (tree().exists(FileIndex{f})) files.emplace_back(f);
    return files;
  }
  DirectoryIndex directory_of(FileIndex file) const { return tree().directory(file); }
  // Does the client have the file?
  bool has(ClientIndex client, FileIndex file) const;
  // Room for a file on a client, before it is copied in; fails with ENOSPC. And once it is there.
  bool reserve(ClientIndex client, FileIndex file);
  // The data of a file arrives: the disks' part of copying in.
  kernel::Task copy_in(ClientIndex client, FileIndex file, Bytes offset, Bytes length,
                       Outcome& outcome);
  void copied(ClientIndex client, FileIndex file);

  const LocalSettings& settings() const { return settings_; }
  const LocalUsage& usage() const { return usage_; }
  VolumeUsage volume_usage() const; // of all clients

  // The most that all clients together can read in a run that reads `bytes`.
  kernel::Topology::Cut read_bound(Bytes bytes) const;
  std::vector<std::string> check_laws() const;

private:
  // A host's own file of that name.
  struct Copy {
    Bytes size{};
    Bytes stored{}; // without holes, as far as known: no more than was written, nor than its size
  };
  struct Host {
    Host(kernel::World& world, const fabric::HostLinks* links, ClientIndex client,
         const LocalSettings& settings)
        : volumes(world, links, client, settings.volumes, "local_disk"),
          page_cache({.capacity = settings.page_cache}),
          dirty(world, {.limit = settings.dirty_limit, .piece = settings.write_back}) {}
    VolumeSet volumes;
    kernel::FifoStation* journal = nullptr; // nullptr: changes take no time there
    tiering::BlockCache page_cache;
    std::vector<bool> present;             // by file
    LruIndex<std::uint64_t, Copy> changed; // those that are not as they were placed
    Bytes held{};
    WriteBack dirty;
  };
  Host& host(const Caller& caller) { return hosts_[caller.client.value()]; }
  kernel::Task metadata(const Caller& caller, bool changes, Outcome& outcome);
  kernel::Task work(Bytes length, Outcome& outcome);
  kernel::Task write_back(Caller caller, FileIndex file, Bytes offset, Bytes length);
  static bool has(const Host& host, FileIndex file);
  Bytes placed_size(FileIndex file) const {
    return file.value() < placed_.size() ? placed_[file.value()] : Bytes{};
  }
  Copy copy_on(Host& host, FileIndex file) const;
  Bytes size_on(Host& host, FileIndex file) const { return copy_on(host, file).size; }
  // false: no space, and nothing has changed.
  bool set_copy(Host& host, FileIndex file, Copy copy);
  void cut(Host& host, FileIndex file); // to nothing
  void fit_largest(FileIndex file);     // what file_size() says
  void set_present(Host& host, FileIndex file, bool present);
  void placed(FileIndex file) override;

  kernel::World& world_;
  const fabric::HostLinks& links_;
  LocalSettings settings_;
  kernel::DelayStation& cpu_;
  std::deque<Host> hosts_;
  std::vector<Bytes> placed_; // by file: its size then
  LocalUsage usage_;
};

} // namespace lustrum::block
