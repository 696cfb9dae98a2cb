#include "models/assembly/scenario_tiers.hpp"

#include "models/assembly/cloud_hosts.hpp"
#include "sim/base/units_text.hpp"
#include "sim/scenario/yaml_reader.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>

namespace lustrum {
namespace {

using enum DiagnosticCode;

constexpr std::string_view kSection = "tiered";

// Of each step. Source: FSx for Lustre guide, Intelligent-Tiering.
constexpr Bytes kLeastCache{32 * kGib};
constexpr Bytes kMostCache{131'072 * kGib};

double in_gib(Bytes bytes) { return bytes.as_double() / static_cast<double>(kGib); }

bool check_throughput(const StorageReading& reading) {
  const Scenario& scenario = reading.scenario;
  const LustreSystem& system = scenario.filesystem;
  const BytesPerSecond throughput = scenario.storage.throughput;
  const std::string& name = scenario.storage.system;
  if (!(throughput.count() > 0)) {
    reading.diagnostics.add(
        missing_key, reading.storage.section_span(),
        fmt::format("missing key `throughput` in `storage`: `{}` is bought by throughput", name),
        "e.g. `throughput: 4000 MB/s`");
    return false;
  }
  constexpr double kSlack = 1e-6;
  constexpr double kMostSteps = 500; // 2,000,000 MBps. Source: the same guide
  const double steps = throughput / system.throughput_step.value;
  const double whole = std::round(steps);
  if (std::abs(steps - whole) <= kSlack * whole && whole >= 1 && whole <= kMostSteps) return true;
  reading.diagnostics.add(out_of_range, reading.storage.get("throughput").span(),
                          fmt::format("`storage.throughput`: `{}` is bought in steps of {}", name,
                                      format_rate(system.throughput_step.value)),
                          fmt::format("at most {:.0f} of them", kMostSteps));
  return false;
}

void check_size(const StorageReading& reading) {
  const Scenario& scenario = reading.scenario;
  const std::uint64_t servers = scenario.oss_count();
  const Bytes most = scenario.ost_capacity() * (servers * scenario.osts_per_oss());
  if (scenario.storage.capacity > most)
    reading.diagnostics.add(
        out_of_range, reading.storage.get("capacity").span(),
        fmt::format("`storage.capacity`: the servers hold at most {}", format_bytes(most)),
        "each step of throughput is a server");
  const Bytes cache = scenario.storage.tiered.ssd_cache;
  if (cache == Bytes{} || (cache >= kLeastCache * servers && cache <= kMostCache * servers)) return;
  reading.diagnostics.add(
      out_of_range, reading.storage.get(kSection).get("ssd_cache").span(),
      fmt::format("`storage.tiered.ssd_cache`: {} is not for sale", format_bytes(cache)),
      fmt::format("{} to {} with this throughput, or none", format_bytes(kLeastCache * servers),
                  format_bytes(kMostCache * servers)));
}

void check_metadata(const StorageReading& reading) {
  const LustreSystem& system = reading.scenario.filesystem;
  std::uint32_t& iops = reading.scenario.storage.metadata_iops;
  const std::uint32_t least = system.iops_min.value;
  const std::uint32_t most = system.iops_max.value;
  if (iops == 0) iops = least;
  if (iops < least || iops > most || !is_metadata_iops(iops))
    reading.diagnostics.add(out_of_range, reading.storage.get("metadata_iops").span(),
                            fmt::format("`storage.metadata_iops`: {} cannot be provisioned", iops),
                            fmt::format("{} or {} with Intelligent-Tiering", least, most));
}

} // namespace

std::string_view why_no_such_tiers(const LustreSystem& system, std::string_view key) {
  const std::string_view first = key.substr(0, key.find('.'));
  if (!system.by_throughput()) {
    if (first == "throughput") return "its throughput follows from its capacity";
    if (first == kSection) return "of FSx for Lustre, Intelligent-Tiering has a tiered store";
    return {};
  }
  if (first == "hsm")
    return "FSx for Lustre links no file system with Intelligent-Tiering to S3 (its guide, data "
           "repositories): take an SSD class, or S3 itself";
  if (first == "ssd_cache") return "its SSD cache has a size: `tiered: {ssd_cache: 4 TiB}`";
  if (first == "used" || first == "ost_used") return "its storage grows with what is stored";
  return {};
}

void read_tiers(const StorageReading& reading) {
  Scenario& scenario = reading.scenario;
  const ParameterTable& table = tiering::TieredStoreSettings::parameters();
  scenario.storage.tiered = with_defaults<tiering::TieredStoreSettings>(table);
  GivenKeys given;
  if (const YamlNode node = reading.storage.get(kSection))
    given = read_section(node, table, &scenario.storage.tiered, reading.diagnostics);
  for (AssumedRow& row :
       assumed_defaults("storage.tiered.", table, given, scenario.filesystem.by_throughput()))
    scenario.fitted.push_back(std::move(row));
}

void check_tiers(const StorageReading& reading) {
  if (check_throughput(reading) && reading.scenario.storage.capacity > Bytes{}) check_size(reading);
  check_metadata(reading);
}

tiering::TieredStoreSettings tiers_of_ost(const Scenario& scenario) {
  tiering::TieredStoreSettings tiers = scenario.storage.tiered;
  const std::uint32_t osts = scenario.osts_per_oss();
  tiers.ssd_cache = tiers.ssd_cache / (std::uint64_t{scenario.oss_count()} * osts);
  tiers.store_rate = tiers.store_rate / osts;
  tiers.misses = std::max(1U, tiers.misses / osts);
  return tiers;
}

// A file that was read is frequently used from then on.
std::vector<Charge> charges_of_tiers(const Scenario& scenario,
                                     const lustre::Filesystem& filesystem) {
  using enum tiering::AccessTier;
  const StorageSettings& storage = scenario.storage;
  std::vector<Charge> charges;
  const auto add = [&](std::string component, std::string_view what, double amount,
                       PriceUnit unit) {
    charges.push_back({.product = storage.system,
                       .component = std::move(component),
                       .label = fmt::format("{}, {}", storage.system, what),
                       .amount = amount,
                       .unit = unit,
                       .counted = {}});
  };
  const std::array<Bytes, tiering::kAccessTiers> stored = filesystem.stored_by_class();
  Bytes all{};
  for (const Bytes each : stored) all += each;
  const double held = billed_gib(scenario.filesystem, storage.capacity);
  const auto part = [&](tiering::AccessTier tier) {
    if (all == Bytes{}) return tier == frequent ? held : 0.0;
    return held * (stored.at(static_cast<std::size_t>(tier)).as_double() / all.as_double());
  };
  const tiering::TieredUsage usage = filesystem.tiered_usage();
  constexpr double kMegabyte = 1e6;
  add("capacity", "frequently used", part(frequent), PriceUnit::gib_month);
  add("capacity_infrequent", "infrequently used", part(infrequent), PriceUnit::gib_month);
  add("capacity_archive", "archive", part(archive), PriceUnit::gib_month);
  add("monitoring", "monitoring", held, PriceUnit::gib_month);
  add("cache", "SSD cache", in_gib(storage.tiered.ssd_cache), PriceUnit::gib_month);
  add("iops", "metadata IOPS", storage.metadata_iops, PriceUnit::iops_month);
  add("read_requests", "reads of the tiered store", static_cast<double>(usage.read_requests),
      PriceUnit::thousand_requests);
  add("write_requests", "writes to it", static_cast<double>(usage.write_requests),
      PriceUnit::thousand_requests);
  add("throughput", "throughput", storage.throughput.count() / kMegabyte, PriceUnit::mbps_month);
  return charges;
}

void note_tiers(const lustre::Filesystem& filesystem, RunResult& result) {
  const tiering::TieredUsage usage = filesystem.tiered_usage();
  double read = 0;
  for (const lustre::Ost& ost : filesystem.all_osts()) read += ost.bytes_read();
  const Bytes elsewhere = usage.from_ssd + usage.missed;
  const Bytes memory{static_cast<std::uint64_t>(std::max(0.0, read - elsewhere.as_double()))};
  result.notes.push_back(fmt::format(
      "Intelligent-Tiering: of what the servers read {} came out of their memory, {} of the SSD "
      "cache, {} of the tiered store, in {} requests",
      format_bytes(memory), format_bytes(usage.from_ssd), format_bytes(usage.missed),
      usage.read_requests));
}

} // namespace lustrum
