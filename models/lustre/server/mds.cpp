#include "models/lustre/server/mds.hpp"

#include "models/lustre/policy/service_threads.hpp"
#include "models/storage/stopwatch.hpp"

#include <algorithm>

namespace lustrum::lustre {

namespace {

constexpr std::array<std::string_view, kMdsPortals> kThreadLabels = {
    "mdt{}.mdt_threads", "mdt{}.mdt_readpage_threads", "mdt{}.mdt_io_threads", ""};
// mdt_io has the limits of mdt. Source: Lustre 2.15 lustre/mdt/mdt_mds.c
constexpr std::array<ServiceThreads, kMdsPortals> kThreads = {kMdtThreads, kMdtReadpageThreads,
                                                              kMdtThreads, ServiceThreads{}};

} // namespace

Mds::Mds(kernel::World& world, MdtIndex index, const MdsSettings& settings, std::uint32_t clients)
    : world_(world), index_(index), settings_(settings), target_(world, clients),
      cpu_(world.add_fifo({"mds_cpu", "mdt{}.cpu", index.value()}, settings.cores)),
      times_(clients + std::size_t{1}) {
  for (std::size_t portal = 0; portal < kMdsPortals; ++portal) {
    if (kThreadLabels[portal].empty()) continue;
    const std::uint32_t threads =
        settings.threads[portal] > 0
            ? settings.threads[portal]
            : threads_of(kThreads[portal], {.cores = settings.cores, .cpts = settings.cpts});
    threads_[portal] =
        &world.add_slots({"mds_threads", kThreadLabels[portal], index.value()}, threads);
  }
  if (settings.transaction.count() > 0)
    device_ = &world.add_fifo({"mdt_journal", "mdt{}.journal", index.value()}, 1);
  if (const double rate = settings.provisioned_iops.count(); rate > 0) {
    const double burst = rate * kIopsBurst.count();
    iops_ = &world.add_bucket({"mdt_iops", "mdt{}.iops", index.value()},
                              {.rate = rate, .burst = burst, .initial = burst});
  }
}

kernel::Task Mds::serve(const MetadataRequest& request, std::optional<kernel::SlotHold>& thread,
                        TimeAccount& account) {
  const std::size_t op = number(request.operation);
  const MetadataOperationRow& row = row_of(request.operation);
  Stopwatch watch(world_, account);
  const Seconds arrived = world_.now();
  Mds& host = *host_;
  if (kernel::SlotsStation* threads = host.threads_[static_cast<std::size_t>(row.portal)]) {
    thread.emplace(co_await threads->acquire());
    ServiceCounters& service = services_[static_cast<std::size_t>(row.portal)];
    service.wait.add(microseconds(world_.now() - arrived));
    service.queued.add(threads->waiting());
    service.active.add(threads->held());
  }
  const Seconds started = world_.now();
  if (iops_ && settings_.iops_per_operation[op] > 0)
    co_await world_.take(*iops_, settings_.iops_per_operation[op] * request.work);
  co_await world_.serve(host.cpu_, settings_.service[op] * request.work);
  if (row.journal && device_) co_await world_.serve(*device_, settings_.transaction);
  counts_[op] += request.count;
  times_[std::min<std::size_t>(request.client.value(), times_.size() - 1)][op].add(
      microseconds((world_.now() - started) / static_cast<double>(request.count)), request.count);
  watch.lap(Cause::metadata);
}

} // namespace lustrum::lustre
