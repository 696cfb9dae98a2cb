#include "models/lustre/client/client.hpp"

#include "models/storage/stopwatch.hpp"

#include <algorithm>
#include <cassert>

namespace lustrum::lustre {

using kernel::Task;

namespace {

ObjectCacheSettings cache_settings(const LustreTunables& tunables, bool rpc_counters) {
  return {.rpc_size = tunables.rpc_size(),
          .max_cached = Bytes{tunables.llite_max_cached_mb * kMib},
          .checksum_rate = tunables.osc_checksums ? tunables.checksum_rate() : BytesPerSecond{},
          .flusher_period = Seconds{tunables.vm_dirty_writeback_centisecs / 100.0},
          .dirty_expire = Seconds{tunables.vm_dirty_expire_centisecs / 100.0},
          .rpc_counters = rpc_counters};
}

ReadaheadLimits readahead_limits(const LustreTunables& tunables) {
  const bool off = tunables.llite_max_read_ahead_mb == 0;
  const Bytes per_file{off ? 0 : tunables.llite_max_read_ahead_per_file_mb * kMib};
  return {.whole_file = Bytes{tunables.llite_max_read_ahead_whole_mb * kMib},
          .per_file = per_file,
          .rpc_size = tunables.rpc_size(),
          .mmap_range = Bytes{tunables.llite_read_ahead_range_kb * kKib},
          .async_threshold = Bytes{tunables.llite_read_ahead_async_file_threshold_mb * kMib},
          .async_max_active = tunables.llite_max_read_ahead_async_active};
}

} // namespace

// Puts a call's bytes down as under way, then as done or failed.
struct Client::Accounted {
  Bytes& under_way;
  Bytes& done;
  Bytes& failed;
  std::uint64_t& errors;

