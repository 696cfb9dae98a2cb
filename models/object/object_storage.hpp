// Files of a job as objects of a store, through one of its clients. A file is an object, a
// directory a prefix of its key: open and stat look a name up, read makes range GETs, close of a
// written file completes its upload, remove is a DELETE, a listing is LIST pages.
//
// Follow a read: ObjectStorage::read -> ReadStream::read -> ObjectStorage::start -> fetch ->
// ConnectionPool::begin -> ObjectService::admit, answer -> ConnectionPool::transfer.
#pragma once

#include "models/object/client_settings.hpp"
#include "models/object/connection_pool.hpp"
#include "models/storage/name_cache.hpp"
#include "models/storage/read_stream.hpp"
#include "models/storage/tree_storage.hpp"
#include "models/tiering/local_cache.hpp"
#include "sim/kernel/topology.hpp"

#include <map>
#include <optional>

namespace lustrum::object {

struct ObjectStorageSettings {
  ClientSettings client;
  block::VolumeSettings cache_disks; // where the client's local cache lies
  Bytes stored_part{};               // parts in which placed objects were uploaded; 0: in one
  std::uint32_t prefixes_per_directory = 1; // keys of a directory are spread over so many prefixes
  std::uint32_t jobs = 1;
  std::uint64_t seed = 0;
};

class ObjectStorage : public TreeStorage {
public:
  // Links and service may be shared with other storages of the run.
  ObjectStorage(kernel::World& world, const fabric::HostLinks& links, ObjectService& service,
                const ObjectStorageSettings& settings);

  void drop_caches(ClientIndex client) override;
  kernel::Task open(Caller caller, FileIndex file, OpenMode mode, std::unique_ptr<OpenFile>& opened,
                    Outcome& outcome) override;
  kernel::Task read(OpenFile& file, Bytes offset, Bytes length, Outcome& outcome) override;
  // Only one after the other, from the beginning: an object cannot be changed. Else EIO.
  kernel::Task write(OpenFile& file, Bytes offset, Bytes length, Outcome& outcome) override;
  // Completes the upload; what is written afterwards fails, as with Mountpoint.
  kernel::Task sync(OpenFile& file, Outcome& outcome) override;
  kernel::Task close(std::unique_ptr<OpenFile> file, Outcome& outcome) override;
  // To nothing, by an empty PUT; to another size it fails.
  kernel::Task truncate(Caller caller, FileIndex file, Bytes size, Outcome& outcome) override;
  kernel::Task stat(Caller caller, FileIndex file, Outcome& outcome) override;
  kernel::Task remove(Caller caller, FileIndex file, Outcome& outcome) override;
  kernel::Task make_directory(Caller caller, DirectoryIndex directory, Outcome& outcome) override;
  kernel::Task remove_directory(Caller caller, DirectoryIndex directory, Outcome& outcome) override;
  kernel::Task list(Caller caller, DirectoryIndex directory, std::vector<FileIndex>& files,
                    Outcome& outcome) override;

  // Pipe mode: the order in which this process will open its files. It may open no other.
  bool wants_order() const override { return settings_.client.pipe_objects > 0; }
  void set_order(Caller caller, std::vector<FileIndex> order) override;

  const ObjectService& service() const { return service_; }
  const ObjectStorageSettings& settings() const { return settings_; }
  PoolCounts pool_counts() const; // of all pools
  // Of all clients' local caches.
  tiering::BlockCacheStats local_cache_stats() const;

  // The most that all clients together can read in a run that reads `bytes`: connections, NICs, the
  // store's rates at the partitions that it has by now. Data read again may come from caches.
  // \pre some of the run is over: what a GET brings on average is taken from it
  kernel::Topology::Cut read_bound(Bytes bytes) const;
  std::vector<std::string> check_laws() const;

private:
  using Stream = ReadStream<ObjectStorage>;
  friend Stream;
  struct Upload;
  struct File;
  struct Pipe {
    std::vector<FileIndex> order;
    std::size_t opened = 0;
    kernel::Ring<Stream*> ahead; // of the files from order[opened] on
  };
  struct Host {
    Host(const ClientSettings& client) // NOLINT(google-explicit-constructor)
        : page_cache({.capacity = client.page_cache}),
          names(client.metadata_life, client.metadata_entries) {}
    std::map<std::uint32_t, std::uint32_t> pools; // process (or 0) -> number
    tiering::BlockCache page_cache;
    std::optional<tiering::LocalCache> local_cache;
    NameCache names;
  };

  Host& host(const Caller& caller) { return hosts_[caller.client.value()]; }
  std::uint32_t pool_number(const Caller& caller);
  ConnectionPool& pool(const Caller& caller) { return pools_[pool_number(caller)]; }
  RequestTarget target(RequestClass request, FileIndex file) const;
  RequestTarget target(RequestClass request, DirectoryIndex directory) const;
  void placed(FileIndex file) override { service_.store(tree().size(file), Bytes{}); }

  bool knows(const Caller& caller, FileIndex file) {
    return host(caller).names.knows(file, world_.now());
  }
  void learn(const Caller& caller, FileIndex file) { host(caller).names.learn(file, world_.now()); }
  void forget(FileIndex file, Bytes size);
  // HEAD and perhaps LIST, unless the name is known. Fails when it is not there.
  kernel::Task look_up(Caller caller, FileIndex file, Outcome& outcome);
  kernel::Task list_once(ConnectionPool& pool, RequestTarget target, Outcome& outcome);
  kernel::Task work(Bytes length, Outcome& outcome);

  Stream& open_stream(const Caller& caller, FileIndex file);
  // A file that no pipe has anything of, such as a checkpoint, is read as by Fast File.
  bool is_piped(FileIndex file) const {
    return file.value() < piped_.size() && piped_[file.value()];
  }
  // Of the file that is opened now: the one that was fetched ahead.
  Stream* take_from_pipe(const Caller& caller, FileIndex file);
  // For ReadStream.
  void start(Stream& stream, std::uint64_t request, Bytes begin, Bytes end);
  kernel::Task fetch(Stream& stream, std::uint64_t request, Bytes begin, Bytes end);
  kernel::Task fetch_body(Stream& stream, std::uint64_t request, Bytes begin, Bytes end,
                          ConnectionPool::Lease& lease, Outcome& outcome);

  kernel::Task send_full_parts(File& file, Outcome& outcome);
  kernel::Task upload_part(File& file, Bytes length);
  kernel::Task put(ConnectionPool& pool, FileIndex file, Bytes length, Outcome& outcome);
  kernel::Task complete(File& file, Outcome& outcome);

  kernel::World& world_;
  const fabric::HostLinks& links_;
  ObjectService& service_;
  ObjectStorageSettings settings_;
  kernel::DelayStation& cpu_;
  std::deque<ConnectionPool> pools_;
  std::deque<Host> hosts_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, Pipe> pipes_; // by client and process
  std::vector<bool> piped_; // by file: it was in the order of a pipe
  ReadStreams<ObjectStorage> streams_;
};

} // namespace lustrum::object
