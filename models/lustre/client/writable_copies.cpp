#include "models/lustre/client/writable_copies.hpp"

#include "models/lustre/client/read_only_copies.hpp"
#include "models/storage/stopwatch.hpp"

#include <algorithm>

namespace lustrum::lustre {

using kernel::Task;

namespace {
constexpr Bytes kPiece{4 * kMib}; // of a restore
} // namespace

WritableCopies::WritableCopies(const Parts& parts, ClientIndex client, const PccSettings& settings)
    : parts_(parts), disk_model_(settings.disk),
      disk_(parts.world.add_fifo({"pcc_disk", "client{}.pcc", client.value()}, 1)),
      cache_({.mode = PccMode::read_write,
              .capacity = settings.capacity,
              .rules = settings.rules,
              .inline_limit = settings.inline_limit}),
      data_(parts.files, parts.objects, parts.job), idle_(parts.world) {}

bool WritableCopies::admits(FileIndex) const {
  return !cache_.full() && cache_.admission({}) != PccCache::Admission::none;
}

void WritableCopies::created(FileIndex file) {
  cache_.attach(file, Bytes{}, detached_);
  parts_.hsm.kept().keep(file, *this);
}

Task WritableCopies::write(FileIndex file, Extent extent, bool& fits, Outcome& outcome) {
  const Bytes size = std::max(parts_.files.size(file), extent.end);
  fits = cache_.resize(file, size);
  if (!fits) co_return;
  // At once, so that a restore that begins meanwhile takes room for all of it.
  parts_.files.grow(file, extent.end);
  written_bytes_ += extent.length().as_double();
  co_await use_disk(file, device::Operation::write, extent.length(), outcome);
}

Task WritableCopies::read(FileIndex file, Extent extent, Outcome& outcome) {
  cache_.hit(file, extent.length());
  co_await use_disk(file, device::Operation::read, extent.length(), outcome);
}

Task WritableCopies::use_disk(FileIndex file, device::Operation operation, Bytes length,
                              Outcome& outcome) {
  busy_.push_back(file);
  Stopwatch watch(parts_.world, outcome.time);
  co_await parts_.world.serve(disk_, disk_model_.busy_time(operation, length));
  co_await parts_.world.delay(parts_.timer, disk_model_.latency);
  watch.lap(Cause::disk);
  busy_.erase(std::find(busy_.begin(), busy_.end(), file));
  if (!is_busy(file)) idle_.notify();
}

bool WritableCopies::is_busy(FileIndex file) const {
  return std::find(busy_.begin(), busy_.end(), file) != busy_.end();
}

bool WritableCopies::goes_on(HsmCopy& copy) const {
  copy.hung = stopped() || parts_.state.dead();
  if (!parts_.files.exists(copy.file)) copy.error = StorageError::no_entry;
  return !copy.hung && !copy.cancelled && copy.error == StorageError::none;
}

// The coordinator has taken the layout from the client: nothing new begins, what is under way ends.
Task WritableCopies::run(HsmCopy& copy) {
  if (copy.action != HsmAction::restore) co_return; // MDTs allow nothing else for such a file
  Outcome outcome;
  while (is_busy(copy.file)) co_await idle_.wait();
  if (!parts_.state.runs()) co_await parts_.state.until_it_runs(outcome);
  if (!goes_on(copy)) co_return;
  co_await parts_.hsm.wire().call(copy.file, MetadataOperation::open);
  co_await parts_.hsm.wire().call(copy.file, MetadataOperation::create);
  const Bytes size = parts_.files.size(copy.file);
  for (Bytes at{}; at < size && goes_on(copy);) {
    const Bytes next = std::min(size, at + kPiece);
    co_await parts_.world.serve(disk_, disk_model_.busy_time(device::Operation::read, next - at));
    if (!parts_.state.runs()) co_await parts_.state.until_it_runs(outcome);
    if (!goes_on(copy)) co_return;
    co_await data_.store(copy.file, {at, next}, outcome);
    copy.error = outcome.error;
    at = next;
  }
  if (!goes_on(copy)) co_return;
  co_await data_.flush(copy.file, outcome);
  copy.error = outcome.error;
}

} // namespace lustrum::lustre