  void begin(Bytes length) const { under_way += length; }
  void end(Bytes length, const Outcome& call, Outcome& outcome) const {
    under_way -= length;
    (call.ok() ? done : failed) += length;
    if (!call.ok()) ++errors;
    outcome += call;
  }
};

Client::Client(const ClientParts& parts, ClientIndex index, const LustreTunables& tunables)
    : parts_(parts), index_(index), tunables_(tunables), state_(parts.world),
      objects_(parts.world, parts.fabric, parts.files, parts.osts, parts.extent_locks, index,
               state_, tunables, cache_settings(tunables, parts.rpc_counters), parts.timer,
               parts.cpu, parts.totals),
      metadata_({.world = parts.world,
                 .fabric = parts.fabric,
                 .files = parts.files,
                 .mds = parts.mds,
                 .supply = parts.supply,
                 .inode_locks = parts.inode_locks,
                 .extent_locks = parts.extent_locks},
                objects_, index, state_, tunables, MetadataSettings::of(tunables)),
      limits_(readahead_limits(tunables)),
      hybrid_{tunables.llite_hybrid_io, Bytes{tunables.llite_hybrid_io_read_threshold_bytes},
              Bytes{tunables.llite_hybrid_io_write_threshold_bytes}} {
  if (tunables.client_page_cache_bandwidth.count() > 0) {
    page_cache_path_.add(
        parts.world.add_shared({"page_cache", "client{}.page_cache", index.value()},
                               tunables.client_page_cache_bandwidth));
    parts.world.declare(page_cache_path_);
  }
  if (!parts.pcc) return;
  if (parts.pcc->mode == PccMode::read_write)
    writable_.emplace(
        WritableCopies::Parts{.world = parts.world,
                              .files = parts.files,
                              .hsm = *parts.hsm,
                              .objects = objects_,
                              .state = state_,
                              .timer = parts.timer,
                              .job = JobIndex{static_cast<std::uint32_t>(parts.totals.size() - 1)}},
        index, *parts.pcc);
  else
    copies_.emplace(ReadOnlyCopies::Parts{.world = parts.world,
                                          .files = parts.files,
                                          .inode_locks = parts.inode_locks,
                                          .metadata = metadata_,
                                          .objects = objects_,
                                          .marks = *parts.pcc_marks,
                                          .timer = parts.timer},
                    index, *parts.pcc);
}

// --- Opening and closing ----------------------------------------------------------------------

Task Client::open(Caller caller, FileIndex file, OpenMode mode, std::unique_ptr<OpenFile>& opened,
                  Outcome& outcome) {
  const Timed timed(*this, LliteStat::open);
  IoTotals& totals = parts_.totals[caller.job.value()];
  // network.gds: the job's reads and writes go to GPU memory.
  if (parts_.fabric.settings().host_path == fabric::HostPath::gpu) mode.gpu = true;
  const bool creates = mode.create && !parts_.files.exists(file);
  Outcome call;
  if (!state_.runs()) co_await go_on(call);
  FileKeeper* const keeper =
      writable_ && creates && writable_->admits(file) ? &*writable_ : nullptr;
  if (call.ok()) co_await metadata_.open(caller, file, mode, call, keeper);
  if (!state_.runs()) co_await go_on(call);
  ++totals.opens;
  if (creates && call.ok()) {
    ++totals.creates;
    counters_.add(LliteStat::create, timed.elapsed());
  }
  if (call.ok()) {
    auto made = std::make_unique<File>(caller, file, mode);
    if (objects_.has_losses()) made->losses_seen = losses_of(file);
    opened = std::move(made);
    if (parts_.hsm) parts_.hsm->opened(file);
    if (parts_.hsm && creates && !keeper && !is_released(file)) parts_.hsm->written(file);
    if (copies_ && !mode.write) co_await copies_->opened(caller, file, call);
    if (mode.group_lock) co_await lock_group(static_cast<File&>(*opened), call);
  } else {
    ++totals.errors;
  }
  outcome += call;
}

Task Client::close(std::unique_ptr<OpenFile> open_file, Outcome& outcome) {
  const Timed timed(*this, LliteStat::close);
  const Caller caller = open_file->caller();
  const FileIndex file = open_file->file();
  const File& closed = static_cast<File&>(*open_file);
  for (const std::uint32_t object : closed.group_locked)
    objects_.unlock_group(object, closed.user().group);
  open_file.reset();
  Outcome call;
  if (!state_.runs()) co_await go_on(call);
  if (call.ok()) co_await metadata_.close(caller, file, call);
  if (parts_.hsm) parts_.hsm->closed(file);
  if (!state_.runs()) co_await go_on(call);
  ++parts_.totals[caller.job.value()].closes;
  settle(caller, call, outcome);
}

// --- Reading ----------------------------------------------------------------------------------

Task Client::read(OpenFile& open_file, Bytes offset, Bytes length, Outcome& outcome) {
  const Timed timed(*this, LliteStat::read);
  File& file = static_cast<File&>(open_file);
  IoTotals& totals = this->totals(file);
  const Accounted account{totals.read_under_way, totals.read_delivered, totals.read_failed,
                          totals.errors};
  ++totals.reads;
  totals.read_asked += length;
  account.begin(length);
  Outcome call;
  Extent extent{offset, offset + length};
  const OpenMode mode = file.mode();
  if (!state_.runs()) co_await go_on(call);
  bool done = false;
  if (call.ok() && writable_)
    co_await transfer_locally(file, extent, device::Operation::read, done, call);
  if (call.ok() && !done && is_released(file.file()))
    co_await parts_.hsm->restore(file.file(), call);
  if (call.ok() && !metadata_.has_layout(file.file()))
    co_await metadata_.fetch_layout(file.caller(), file.file(), call);
  // A short read: somebody has cut the file off meanwhile.
  extent.end = std::min(extent.end, parts_.files.size(file.file()));
  done = done || extent.empty();
  if (!done && refuses(file, extent)) call.fail(StorageError::invalid);
  const bool local = call.ok() && !done && copies_ && copies_->serves(file.file());
  if (call.ok() && !done && !local && on_mdt(file.file(), extent) > Bytes{} &&
      !metadata_.has_data(file.file())) {
    co_await metadata_.read_on_mdt(file.caller(), file.file(),
                                   on_mdt(file.file(), {Bytes{}, parts_.files.size(file.file())}),
                                   call);
    extent.end = std::min(extent.end, parts_.files.size(file.file())); // as above
    done = extent.empty();
  }
  if (!call.ok() || done) {
    // Nothing more can be read, or need be.
  } else if (local) {
    co_await copies_->read(file.file(), length, call);
    co_await copy(length, tunables_.client_copy_bandwidth, call);
    totals.read_cached += length;
  } else if (mode.direct || mode.gpu)
    co_await transfer_direct(file, extent, device::Operation::read, Buffer::process, call);
  else if (mode.map)
    co_await read_mapped(file, extent, call);
  else if (reads_directly(hybrid_, length)) {
    counters_.add(LliteStat::hybrid_read_bytes, length.count());
    co_await transfer_direct(file, extent, device::Operation::read, Buffer::kernel, call);
  } else
    co_await read_buffered(file, extent, call);
  if (!state_.runs()) co_await go_on(call);
  if (call.ok() && !mode.map) counters_.add_read(length);
  account.end(length, call, outcome);
}

void Client::map(FileIndex file, Extent extent, std::vector<ObjectExtent>& out) const {
  parts_.files.layout(file).map(extent.begin, extent.length(), out);
  // A component that nobody has written is a hole; what lies on the MDT has no object.
  std::erase_if(out, [&](const ObjectExtent& part) {
    return part.on_mdt || !parts_.files.instantiated(file, part.component);
  });
}

Bytes Client::on_mdt(FileIndex file, Extent extent) const {
  const LayoutComponent& first = parts_.files.layout(file).components().front();
  if (!first.on_mdt || extent.begin >= first.end) return {};
  return std::min(extent.end, first.end) - extent.begin;
}

Task Client::work(Seconds time, Outcome& outcome) {
  Stopwatch watch(parts_.world, outcome.time);
  co_await parts_.world.delay(parts_.cpu, time);
  watch.lap(Cause::client_cpu);
}

Task Client::copy(Bytes bytes, BytesPerSecond rate, Outcome& outcome) {
  Stopwatch watch(parts_.world, outcome.time);
  Seconds left = bytes / rate;
  if (page_cache_path_.count > 0) {
    const Seconds begin = parts_.world.now();
    co_await parts_.world.transfer(page_cache_path_, bytes);
    left -= parts_.world.now() - begin;
  }
  if (left > Seconds{}) co_await parts_.world.delay(parts_.cpu, left);
  watch.lap(Cause::client_cpu);
}

// --- Writing ----------------------------------------------------------------------------------

Task Client::write(OpenFile& open_file, Bytes offset, Bytes length, Outcome& outcome) {
  const Timed timed(*this, LliteStat::write);
  File& file = static_cast<File&>(open_file);
  IoTotals& totals = this->totals(file);
  const Accounted account{totals.write_under_way, totals.write_accepted, totals.write_failed,
                          totals.errors};
  ++totals.writes;
  totals.write_asked += length;
  account.begin(length);
  Outcome call;
  const Extent extent{offset, offset + length};
  if (!state_.runs()) co_await go_on(call);
  bool done = false;
  if (call.ok() && writable_)
    co_await transfer_locally(file, extent, device::Operation::write, done, call);
  if (call.ok() && !done) co_await write_to_servers(file, extent, call);
  if (!state_.runs()) co_await go_on(call);
  if (call.ok()) counters_.add_write(length);
  account.end(length, call, outcome);
}

Task Client::write_to_servers(File& file, Extent extent, Outcome& call) {
  if (refuses(file, extent)) {
    call.fail(StorageError::invalid);
    co_return;
  }
  if (is_released(file.file())) co_await parts_.hsm->restore(file.file(), call);
  if (call.ok() && copies_) co_await copies_->make_writable(file.caller(), file.file(), call);
  if (call.ok() && !metadata_.has_layout(file.file()))
    co_await metadata_.fetch_layout(file.caller(), file.file(), call);
  if (call.ok()) co_await instantiate(file, extent, call);
  if (const Bytes dom = on_mdt(file.file(), extent); call.ok() && dom > Bytes{})
    co_await metadata_.write_on_mdt(file.caller(), file.file(), dom, call);
  if (call.ok()) {
    if (file.mode().direct || file.mode().gpu)
      co_await transfer_direct(file, extent, device::Operation::write, Buffer::process, call);
    else if (writes_directly(hybrid_, extent.length())) {
      counters_.add(LliteStat::hybrid_write_bytes, extent.length().count());
      co_await transfer_direct(file, extent, device::Operation::write, Buffer::kernel, call);
    } else
      co_await write_buffered(file, extent, call);
  }
  if (call.ok()) {
    parts_.files.grow(file.file(), extent.end);
    if (parts_.hsm) parts_.hsm->written(file.file());
  }
}

Task Client::transfer_locally(const File& file, Extent extent, device::Operation operation,
                              bool& done, Outcome& outcome) {
  const FileIndex index = file.file();
  // While the file is being restored the layout is not to be had: then this waits for the end.
  if (writable_->has(index) && !metadata_.has_layout(index))
    co_await metadata_.fetch_layout(file.caller(), index, outcome);
  if (!outcome.ok() || !writable_->has(index)) co_return;
  done = true;
  const bool reads = operation == device::Operation::read;
  if (reads)
    co_await writable_->read(index, extent, outcome);
  else
    co_await writable_->write(index, extent, done, outcome);
  if (!done) co_return;
  if (reads) this->totals(file).read_cached += extent.length();
  if (!file.mode().direct)
    co_await work(extent.length() / (reads ? tunables_.client_copy_bandwidth
                                           : tunables_.client_copy_bandwidth_write),
                  outcome);
}

Task Client::instantiate(File& file, Extent extent, Outcome& outcome) {
  FileTable& files = parts_.files;
  const auto [first, touched] =
      files.layout(file.file()).components_of(extent.begin, extent.length());
  // An append may go anywhere by the time it is done: Lustre makes all components.
  const std::size_t last =
      file.mode().append ? files.layout(file.file()).components().size() : touched;
  for (std::size_t component = first; component < last && outcome.ok(); ++component)
    if (!files.instantiated(file.file(), component))
      co_await metadata_.instantiate(file.caller(), file.file(), component, outcome);
}

Task Client::write_buffered(File& file, Extent extent, Outcome& outcome) {
  const FileIndex index = file.file();
  const Bytes rpc = tunables_.rpc_size();
  const Bytes most = std::max(Bytes{tunables_.osc_max_dirty_mb * kMib}, kPageSize); // at a time
  // In pieces of an RPC, as the page cache fills: what is full goes out while the rest is copied.
  for (Bytes at = extent.begin; at < extent.end && outcome.ok();) {
    const Bytes next = std::min(extent.end, at - at % rpc + rpc);
    std::vector<ObjectExtent> parts;
    map(index, {at, next}, parts);
    co_await copy(next - at, tunables_.client_copy_bandwidth_write, outcome);
    for (const ObjectExtent& part : parts) {
      const std::uint32_t object = parts_.files.object_number(index, part.object);
      const Bytes end = part.offset + part.length;
      const Bytes known_end = parts_.files.object_space(object);
      if (!parts_.files.extend_object(object, end)) outcome.fail(StorageError::no_space);
      for (Bytes from = part.offset; from < end && outcome.ok();) {
        const Bytes to = std::min({end, from - from % rpc + rpc, from - from % kPageSize + most});
        co_await objects_.write(file.user(), object, {from, to}, known_end, outcome);
        from = to;
      }
    }
    at = next;
    if (outcome.ok()) parts_.files.grow(index, at); // a call that fails later has written so far
  }
}

void Client::drop_caches() {
  objects_.drop_clean();
  metadata_.drop_caches();
}

Bytes Client::written_end(std::uint32_t object) const { return parts_.files.object_space(object); }

} // namespace lustrum::lustre
