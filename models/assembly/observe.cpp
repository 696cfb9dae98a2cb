#include "models/assembly/observe.hpp"

#include "models/assembly/storage_system.hpp"
#include "sim/base/units_text.hpp"
#include "sim/result/storage_words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

namespace lustrum {

namespace {

constexpr double kPercent = 100;

std::string capacity_text(const kernel::Station& station) {
  switch (station.discipline()) {
  case kernel::Discipline::shared:
    return format_rate(static_cast<const kernel::SharedStation&>(station).capacity());
  case kernel::Discipline::fifo: {
    const std::uint32_t servers = static_cast<const kernel::FifoStation&>(station).servers();
    return fmt::format("{} server{}", servers, servers == 1 ? "" : "s");
  }
  case kernel::Discipline::slots:
    return fmt::format("{} slots", static_cast<const kernel::SlotsStation&>(station).count());
  case kernel::Discipline::scheduled:
    return fmt::format("{} slots",
                       static_cast<const kernel::ScheduledSlotsStation&>(station).count());
  case kernel::Discipline::bucket:
    return fmt::format("{:.6g}/s", static_cast<const kernel::BucketStation&>(station).level().rate);
  case kernel::Discipline::delay:
    return "delay";
  }
  return {};
}

StationRow row_of(const kernel::World& world, const kernel::Station& station) {
  return {.name = kernel::to_string(station.label()),
          .station_class = std::string(station.label().station_class),
          .discipline = std::string(kernel::to_string(station.discipline())),
          .utilization_pct = kPercent * world.utilization(station),
          .queue_mean = station.mean_present(world.now().count()),
          .requests = station.counts().arrivals,
          .capacity_text = capacity_text(station)};
}

} // namespace

void observe_stations(const kernel::World& world, RunResult& result) {
  constexpr std::size_t kRowsPerClass = 4;
  std::map<std::string_view, std::vector<const kernel::Station*>> by_class;
  for (const kernel::Station* station : world.stations())
    // A delay has neither servers nor a queue.
    if (station->discipline() != kernel::Discipline::delay)
      by_class[station->label().station_class].push_back(station);
  for (auto& [name, stations] : by_class) {
    // A direction of a network card, or a spare slot, that nothing used would only dilute the
    // means.
    std::erase_if(stations, [](const auto* station) { return station->counts().arrivals == 0; });
    if (stations.empty()) continue;
    StationClassRow row{.station_class = std::string(name)};
    row.stations = static_cast<std::uint32_t>(stations.size());
    for (const kernel::Station* station : stations) {
      // Every RPC passes the CPU of its server once.
      if (name == "oss_cpu" || name == "mds_cpu") result.metrics.rpcs += station->counts().arrivals;
      if (name == "mds_cpu") result.metrics.metadata_rpcs += station->counts().arrivals;
      const double utilization_pct = kPercent * world.utilization(*station);
      row.utilization_mean_pct += utilization_pct / row.stations;
      row.utilization_max_pct = std::max(row.utilization_max_pct, utilization_pct);
      row.queue_mean += station->mean_present(world.now().count()) / row.stations;
    }
    result.station_classes.push_back(row);
    std::stable_sort(stations.begin(), stations.end(), [&](const auto* a, const auto* b) {
      return world.utilization(*a) > world.utilization(*b);
    });
    for (std::size_t i = 0; i < std::min(stations.size(), kRowsPerClass); ++i)
      result.stations.push_back(row_of(world, *stations[i]));
  }
}

namespace {

// Where a cause of waiting has its seat: the classes of station that it is spent at, of every kind
// of storage.
struct Seat {
  static constexpr std::size_t kMostClasses = 6;
  Cause cause;
  std::array<std::string_view, kMostClasses> classes;
};
constexpr std::array<Seat, 14> kSeats{{
    {Cause::metadata, {"mdt_iops", "mds_cpu", "mod_slots", "mds_nic", "local_journal"}},
    {Cause::lock, {"oss_cpu"}},
    {Cause::rpc_slots, {"rpc_slots", "connections", "object_in_flight", "nfs_slots"}},
    {Cause::ost_queue, {"ost_io_threads", "oss_cpu"}},
    {Cause::disk,
     {"ost_disk", "pcc_disk", "local_disk", "disk_limit", "fileserver_disk", "cache_disk"}},
    {Cause::disk, {"tier_misses", "tier_rate"}},
    {Cause::throttle,
     {"ost_credit", "oss_nic_credit", "object_requests", "fileserver_iops", "fileserver_credit"}},
    {Cause::throttle, {"disk_iops", "disk_credit"}},
    {Cause::oss_nic, {"oss_nic", "fileserver_reads", "fileserver_writes"}},
    {Cause::network,
     {"flow", "client_ceiling", "router", "lnet_peer_credits", "connection", "object_store"}},
    {Cause::client_nic, {"client_nic"}},
    {Cause::host_bus, {"pcie", "memory_bus"}},
    {Cause::client_cpu, {"client_receive"}},
    {Cause::restore, {"archive", "archive_connection", "archive_requests", "hsm_agent"}},
}};

const StationRow* busiest(const RunResult& result, Cause cause) {
  const StationRow* best = nullptr;
  for (const Seat& seat : kSeats) {
    if (seat.cause != cause) continue;
    for (const StationRow& row : result.stations) {
      const bool here = std::find(seat.classes.begin(), seat.classes.end(), row.station_class) !=
                        seat.classes.end();
      if (here && (!best || row.utilization_pct > best->utilization_pct)) best = &row;
    }
  }
  return best;
}

constexpr std::array kRates{"flow",
                            "client_ceiling",
                            "client_nic",
                            "pcie",
                            "memory_bus",
                            "fileserver_reads",
                            "fileserver_disk",
                            "fileserver_iops",
                            "fileserver_writes",
                            "object_store",
                            "ost_disk",
                            "oss_nic",
                            "router",
                            "local_disk",
                            "disk_limit",
                            "oss_cpu",
                            "mds_cpu",
                            "client_receive"};

// The busiest of the stations that have a rate, if it is as busy as this at least.
const StationRow* saturated(const RunResult& result, double least_pct) {
  const StationRow* best = nullptr;
  for (const StationRow& row : result.stations)
    if (row.utilization_pct >= least_pct &&
        std::find(kRates.begin(), kRates.end(), row.station_class) != kRates.end() &&
        (!best || row.utilization_pct > best->utilization_pct))
      best = &row;
  return best;
}

// Requests hold their slot while something behind it serves them: when that is saturated, more
// slots would help nobody. nullptr: it is the slots. Not for Lustre's, whose causes are split
// further.
const StationRow* behind_slots(const RunResult& result, const StationRow& slots) {
  constexpr std::array kSlots{"nfs_slots", "object_in_flight", "connections"};
  constexpr double kSaturatedPct = 90;
  if (std::find(kSlots.begin(), kSlots.end(), slots.station_class) == kSlots.end()) return nullptr;
  return saturated(result, kSaturatedPct);
}

} // namespace

void observe_networks(const kernel::World& world, const fabric::FabricSettings& settings,
                      RunResult& result) {
  NetworkRow data{.name = std::string(fabric::to_string(settings.lnd)),
                  .data_rpcs = result.metrics.rpcs - result.metrics.metadata_rpcs};
  NetworkRow metadata{.name = "tcp", .metadata_rpcs = result.metrics.metadata_rpcs};
  for (const kernel::Station* station : world.stations()) {
    const kernel::StationLabel& label = station->label();
    if (label.station_class != "client_nic") continue;
    NetworkRow& row = label.pattern.find("metadata") == std::string_view::npos ? data : metadata;
    const double bytes = static_cast<const kernel::SharedStation&>(*station).served_bytes();
    (label.pattern.ends_with(".rx") ? row.read_bytes : row.written_bytes) += bytes;
  }
  // A card of its own is that of TCP, on which metadata stays while data rides EFA.
  if (!(settings.metadata_nic.count() > 0)) {
    data.metadata_rpcs = metadata.metadata_rpcs;
    data.read_bytes += metadata.read_bytes;
    data.written_bytes += metadata.written_bytes;
    result.networks = {std::move(data)};
  } else {
    result.networks = {std::move(data), std::move(metadata)};
  }
}

void observe_bottleneck(RunResult& result) {
  const CauseRow* largest = nullptr;
  double waiting_pct = 0;
  for (const CauseRow& row : kCauseTable) {
    if (row.cause == Cause::compute) continue;
    waiting_pct += result.stalls[row.cause];
    if (!largest || result.stalls[row.cause] > result.stalls[largest->cause]) largest = &row;
  }
  const double compute_pct = result.stalls[Cause::compute];
  const double share_pct = result.stalls[largest->cause];
  // When no kind of waiting costs even this much, the GPUs themselves are what limits the job.
  constexpr double kNegligiblePct = 2;
  if (result.metrics.gpu_utilization_pct && share_pct < kNegligiblePct) {
    result.bottleneck = Bottleneck{
        "GPU", "gpu", compute_pct,
        fmt::format("the GPUs compute {:.1f} % of the time; nothing else takes {:g} % of it",
                    compute_pct, kNegligiblePct)};
    return;
  }
  const StationRow* station =
      is_storage(largest->cause, result) ? busiest(result, largest->cause) : nullptr;
  if (const StationRow* real = station ? behind_slots(result, *station) : nullptr) station = real;
  // A station that is idle half of the time is not what holds the job back: its latency is.
  constexpr double kBusyPct = 50;
  if (station && station->utilization_pct < kBusyPct) station = nullptr;
  // Nor is the place where requests pile up, when something behind it never rests: a writer that
  // waits for dirty pages or copies them waits for the disks.
  constexpr double kNeverRestsPct = 95;
  if (is_storage(largest->cause, result))
    if (const StationRow* full = saturated(result, kNeverRestsPct);
        full && (!station || station->utilization_pct < kNeverRestsPct))
      station = full;
  const std::string_view spent_on = cause_text(largest->cause, result);
  const std::string why =
      result.metrics.gpu_utilization_pct
          ? fmt::format("{:.1f} % of GPU time goes to: {} (not computing: {:.1f} %)", share_pct,
                        spent_on, waiting_pct)
          : fmt::format("{:.1f} % of the processes' time goes to: {}", share_pct, spent_on);
  result.bottleneck =
      station ? Bottleneck{station->name, station->station_class, station->utilization_pct, why}
              : Bottleneck{std::string(largest->key), std::string(largest->key), share_pct, why};
}

void observe_bound(const StorageSystem& system, const RooflineInputs& inputs, RunResult& result) {
  ThroughputBound bound;
  const auto add = [&](std::string name, double bytes_per_s) {
    if (bytes_per_s > 0)
      bound.parts.push_back({std::move(name), bytes_per_s / static_cast<double>(kMib)});
  };
  add("gpu", inputs.gpu_demand.count());
  // What came out of page caches needed no server: those bound only the rest.
  const Bytes fetched = std::min(inputs.read, system.storage().totals().read_fetched);
  const double by_cache =
      fetched > Bytes{} ? inputs.read.as_double() / fetched.as_double() : HUGE_VAL;
  const kernel::Topology::Cut cut = system.read_bound(fetched, inputs.not_reading);
  if (fetched > Bytes{}) add(cut.name, cut.capacity.count() * inputs.nominal * by_cache);
  if (inputs.opens > 0)
    add("metadata", system.open_bound(inputs.opens).count() * inputs.read.as_double() /
                        static_cast<double>(inputs.opens) * inputs.nominal);
  add("client_cpu", inputs.client_copy.count() * inputs.nominal);
  if (bound.parts.empty()) return; // nothing was read, as in a replayed checkpoint
  const auto least =
      std::min_element(bound.parts.begin(), bound.parts.end(), [](const auto& a, const auto& b) {
        return a.throughput_mib_per_s < b.throughput_mib_per_s;
      });
  bound.name = least->name;
  bound.throughput_mib_per_s = least->throughput_mib_per_s;
  result.bound = bound;

  const kernel::Topology::Cut baseline = system.lasting_read_bound(inputs.read);
  if (!(baseline.capacity.count() > 0)) return;
  const double lasting_mib_s =
      baseline.capacity.count() * inputs.nominal * by_cache / static_cast<double>(kMib);
  if (result.metrics.throughput_mib_per_s > lasting_mib_s)
    result.warnings.push_back(fmt::format("ran on burst credit: once it is spent, at most {:.0f} "
                                          "MiB/s last ({}); storage.burst_credit: "
                                          "0 % shows that",
                                          lasting_mib_s, baseline.name));
}

} // namespace lustrum
