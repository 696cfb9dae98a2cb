#include "models/object/object_storage.hpp"

#include "models/object/crt_rules.hpp"
#include "models/object/upload.hpp"
#include "models/tiering/policy/missed_share.hpp"

#include <algorithm>

namespace lustrum::object {

using fabric::Direction;
using kernel::Task;

ObjectStorage::ObjectStorage(kernel::World& world, const fabric::HostLinks& links,
                             ObjectService& service, const ObjectStorageSettings& settings)
    : TreeStorage(settings.jobs), world_(world), links_(links), service_(service),
      settings_(settings), cpu_(world.add_delay({"client_cpu", "object.client_cpu"})),
      streams_(world, *this) {
  const ClientSettings& client = settings.client;
  for (std::uint32_t c = 0; c < links.settings().clients; ++c) {
    Host& host = hosts_.emplace_back(client);
    if (client.local_cache > Bytes{})
      host.local_cache.emplace(
          world, &links, ClientIndex{c},
          tiering::LocalCacheSettings{
              .cache = {.capacity = client.local_cache, .block = client.local_cache_block},
              .disks = settings.cache_disks});
  }
}

void ObjectStorage::drop_caches(ClientIndex client) {
  Host& host = hosts_[client.value()];
  host.page_cache.clear();
  host.names.clear();
  // A new mount starts with an empty cache directory.
  if (host.local_cache) host.local_cache->clear();
}

std::uint32_t ObjectStorage::pool_number(const Caller& caller) {
  const std::uint32_t owner = settings_.client.per_process ? caller.process : 0;
  const auto number = static_cast<std::uint32_t>(pools_.size());
  const auto [found, is_new] = host(caller).pools.try_emplace(owner, number);
  if (is_new)
    pools_.emplace_back(world_, service_, links_, caller.client, number,
                        settings_.client.connection_settings(), settings_.seed);
  return found->second;
}

RequestTarget ObjectStorage::target(RequestClass request, FileIndex file) const {
  const std::uint32_t spread = settings_.prefixes_per_directory;
  const std::uint32_t part =
      spread > 1 ? static_cast<std::uint32_t>(random::mix_bits(file.value() + 1) % spread) : 0;
  return {request, tree().directory(file).value() * spread + part, file.value()};
}

RequestTarget ObjectStorage::target(RequestClass request, DirectoryIndex directory) const {
  return {request, directory.value() * settings_.prefixes_per_directory,
          std::uint64_t{UINT32_MAX} + directory.value()};
}

// --- Names ------------------------------------------------------------------------------------

void ObjectStorage::forget(FileIndex file, Bytes size) {
  for (Host& host : hosts_) {
    host.page_cache.erase(file, size);
    if (host.local_cache) host.local_cache->forget(file, size);
    host.names.forget(file);
  }
}

Task ObjectStorage::list_once(ConnectionPool& pool, RequestTarget target, Outcome& outcome) {
  co_await pool.call(target, service_.settings().list_entry, outcome);
}

Task ObjectStorage::look_up(Caller caller, FileIndex file, Outcome& outcome) {
  Stopwatch watch(world_, outcome.time);
  if (settings_.client.lookup_head && !knows(caller, file)) {
    ConnectionPool& pool = this->pool(caller);
    Outcome head;
    Outcome listed;
    kernel::TaskGroup both = world_.group();
    both.add(pool.call(target(RequestClass::head, file), Bytes{}, head), {"HEAD", file.value()});
    if (settings_.client.lookup_list)
      both.add(list_once(pool, target(RequestClass::list, tree().directory(file)), listed),
               {"LIST", file.value()});
    co_await both.all();
    outcome.fail(head.error);
    outcome.fail(listed.error);
    watch.lap_as(head.time, Cause::metadata);
  }
  if (outcome.ok() && !tree().exists(file)) outcome.fail(StorageError::no_entry);
  if (outcome.ok()) learn(caller, file);
}

Task ObjectStorage::stat(Caller caller, FileIndex file, Outcome& outcome) {
  ++totals_of(caller).stats;
  Outcome call;
  if (settings_.client.lookup_head || knows(caller, file)) {
    co_await look_up(caller, file, call);
  } else {
    co_await pool(caller).call(target(RequestClass::head, file), Bytes{}, call);
    if (call.ok() && !tree().exists(file)) call.fail(StorageError::no_entry);
  }
  settle(caller, call, outcome);
}

Task ObjectStorage::list(Caller caller, DirectoryIndex directory, std::vector<FileIndex>& files,
                         Outcome& outcome) {
  Outcome call;
  const std::uint32_t page = service_.settings().list_page;
  const Bytes entry = service_.settings().list_entry;
  // Each page begins where the last ended. What is removed meanwhile may be missed, as there.
  for (std::size_t at = 0; call.ok();) {
    const std::size_t left =
        tree().list(directory).size() - std::min(at, tree().list(directory).size());
    const std::size_t now = std::min<std::size_t>(page, left);
    co_await pool(caller).call(target(RequestClass::list, directory), entry * now, call);
    const std::vector<FileIndex>& found = tree().list(directory);
    for (std::size_t i = at; call.ok() && i < std::min(at + now, found.size()); ++i) {
      files.push_back(found[i]);
      learn(caller, found[i]);
    }
    at += now;
    if (at >= tree().list(directory).size()) break;
  }
  settle(caller, call, outcome);
}

Task ObjectStorage::make_directory(Caller caller, DirectoryIndex directory, Outcome& outcome) {
  Outcome call;
  if (settings_.client.directory_objects)
    co_await pool(caller).call(target(RequestClass::put, directory), Bytes{}, call);
  if (tree().exists(directory))
    call.fail(StorageError::exists);
  else if (call.ok())
    tree().make(directory);
  settle(caller, call, outcome);
}

Task ObjectStorage::remove_directory(Caller caller, DirectoryIndex directory, Outcome& outcome) {
  Outcome call;
  // Is it empty? One key would do.
  co_await list_once(pool(caller), target(RequestClass::list, directory), call);
  if (call.ok() && !tree().exists(directory)) call.fail(StorageError::no_entry);
  if (call.ok() && !tree().is_empty(directory)) call.fail(StorageError::not_empty);
  if (call.ok() && settings_.client.directory_objects)
    co_await pool(caller).call(target(RequestClass::del, directory), Bytes{}, call);
  if (call.ok() && tree().exists(directory)) tree().remove(directory);
  settle(caller, call, outcome);
}

Task ObjectStorage::remove(Caller caller, FileIndex file, Outcome& outcome) {
  Outcome call;
  co_await look_up(caller, file, call);
  if (call.ok()) co_await pool(caller).call(target(RequestClass::del, file), Bytes{}, call);
  if (call.ok() && tree().exists(file)) {
    ++totals_of(caller).removes;
    service_.store(Bytes{}, tree().size(file));
    forget(file, tree().size(file));
    tree().remove(file);
    tree().set_size(file, Bytes{});
  }
  settle(caller, call, outcome);
}

Task ObjectStorage::truncate(Caller caller, FileIndex file, Bytes size, Outcome& outcome) {
  Outcome call;
  co_await look_up(caller, file, call);
  const Bytes old = tree().size(file);
  if (call.ok() && size != old) {
    if (size > Bytes{})
      call.fail(StorageError::io);
    else
      co_await put(pool(caller), file, Bytes{}, call);
    if (call.ok()) {
      forget(file, old);
      service_.store(Bytes{}, old);
      tree().set_size(file, Bytes{});
    }
  }
  settle(caller, call, outcome);
}

// --- Opening and closing ----------------------------------------------------------------------

Task ObjectStorage::open(Caller caller, FileIndex file, OpenMode mode,
                         std::unique_ptr<OpenFile>& opened, Outcome& outcome) {
  ++totals_of(caller).opens;
  Outcome call;
  co_await look_up(caller, file, call);
  const bool missing = call.error == StorageError::no_entry;
  if (missing && mode.create) {
    call.error = StorageError::none;
    ++totals_of(caller).creates;
  }
  // An object cannot be added to.
  if (call.ok() && mode.append) call.fail(StorageError::io);
  auto made = std::make_unique<File>(caller, file, mode, world_);
  if (call.ok() && !mode.write && settings_.client.open_overhead > Seconds{}) {
    Stopwatch watch(world_, call.time);
    co_await world_.delay(cpu_, settings_.client.open_overhead);
    watch.lap(Cause::client_cpu);
  }
  if (call.ok() && !mode.write && is_piped(file)) {
    made->stream = take_from_pipe(caller, file);
    if (!made->stream) call.fail(StorageError::io);
  }
  if (call.ok()) opened = std::move(made);
  settle(caller, call, outcome);
}

Task ObjectStorage::close(std::unique_ptr<OpenFile> open_file, Outcome& outcome) {
  File& file = static_cast<File&>(*open_file);
  const Caller caller = file.caller();
  ++totals_of(caller).closes;
  Outcome call;
  if (file.stream) streams_.close(*file.stream);
  if (file.mode().write) co_await complete(file, call);
  settle(caller, call, outcome);
}

// --- Reading ----------------------------------------------------------------------------------

Task ObjectStorage::work(Bytes length, Outcome& outcome) {
  const ClientSettings& client = settings_.client;
  Seconds time = client.call_overhead;
  if (client.copy_rate.count() > 0) time += length / client.copy_rate;
  if (!(time > Seconds{})) co_return;
  Stopwatch watch(world_, outcome.time);
  co_await world_.delay(cpu_, time);
  watch.lap(Cause::client_cpu);
}

ObjectStorage::Stream& ObjectStorage::open_stream(const Caller& caller, FileIndex file) {
  ReadWindowSettings window = settings_.client.window_settings();
  if (settings_.client.fit_stored_parts && settings_.stored_part > Bytes{})
    window.first = window.piece =
        std::min(window.piece, std::max(settings_.stored_part, crt::kLeastRange));
  return streams_.open(caller, file, window, pool_number(caller));
}

void ObjectStorage::set_order(Caller caller, std::vector<FileIndex> order) {
  Pipe& pipe = pipes_[{caller.client.value(), caller.process}];
  while (!pipe.ahead.empty()) streams_.close(*pipe.ahead.pop());
  pipe.order = std::move(order);
  pipe.opened = 0;
  for (const FileIndex file : pipe.order) {
    if (file.value() >= piped_.size()) piped_.resize(file.value() + std::size_t{1});
    piped_[file.value()] = true;
  }
}

ObjectStorage::Stream* ObjectStorage::take_from_pipe(const Caller& caller, FileIndex file) {
  Pipe& pipe = pipes_[{caller.client.value(), caller.process}];
  if (pipe.opened >= pipe.order.size() || pipe.order[pipe.opened] != file) return nullptr;
  while (pipe.ahead.size() <= settings_.client.pipe_objects &&
         pipe.opened + pipe.ahead.size() < pipe.order.size()) {
    const FileIndex next = pipe.order[pipe.opened + pipe.ahead.size()];
    Stream& stream = open_stream(caller, next);
    if (tree().size(next) > Bytes{}) stream.prefetch(tree().size(next));
    pipe.ahead.push(&stream);
  }
  ++pipe.opened;
  return pipe.ahead.pop();
}

Task ObjectStorage::read(OpenFile& open_file, Bytes offset, Bytes length, Outcome& outcome) {
  File& file = static_cast<File&>(open_file);
  const Caller caller = file.caller();
  const Bytes size = tree().size(file.file());
  length = readable(size, offset, length);
  begin_read(caller, length);
  Outcome call;
  Host& host = this->host(caller);
  // A pipe has no way back, nor forward but through all that lies between.
  if ((is_piped(file.file()) || settings_.client.stream_only) && offset != file.position)
    call.fail(StorageError::io);
  file.position = offset + length;
  const bool in_memory =
      host.page_cache.enabled() && host.page_cache.look_up(file.file(), offset, length) == length;
  if (length == Bytes{} || !call.ok()) {
    // Nothing to read.
  } else if (in_memory) {
    totals_of(caller).read_cached += length;
  } else if (host.local_cache && host.local_cache->covers(file.file(), offset, length)) {
    co_await host.local_cache->read(file.file(), offset, length, call);
    totals_of(caller).read_cached += length;
  } else {
    if (!file.stream) file.stream = &open_stream(caller, file.file());
    co_await file.stream->read(offset, length, size, call);
  }
  if (call.ok()) host.page_cache.insert(file.file(), offset, length, size);
  co_await work(length, call);
  end_read(caller, length, call, outcome);
}

void ObjectStorage::start(Stream& stream, std::uint64_t request, Bytes begin, Bytes end) {
  world_.spawn(fetch(stream, request, begin, end), {"GET", stream.file().value()});
}

Task ObjectStorage::fetch(Stream& stream, std::uint64_t request, Bytes begin, Bytes end) {
  Outcome outcome;
  ConnectionPool::Lease lease;
  ConnectionPool& pool = pools_[stream.tag()];
  co_await pool.begin(target(RequestClass::get, stream.file()), lease, outcome);
  if (outcome.ok()) co_await fetch_body(stream, request, begin, end, lease, outcome);
  lease.end();
  stream.finished(request, outcome);
}

Task ObjectStorage::fetch_body(Stream& stream, std::uint64_t request, Bytes begin, Bytes end,
                               ConnectionPool::Lease& lease, Outcome& outcome) {
  constexpr Bytes kMost{8 * kMib}; // how finely a body's progress is followed
  constexpr Bytes kLeast{128 * kKib};
  const Bytes window = settings_.client.window_settings().largest;
  const Bytes step = std::clamp(window, kLeast, kMost);
  const FileIndex file = stream.file();
  ConnectionPool& pool = pools_[stream.tag()];
  for (Bytes at = begin; at < end;) {
    while (!stream.has_room(request, at)) {
      if (!lease.paused()) lease.pause();
      co_await stream.progress();
    }
    if (stream.abandoned(request)) co_return;
    if (lease.paused()) co_await pool.resume(lease, outcome);
    const Bytes length = std::min(step, end - at);
    co_await pool.transfer(lease, Direction::to_client, length, outcome);
    totals_of(stream.caller()).read_fetched += length;
    if (std::optional<tiering::LocalCache>& cache = host(stream.caller()).local_cache)
      cache->fetched(file, at, length, tree().size(file));
    at += length;
    stream.arrived(request, at, outcome);
  }
}

} // namespace lustrum::object
