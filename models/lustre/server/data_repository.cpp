#include "models/lustre/server/data_repository.hpp"

#include "models/lustre/server/archive_store.hpp"
#include "models/lustre/server/hsm_service.hpp"
#include "sim/base/random.hpp"

#include <algorithm>

namespace lustrum::lustre {

using kernel::Task;

DataRepository::DataRepository(const Parts& parts, const DataRepositorySettings& settings)
    : parts_(parts), settings_(settings) {
  if (settings.import_rate.count() > 0)
    importer_ = &parts.world.add_fifo({"importer", "importer"}, 1);
}

void DataRepository::start() {
  const DataRepositorySettings::Changes& changes = settings_.changes;
  if (changes.created.count() > 0)
    parts_.world.spawn(feed(Change::created, changes.created), {"bucket, puts", 0});
  if (changes.changed.count() > 0)
    parts_.world.spawn(feed(Change::changed, changes.changed), {"bucket, changes", 0});
  if (changes.removed.count() > 0)
    parts_.world.spawn(feed(Change::removed, changes.removed), {"bucket, deletes", 0});
  if (settings_.release_interval > Seconds{})
    parts_.world.spawn(run_release_tasks(), {"release tasks", 0});
}

DataRepository::FileState& DataRepository::state(FileIndex file) {
  if (file.value() >= states_.size()) states_.resize(file.value() + std::size_t{1});
  return states_[file.value()];
}

void DataRepository::opened(FileIndex file) {
  if (file.value() < states_.size() && states_[file.value()].changes_ahead > 0)
    ++counts_.stale_opens;
}

// --- Export -----------------------------------------------------------------------------------

void DataRepository::closed(FileIndex file) {
  if (!settings_.exports || !has_to_export(file) || state(file).exporting) return;
  state(file).exporting = true;
  ++counts_.exports_left;
  parts_.world.spawn(export_file(file), {"export", file.value()});
}

// Changed, and here: of a released file there is nothing to export, even if its object is gone.
bool DataRepository::has_to_export(FileIndex file) const {
  return parts_.files.exists(file) && parts_.versions.is_changed(file) &&
         !parts_.hsm.is_released(file);
}

// Until the bucket has what was written last, or the file is open again: its close comes back here.
Task DataRepository::export_file(FileIndex file) {
  constexpr std::uint32_t kAttempts = 3; // at the same content
  std::uint32_t failed = 0;
  bool exported = false;
  const Seconds closed = parts_.world.now();
  while (has_to_export(file) && !parts_.hsm.is_open(file) && failed < kAttempts) {
    co_await parts_.world.delay(parts_.timer, settings_.export_delay);
    const std::uint32_t version = parts_.versions.current(file);
    StorageError error = StorageError::none;
    co_await parts_.hsm.archive(file, error);
    const bool still_changed = parts_.versions.is_changed(file);
    exported = exported || (error == StorageError::none && !still_changed);
    // Written to meanwhile: that was no failure.
    failed = still_changed && parts_.versions.current(file) == version ? failed + 1 : 0;
  }
  if (exported) {
    const Seconds lag = parts_.world.now() - closed;
    ++counts_.exported;
    counts_.export_lag += lag;
    counts_.longest_export_lag = std::max(counts_.longest_export_lag, lag);
  }
  if (failed > 0) ++counts_.exports_failed;
  state(file).exporting = false;
  --counts_.exports_left;
}

void DataRepository::removed(FileIndex file) {
  if (!parts_.versions.in_archive(file)) return;
  if (!settings_.exports) return; // the object stays
  parts_.versions.forget(file);
  parts_.world.spawn(remove_object(), {"export of a removal", file.value()});
}

Task DataRepository::remove_object() {
  co_await parts_.world.delay(parts_.timer, settings_.export_delay);
  co_await parts_.archive.begin(ArchiveRequest::remove, Bytes{});
}

// --- Import -----------------------------------------------------------------------------------

FileIndex DataRepository::draw(Change change, std::uint64_t number) const {
  constexpr std::uint64_t kTries = 32; // to hit one that is in the bucket
  const std::uint64_t component =
      random::component("data_repository", static_cast<std::uint64_t>(change));
  for (std::uint64_t t = 0; t < kTries; ++t) {
    const FileIndex file{static_cast<std::uint32_t>(
        random::below(parts_.files.files(), settings_.seed, component, number * kTries + t))};
    if (parts_.files.exists(file) && parts_.versions.in_archive(file)) return file;
  }
  return FileIndex{UINT32_MAX};
}

// The k-th change comes k / rate after the start.
Task DataRepository::feed(Change change, PerSecond rate) {
  const Seconds start = parts_.world.now();
  for (std::uint64_t number = 1;; ++number) {
    const Seconds at = start + Seconds{static_cast<double>(number) / rate.count()};
    if (at > settings_.end) co_return;
    co_await parts_.world.delay(parts_.timer, at - parts_.world.now());
    FileIndex file{UINT32_MAX};
    if (change != Change::created) {
      file = draw(change, number);
      if (file.value() == UINT32_MAX) continue; // the bucket is as good as empty
      ++state(file).changes_ahead;
    }
    ++counts_.imports_left;
    parts_.world.spawn(import(change, file), {"import", static_cast<std::uint32_t>(number)});
  }
}

Task DataRepository::import(Change change, FileIndex file) {
  const Seconds changed = parts_.world.now();
  co_await parts_.world.delay(parts_.timer, settings_.import_delay);
  if (importer_)
    co_await parts_.world.serve(*importer_, Seconds{1 / settings_.import_rate.count()});
  co_await apply(change, file);
  if (change != Change::created) --state(file).changes_ahead;
  const Seconds lag = parts_.world.now() - changed;
  ++counts_.imported;
  --counts_.imports_left;
  counts_.import_lag += lag;
  counts_.longest_import_lag = std::max(counts_.longest_import_lag, lag);
}

Task DataRepository::apply(Change change, FileIndex file) {
  if (change == Change::created) {
    co_await create();
    co_return;
  }
  if (!parts_.files.exists(file)) co_return; // removed here meanwhile
  if (parts_.versions.is_changed(file)) {
    ++counts_.conflicts; // what is here stays, and its export wins
    co_return;
  }
  if (change == Change::removed) {
    Outcome outcome; // its host may have died: then the file stays
    parts_.hsm.copy_lost(file);
    co_await parts_.unlink(file, outcome);
  } else {
    bool conflict = false;
    co_await parts_.hsm.invalidate(file, conflict);
    if (conflict) ++counts_.conflicts;
  }
}

// Beside the first file of the data set, whose directory is there.
Task DataRepository::create() {
  const std::uint32_t directory = parts_.files.directory(FileIndex{0});
  const Bytes size = settings_.changes.object_size;
  const FileIndex file = parts_.files.add_imported(directory, size);
  parts_.versions.imported(file, size);
  co_await parts_.wire.call(file, MetadataOperation::create);
}

// --- Release tasks ----------------------------------------------------------------------------

Task DataRepository::run_release_tasks() {
  while (parts_.world.now() + settings_.release_interval <= settings_.end) {
    co_await parts_.world.delay(parts_.timer, settings_.release_interval);
    co_await parts_.hsm.release_unused();
  }
}

} // namespace lustrum::lustre
