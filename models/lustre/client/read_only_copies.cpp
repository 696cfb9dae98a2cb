#include "models/lustre/client/read_only_copies.hpp"

#include "models/storage/stopwatch.hpp"

#include <algorithm>

namespace lustrum::lustre {

using kernel::Task;

namespace {
constexpr Bytes kPiece{4 * kMib}; // of a copy: while one is written the next is fetched
} // namespace

ReadOnlyCopies::ReadOnlyCopies(const Parts& parts, ClientIndex client, const PccSettings& settings)
    : parts_(parts), client_(client), disk_model_(settings.disk),
      disk_(parts.world.add_fifo({"pcc_disk", "client{}.pcc", client.value()}, 1)),
      cache_({.mode = PccMode::read_only,
              .capacity = settings.capacity,
              .rules = settings.rules,
              .inline_limit = settings.inline_limit}),
      attached_(parts.world) {}

bool ReadOnlyCopies::is_attaching(FileIndex file) const {
  return std::find(attaching_.begin(), attaching_.end(), file) != attaching_.end();
}

bool ReadOnlyCopies::serves(FileIndex file) {
  if (!cache_.cached(file)) return false;
  if (generations_.find(file.value()) == parts_.marks.generation(file)) return true;
  detach(file);
  return false;
}

void ReadOnlyCopies::detach(FileIndex file) {
  if (!cache_.cached(file)) return;
  generations_.erase(file.value());
  cache_.detach(file);
}

Task ReadOnlyCopies::opened(Caller caller, FileIndex file, Outcome& outcome) {
  if (serves(file)) co_return;
  const PccCache::Admission admission =
      cache_.admission({.name = {}, .size = parts_.files.size(file)});
  if (admission == PccCache::Admission::none || (parts_.files.hsm_flags(file) & hsm::kReleased))
    co_return;
  if (admission == PccCache::Admission::async_copy) {
    if (!is_attaching(file))
      parts_.world.spawn(attach_later(caller, file), {"pcc attaching", client_.value()});
    co_return;
  }
  // One process copies, the others wait for it.
  Stopwatch watch(parts_.world, outcome.time);
  while (is_attaching(file)) {
    co_await attached_.wait();
    watch.lap(Cause::disk);
  }
  if (!serves(file)) co_await attach(caller, file, outcome);
}

Task ReadOnlyCopies::attach_later(Caller caller, FileIndex file) {
  Outcome nobody_waits;
  co_await attach(caller, file, nobody_waits);
}

Task ReadOnlyCopies::attach(Caller caller, FileIndex file, Outcome& outcome) {
  attaching_.push_back(file);
  const Bytes size = parts_.files.size(file);
  // The mark; with it comes the layout.
  if (!parts_.marks.has(file) || !parts_.metadata.has_layout(file))
    co_await parts_.metadata.fetch_layout(caller, file, outcome);
  parts_.marks.set(file, true);
  const std::uint32_t generation = parts_.marks.generation(file);
  Outcome copied;
  co_await copy(caller.job, file, size, copied);
  outcome.time += copied.time;
  // What changed meanwhile is not kept. A copy that failed does no harm: the servers have the data.
  const bool unchanged = parts_.marks.generation(file) == generation && parts_.files.exists(file) &&
                         parts_.files.size(file) == size;
  if (copied.ok() && unchanged) {
    detached_.clear();
    if (cache_.attach(file, size, detached_)) generations_.insert(file.value(), generation);
    for (const FileIndex gone : detached_) generations_.erase(gone.value());
  }
  std::erase(attaching_, file);
  attached_.notify();
}

Task ReadOnlyCopies::copy(JobIndex job, FileIndex file, Bytes size, Outcome& outcome) {
  Stopwatch watch(parts_.world, outcome.time);
  start(job, file, {Bytes{}, std::min(size, kPiece)});
  for (Bytes at{}; at < size && outcome.ok();) {
    const Bytes next = std::min(size, at + kPiece);
    if (next < size) start(job, file, {next, std::min(size, next + kPiece)});
    co_await wait(job, file, {at, next}, outcome);
    watch.skip();
    co_await parts_.world.serve(disk_, disk_model_.busy_time(device::Operation::write, next - at));
    watch.lap(Cause::disk);
    at = next;
  }
}

void ReadOnlyCopies::start(JobIndex job, FileIndex file, Extent extent) {
  extents_.clear();
  parts_.files.layout(file).map(extent.begin, extent.length(), extents_);
  for (const ObjectExtent& part : extents_)
    if (!part.on_mdt && parts_.files.instantiated(file, part.component))
      parts_.objects.start(job, parts_.files.object_number(file, part.object),
                           {part.offset, part.offset + part.length}, {});
}

Task ReadOnlyCopies::wait(JobIndex job, FileIndex file, Extent extent, Outcome& outcome) {
  std::vector<ObjectExtent> parts;
  parts_.files.layout(file).map(extent.begin, extent.length(), parts);
  for (const ObjectExtent& part : parts)
    if (!part.on_mdt && parts_.files.instantiated(file, part.component))
      co_await parts_.objects.wait(job, parts_.files.object_number(file, part.object),
                                   {part.offset, part.offset + part.length}, outcome);
}

Task ReadOnlyCopies::read(FileIndex file, Bytes length, Outcome& outcome) {
  cache_.hit(file, length);
  Stopwatch watch(parts_.world, outcome.time);
  co_await parts_.world.serve(disk_, disk_model_.busy_time(device::Operation::read, length));
  co_await parts_.world.delay(parts_.timer, disk_model_.latency);
  watch.lap(Cause::disk);
}

Task ReadOnlyCopies::make_writable(Caller caller, FileIndex file, Outcome& outcome) {
  if (!parts_.marks.has(file)) co_return;
  parts_.marks.set(file, false);
  Outcome cleared;
  co_await parts_.inode_locks.revoke(Inode::file(file), LockMode::ex, kLayoutBit, cleared.time);
  co_await parts_.metadata.fetch_layout(caller, file, cleared);
  outcome += cleared;
  detach(file);
}

} // namespace lustrum::lustre
