#include "models/fileserver/server.hpp"

#include "models/storage/stopwatch.hpp"

#include <algorithm>

namespace lustrum::fileserver {

using kernel::Task;

namespace {

constexpr Seconds kIopsBurst{0.1}; // of an operations' rate, saved up (assumed)

kernel::BucketStation* iops_bucket(kernel::World& world, std::string_view pattern,
                                   std::uint32_t server, PerSecond rate) {
  if (!(rate.count() > 0)) return nullptr;
  const double burst = std::max(1.0, rate.count() * kIopsBurst.count());
  return &world.add_bucket({"fileserver_iops", pattern, server},
                           {.rate = rate.count(), .burst = burst, .initial = burst});
}

} // namespace

ServerUsage& ServerUsage::operator+=(const ServerUsage& other) {
  reads += other.reads;
  writes += other.writes;
  metadata += other.metadata;
  read += other.read;
  written += other.written;
  read_from_disk += other.read_from_disk;
  read_cold += other.read_cold;
  metered_bytes += other.metered_bytes;
  return *this;
}

Server::Server(kernel::World& world, std::uint32_t number, const ServerSettings& settings,
               kernel::DelayStation& latency, std::uint64_t seed)
    : world_(world), settings_(settings), latency_(latency), cache_({.capacity = settings.cache}),
      reads_(&world.add_shared({"fileserver_reads", "server{}.reads", number}, settings.read)),
      writes_(&world.add_shared({"fileserver_writes", "server{}.writes", number}, settings.write)),
      read_draws_(settings.read_latency, seed, random::component("fileserver.read", number + 1)),
      write_draws_(settings.write_latency, seed, random::component("fileserver.write", number + 1)),
      metadata_draws_(settings.metadata_latency, seed,
                      random::component("fileserver.metadata", number + 1)),
      cold_draws_(settings.cold_latency, seed, random::component("fileserver.cold", number + 1)) {
  if (settings.disk_read.count() > 0) {
    disk_ = &world.add_shared({"fileserver_disk", "server{}.disk", number}, settings.disk_read);
    disk_->count_crossings();
    if (settings.disk_write.count() > 0) write_cost_ = settings.disk_read / settings.disk_write;
  }
  limits_.read_iops = iops_bucket(world, "server{}.read_iops", number, settings.read_iops);
  limits_.write_iops = iops_bucket(world, "server{}.write_iops", number, settings.write_iops);
  limits_.disk_iops = iops_bucket(world, "server{}.disk_iops", number, settings.disk_iops);
  if (settings.baseline.count() > 0)
    limits_.credit = &world.add_bucket({"fileserver_credit", "server{}.credit", number},
                                       {.rate = settings.baseline.count(),
                                        .burst = std::max(1.0, settings.credit.as_double()),
                                        .initial = settings.initial_credit.as_double()});
}

void Server::set_cold(FileIndex file) {
  if (cold_.size() <= file.value()) cold_.resize(file.value() + 1, false);
  cold_[file.value()] = true;
}

Task Server::throttle(kernel::BucketStation* operations, double metered, Outcome& outcome) {
  Stopwatch watch(world_, outcome.time);
  metered = std::max(metered, settings_.least_metered.as_double());
  usage_.metered_bytes += metered;
  if (operations) co_await world_.take(*operations, 1);
  if (limits_.credit && metered > 0) co_await world_.take(*limits_.credit, metered);
  watch.lap(Cause::throttle);
}

Task Server::read_call(FileIndex file, Bytes offset, Bytes length, Bytes size, bool& from_disk,
                       Outcome& outcome) {
  ++usage_.reads;
  usage_.read += length;
  co_await throttle(limits_.read_iops, length.as_double() * settings_.read_metering, outcome);
  Stopwatch watch(world_, outcome.time);
  co_await world_.delay(latency_, read_draws_.next());
  watch.lap(Cause::network);
  from_disk = false;
  if (is_cold(file)) {
    usage_.read_cold += length;
    if (settings_.warm_after_read) cold_[file.value()] = false;
    co_await world_.delay(latency_, cold_draws_.next());
    watch.lap(Cause::restore);
  }
  if (cache_.enabled() && cache_.look_up(file, offset, length) == length) co_return;
  from_disk = true;
  usage_.read_from_disk += length;
  if (limits_.disk_iops) co_await world_.take(*limits_.disk_iops, 1);
  watch.lap(Cause::throttle);
  co_await world_.delay(latency_, settings_.disk_latency);
  watch.lap(Cause::disk);
  cache_.insert(file, offset, length, size);
}

Task Server::write_call(FileIndex file, Bytes offset, Bytes length, Bytes size, Outcome& outcome) {
  ++usage_.writes;
  usage_.written += length;
  co_await throttle(limits_.write_iops, length.as_double(), outcome);
  Stopwatch watch(world_, outcome.time);
  co_await world_.delay(latency_, write_draws_.next());
  watch.lap(Cause::network);
  cache_.insert(file, offset, length, size);
}

Task Server::metadata_call(bool changes, Outcome& outcome) {
  ++usage_.metadata;
  co_await throttle(changes ? limits_.write_iops : limits_.read_iops, 0, outcome);
  Stopwatch watch(world_, outcome.time);
  co_await world_.delay(latency_, (changes ? write_draws_ : metadata_draws_).next());
  watch.lap(Cause::metadata);
}

} // namespace lustrum::fileserver
