#include "models/training/checkpoint_writer.hpp"

#include <algorithm>

namespace lustrum::training {

using kernel::Task;

CheckpointWriter::CheckpointWriter(kernel::Engine& engine, Storage& storage, Hosts& hosts,
                                   const JobSettings& job)
    : engine_(engine), storage_(storage), hosts_(hosts), job_(job), ranks_(job.ranks) {
  if (!job.checkpoint.enabled) return;
  for (Rank& rank : ranks_) rank.gate = std::make_unique<kernel::Gate>(engine);
  const bool in_place = job.checkpoint.keep_last == 0;
  if (job.checkpoint.restore_at_start || in_place) prepare_initial();
  if (job.rounds.writes == 0)
    for (std::uint32_t i = 0; i < job.rounds.reads; ++i) placed_.push_back(place_files());
}

void CheckpointWriter::prepare_initial() {
  if (job_.checkpoint.restore_at_start) {
    initial_ = place_files();
    return;
  }
  for (std::uint32_t f = 0; f < job_.checkpoint.plan.files; ++f)
    initial_.push_back(storage_.reserve_file(job_.checkpoint.directory));
}

std::vector<FileIndex> CheckpointWriter::place_files() {
  const CheckpointPlan& plan = job_.checkpoint.plan;
  std::vector<Bytes> sizes(plan.files);
  for (const auto& extents : plan.writes)
    for (const CheckpointExtent& extent : extents)
      sizes[extent.file] = std::max(sizes[extent.file], extent.offset + extent.length);
  std::vector<FileIndex> files;
  files.reserve(sizes.size());
  for (const Bytes size : sizes)
    files.push_back(storage_.place_file(job_.checkpoint.directory, size));
  return files;
}

std::vector<FileIndex> CheckpointWriter::new_files() {
  if (job_.checkpoint.keep_last == 0) return initial_;
  std::vector<FileIndex> files;
  for (std::uint32_t f = 0; f < job_.checkpoint.plan.files; ++f)
    files.push_back(storage_.reserve_file(job_.checkpoint.directory));
  return files;
}

CheckpointWriter::Saved& CheckpointWriter::saved_of(std::size_t number, TrainingPosition next) {
  if (number == saved_.size())
    saved_.push_back(
        {.next = next, .begun = engine_.clock(), .ranks_left = job_.ranks, .files = new_files()});
  return saved_[number];
}

Bytes CheckpointWriter::bytes_of(std::uint32_t rank) const {
  Bytes sum{};
  for (const CheckpointExtent& extent : job_.checkpoint.plan.writes[rank]) sum += extent.length;
  return sum;
}

void CheckpointWriter::run(std::uint32_t rank, Task task, const char* what) {
  engine_.spawn(then_open(std::move(task), rank), {what, rank});
  ranks_[rank].gate->wait("its checkpoint");
}

Task CheckpointWriter::then_open(Task task, std::uint32_t rank) {
  co_await task;
  ranks_[rank].gate->open();
}

void CheckpointWriter::wait_until_idle(std::uint32_t rank) {
  Rank& self = ranks_[rank];
  if (!self.busy) return;
  self.waiting = true;
  self.gate->wait("its last checkpoint to be written");
}

void CheckpointWriter::save(std::uint32_t rank, TrainingPosition next) {
  Rank& self = ranks_[rank];
  const std::size_t number = self.saves++;
  saved_of(number, next); // its clock begins with the first rank
  wait_until_idle(rank);
  const CheckpointMode mode = job_.checkpoint.mode;
  if (mode == CheckpointMode::sync) {
    run(rank, write(rank, number, false), "checkpoint");
    return;
  }
  run(rank, stage(rank), "checkpoint staging");
  self.busy = true;
  engine_.spawn(write(rank, number, mode == CheckpointMode::local_disk),
                {"checkpoint in the background", rank});
}

void CheckpointWriter::finish(std::uint32_t rank) {
  if (job_.checkpoint.enabled) wait_until_idle(rank);
}

// Out of the GPU; and with `local_disk` on to the host's own disk.
Task CheckpointWriter::stage(std::uint32_t rank) {
  const Bytes bytes = bytes_of(rank);
  if (hosts_.copies_take_time()) co_await hosts_.copy_from_gpu(rank, bytes);
  if (job_.checkpoint.mode == CheckpointMode::local_disk)
    co_await hosts_.write_disk(job_.host_of(rank), bytes);
}

Task CheckpointWriter::write(std::uint32_t rank, std::size_t number, bool from_disk) {
  const std::vector<CheckpointExtent>& extents = job_.checkpoint.plan.writes[rank];
  Outcome outcome;
  for (const CheckpointExtent extent : extents)
    co_await write_extent(rank, saved_[number].files[extent.file], extent, from_disk, outcome);
  if (!outcome.ok()) {
    ++failed_calls_;
    saved_[number].failed = true;
  }
  if (--saved_[number].ranks_left == 0) complete(number);
  Rank& self = ranks_[rank];
  self.busy = false;
  if (self.waiting) {
    self.waiting = false;
    self.gate->open();
  }
}

Task CheckpointWriter::write_extent(std::uint32_t rank, FileIndex file, CheckpointExtent extent,
                                    bool from_disk, Outcome& outcome) {
  const CheckpointSettings& settings = job_.checkpoint;
  std::unique_ptr<OpenFile> open;
  co_await storage_.open(caller(rank), file, {.write = true, .create = true}, open, outcome);
  if (!open) co_return;
  const Bytes most = settings.write_call > Bytes{} ? settings.write_call : extent.length;
  for (Bytes done{}; done < extent.length && outcome.ok();) {
    const Bytes call = std::min(most, extent.length - done);
    if (from_disk) co_await hosts_.read_disk(job_.host_of(rank), call);
    co_await storage_.write(*open, extent.offset + done, call, outcome);
    done += call;
  }
  if (settings.fsync) co_await storage_.sync(*open, outcome);
  co_await storage_.close(std::move(open), outcome);
}

void CheckpointWriter::complete(std::size_t number) {
  Saved& saved = saved_[number];
  if (saved.failed)
    give_up(number);
  else if (!saved.abandoned)
    saved.complete = engine_.world().now();
}

void CheckpointWriter::give_up(std::size_t number) {
  saved_[number].removed = true;
  if (job_.checkpoint.keep_last > 0) {
    remove(number);
    return;
  }
  // Written over those before it, which are lost with it.
  for (std::size_t i = 0; i < number; ++i) saved_[i].removed = true;
}

void CheckpointWriter::clean() {
  const std::uint32_t keep = job_.checkpoint.keep_last;
  if (keep == 0) return;
  std::uint32_t newer = 0;
  for (std::size_t i = saved_.size(); i-- > first_left_;) {
    Saved& old = saved_[i];
    if (!old.is_complete() || old.removed || newer++ < keep) continue;
    old.removed = true;
    remove(i);
  }
  while (first_left_ < saved_.size() &&
         (saved_[first_left_].removed || saved_[first_left_].abandoned))
    ++first_left_;
}

// By the first rank of each host that writes. A file that ranks of several hosts write is one file,
// which the first of them removes, unless each host has disks of its own.
void CheckpointWriter::remove(std::size_t number) {
  const Saved& saved = saved_[number];
  const CheckpointPlan& plan = job_.checkpoint.plan;
  std::vector<bool> taken(plan.files);
  std::vector<FileIndex> files;
  for (std::uint32_t rank = 0; rank < job_.ranks;) {
    const std::uint32_t first = rank;
    const std::uint32_t host = job_.host_of(first);
    if (job_.checkpoint.node_local) taken.assign(plan.files, false);
    for (; rank < job_.ranks && job_.host_of(rank) == host; ++rank)
      for (const CheckpointExtent& extent : plan.writes[rank]) {
        if (taken[extent.file]) continue;
        taken[extent.file] = true;
        files.push_back(saved.files[extent.file]);
      }
    if (files.empty()) continue;
    engine_.spawn(remove(first, std::move(files), !saved.failed), {"checkpoint removal", first});
    files.clear();
  }
}

Task CheckpointWriter::remove(std::uint32_t rank, std::vector<FileIndex> files,
                              bool all_are_there) {
  Outcome sum;
  for (const FileIndex file : files) {
    Outcome outcome;
    co_await storage_.remove(caller(rank), file, outcome);
    if (all_are_there || outcome.error != StorageError::no_entry) sum += outcome;
  }
  if (!sum.ok()) ++failed_calls_;
}

const std::vector<FileIndex>&
CheckpointWriter::files_of(std::optional<std::size_t> checkpoint) const {
  if (!checkpoint) return initial_;
  return placed_.empty() ? saved_[*checkpoint].files : placed_[*checkpoint];
}

void CheckpointWriter::restore(std::uint32_t rank, std::optional<std::size_t> checkpoint) {
  const std::vector<FileIndex>& files = files_of(checkpoint);
  if (!files.empty()) run(rank, read(rank, files), "restoring a checkpoint");
}

Task CheckpointWriter::read(std::uint32_t rank, std::vector<FileIndex> files) {
  const std::vector<CheckpointExtent>& extents = job_.checkpoint.plan.reads[rank];
  Outcome outcome;
  Bytes total{};
  for (const CheckpointExtent extent : extents) {
    std::unique_ptr<OpenFile> open;
    co_await storage_.open(caller(rank), files[extent.file], {}, open, outcome);
    if (!open) continue;
    co_await storage_.read(*open, extent.offset, extent.length, outcome);
    co_await storage_.close(std::move(open), outcome);
    total += extent.length;
  }
  if (hosts_.copies_take_time()) co_await hosts_.copy_to_gpu(rank, total, false);
  if (!outcome.ok()) ++failed_calls_;
}

std::optional<std::size_t> CheckpointWriter::complete_at(Seconds time) const {
  std::optional<std::size_t> newest;
  for (std::size_t i = saved_.size(); i-- > first_left_;) {
    const Saved& saved = saved_[i];
    if (!saved.is_complete() || saved.removed) continue;
    if (saved.complete <= time) return i;
    if (!newest) newest = i;
  }
  return newest;
}

// Their files stay: nobody knows what they hold.
void CheckpointWriter::abandon_after(std::optional<std::size_t> checkpoint) {
  for (std::size_t i = checkpoint ? *checkpoint + 1 : 0; i < saved_.size(); ++i)
    saved_[i].abandoned = true;
}

std::uint32_t CheckpointWriter::completed() const {
  return static_cast<std::uint32_t>(std::count_if(
      saved_.begin(), saved_.end(), [](const Saved& s) { return s.complete >= Seconds{}; }));
}

std::uint32_t CheckpointWriter::failed() const {
  return static_cast<std::uint32_t>(
      std::count_if(saved_.begin(), saved_.end(), [](const Saved& s) { return s.failed; }));
}

Seconds CheckpointWriter::mean_write_time() const {
  Seconds sum{};
  for (const Saved& saved : saved_)
    if (saved.complete >= Seconds{}) sum += saved.complete - saved.begun;
  return completed() > 0 ? sum / completed() : Seconds{};
}

} // namespace lustrum::training
