// The Lustre file system of a run.
#include "models/assembly/build_filesystem.hpp"
#include "models/assembly/describe_faults.hpp"
#include "models/assembly/lustre_kind.hpp"
#include "models/assembly/packed_run.hpp"
#include "models/assembly/preload.hpp"
#include "models/assembly/scenario_tiers.hpp"
#include "models/lustre/filesystem.hpp"
#include "sim/base/units_text.hpp"

#include <fmt/format.h>

#include <cmath>

namespace lustrum {
namespace {

// Sold by the TiB in the catalog's sense, billed by the GB, which is a GiB.
std::string note_on_capacity(const Scenario& scenario) {
  const double billed = billed_gib(scenario.filesystem, scenario.storage.capacity);
  const double size_gib = scenario.storage.capacity.as_double() / static_cast<double>(kGib);
  constexpr double kAlike = 1e-3;
  if (std::abs(billed / size_gib - 1) < kAlike) return {};
  return fmt::format("{} are sold and billed as {:.10g} GB, a GB being 2^30 bytes",
                     format_bytes(scenario.storage.capacity), billed);
}

// L16 of token buckets: credit C lasts C/(peak - baseline) at full use.
void note_credit(std::string_view what, const lustre::BurstSettings& credit, BytesPerSecond peak,
                 std::size_t count, RunResult& result) {
  if (!(credit.baseline.count() > 0) || !(peak > credit.baseline)) return;
  if (!(credit.initial_bytes > 0)) return; // spent: it can only be the baseline
  const Seconds lasts{credit.initial_bytes / (peak - credit.baseline).count()};
  const Seconds refill{credit.credit_bytes / credit.baseline.count()};
  const auto all = static_cast<double>(count);
  result.notes.push_back(fmt::format(
      "burst credit of the {}: {} at full use last {}, then {}; an empty credit is full again "
      "after {} idle",
      what, format_rate(peak * all), format_duration(lasts), format_rate(credit.baseline * all),
      format_duration(refill)));
}

void note_burst(const lustre::FilesystemSettings& settings, RunResult& result) {
  const std::size_t servers = settings.fabric.servers;
  note_credit("disks", settings.oss.disk_credit,
              device::sequential_rate(settings.oss.disk, device::Operation::read),
              servers * settings.oss.osts, result);
  note_credit("servers' network", settings.oss.network, settings.fabric.server_nic, servers,
              result);
}

// `df` adds up what no file can have: objects do not move from the OST that they are on.
void warn_of_full_osts(const lustre::OstSpace& space, RunResult& result) {
  std::vector<std::uint32_t> full;
  Bytes free{};
  Bytes most{};
  for (std::uint32_t i = 0; i < space.osts(); ++i) {
    if (space.is_full(OstIndex{i})) full.push_back(i);
    free += space.available(OstIndex{i});
    most = std::max(most, space.available(OstIndex{i}));
  }
  if (full.empty()) return;
  result.warnings.push_back(fmt::format(
      "{} of {} OSTs {} full, the first OST{:04x}; the emptiest has {} free, all together {}: a "
      "file whose objects lie on a full OST cannot grow (ENOSPC), whatever `df` says",
      full.size(), space.osts(), full.size() == 1 ? "is" : "are", full.front(), format_bytes(most),
      format_bytes(free)));
}

// What the automatic mode grants for the capacity is included in its price.
double extra_metadata_iops(const Scenario& scenario) {
  const std::uint32_t included = automatic_metadata_iops(scenario.storage.capacity);
  const std::uint32_t provisioned = scenario.storage.metadata_iops;
  return provisioned > included ? provisioned - included : 0;
}

class LustreSystemOfRun : public StorageSystem {
public:
  LustreSystemOfRun(const Scenario& scenario, kernel::World& world, bool counters)
      : scenario_(scenario), world_(world), filesystem_(world, settings(scenario, counters)),
        faults_(world, filesystem_, scenario.faults, scenario.run.seed) {}

  Storage& storage() override { return filesystem_; }
  const Storage& storage() const override { return filesystem_; }

  void begin() override {
    preloaded_ = preload(scenario_, filesystem_);
    if (scenario_.storage.hsm.on) filesystem_.hsm()->start_repository();
    faults_.start();
  }

  std::vector<std::string> check_laws() const override { return filesystem_.check_laws(); }

