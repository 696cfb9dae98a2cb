#include "models/loadgen/ior.hpp"

#include <algorithm>
#include <utility>

namespace lustrum::loadgen {

using kernel::Task;

Ior::Ior(kernel::Engine& engine, Storage& storage, LoadPlace place, const IorSettings& settings)
    : LoadJob(engine, storage, std::move(place)),
      settings_(settings), pattern_{.ranks = rank_count(),
                                    .block_size = settings.block_size,
                                    .transfer_size = settings.transfer_size,
                                    .segments = settings.segments,
                                    .file_per_process = settings.file_per_process,
                                    .random_offset = settings.random_offset,
                                    .seed = place_.seed},
      directory_(storage.place_directory(kRootDirectory)), files_(pattern_.files()),
      written_(rank_count(), settings.write ? 0 : pattern_.transfers_per_rank()) {
  name_phase(access_write, "write", true);
  name_phase(access_read, "read", true);
  // Without a write phase the files are there from before.
  for (FileIndex& file : files_)
    file = settings.write ? storage.reserve_file(directory_)
                          : storage.place_file(directory_, pattern_.file_size());
}

FileIndex Ior::file_of(std::uint32_t owner) const {
  return files_[settings_.file_per_process ? owner : 0];
}

Task Ior::run_once(std::uint32_t rank) {
  most_written_ = 0;
  if (settings_.drop_caches) drop_caches(rank);
  co_await barrier(rank);
  if (settings_.write) co_await write_phase(rank);
  co_await barrier(rank);
  if (aborted()) co_return;
  if (settings_.drop_caches) drop_caches(rank);
  co_await barrier(rank);
  if (settings_.read) co_await read_phase(rank);
  co_await barrier(rank);
  if (settings_.write && !settings_.keep_file && !aborted()) co_await remove(rank);
}

Task Ior::write_phase(std::uint32_t rank) {
  const std::uint64_t all = pattern_.transfers_per_rank();
  std::uint64_t& done = written_[rank];
  done = 0;
  begin(access_write);
  std::unique_ptr<OpenFile> file;
  co_await open(rank, rank, access_write, file);
  if (settings_.intra_test_barriers) co_await barrier(rank);
  if (file) co_await transfers(rank, rank, *file, access_write, 0, all, settings_.stonewall, done);
  if (settings_.stonewall > Seconds{} && settings_.stonewall_wear_out) {
    most_written_ = std::max(most_written_, done);
    co_await barrier(rank);
    if (file)
      co_await transfers(rank, rank, *file, access_write, done, most_written_, Seconds{}, done);
  }
  if (file && settings_.fsync && !aborted()) co_await sync(rank, *file);
  if (settings_.intra_test_barriers) co_await barrier(rank);
  if (file) co_await close(rank, access_write, std::move(file));
  end(access_write);
}

Task Ior::read_phase(std::uint32_t rank) {
  const std::uint32_t owner =
      settings_.reorder_tasks
          ? reordered(rank, rank_count(), place_.ranks_per_client, settings_.task_per_node_offset)
          : rank;
  begin(access_read);
  std::unique_ptr<OpenFile> file;
  co_await open(rank, owner, access_read, file);
  if (settings_.intra_test_barriers) co_await barrier(rank);
  std::uint64_t done = 0;
  const Seconds stonewall = settings_.stonewall_wear_out ? Seconds{} : settings_.stonewall;
  if (file)
    co_await transfers(rank, owner, *file, access_read, 0, written_[owner], stonewall, done);
  if (settings_.intra_test_barriers) co_await barrier(rank);
  if (file) co_await close(rank, access_read, std::move(file));
  end(access_read);
}

Task Ior::open(std::uint32_t rank, std::uint32_t owner, Access access,
               std::unique_ptr<OpenFile>& file) {
  const Seconds before = now();
  Outcome outcome;
  const OpenMode mode{.write = access == access_write,
                      .create = access == access_write,
                      .truncate = false,
                      .append = false,
                      .direct = settings_.direct,
                      .gpu = false,
                      .map = access == access_read && settings_.api == "MMAP",
                      .group_lock = settings_.group_lock};
  co_await storage_.open(caller(rank), file_of(owner), mode, file, outcome);
  note_or_abort(rank, before, outcome, access);
}

// Of a job that was aborted too: the kernel closes what the process had open.
Task Ior::close(std::uint32_t rank, Access access, std::unique_ptr<OpenFile> file) {
  const Seconds before = now();
  Outcome outcome;
  co_await storage_.close(std::move(file), outcome);
  note_or_abort(rank, before, outcome, access);
}

bool Ior::note_or_abort(std::uint32_t rank, Seconds before, const Outcome& outcome, Access access) {
  const bool ok = note(rank, before, outcome, access);
  if (!ok) abort(rank, access, outcome.error);
  return ok;
}

Task Ior::transfers(std::uint32_t rank, std::uint32_t owner, OpenFile& file, Access access,
                    std::uint64_t from, std::uint64_t limit, Seconds stonewall,
                    std::uint64_t& done) {
  const Seconds start = now();
  std::uint64_t locked = from; // up to here locks have been asked for
  for (std::uint64_t i = from; i < limit && !aborted(); ++i) {
    if (access == access_write) co_await lock_ahead(rank, owner, file, i, limit, locked);
    const IorTransfer transfer = transfer_of(pattern_, owner, i);
    const Seconds before = now();
    Outcome outcome;
    if (access == access_write) {
      co_await storage_.write(file, transfer.offset, transfer.length, outcome);
    } else if (transfer.offset + transfer.length <= storage_.file_size(file.file())) {
      co_await storage_.read(file, transfer.offset, transfer.length, outcome);
    } else {
      outcome.fail(StorageError::io); // the end of the file comes too early: IOR calls it an error
    }
    if (!note_or_abort(rank, before, outcome, access)) co_return;
    count(access, transfer.length);
    if (access == access_write && settings_.fsync_per_write) co_await sync(rank, file);
    done = i + 1;
    // As IOR does: looked at after a transfer, so that each rank does one.
    if (stonewall > Seconds{} && now() - start > stonewall) break;
  }
}

Task Ior::lock_ahead(std::uint32_t rank, std::uint32_t owner, OpenFile& file, std::uint64_t next,
                     std::uint64_t limit, std::uint64_t& locked) {
  const std::uint64_t until = std::min(limit, next + settings_.lock_ahead);
  for (; locked < until; ++locked) {
    const IorTransfer transfer = transfer_of(pattern_, owner, locked);
    const Seconds before = now();
    Outcome outcome;
    co_await storage_.lock_ahead(file, transfer.offset, transfer.length, outcome);
    note(rank, before, outcome, access_write);
  }
}

// That it failed is a warning in IOR.
Task Ior::sync(std::uint32_t rank, OpenFile& file) {
  const Seconds before = now();
  Outcome outcome;
  co_await storage_.sync(file, outcome);
  note(rank, before, outcome, access_write);
}

// Outside the phases, as in IOR. The next repetition writes to a new file.
Task Ior::remove(std::uint32_t rank) {
  if (!settings_.file_per_process && rank != 0) co_return;
  FileIndex& file = files_[settings_.file_per_process ? rank : 0];
  const Seconds before = now();
  Outcome outcome;
  co_await storage_.remove(caller(rank), file, outcome);
  note(rank, before, outcome, kNoPhase);
  file = storage_.reserve_file(directory_);
}

} // namespace lustrum::loadgen
