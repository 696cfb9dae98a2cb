#include "models/training/fitted_storage.hpp"

#include <algorithm>

namespace lustrum::training {

using kernel::Task;

FittedStorage::FittedStorage(kernel::World& world, const DeviceFit& fit, std::uint32_t clients)
    : TreeStorage(1), world_(world), fit_(fit),
      delay_(world.add_delay({"fitted_device", "fitted_device", 0})) {
  if (!fit.shared) return;
  for (std::uint32_t c = 0; c < clients; ++c) {
    kernel::Path path;
    path.add(world.add_shared({"fitted_rate", "client{}.fitted_rate", c},
                              BytesPerSecond{fit.read.rate}));
    rates_.push_back(path);
  }
}

Task FittedStorage::spend(double time_s, Cause cause, Outcome& outcome) {
  co_await world_.delay(delay_, Seconds{time_s});
  outcome.time[cause] += time_s;
}

Task FittedStorage::move(const Caller& caller, const LineFit& line, Bytes length,
                         Outcome& outcome) {
  co_await spend(line.latency_s, Cause::disk, outcome);
  if (!(line.rate > 0)) co_return;
  if (!fit_.shared) {
    co_await spend(length.as_double() / line.rate, Cause::disk, outcome);
    co_return;
  }
  const double before_s = world_.now().count();
  co_await world_.transfer(rates_[caller.client.value()], length);
  outcome.time[Cause::disk] += world_.now().count() - before_s;
}

Task FittedStorage::open(Caller caller, FileIndex file, OpenMode mode,
                         std::unique_ptr<OpenFile>& opened, Outcome& outcome) {
  ++totals_of(caller).opens;
  co_await spend(fit_.open.latency_s, Cause::metadata, outcome);
  if (!tree().exists(file)) {
    if (!mode.create) co_return outcome.fail(StorageError::no_entry);
    tree().create(file, {});
  }
  opened = std::make_unique<OpenFile>(caller, file, mode);
}

Task FittedStorage::read(OpenFile& file, Bytes /*offset*/, Bytes length, Outcome& outcome) {
  const Caller caller = file.caller();
  Outcome call;
  begin_read(caller, length);
  co_await move(caller, fit_.read, length, call);
  end_read(caller, length, call, outcome);
}

Task FittedStorage::write(OpenFile& file, Bytes offset, Bytes length, Outcome& outcome) {
  const Caller caller = file.caller();
  const FileIndex written = file.file();
  Outcome call;
  begin_write(caller, length);
  co_await move(caller, fit_.write, length, call);
  tree().set_size(written, std::max(tree().size(written), offset + length));
  end_write(caller, length, call, outcome);
}

Task FittedStorage::sync(OpenFile& file, Outcome& /*outcome*/) {
  ++totals_of(file.caller()).syncs;
  co_return;
}

Task FittedStorage::close(std::unique_ptr<OpenFile> file, Outcome& outcome) {
  ++totals_of(file->caller()).closes;
  co_await spend(fit_.close.latency_s, Cause::metadata, outcome);
}

Task FittedStorage::truncate(Caller /*caller*/, FileIndex file, Bytes size, Outcome& /*outcome*/) {
  tree().set_size(file, size);
  co_return;
}

Task FittedStorage::stat(Caller caller, FileIndex /*file*/, Outcome& outcome) {
  ++totals_of(caller).stats;
  co_await spend(fit_.stat.latency_s, Cause::metadata, outcome);
}

Task FittedStorage::remove(Caller caller, FileIndex file, Outcome& outcome) {
  ++totals_of(caller).removes;
  co_await spend(fit_.open.latency_s, Cause::metadata, outcome);
  if (!tree().exists(file)) co_return outcome.fail(StorageError::no_entry);
  tree().remove(file);
}

Task FittedStorage::make_directory(Caller /*caller*/, DirectoryIndex directory, Outcome& outcome) {
  co_await spend(fit_.open.latency_s, Cause::metadata, outcome);
  tree().make(directory);
}

Task FittedStorage::remove_directory(Caller /*caller*/, DirectoryIndex directory,
                                     Outcome& outcome) {
  co_await spend(fit_.open.latency_s, Cause::metadata, outcome);
  if (!tree().is_empty(directory)) co_return outcome.fail(StorageError::not_empty);
  tree().remove(directory);
}

Task FittedStorage::list(Caller /*caller*/, DirectoryIndex directory, std::vector<FileIndex>& files,
                         Outcome& outcome) {
  co_await spend(fit_.stat.latency_s, Cause::metadata, outcome);
  const std::vector<FileIndex>& listed = tree().list(directory);
  files.insert(files.end(), listed.begin(), listed.end());
}

} // namespace lustrum::training
