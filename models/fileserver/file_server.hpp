// A shared file system behind NFS-like servers, with its clients: each host mounts it, files lie on
// one of the servers, calls are limited by the host, by what the service allows one client, and by
// the server.
//
// Follow a read: FileServer::read -> ReadStream::read -> FileServer::start -> fetch ->
// Server::read_call (operations, credit, latency, memory or disks) -> the transfer.
#pragma once

#include "models/fabric/host_links.hpp"
#include "models/fileserver/server.hpp"
#include "models/storage/name_cache.hpp"
#include "models/storage/read_stream.hpp"
#include "models/storage/tree_storage.hpp"
#include "models/storage/write_back.hpp"
#include "sim/kernel/topology.hpp"

#include <deque>
#include <optional>

namespace lustrum::fileserver {

struct FileServerSettings {
  ServerSettings server;
  MountSettings mount;
  std::uint32_t jobs = 1;
  std::uint64_t seed = 0;
};

class FileServer : public TreeStorage {
public:
  FileServer(kernel::World& world, const fabric::HostLinks& links,
             const FileServerSettings& settings);

  void drop_caches(ClientIndex client) override;
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

  const FileServerSettings& settings() const { return settings_; }
  ServerUsage usage() const; // of all servers
  Bytes stored() const { return stored_; }
  Bytes stored_peak() const { return stored_peak_; }

  // The most that all clients together can read in a run that reads `bytes`, and does not read for
  // so long in which burst credit fills up.
  kernel::Topology::Cut read_bound(Bytes bytes, Seconds not_reading) const;
  std::vector<std::string> check_laws() const;

private:
  using Stream = ReadStream<FileServer>;
  friend Stream;
  struct File;
  enum Kind : std::uint8_t { cached_read, disk_read, written };
  static constexpr std::size_t kKinds = 3;
  static constexpr std::uint64_t kNames = 1'000'000; // whose attributes a client keeps (assumed)

  struct Host {
    Host(kernel::World& world, const MountSettings& mount)
        : page_cache({.capacity = mount.page_cache}), names(mount.attribute_life, kNames),
          dirty(world, {.limit = mount.dirty_limit, .piece = mount.write_size}) {}
    kernel::SlotsStation* calls = nullptr;
    std::vector<kernel::Path> paths; // [server][nic][kind]
    tiering::BlockCache page_cache;
    NameCache names;
    WriteBack dirty;
    std::vector<std::uint32_t> seen; // by file: its version that the cached pages are of
  };

  void add_host(ClientIndex client);
  void placed(FileIndex file) override;
  Host& host(const Caller& caller) { return hosts_[caller.client.value()]; }
  std::uint32_t server_of(FileIndex file) const;
  Server& server(FileIndex file) { return servers_[server_of(file)]; }
  const kernel::Path& path(const Caller& caller, FileIndex file, Kind kind);
  void store(Bytes added, Bytes removed);

  bool knows(const Caller& caller, FileIndex file) {
    return host(caller).names.knows(file, world_.now());
  }
  void learn(const Caller& caller, FileIndex file) { host(caller).names.learn(file, world_.now()); }
  void forget(FileIndex file, Bytes size);
  kernel::Task metadata(Caller caller, std::uint32_t server, bool changes, Outcome& outcome);
  kernel::Task work(Bytes length, Outcome& outcome);

  // For ReadStream.
  void start(Stream& stream, std::uint64_t request, Bytes begin, Bytes end);
  kernel::Task fetch(Stream& stream, std::uint64_t request, Bytes begin, Bytes end);
  kernel::Task write_back(Caller caller, FileIndex file, Bytes offset, Bytes length);
  // A host has changed the file on the server; what it has cached itself stays good.
  void changed(const Caller& caller, FileIndex file);
  // Close-to-open: pages of an older version are given up.
  void check_cached(const Caller& caller, FileIndex file);
  static std::uint32_t& version_in(std::vector<std::uint32_t>& versions, FileIndex file);

  kernel::World& world_;
  const fabric::HostLinks& links_;
  FileServerSettings settings_;
  kernel::DelayStation& cpu_;
  kernel::DelayStation& latency_;
  std::vector<std::uint32_t> versions_; // by file: how often it was changed
  std::deque<Server> servers_;
  std::deque<Host> hosts_;
  ReadStreams<FileServer> streams_;
  Bytes stored_{};
  Bytes stored_peak_{};
};

} // namespace lustrum::fileserver
