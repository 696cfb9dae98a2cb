#include "models/block/local_storage.hpp"

#include "models/storage/stopwatch.hpp"
#include "models/tiering/policy/missed_share.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lustrum::block {

using device::Operation;
using kernel::Task;

LocalStorage::LocalStorage(kernel::World& world, const fabric::HostLinks& links,
                           const LocalSettings& settings, std::uint32_t jobs)
    : TreeStorage(jobs), world_(world), links_(links), settings_(settings),
      cpu_(world.add_delay({"client_cpu", "local.client_cpu"})) {
  for (std::uint32_t c = 0; c < links.settings().clients; ++c) {
    Host& host =
        hosts_.emplace_back(world, settings.on_pcie ? &links : nullptr, ClientIndex{c}, settings);
    if (settings.changes.count() > 0)
      host.journal = &world.add_fifo({"local_journal", "client{}.journal", c}, 1);
  }
}

// --- What lies where --------------------------------------------------------------------------

bool LocalStorage::has(ClientIndex client, FileIndex file) const {
  return has(hosts_[client.value()], file);
}

bool LocalStorage::has(const Host& host, FileIndex file) {
  return file.value() < host.present.size() && host.present[file.value()];
}

void LocalStorage::set_present(Host& host, FileIndex file, bool present) {
  if (host.present.size() <= file.value()) host.present.resize(tree().files(), false);
  host.present[file.value()] = present;
}

LocalStorage::Copy LocalStorage::copy_on(Host& host, FileIndex file) const {
  if (const Copy* own = host.changed.find(file.value())) return *own;
  const Bytes size = placed_size(file);
  return {size, has(host, file) ? size : Bytes{}};
}

bool LocalStorage::set_copy(Host& host, FileIndex file, Copy copy) {
  const Bytes before = copy_on(host, file).stored;
  const Bytes capacity = host.volumes.capacity();
  const Bytes held = host.held - before + copy.stored;
  if (copy.stored > before && capacity > Bytes{} && held > capacity) return false;
  host.held = held;
  Copy* own = host.changed.find(file.value());
  const Bytes placed = placed_size(file);
  if (copy.size != placed || copy.stored != placed)
    (own ? *own : host.changed.insert(file.value())) = copy;
  else if (own)
    host.changed.erase(file.value());
  usage_.held_peak = std::max(usage_.held_peak, host.held);
  return true;
}

void LocalStorage::fit_largest(FileIndex file) {
  Bytes most{};
  for (Host& host : hosts_)
    if (has(host, file)) most = std::max(most, size_on(host, file));
  tree().set_size(file, most);
}

void LocalStorage::placed(FileIndex file) {
  placed_.resize(tree().files());
  placed_[file.value()] = tree().size(file);
  if (settings_.placed_is_absent) return;
  for (Host& host : hosts_) {
    set_present(host, file, true);
    host.held += tree().size(file);
    usage_.held_peak = std::max(usage_.held_peak, host.held);
  }
}

bool LocalStorage::reserve(ClientIndex client, FileIndex file) {
  return set_copy(hosts_[client.value()], file, {tree().size(file), tree().size(file)});
}

Task LocalStorage::copy_in(ClientIndex client, FileIndex file, Bytes offset, Bytes length,
                           Outcome& outcome) {
  usage_.copied_in += length;
  return hosts_[client.value()].volumes.access(Operation::write, file, offset, length, outcome);
}

void LocalStorage::copied(ClientIndex client, FileIndex file) {
  Host& host = hosts_[client.value()];
  set_present(host, file, true);
  // What was just written is in the page cache, as far as that holds it.
  const Bytes size = size_on(host, file);
  host.page_cache.insert(file, Bytes{}, size, size);
}

void LocalStorage::cut(Host& host, FileIndex file) {
  host.page_cache.erase(file, size_on(host, file));
  set_copy(host, file, {});
}

// --- Names ------------------------------------------------------------------------------------

Task LocalStorage::metadata(const Caller& caller, bool changes, Outcome& outcome) {
  Stopwatch watch(world_, outcome.time);
  co_await world_.delay(cpu_, settings_.metadata_latency);
  kernel::FifoStation* const journal = host(caller).journal;
  if (changes && journal) co_await world_.serve(*journal, Seconds{1 / settings_.changes.count()});
  watch.lap(Cause::metadata);
}