  kernel::Topology::Cut read_bound(Bytes bytes, Seconds not_reading) const override {
    return filesystem_.read_bound(bytes, not_reading);
  }
  kernel::Topology::Cut lasting_read_bound(Bytes bytes) const override {
    return filesystem_.read_bound_of_baseline(bytes);
  }
  PerSecond open_bound(std::uint64_t opens) const override {
    return filesystem_.open_close_bound(opens);
  }

  void describe(RunResult& result) override {
    describe_faults(scenario_, faults_, filesystem_.totals(), result);
    describe_hsm(scenario_, filesystem_, preloaded_, result);
    describe_pcc(filesystem_, result);
    observe_networks(world_, filesystem_.settings().fabric, result);
    note_burst(filesystem_.settings(), result);
    if (scenario_.storage.ssd_cache) note_ssd_cache(result);
    if (scenario_.filesystem.by_throughput()) note_tiers(filesystem_, result);
    warn_of_full_osts(filesystem_.files().space(), result);
  }

  // An appliance is bought by the server, a service by capacity or by throughput.
  std::vector<Charge> charges() const override {
    const std::string& name = scenario_.storage.system;
    if (scenario_.prices.find(name, "server"))
      return {{.product = name,
               .component = "server",
               .label = name + ", servers",
               .amount = static_cast<double>(scenario_.oss_count()),
               .unit = PriceUnit::hour,
               .counted = "OSS-hours"}};
    if (scenario_.filesystem.by_throughput()) return charges_of_tiers(scenario_, filesystem_);
    std::vector<Charge> charges = capacity_charges(name);
    if (scenario_.storage.ssd_cache)
      charges.push_back({.product = name,
                         .component = "cache",
                         .label = name + ", SSD cache",
                         .amount = ssd_cache().as_double() / static_cast<double>(kGib),
                         .unit = PriceUnit::gib_month,
                         .counted = {}});
    for (Charge& charge : archive_charges(scenario_, filesystem_, preloaded_))
      charges.push_back(std::move(charge));
    return charges;
  }

  std::vector<lustre::CounterFile> counter_files(Seconds now) const override {
    return lustre::counter_files(filesystem_, now, counter_names(scenario_));
  }

private:
  Bytes ssd_cache() const {
    const lustre::OssSettings& oss = filesystem_.settings().oss;
    return oss.ssd_cache.capacity * (std::uint64_t{oss.osts} * scenario_.oss_count());
  }
  void note_ssd_cache(RunResult& result) const {
    Bytes hits{};
    double read = 0;
    for (std::uint32_t i = 0; i < filesystem_.osts(); ++i) {
      hits += filesystem_.ost(OstIndex{i}).ssd_hits();
      read += filesystem_.ost(OstIndex{i}).bytes_read();
    }
    const double share = read > 0 ? hits.as_double() / read : 0;
    result.notes.push_back(fmt::format("{:.1f} % of what the servers read came out of their SSD "
                                       "cache of {}, which was empty at the start",
                                       100 * share, format_bytes(ssd_cache())));
  }

  std::vector<Charge> capacity_charges(const std::string& name) const {
    return {{.product = name,
             .component = "capacity",
             .label = name + ", capacity",
             .amount = billed_gib(scenario_.filesystem, scenario_.storage.capacity),
             .unit = PriceUnit::gib_month,
             .counted = {},
             .note = note_on_capacity(scenario_)},
            {.product = name,
             .component = "iops",
             .label = name + ", metadata IOPS",
             .amount = extra_metadata_iops(scenario_),
             .unit = PriceUnit::iops_month,
             .counted = {}}};
  }

  static lustre::FilesystemSettings settings(const Scenario& scenario, bool counters) {
    lustre::FilesystemSettings settings = build_filesystem(scenario);
    settings.rpc_counters = counters;
    return settings;
  }

  const Scenario& scenario_;
  const kernel::World& world_;
  lustre::Filesystem filesystem_;
  lustre::Faults faults_;
  std::optional<PreloadReport> preloaded_;
};

} // namespace

std::unique_ptr<StorageSystem> build_lustre_system(const Scenario& scenario, kernel::World& world,
                                                   bool counters) {
  return std::make_unique<LustreSystemOfRun>(scenario, world, counters);
}

} // namespace lustrum
