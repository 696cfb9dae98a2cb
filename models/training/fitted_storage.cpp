#include "models/training/fitted_storage.hpp"

#include <algorithm>

namespace lustrum::training {

using kernel::Task;

namespace {

Seconds time_at(Bytes bytes, BytesPerSecond rate) {
  return rate.count() > 0 ? bytes / rate : Seconds{};
}

} // namespace

FittedDevice device_of(const DeviceFit& fit) {
  return {.open_latency = Seconds{fit.open.latency_s},
          .close_latency = Seconds{fit.close.latency_s},
          .stat_latency = Seconds{fit.stat.latency_s},
          .read_latency = Seconds{fit.read.latency_s},
          .write_latency = Seconds{fit.write.latency_s},
          .read_rate = BytesPerSecond{fit.read.rate},
          .write_rate = BytesPerSecond{fit.write.rate},
          .shared_read_rate = BytesPerSecond{fit.read.shared_rate}};
}

FittedStorage::FittedStorage(kernel::World& world, const FittedDevice& device,
                             std::uint32_t clients, std::uint32_t jobs)
    : TreeStorage(jobs), world_(world), device_(device),
      delay_(world.add_delay({"fitted_device", "fitted_device", 0})), reads_in_flight_(clients) {}

Task FittedStorage::spend(Seconds time, Cause cause, Outcome& outcome) {
  co_await world_.delay(delay_, time);
  outcome.time[cause] += time.count();
}

Task FittedStorage::open(Caller caller, FileIndex file, OpenMode mode,
                         std::unique_ptr<OpenFile>& opened, Outcome& outcome) {
  ++totals_of(caller).opens;
  co_await spend(device_.open_latency, Cause::metadata, outcome);
  if (!tree().exists(file)) {
    if (!mode.create) co_return outcome.fail(StorageError::no_entry);
    tree().create(file, {});
    ++totals_of(caller).creates;
  }
  opened = std::make_unique<OpenFile>(caller, file, mode);
}

Task FittedStorage::read(OpenFile& file, Bytes offset, Bytes length, Outcome& outcome) {
  const Caller caller = file.caller();
  Outcome call;
  begin_read(caller, length);
  const Bytes moved = readable(tree().size(file.file()), offset, length);
  const std::uint32_t in_flight = ++reads_in_flight_[caller.client.value()];
  co_await spend(device_.read_latency + time_at(moved, device_.read_rate) +
                     time_at(moved, device_.shared_read_rate) * in_flight,
                 Cause::disk, call);
  --reads_in_flight_[caller.client.value()];
  totals_of(caller).read_fetched += length;
  end_read(caller, length, call, outcome);
}

Task FittedStorage::write(OpenFile& file, Bytes offset, Bytes length, Outcome& outcome) {
  const Caller caller = file.caller();
  const FileIndex written = file.file();
  Outcome call;
  begin_write(caller, length);
  co_await spend(device_.write_latency + time_at(length, device_.write_rate), Cause::disk, call);
  tree().set_size(written, std::max(tree().size(written), offset + length));
  totals_of(caller).write_stored += length;
  end_write(caller, length, call, outcome);
}

Task FittedStorage::sync(OpenFile& file, Outcome& /*outcome*/) {
  ++totals_of(file.caller()).syncs;
  co_return;
}

Task FittedStorage::close(std::unique_ptr<OpenFile> file, Outcome& outcome) {
  ++totals_of(file->caller()).closes;
  co_await spend(device_.close_latency, Cause::metadata, outcome);
}

Task FittedStorage::truncate(Caller /*caller*/, FileIndex file, Bytes size, Outcome& /*outcome*/) {
  tree().set_size(file, size);
  co_return;
}

Task FittedStorage::stat(Caller caller, FileIndex /*file*/, Outcome& outcome) {
  ++totals_of(caller).stats;
  co_await spend(device_.stat_latency, Cause::metadata, outcome);
}

Task FittedStorage::remove(Caller caller, FileIndex file, Outcome& outcome) {
  ++totals_of(caller).removes;
  co_await spend(device_.open_latency, Cause::metadata, outcome);
  if (!tree().exists(file)) co_return outcome.fail(StorageError::no_entry);
  tree().remove(file);
}

Task FittedStorage::make_directory(Caller /*caller*/, DirectoryIndex directory, Outcome& outcome) {
  co_await spend(device_.open_latency, Cause::metadata, outcome);
  tree().make(directory);
}

Task FittedStorage::remove_directory(Caller /*caller*/, DirectoryIndex directory,
                                     Outcome& outcome) {
  co_await spend(device_.open_latency, Cause::metadata, outcome);
  if (!tree().is_empty(directory)) co_return outcome.fail(StorageError::not_empty);
  tree().remove(directory);
}

Task FittedStorage::list(Caller /*caller*/, DirectoryIndex directory, std::vector<FileIndex>& files,
                         Outcome& outcome) {
  co_await spend(device_.stat_latency, Cause::metadata, outcome);
  const std::vector<FileIndex>& listed = tree().list(directory);
  files.insert(files.end(), listed.begin(), listed.end());
}

const ParameterTable& FittedDevice::parameters() {
  using D = FittedDevice;
  constexpr std::string_view kFit = "lustrum trace calibrate --design writes it";
  static const ParameterTable table{
      {.key = "open_latency",
       .field = field<&D::open_latency>,
       .default_text = "0 s",
       .min = 0,
       .doc = "Of an open; also of what makes or removes files and directories.",
       .source = kFit},
      {.key = "close_latency",
       .field = field<&D::close_latency>,
       .default_text = "0 s",
       .min = 0,
       .doc = "Of a close.",
       .source = kFit},
      {.key = "stat_latency",
       .field = field<&D::stat_latency>,
       .default_text = "0 s",
       .min = 0,
       .doc = "Of a stat or of listing a directory.",
       .source = kFit},
      {.key = "read_latency",
       .field = field<&D::read_latency>,
       .default_text = "0 s",
       .min = 0,
       .doc = "Of a read, before its bytes.",
       .source = kFit},
      {.key = "write_latency",
       .field = field<&D::write_latency>,
       .default_text = "0 s",
       .min = 0,
       .doc = "Of a write, before its bytes.",
       .source = kFit},
      {.key = "read_rate",
       .field = field<&D::read_rate>,
       .default_text = "0 B/s",
       .min = 0,
       .doc = "Of each read alone; 0 B/s: no limit.",
       .source = kFit},
      {.key = "write_rate",
       .field = field<&D::write_rate>,
       .default_text = "0 B/s",
       .min = 0,
       .doc = "Of each write alone; 0 B/s: no limit.",
       .source = kFit},
      {.key = "shared_read_rate",
       .field = field<&D::shared_read_rate>,
       .default_text = "0 B/s",
       .min = 0,
       .doc =
           "Adds to a read its bytes, times the reads of its node in flight when it begins, over "
           "this rate: what all of them get together when they are many. 0 B/s: adds nothing.",
       .source = kFit},
  };
  return table;
}

} // namespace lustrum::training