Task LocalStorage::open(Caller caller, FileIndex file, OpenMode mode,
                        std::unique_ptr<OpenFile>& opened, Outcome& outcome) {
  ++totals_of(caller).opens;
  Outcome call;
  const bool absent = !has(caller.client, file);
  co_await metadata(caller, (absent && mode.create) || (mode.truncate && mode.write), call);
  if (!has(caller.client, file)) {
    if (mode.create) {
      ++totals_of(caller).creates;
      if (!tree().exists(file)) tree().create(file, Bytes{});
      set_copy(host(caller), file, {});
      set_present(host(caller), file, true);
    } else {
      call.fail(StorageError::no_entry);
      ++usage_.missing;
    }
  } else if (mode.truncate && mode.write) {
    cut(host(caller), file);
    fit_largest(file);
  }
  if (call.ok()) opened = std::make_unique<OpenFile>(caller, file, mode);
  settle(caller, call, outcome);
}

Task LocalStorage::close(std::unique_ptr<OpenFile> file, Outcome& outcome) {
  const Caller caller = file->caller();
  file.reset();
  ++totals_of(caller).closes;
  settle(caller, {}, outcome);
  co_return;
}

Task LocalStorage::stat(Caller caller, FileIndex file, Outcome& outcome) {
  ++totals_of(caller).stats;
  Outcome call;
  co_await metadata(caller, false, call);
  if (!has(caller.client, file)) call.fail(StorageError::no_entry);
  settle(caller, call, outcome);
}

Task LocalStorage::remove(Caller caller, FileIndex file, Outcome& outcome) {
  Outcome call;
  co_await metadata(caller, true, call);
  if (!has(caller.client, file)) {
    call.fail(StorageError::no_entry);
  } else {
    ++totals_of(caller).removes;
    Host& host = this->host(caller);
    cut(host, file);
    set_present(host, file, false);
    const bool elsewhere = std::any_of(hosts_.begin(), hosts_.end(),
                                       [&](const Host& other) { return has(other, file); });
    if (elsewhere)
      fit_largest(file);
    else if (tree().exists(file))
      tree().remove(file);
  }
  settle(caller, call, outcome);
}

Task LocalStorage::truncate(Caller caller, FileIndex file, Bytes size, Outcome& outcome) {
  Outcome call;
  co_await metadata(caller, true, call);
  if (!has(caller.client, file)) {
    call.fail(StorageError::no_entry);
  } else {
    Host& host = this->host(caller);
    const Copy old = copy_on(host, file);
    host.page_cache.erase(file, old.size);
    set_copy(host, file, {size, std::min(old.stored, size)}); // longer by a hole
    fit_largest(file);
  }
  settle(caller, call, outcome);
}

Task LocalStorage::make_directory(Caller caller, DirectoryIndex directory, Outcome& outcome) {
  Outcome call;
  co_await metadata(caller, true, call);
  // Clients make the same tree, each for itself.
  if (!tree().exists(directory)) tree().make(directory);
  settle(caller, call, outcome);
}

Task LocalStorage::remove_directory(Caller caller, DirectoryIndex directory, Outcome& outcome) {
  Outcome call;
  co_await metadata(caller, true, call);
  if (!tree().is_empty(directory))
    call.fail(StorageError::not_empty);
  else if (tree().exists(directory))
    tree().remove(directory);
  settle(caller, call, outcome);
}

Task LocalStorage::list(Caller caller, DirectoryIndex directory, std::vector<FileIndex>& files,
                        Outcome& outcome) {
  Outcome call;
  co_await metadata(caller, false, call);
  for (const FileIndex file : tree().list(directory))
    if (has(caller.client, file)) files.push_back(file);
  settle(caller, call, outcome);
}

// --- Data -------------------------------------------------------------------------------------

Task LocalStorage::work(Bytes length, Outcome& outcome) {
  if (!(settings_.copy_rate.count() > 0)) co_return;
  Stopwatch watch(world_, outcome.time);
  co_await world_.delay(cpu_, length / settings_.copy_rate);
  watch.lap(Cause::client_cpu);
}

Task LocalStorage::read(OpenFile& file, Bytes offset, Bytes length, Outcome& outcome) {
  const Caller caller = file.caller();
  const Bytes size = size_on(this->host(caller), file.file());
  length = readable(size, offset, length);
  begin_read(caller, length);
  Outcome call;
  Host& host = this->host(caller);
  const bool cached = !file.mode().direct && host.page_cache.enabled() &&
                      host.page_cache.look_up(file.file(), offset, length) == length;
  if (cached) {
    totals_of(caller).read_cached += length;
  } else if (length > Bytes{}) {
    co_await host.volumes.access(Operation::read, file.file(), offset, length, call);
    totals_of(caller).read_fetched += length;
    if (!file.mode().direct) host.page_cache.insert(file.file(), offset, length, size);
  }
  co_await work(length, call);
  end_read(caller, length, call, outcome);
}

