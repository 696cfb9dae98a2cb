#include "models/lustre/server/oss.hpp"

#include "models/storage/stopwatch.hpp"

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

// One pool of threads stands for the partitions of a server, so a rate that holds in each of them
// holds so many times in the pool.
NrsSettings per_server(const OssSettings& settings) {
  NrsSettings nrs = settings.nrs;
  nrs.tbf.default_rate = nrs.tbf.default_rate * settings.cpts;
  for (TbfRule& rule : nrs.tbf.rules) rule.rate = rule.rate * settings.cpts;
  return nrs;
}

} // namespace

Ost::Ost(kernel::World& world, Oss& oss, kernel::DelayStation& latency, OstIndex index,
         const OssSettings& settings, std::uint32_t clients, const FileTable& files,
         std::uint64_t seed)
    : world_(world), oss_(&oss), index_(index), settings_(settings), target_(world, clients),
      device_(settings.disk), disk_(world.add_fifo({"ost_disk", "ost{}.disk", index.value()}, 1)),
      latency_(latency), credit_(add_credit(world, {"ost_credit", "ost{}.credit", index.value()},
                                            settings.disk_credit)),
      files_(files), committed_(world), grants_(settings.grants) {
  world.declare_disk(disk_);
  if (settings.ssd_cache.capacity > Bytes{})
    ssd_ = std::make_unique<SsdCache>(world, index, settings.ssd_cache);
  if (settings.tiered)
    tiered_ = std::make_unique<tiering::TieredStore>(world, index.value(), *settings.tiered, seed);
}

Ost::SsdCache::SsdCache(kernel::World& world, OstIndex index, const SsdCacheSettings& settings)
    : contents({.capacity = settings.capacity, .readcache_max_io = Bytes{UINT64_MAX}}),
      flash(world.add_fifo({"ost_ssd_cache", "ost{}.ssd_cache", index.value()}, 1)) {
  world.declare_disk(flash);
}

bool Ost::take_hits(ServerCache& cache, device::Access& access, Bytes object_size) {
  const ServerCache::Lookup found = cache.read({.object = access.object,
                                                .offset = access.offset,
                                                .bytes = access.bytes,
                                                .object_size = object_size});
  access.offset = found.first_missing;
  access.bytes = found.missing;
  return !found.whole();
}

Bytes Ost::size_for(const ServerCache& cache, std::uint64_t object) const {
  return cache.limits_files() ? files_.object_space(static_cast<std::uint32_t>(object)) : Bytes{};
}

void Ost::count(RpcOpcode opcode, Seconds time) {
  switch (opcode) {
  case RpcOpcode::ost_punch:
    return counters_.punch.add(microseconds(time));
  case RpcOpcode::ost_sync:
    return counters_.sync.add(microseconds(time));
  case RpcOpcode::ost_create:
    return counters_.create.add(microseconds(time));
  case RpcOpcode::ost_destroy:
    return counters_.destroy.add(microseconds(time));
  default:
    return;
  }
}

kernel::Task Ost::access(const BulkRequest& request, RpcTime& account) {
  Stopwatch watch(world_, account);
  grants_.collect_idle(world_.now());
  const double bytes = request.length.as_double();
  (request.is_read() ? bytes_read_ : bytes_written_) += bytes;
  OstCounters::Brw& brw = request.is_read() ? counters_.read : counters_.write;
  brw.pages.add_log2((request.length + kPageSize - Bytes{1}) / kPageSize);
  device::Access access{.operation = request.operation,
                        .object = request.object,
                        .offset = request.offset,
                        .bytes = request.length};
  if (tiered_) [[unlikely]] {
    if (request.is_read()) {
      co_await read_tiered(access);
      watch.lap(Cause::disk);
      if (access.bytes == Bytes{}) co_return;
    } else {
      tiered_->written(request.object, request.offset, request.length);
    }
  }
  if (ServerCache* cache = oss_->cache()) {
    const Bytes object_size = size_for(*cache, request.object);
    if (!request.is_read())
      cache->write({.object = request.object,
                    .offset = request.offset,
                    .bytes = request.length,
                    .object_size = object_size});
    else if (!tiered_ && !take_hits(*cache, access, object_size))
      co_return;
  }
  if (ssd_ && request.is_read()) {
    const Bytes asked = access.bytes;
    const bool more = take_hits(ssd_->contents, access, Bytes{});
    if (const Bytes hit = asked - (more ? access.bytes : Bytes{}); hit > Bytes{}) {
      co_await world_.serve(ssd_->flash, hit / settings_.ssd_cache.rate);
      co_await world_.delay(latency_, settings_.ssd_cache.latency);
      watch.lap(Cause::disk);
    }
    if (!more) co_return;
  }
  if (credit_) {
    const double cost = request.is_read() ? 1 : settings_.write_cost;
    co_await world_.take(*credit_, access.bytes.as_double() * cost);
    watch.lap(Cause::throttle);
  }
  access.queue_depth = disk_.counts().present + 1;
  brw.in_flight.add(access.queue_depth);
  brw.size.add_log2(access.bytes.count());
  const Seconds submitted = world_.now();
  co_await world_.serve(disk_, device_.busy_time(access) / rate_factor_);
  co_await world_.delay(latency_, device_.latency());
  watch.lap(Cause::disk);
  brw.time.add_log2(microseconds(world_.now() - submitted) / 1000);
}

