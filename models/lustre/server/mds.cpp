#include "models/lustre/server/mds.hpp"

#include "models/lustre/server/stopwatch.hpp"

namespace lustrum::lustre {

Mds::Mds(kernel::World& world, MdtIndex index, const MdsSettings& settings)
    : world_(world), settings_(settings),
      cpu_(world.add_fifo({"mds_cpu", "mdt{}.cpu", index.value()}, settings.cores)) {
  if (const double rate = settings.provisioned_iops.count(); rate > 0) {
    const double burst = rate * kIopsBurst.count();
    iops_ = &world.add_bucket({"mdt_iops", "mdt{}.iops", index.value()},
                              {.rate = rate, .burst = burst, .initial = burst});
  }
}

kernel::Task Mds::serve(MetadataOperation operation, TimeAccount& account) {
  const auto op = static_cast<std::size_t>(operation);
  Stopwatch watch(world_, account);
  if (iops_) co_await world_.take(*iops_, settings_.iops_per_operation[op]);
  co_await world_.serve(cpu_, settings_.service[op]);
  watch.lap(Cause::metadata);
}

} // namespace lustrum::lustre