Task LocalStorage::write_back(Caller caller, FileIndex file, Bytes offset, Bytes length) {
  Outcome background;
  Host& host = this->host(caller);
  co_await host.volumes.access(Operation::write, file, offset, length, background);
  totals_of(caller).write_stored += length;
  host.dirty.stored(file, length);
}

Task LocalStorage::write(OpenFile& file, Bytes offset, Bytes length, Outcome& outcome) {
  const Caller caller = file.caller();
  const FileIndex index = file.file();
  begin_write(caller, length);
  Outcome call;
  Host& host = this->host(caller);
  const Bytes end = offset + length;
  Copy copy = copy_on(host, index);
  copy.size = std::max(copy.size, end);
  copy.stored = std::min(copy.stored + length, copy.size);
  if (!set_copy(host, index, copy)) call.fail(StorageError::no_space);
  if (call.ok() && end > tree().size(index)) tree().set_size(index, end);
  if (call.ok() && file.mode().direct) {
    co_await host.volumes.access(Operation::write, index, offset, length, call);
    totals_of(caller).write_stored += length;
  } else if (call.ok()) {
    co_await host.dirty.write(
        index, offset, length, [this](Bytes piece, Outcome& taken) { return work(piece, taken); },
        [this, caller, index](Bytes at, Bytes piece) {
          world_.spawn(write_back(caller, index, at, piece), {"local write-back", index.value()});
        },
        call);
    // Somebody may have cut it off meanwhile.
    const Bytes size = size_on(host, index);
    const Bytes left = readable(size, offset, length);
    if (left > Bytes{}) host.page_cache.insert(index, offset, left, size);
  }
  end_write(caller, length, call, outcome);
}

Task LocalStorage::sync(OpenFile& file, Outcome& outcome) {
  ++totals_of(file.caller()).syncs;
  Outcome call;
  co_await host(file.caller()).dirty.flush(file.file(), call);
  settle(file.caller(), call, outcome);
}

// --- Report -----------------------------------------------------------------------------------

VolumeUsage LocalStorage::volume_usage() const {
  VolumeUsage sum;
  for (const Host& host : hosts_) {
    const VolumeUsage& u = host.volumes.usage();
    sum.reads += u.reads;
    sum.writes += u.writes;
    sum.read += u.read;
    sum.written += u.written;
  }
  return sum;
}

kernel::Topology::Cut LocalStorage::read_bound(Bytes bytes) const {
  kernel::Topology topology;
  const auto source = topology.add_node();
  const auto sink = topology.add_node();
  const auto hosts = static_cast<double>(hosts_.size());
  // Each client reads its share, over and over, from disks or memory.
  const double missed = tiering::missed_share(
      bytes.as_double() / hosts, usage_.held_peak.as_double(), settings_.page_cache.as_double());
  const auto disks = topology.add_node();
  topology.add_edge(source, disks, settings_.volumes.read_rate() * hosts / missed, "local_disk");
  const BytesPerSecond bus = links_.settings().pcie;
  if (settings_.on_pcie && bus.count() > 0)
    topology.add_edge(disks, sink, bus * hosts / missed, "pcie");
  else
    topology.add_unlimited_edge(disks, sink);
  return topology.min_cut(source, sink);
}

std::vector<std::string> LocalStorage::check_laws() const {
  const bool idle = world_.is_idle();
  std::vector<std::string> problems = check_totals(idle);
  const IoTotals t = totals();
  const VolumeUsage u = volume_usage();
  const auto expect = [&](bool holds, std::string_view what, Bytes left, Bytes right) {
    if (!holds)
      problems.push_back(fmt::format("{}: {} and {} bytes", what, left.count(), right.count()));
  };
  expect(t.read_fetched <= u.read, "what is read comes from the disks", t.read_fetched, u.read);
  expect(t.read_delivered <= t.read_fetched + t.read_cached, "what is delivered was read or cached",
         t.read_delivered, t.read_fetched + t.read_cached);
  expect(t.write_stored + usage_.copied_in <= u.written, "what is stored was written to the disks",
         t.write_stored + usage_.copied_in, u.written);
  expect(!idle || t.write_stored == t.write_accepted, "written data reaches the disks",
         t.write_stored, t.write_accepted);
  for (const Host& host : hosts_)
    for (std::string& problem : host.volumes.check_laws(idle))
      problems.push_back(std::move(problem));
  return problems;
}

} // namespace lustrum::block
