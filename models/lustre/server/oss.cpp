#include "models/lustre/server/oss.hpp"

#include "models/lustre/server/stopwatch.hpp"

#include <algorithm>

namespace lustrum::lustre {

namespace {

// A bucket smaller than a few large RPCs would throttle by its granularity and not by its rate.
constexpr double kLeastCredit = 64.0 * kMib;

kernel::BucketStation* add_credit(kernel::World& world, const kernel::StationLabel& label,
                                  const BurstSettings& settings) {
  if (!(settings.baseline.count() > 0)) return nullptr;
  const double burst = std::max(settings.credit_bytes, kLeastCredit);
  return &world.add_bucket(label, {.rate = settings.baseline.count(),
                                   .burst = burst,
                                   .initial = std::min(settings.initial_bytes, burst)});
}

} // namespace

Ost::Ost(kernel::World& world, Oss& oss, kernel::DelayStation& latency, OstIndex index,
         const OssSettings& settings, std::uint32_t clients)
    : world_(world), oss_(oss), index_(index), settings_(settings), target_(world, clients),
      disk_(world.add_fifo({"ost_disk", "ost{}.disk", index.value()}, 1)), latency_(latency),
      credit_(
          add_credit(world, {"ost_credit", "ost{}.credit", index.value()}, settings.disk_credit)) {
  world.declare_disk(disk_);
}

kernel::Task Ost::access(const BulkRequest& request, TimeAccount& account) {
  Stopwatch watch(world_, account);
  const double bytes = request.length.as_double();
  if (credit_) {
    co_await world_.take(*credit_, bytes * (request.is_read() ? 1 : settings_.write_cost));
    watch.lap(Cause::throttle);
  }
  co_await world_.serve(disk_, settings_.disk.busy_time(request.operation, request.length));
  co_await world_.delay(latency_, settings_.disk.latency);
  (request.is_read() ? bytes_read_ : bytes_written_) += bytes;
  watch.lap(Cause::disk);
}

Oss::Oss(kernel::World& world, fabric::Fabric& fabric, OssIndex index, const OssSettings& settings)
    : world_(world), fabric_(fabric), index_(index), settings_(settings),
      threads_(
          world.add_slots({"ost_io_threads", "oss{}.ost_io", index.value()}, settings.threads)),
      cpu_(world.add_fifo({"oss_cpu", "oss{}.cpu", index.value()}, settings.cores)),
      network_credit_(add_credit(world, {"oss_nic_credit", "oss{}.nic_credit", index.value()},
                                 settings.network)) {}

kernel::Task Oss::serve_small(TimeAccount& account, Cause cause) {
  Stopwatch watch(world_, account);
  co_await world_.serve(cpu_, settings_.rpc_service);
  watch.lap(cause);
}

Seconds Oss::cpu_time(const BulkRequest& request) const {
  // GPU memory cannot be summed up by a client's CPU, so neither does the server.
  if (!(settings_.checksum_rate.count() > 0) || request.gpu) return settings_.rpc_service;
  return settings_.rpc_service + request.length / settings_.checksum_rate;
}

kernel::Task Oss::bulk(Ost& ost, const BulkRequest& request, Outcome& outcome) {
  Stopwatch watch(world_, outcome.time);
  kernel::SlotHold thread = co_await threads_.acquire();
  watch.lap(Cause::ost_queue);
  co_await world_.serve(cpu_, cpu_time(request));
  watch.lap(Cause::ost_queue);
  if (request.is_read()) {
    co_await ost.access(request, outcome.time);
    watch.skip();
  }
  if (network_credit_) {
    co_await world_.take(*network_credit_, request.length.as_double());
    watch.lap(Cause::throttle);
  }
  const kernel::Station* slowest = co_await fabric_.transfer(
      request.client, index_,
      request.is_read() ? fabric::Direction::to_client : fabric::Direction::to_server,
      request.length);
  watch.lap(fabric::Fabric::cause_of(*slowest));
  if (!request.is_read()) co_await ost.access(request, outcome.time);
}

} // namespace lustrum::lustre
