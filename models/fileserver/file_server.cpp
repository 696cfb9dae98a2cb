#include "models/fileserver/file_server.hpp"

#include <algorithm>

namespace lustrum::fileserver {

using fabric::Direction;
using kernel::Task;

struct FileServer::File : OpenFile {
  using OpenFile::OpenFile;
  Stream* stream = nullptr; // once something was read from the server
};

namespace {

// What a transfer's time is put down to, from the station that served it last.
Cause cause_of(const kernel::Station* slowest) {
  if (!slowest) return Cause::network;
  const std::string_view where = slowest->label().station_class;
  if (where == "fileserver_disk") return Cause::disk;
  if (where == "fileserver_reads" || where == "fileserver_writes") return Cause::oss_nic;
  return where == "client_nic" || where == "pcie" ? Cause::client_nic : Cause::network;
}

} // namespace

FileServer::FileServer(kernel::World& world, const fabric::HostLinks& links,
                       const FileServerSettings& settings)
    : TreeStorage(settings.jobs), world_(world), links_(links), settings_(settings),
      cpu_(world.add_delay({"client_cpu", "fileserver.client_cpu"})),
      latency_(world.add_delay({"fileserver_latency", "fileserver.latency"})),
      streams_(world, *this) {
  for (std::uint32_t s = 0; s < settings.server.servers; ++s)
    servers_.emplace_back(world, s, settings_.server, latency_, settings.seed);
  for (std::uint32_t c = 0; c < links.settings().clients; ++c) add_host(ClientIndex{c});
}

void FileServer::add_host(ClientIndex client) {
  const ServerSettings& limits = settings_.server;
  const MountSettings& mount = settings_.mount;
  const std::uint32_t c = client.value();
  Host& host = hosts_.emplace_back(world_, mount);
  host.calls = &world_.add_slots({"nfs_slots", "client{}.nfs_slots", c}, mount.in_flight);
  const BytesPerSecond cards = links_.settings().bandwidth();
  // A limit that the cards cannot reach would only do harm: see the README of fabric.
  const auto limit = [&](std::string_view station_class, std::string_view pattern, std::uint32_t s,
                         BytesPerSecond rate) -> kernel::SharedStation* {
    if (!(rate.count() > 0) || rate >= cards) return nullptr;
    return &world_.add_shared({station_class, pattern, c, s}, rate);
  };
  auto* reads = limit("client_ceiling", "client{}.fs_reads", 0, limits.client_read);
  auto* writes = limit("client_ceiling", "client{}.fs_writes", 0, limits.client_write);
  const BytesPerSecond flow = limits.flow * mount.connections;
  for (std::uint32_t s = 0; s < limits.servers; ++s) {
    Server& server = servers_[s];
    auto* flow_in = limit("flow", "client{}.server{}.rx", s, flow);
    auto* flow_out = limit("flow", "client{}.server{}.tx", s, flow);
    for (std::uint32_t nic = 0; nic < links_.settings().nics; ++nic)
      for (std::size_t kind = 0; kind < kKinds; ++kind) {
        kernel::Path& path = host.paths.emplace_back();
        const bool down = kind != written;
        path.add(down ? server.reads() : server.writes());
        const bool disk = kind == disk_read || (kind == written && server.has_disk_for_writes());
        if (disk && server.disk()) path.add(*server.disk());
        if (!down) path.crossings = server.write_cost();
        if (auto* ceiling = down ? reads : writes) path.add(*ceiling);
        if (auto* connection = down ? flow_in : flow_out) path.add(*connection);
        links_.add_to(path, client, nic, down ? Direction::to_client : Direction::to_server);
      }
  }
}

std::uint32_t FileServer::server_of(FileIndex file) const {
  return static_cast<std::uint32_t>(random::mix_bits(file.value()) % settings_.server.servers);
}

const kernel::Path& FileServer::path(const Caller& caller, FileIndex file, Kind kind) {
  const Direction direction = kind == written ? Direction::to_server : Direction::to_client;
  const std::uint32_t nic = links_.least_loaded(caller.client, direction);
  const std::size_t place =
      (std::size_t{server_of(file)} * links_.settings().nics + nic) * kKinds + kind;
  return host(caller).paths[place];
}

void FileServer::store(Bytes added, Bytes removed) {
  stored_ += added;
  stored_ -= removed;
  stored_peak_ = std::max(stored_peak_, stored_);
}

void FileServer::placed(FileIndex file) {
  store(tree().size(file), Bytes{});
  if (settings_.server.cold_share > 0 &&
      random::uniform(settings_.seed, random::component("fileserver.cold_files"), file.value()) <
          settings_.server.cold_share)
    server(file).set_cold(file);
}

void FileServer::drop_caches(ClientIndex client) {
  Host& host = hosts_[client.value()];
  host.page_cache.clear();
  host.names.clear();
}

std::uint32_t& FileServer::version_in(std::vector<std::uint32_t>& versions, FileIndex file) {
  if (file.value() >= versions.size()) versions.resize(file.value() + std::size_t{1});
  return versions[file.value()];
}

void FileServer::changed(const Caller& caller, FileIndex file) {
  std::uint32_t& version = version_in(versions_, file);
  std::uint32_t& seen = version_in(host(caller).seen, file);
  const bool was_newest = seen == version;
  ++version;
  if (was_newest) seen = version;
}

void FileServer::check_cached(const Caller& caller, FileIndex file) {
  if (file.value() >= versions_.size()) return; // nobody has changed it
  Host& host = this->host(caller);
  std::uint32_t& seen = version_in(host.seen, file);
  if (seen == versions_[file.value()]) return;
  host.page_cache.erase(file, tree().size(file));
  seen = versions_[file.value()];
}

// --- Names ------------------------------------------------------------------------------------

void FileServer::forget(FileIndex file, Bytes size) {
  server(file).forget(file, size);
  for (Host& host : hosts_) {
    host.page_cache.erase(file, size);
    host.names.forget(file);
  }
}

Task FileServer::metadata(Caller caller, std::uint32_t server, bool changes, Outcome& outcome) {
  Stopwatch watch(world_, outcome.time);
  const kernel::SlotHold call = co_await host(caller).calls->acquire();
  watch.lap(Cause::rpc_slots);
  co_await servers_[server].metadata_call(changes, outcome);
}

Task FileServer::open(Caller caller, FileIndex file, OpenMode mode,
                      std::unique_ptr<OpenFile>& opened, Outcome& outcome) {
  ++totals_of(caller).opens;
  Outcome call;
  const bool creates = mode.create && !tree().exists(file);
  // Close-to-open: an open always asks the server.
  co_await metadata(caller, server_of(file), creates || (mode.truncate && mode.write), call);
  if (!tree().exists(file)) {
    if (mode.create) {
      ++totals_of(caller).creates;
      tree().create(file, Bytes{});
    } else {
      call.fail(StorageError::no_entry);
    }
  } else if (mode.truncate && mode.write) {
    const Bytes old = tree().size(file);
    forget(file, old);
    store(Bytes{}, old);
    tree().set_size(file, Bytes{});
  }
  if (call.ok()) {
    learn(caller, file);
    check_cached(caller, file);
    opened = std::make_unique<File>(caller, file, mode);
  }
  settle(caller, call, outcome);
}

Task FileServer::close(std::unique_ptr<OpenFile> open_file, Outcome& outcome) {
  File& file = static_cast<File&>(*open_file);
  const Caller caller = file.caller();
  ++totals_of(caller).closes;
  Outcome call;
  if (file.stream) streams_.close(*file.stream);
  if (file.mode().write) co_await host(caller).dirty.flush(file.file(), call);
  co_await metadata(caller, server_of(file.file()), false, call);
  settle(caller, call, outcome);
}

Task FileServer::stat(Caller caller, FileIndex file, Outcome& outcome) {
  ++totals_of(caller).stats;
  Outcome call;
  if (!knows(caller, file)) co_await metadata(caller, server_of(file), false, call);
  if (tree().exists(file))
    learn(caller, file);
  else
    call.fail(StorageError::no_entry);
  settle(caller, call, outcome);
}

Task FileServer::remove(Caller caller, FileIndex file, Outcome& outcome) {
  Outcome call;
  co_await metadata(caller, server_of(file), true, call);
  if (!tree().exists(file)) {
    call.fail(StorageError::no_entry);
  } else {
    ++totals_of(caller).removes;
    const Bytes size = tree().size(file);
    forget(file, size);
    store(Bytes{}, size);
    tree().remove(file);
  }
  settle(caller, call, outcome);
}

Task FileServer::truncate(Caller caller, FileIndex file, Bytes size, Outcome& outcome) {
  Outcome call;
  co_await metadata(caller, server_of(file), true, call);
  if (!tree().exists(file)) {
    call.fail(StorageError::no_entry);
  } else {
    const Bytes old = tree().size(file);
    forget(file, old);
    store(size, old);
    tree().set_size(file, size);
  }
  settle(caller, call, outcome);
}

Task FileServer::make_directory(Caller caller, DirectoryIndex directory, Outcome& outcome) {
  Outcome call;
  co_await metadata(caller, 0, true, call);
  if (tree().exists(directory))
    call.fail(StorageError::exists);
  else
    tree().make(directory);
  settle(caller, call, outcome);
}

Task FileServer::remove_directory(Caller caller, DirectoryIndex directory, Outcome& outcome) {
  Outcome call;
  co_await metadata(caller, 0, true, call);
  if (!tree().exists(directory))
    call.fail(StorageError::no_entry);
  else if (!tree().is_empty(directory))
    call.fail(StorageError::not_empty);
  else
    tree().remove(directory);
  settle(caller, call, outcome);
}

Task FileServer::list(Caller caller, DirectoryIndex directory, std::vector<FileIndex>& files,
                      Outcome& outcome) {
  Outcome call;
  const std::size_t page = settings_.mount.list_entries;
  for (std::size_t at = 0; call.ok(); at += page) {
    co_await metadata(caller, 0, false, call);
    const std::vector<FileIndex>& found = tree().list(directory);
    for (std::size_t i = at; i < std::min(at + page, found.size()); ++i) {
      files.push_back(found[i]);
      learn(caller, found[i]); // READDIRPLUS
    }
    if (at + page >= found.size()) break;
  }
  settle(caller, call, outcome);
}

// --- Data -------------------------------------------------------------------------------------

Task FileServer::work(Bytes length, Outcome& outcome) {
  if (!(settings_.mount.copy_rate.count() > 0)) co_return;
  Stopwatch watch(world_, outcome.time);
  co_await world_.delay(cpu_, length / settings_.mount.copy_rate);
  watch.lap(Cause::client_cpu);
}

Task FileServer::read(OpenFile& open_file, Bytes offset, Bytes length, Outcome& outcome) {
  File& file = static_cast<File&>(open_file);
  const Caller caller = file.caller();
  const Bytes size = tree().size(file.file());
  length = readable(size, offset, length);
  begin_read(caller, length);
  Outcome call;
  Host& host = this->host(caller);
  const bool cached = !file.mode().direct && host.page_cache.enabled() &&
                      host.page_cache.look_up(file.file(), offset, length) == length;
  if (cached) {
    totals_of(caller).read_cached += length;
  } else if (length > Bytes{}) {
    if (!file.stream) {
      const MountSettings& mount = settings_.mount;
      file.stream = &streams_.open(caller, file.file(),
                                   {.piece = mount.read_size,
                                    .largest = std::max(mount.read_ahead, Bytes{1}),
                                    .grows = true,
                                    .exact = file.mode().direct || mount.read_ahead == Bytes{}},
                                   0);
    }
    co_await file.stream->read(offset, length, size, call);
    if (!file.mode().direct) host.page_cache.insert(file.file(), offset, length, size);
  }
  co_await work(length, call);
  end_read(caller, length, call, outcome);
}

void FileServer::start(Stream& stream, std::uint64_t request, Bytes begin, Bytes end) {
  world_.spawn(fetch(stream, request, begin, end), {"READ", stream.file().value()});
}

Task FileServer::fetch(Stream& stream, std::uint64_t request, Bytes begin, Bytes end) {
  Outcome outcome;
  const Caller caller = stream.caller();
  const FileIndex file = stream.file();
  Stopwatch watch(world_, outcome.time);
  const kernel::SlotHold call = co_await host(caller).calls->acquire();
  watch.lap(Cause::rpc_slots);
  if (!stream.abandoned(request)) {
    bool from_disk = false;
    Outcome served;
    co_await server(file).read_call(file, begin, end - begin, tree().size(file), from_disk, served);
    watch.lap_as(served.time, Cause::network);
    const kernel::Station* slowest = co_await world_.transfer(
        path(caller, file, from_disk ? disk_read : cached_read), end - begin);
    watch.lap(cause_of(slowest));
    totals_of(caller).read_fetched += end - begin;
    stream.arrived(request, end, outcome);
  }
  stream.finished(request, outcome);
}

Task FileServer::write_back(Caller caller, FileIndex file, Bytes offset, Bytes length) {
  Outcome background;
  {
    const kernel::SlotHold call = co_await host(caller).calls->acquire();
    co_await world_.transfer(path(caller, file, written), length);
    co_await server(file).write_call(file, offset, length, tree().size(file), background);
  }
  totals_of(caller).write_stored += length;
  Host& host = this->host(caller);
  changed(caller, file);
  host.dirty.stored(file, length);
}

Task FileServer::write(OpenFile& file, Bytes offset, Bytes length, Outcome& outcome) {
  const Caller caller = file.caller();
  const FileIndex index = file.file();
  begin_write(caller, length);
  Outcome call;
  Host& host = this->host(caller);
  const Bytes end = offset + length;
  if (end > tree().size(index)) {
    store(end - tree().size(index), Bytes{});
    tree().set_size(index, end);
  }
  co_await host.dirty.write(
      index, offset, length, [this](Bytes piece, Outcome& taken) { return work(piece, taken); },
      [this, caller, index](Bytes at, Bytes piece) {
        world_.spawn(write_back(caller, index, at, piece), {"WRITE", index.value()});
      },
      call);
  if (file.mode().direct) co_await host.dirty.flush(index, call);
  host.page_cache.insert(index, offset, length, tree().size(index));
  end_write(caller, length, call, outcome);
}

Task FileServer::sync(OpenFile& file, Outcome& outcome) {
  ++totals_of(file.caller()).syncs;
  Outcome call;
  co_await host(file.caller()).dirty.flush(file.file(), call);
  settle(file.caller(), call, outcome);
}

} // namespace lustrum::fileserver
