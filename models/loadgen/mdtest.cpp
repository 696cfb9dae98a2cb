#include "models/loadgen/mdtest.hpp"

#include <algorithm>
#include <utility>

namespace lustrum::loadgen {

using kernel::Task;

Mdtest::Mdtest(kernel::Engine& engine, Storage& storage, LoadPlace place,
               const MdtestSettings& settings)
    : LoadJob(engine, storage, std::move(place)), settings_(settings),
      top_(storage.place_directory(kRootDirectory)), ranks_(rank_count()) {
  const bool dirs = settings.dirs_only;
  name_phase(phase_create, dirs ? "directory create" : "create", false);
  name_phase(phase_stat, "stat", false);
  name_phase(phase_read, "read", false);
  name_phase(phase_remove, dirs ? "directory remove" : "remove", false);
  name_phase(phase_list, "list", false);
  for (Rank& rank : ranks_) rank.directory = top_;
  if (!settings.create) place_items();
}

// Without a create phase the items are there from before.
void Mdtest::place_items() {
  for (Rank& rank : ranks_) {
    if (settings_.shared_file && &rank != &ranks_.front()) break;
    if (settings_.unique_dir_per_task) rank.directory = storage_.place_directory(top_);
    for (std::uint32_t i = 0; i < settings_.items; ++i)
      if (settings_.dirs_only)
        rank.directories.push_back(storage_.place_directory(rank.directory));
      else
        rank.files.push_back(storage_.place_file(rank.directory, settings_.write_bytes));
  }
}

std::uint32_t Mdtest::owner(std::uint32_t rank, std::uint32_t strides) const {
  if (settings_.shared_file) return 0;
  const std::uint64_t shift = std::uint64_t{settings_.nstride} * strides;
  return static_cast<std::uint32_t>((rank + shift) % rank_count());
}

Task Mdtest::run_once(std::uint32_t rank) {
  const bool own_directory = settings_.create && settings_.unique_dir_per_task;
  if (own_directory) co_await make_own_directory(rank);
  co_await between_phases(rank);
  if (settings_.create) co_await create_phase(rank);
  co_await between_phases(rank);
  if (settings_.stat && !settings_.dirs_only) co_await stat_phase(rank);
  co_await between_phases(rank);
  if (settings_.list && !settings_.dirs_only) {
    co_await list_phase(rank);
    co_await between_phases(rank);
  }
  if (settings_.read && !settings_.dirs_only) co_await read_phase(rank);
  co_await between_phases(rank);
  if (settings_.remove) co_await remove_phase(rank);
  co_await barrier(rank);
  if (own_directory && settings_.remove) co_await remove_own_directory(rank);
}

Task Mdtest::between_phases(std::uint32_t rank) {
  co_await barrier(rank);
  if (!settings_.drop_caches) co_return;
  drop_caches(rank);
  co_await barrier(rank);
}

// Outside the phases, as in mdtest.
Task Mdtest::make_own_directory(std::uint32_t rank) {
  ranks_[rank].directory = storage_.reserve_directory(top_);
  const Seconds before = now();
  Outcome outcome;
  co_await storage_.make_directory(caller(rank), ranks_[rank].directory, outcome);
  note(rank, before, outcome, kNoPhase);
}

Task Mdtest::remove_own_directory(std::uint32_t rank) {
  const Seconds before = now();
  Outcome outcome;
  co_await storage_.remove_directory(caller(rank), ranks_[rank].directory, outcome);
  note(rank, before, outcome, kNoPhase);
}

Task Mdtest::create_phase(std::uint32_t rank) {
  Rank& self = ranks_[rank];
  self.files.clear();
  self.directories.clear();
  most_created_ = 0;
  begin(phase_create);
  const Seconds start = now();
  const bool stonewalled = settings_.stonewall > Seconds{};
  const bool creates = rank == 0 || !settings_.shared_file;
  while (creates && items_of(self) < settings_.items) {
    co_await create_item(rank);
    if (stonewalled && now() - start > settings_.stonewall) break;
  }
  if (stonewalled) {
    // mdtest goes on until all have as many as the fastest.
    most_created_ = std::max(most_created_, items_of(self));
    co_await barrier(rank);
    while (creates && items_of(self) < most_created_) co_await create_item(rank);
  }
  end(phase_create);
}

Task Mdtest::create_item(std::uint32_t rank) {
  Rank& self = ranks_[rank];
  const Seconds before = now();
  Outcome outcome;
  if (settings_.dirs_only) {
    self.directories.push_back(storage_.reserve_directory(self.directory));
    co_await storage_.make_directory(caller(rank), self.directories.back(), outcome);
  } else {
    self.files.push_back(storage_.reserve_file(self.directory));
    co_await create_file(rank, self.files.back(), outcome);
  }
  if (note(rank, before, outcome, phase_create)) count(phase_create, settings_.write_bytes);
}

Task Mdtest::create_file(std::uint32_t rank, FileIndex file, Outcome& outcome) {
  std::unique_ptr<OpenFile> open;
  const OpenMode mode{.write = true,
                      .create = true,
                      .truncate = false,
                      .append = false,
                      .direct = false,
                      .gpu = false,
                      .map = false};
  co_await storage_.open(caller(rank), file, mode, open, outcome);
  if (!open) co_return;
  if (settings_.write_bytes > Bytes{})
    co_await storage_.write(*open, Bytes{}, settings_.write_bytes, outcome);
  if (settings_.sync_file) co_await storage_.sync(*open, outcome);
  co_await storage_.close(std::move(open), outcome);
}

Task Mdtest::stat_phase(std::uint32_t rank) {
  begin(phase_stat);
  for (const FileIndex file : ranks_[owner(rank, 1)].files) {
    const Seconds before = now();
    Outcome outcome;
    co_await storage_.stat(caller(rank), file, outcome);
    if (note(rank, before, outcome, phase_stat)) count(phase_stat, Bytes{});
  }
  end(phase_stat);
}

// `ls -l`: the names of a directory, then stat of each in their order. A directory for all is
// listed by every rank.
Task Mdtest::list_phase(std::uint32_t rank) {
  begin(phase_list);
  std::vector<FileIndex> files;
  Seconds before = now();
  Outcome listed;
  co_await storage_.list(caller(rank), ranks_[owner(rank, 1)].directory, files, listed);
  note(rank, before, listed, phase_list);
  for (const FileIndex file : files) {
    before = now();
    Outcome outcome;
    co_await storage_.stat(caller(rank), file, outcome);
    if (note(rank, before, outcome, phase_list)) count(phase_list, Bytes{});
  }
  end(phase_list);
}

Task Mdtest::read_phase(std::uint32_t rank) {
  begin(phase_read);
  for (const FileIndex file : ranks_[owner(rank, 2)].files) {
    const Seconds before = now();
    Outcome outcome;
    co_await read_file(rank, file, outcome);
    if (note(rank, before, outcome, phase_read)) count(phase_read, settings_.read_bytes);
  }
  end(phase_read);
}

Task Mdtest::read_file(std::uint32_t rank, FileIndex file, Outcome& outcome) {
  std::unique_ptr<OpenFile> open;
  co_await storage_.open(caller(rank), file, {}, open, outcome);
  if (!open) co_return;
  if (settings_.read_bytes > storage_.file_size(file))
    outcome.fail(StorageError::io); // what could not be written: a short read
  else if (settings_.read_bytes > Bytes{})
    co_await storage_.read(*open, Bytes{}, settings_.read_bytes, outcome);
  co_await storage_.close(std::move(open), outcome);
}

Task Mdtest::remove_phase(std::uint32_t rank) {
  begin(phase_remove);
  const Rank& other = ranks_[owner(rank, 3)];
  const std::size_t items = settings_.shared_file && rank != 0 ? 0 : items_of(other);
  for (std::size_t i = 0; i < items; ++i) {
    const Seconds before = now();
    Outcome outcome;
    if (settings_.dirs_only)
      co_await storage_.remove_directory(caller(rank), other.directories[i], outcome);
    else
      co_await storage_.remove(caller(rank), other.files[i], outcome);
    if (note(rank, before, outcome, phase_remove)) count(phase_remove, Bytes{});
  }
  end(phase_remove);
}

} // namespace lustrum::loadgen