kernel::Task Ost::commit(RpcTime& account) {
  // A block of the log, which lies on the device itself. The transaction that is being written when
  // the request comes is closed to it; all that come meanwhile go with the next.
  constexpr std::uint64_t kLog = UINT64_MAX;
  constexpr Bytes kBlock{4 * kKib};
  Stopwatch watch(world_, account);
  const std::uint64_t mine = commits_begun_ + 1;
  while (commits_done_ < mine) {
    if (commits_begun_ > commits_done_) {
      co_await committed_.wait();
      continue;
    }
    ++commits_begun_;
    const device::Access log{.operation = device::Operation::write,
                             .object = kLog,
                             .offset = kBlock * commits_begun_,
                             .bytes = kBlock,
                             .queue_depth = disk_.counts().present + 1};
    co_await world_.serve(disk_, device_.busy_time(log) / rate_factor_);
    co_await world_.delay(latency_, device_.latency());
    commits_done_ = commits_begun_;
    committed_.notify();
  }
  watch.lap(Cause::disk);
}

Oss::Oss(kernel::World& world, fabric::Fabric& fabric, OssIndex index, const OssSettings& settings)
    : world_(world), fabric_(fabric), index_(index), settings_(settings),
      threads_(world.add_scheduled_slots({"ost_io_threads", "oss{}.ost_io", index.value()},
                                         {.count = settings.threads, .high_priority = true})),
      nrs_(make_nrs(per_server(settings))), cache_(settings.cache),
      cpu_(world.add_fifo({"oss_cpu", "oss{}.cpu", index.value()}, settings.cores)),
      network_credit_(add_credit(world, {"oss_nic_credit", "oss{}.nic_credit", index.value()},
                                 settings.network)) {
  if (nrs_) threads_.use(*nrs_);
}

kernel::Task Oss::serve_small(TimeAccount& account, Cause cause) {
  Stopwatch watch(world_, account);
  co_await world_.serve(cpu_, settings_.rpc_service);
  watch.lap(cause);
}

Seconds Oss::cpu_time(const BulkRequest& request) const {
  // GPU memory cannot be summed up by a client's CPU, so neither does the server.
  const bool sums = settings_.checksum_rate.count() > 0 && request.host != fabric::HostPath::gpu;
  if (!sums) return settings_.rpc_service;
  return settings_.rpc_service + request.length / settings_.checksum_rate;
}

kernel::Task Oss::bulk(Ost& ost, const BulkRequest& request, RpcTime& time) {
  Stopwatch watch(world_, time);
  const RequestTag tag{.client = request.client,
                       .job = request.job.value(),
                       .uid = request.job.value(), // every job is a user of its own
                       .target = ost.index(),
                       .object = request.object,
                       .offset = request.offset,
                       .bytes = request.length,
                       .opcode =
                           number(request.is_read() ? RpcOpcode::ost_read : RpcOpcode::ost_write),
                       .high_priority = request.high_priority};
  const Seconds arrived = world_.now();
  // Whom a rule of the token bucket filter holds back waits beside idle threads; fewer of them may
  // be those of another partition.
  const bool idle = 2 * threads_.held() <= threads_.count();
  const Cause waits_for =
      settings_.nrs.policy == NrsPolicy::tbf && idle ? Cause::throttle : Cause::ost_queue;
  kernel::ScheduledHold thread = co_await threads_.acquire(tag);
  watch.lap(waits_for);
  const Seconds started = world_.now();
  counters_.wait.add(microseconds(started - arrived));
  counters_.queued.add(threads_.waiting());
  counters_.active.add(threads_.held());
  co_await world_.serve(cpu_, cpu_time(request));
  watch.lap(Cause::ost_queue);
  if (request.is_read()) {
    co_await ost.access(request, time);
    watch.skip();
  }
  if (network_credit_) {
    co_await world_.take(*network_credit_, request.length.as_double());
    watch.lap(Cause::throttle);
  }
  const kernel::Station* slowest = co_await fabric_.transfer(
      request.client, index_,
      request.is_read() ? fabric::Direction::to_client : fabric::Direction::to_server,
      request.length, request.host);
  watch.lap(fabric::Fabric::cause_of(*slowest));
  if (!request.is_read()) {
    co_await ost.access(request, time);
    if (settings_.sync_journal) [[unlikely]]
      co_await ost.commit(time);
  }
  OstCounters::Bulk& bulk = ost.counters().of(request.job);
  (request.is_read() ? bulk.read_bytes : bulk.write_bytes).add(request.length.count());
  (request.is_read() ? bulk.read_time : bulk.write_time).add(microseconds(world_.now() - started));
}

} // namespace lustrum::lustre
