#include "models/assembly/catalog.hpp"

#include "models/assembly/price_lists.hpp"
#include "models/assembly/storage_kind.hpp"
#include "sim/scenario/yaml_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace lustrum {
namespace {

void require_one_form(const Figure<BytesPerSecond>& one, const Figure<BytesPerSecond>& other,
                      const std::string& names, std::vector<std::string>& problems) {
  if ((one.value.count() > 0) == (other.value.count() > 0))
    problems.push_back("exactly one of " + names + " must be given");
}

void require_burst_above(const Figure<BytesPerSecond>& base, const Figure<BytesPerSecond>& burst,
                         const std::string& name, std::vector<std::string>& problems) {
  if (base.value.count() > 0 && burst.value < base.value)
    problems.push_back("`" + name + "` must be at least the rate that lasts (equal: no burst)");
}

void check_disk(const LustreSystem& system, std::vector<std::string>& problems) {
  const bool raid = system.disk_model.value == "raid6";
  if (raid != (system.raid_data_disks.value > 0) ||
      raid != (system.hdd_bandwidth.value.count() > 0))
    problems.emplace_back("`disk.raid_data_disks` and `disk.hdd_bandwidth` are given when "
                          "`disk.model` is raid6 and with no other");
  if (raid) {
    if (system.disk_read_per_tib.value.count() > 0 || system.disk_read_per_ost.value.count() > 0)
      problems.emplace_back("rates of a raid6 follow from its disks: leave out `disk.read_per_ost` "
                            "and `disk.read_per_tib`");
    return;
  }
  if (!(system.disk_iops_per_ost.value.count() > 0) || !(system.disk_latency.value.count() > 0))
    problems.emplace_back("`disk.latency` and `disk.iops_per_ost` must be given");
  require_one_form(system.disk_read_per_tib, system.disk_read_per_ost,
                   "`disk.read_per_tib` and `disk.read_per_ost`", problems);
  require_one_form(system.disk_write_per_tib, system.disk_write_per_ost,
                   "`disk.write_per_tib` and `disk.write_per_ost`", problems);
}

} // namespace

std::vector<std::string> problems_of(const Instance& instance) {
  std::vector<std::string> problems;
  if ((instance.efa_nics.value > 0) != (instance.efa_nic_bandwidth.value.count() > 0))
    problems.emplace_back("`efa.nics` and `efa.nic_bandwidth` are given together or not at all");
  if (instance.fsx_efa.value && instance.efa_nics.value == 0)
    problems.emplace_back("`efa.fsx` is true, but there are no `efa.nics`");
  return problems;
}

std::vector<std::string> problems_of(const LustreSystem& system) {
  std::vector<std::string> problems;
  const bool has_ssd_cache = system.ssd_cache_per_tib.value > Bytes{};
  if (has_ssd_cache != (system.ssd_cache_read_per_tib.value.count() > 0) ||
      has_ssd_cache != (system.ssd_cache_latency.value.count() > 0))
    problems.emplace_back("`ssd_cache.per_tib`, `ssd_cache.read_per_tib` and `ssd_cache.latency` "
                          "are given together or not at all");
  require_one_form(system.network_per_tib, system.network_per_oss,
                   "`network.per_tib` and `network.per_oss`", problems);
  check_disk(system, problems);
  require_burst_above(system.network_per_tib, system.network_burst_per_tib, "network.burst_per_tib",
                      problems);
  require_burst_above(system.disk_read_per_tib, system.disk_read_burst_per_tib,
                      "disk.read_burst_per_tib", problems);
  require_burst_above(system.disk_write_per_tib, system.disk_write_burst_per_tib,
                      "disk.write_burst_per_tib", problems);
  const bool bursts = system.network_burst_per_tib.value > system.network_per_tib.value ||
                      system.disk_read_burst_per_tib.value > system.disk_read_per_tib.value ||
                      system.disk_write_burst_per_tib.value > system.disk_write_per_tib.value;
  if (bursts != (system.burst_duration.value.count() > 0))
    problems.emplace_back(bursts ? "a burst rate needs `burst.duration`"
                                 : "`burst.duration` is given, but no rate bursts");
  if (system.offers_efa() != (system.oss_osts_efa.value > 0) ||
      system.offers_efa() != (system.efa_latency.value.count() > 0))
    problems.emplace_back("`oss.capacity_efa`, `oss.osts_efa` and `lnet.efa.latency` are given "
                          "together or not at all");
  if (system.oss_memory.value > Bytes{} && system.oss_memory_per_tib.value > Bytes{})
    problems.emplace_back("at most one of `oss.memory` and `oss.memory_per_tib` may be given");
  if ((system.iops_min.value > 0) != (system.iops_max.value > 0) ||
      system.iops_min.value > system.iops_max.value)
    problems.emplace_back("`metadata.iops_min` and `metadata.iops_max` are given together, the "
                          "least first, or not at all");
  if (system.by_throughput() && !(system.disk_read_per_ost.value.count() > 0))
    problems.emplace_back("with `throughput.step` the rates are those of a server and an OST: "
                          "`disk.read_per_ost`");
  const bool provisioned = system.metadata_mode.value == "provisioned";
  if (provisioned != (system.open_per_iops.value > 0) ||
      provisioned != (system.getattr_per_iops.value > 0))
    problems.emplace_back("`metadata.open_per_iops` and `metadata.getattr_per_iops` are given in "
                          "mode `provisioned` and in no other");
  return problems;
}

std::uint32_t automatic_metadata_iops(Bytes capacity) {
  // The capacities are those on sale, so a bound between two of them is as good as the exact one.
  struct Step {
    double below_tib;
    std::uint32_t iops;
  };
  constexpr std::array kSteps{Step{2.0, 1500}, Step{4.0, 3000}, Step{10.0, 6000},
                              Step{47.0, 12000}};
  constexpr double kTibPerUnit = 24;
  constexpr std::uint32_t kUnit = 12000;
  constexpr std::uint32_t kMost = 192000;
  const double tib = capacity.as_double() / static_cast<double>(kTib);
  for (const Step& step : kSteps)
    if (tib < step.below_tib) return step.iops;
  // Rounded down, but 48 TiB written in bytes may fall one byte short.
  constexpr double kSlack = 1e-6;
  const auto units = static_cast<std::uint32_t>(std::min(tib / kTibPerUnit + kSlack, 1e6));
  return std::min(units * kUnit, kMost);
}

bool is_metadata_iops(std::uint32_t iops) {
  constexpr std::array kSmall{1500U, 3000U, 6000U};
  constexpr std::uint32_t kUnit = 12000;
  constexpr std::uint32_t kMost = 192000;
  return std::find(kSmall.begin(), kSmall.end(), iops) != kSmall.end() ||
         (iops > 0 && iops % kUnit == 0 && iops <= kMost);
}

double billed_gib(const LustreSystem& system, Bytes capacity) {
  const double gib =
      capacity.as_double() / static_cast<double>(kTib) * system.billed_gib_per_tib.value;
  // 9.6 TiB is no whole number of bytes, but 9,600 GiB on the bill.
  constexpr double kGrain = 1e6;
  return std::round(gib * kGrain) / kGrain;
}

const std::vector<const EntryKind*>& entry_kinds() {
  static const EntryKind instance = entry_kind<Instance>("instance", "instances.yaml");
  static const std::vector<const EntryKind*> kinds = [] {
    std::vector<const EntryKind*> all{&instance};
    for (const StorageKind* storage : storage_kinds()) all.push_back(&storage->entry);
    return all;
  }();
  return kinds;
}

Catalog Catalog::load(const std::string& folder, Diagnostics& diagnostics) {
  Catalog catalog;
  for (const EntryKind* kind : entry_kinds())
    catalog.load_kind(*kind, folder + "/" + std::string(kind->file), diagnostics);
  catalog.price_lists_ = load_price_lists(folder + "/prices", catalog.files_, diagnostics);
  return catalog;
}

// Reads a file of entries, name: figures, and keeps the good ones.
void Catalog::load_kind(const EntryKind& kind, const std::string& file, Diagnostics& diagnostics) {
  files_.push_back(file);
  const YamlDocument document = YamlDocument::load(file, diagnostics);
  if (!document.root() || !require_map(document.root(), diagnostics)) return;
  for (const YamlNode& node : document.root().entries()) {
    const std::size_t errors_before = diagnostics.error_count();
    if (!require_map(node, diagnostics)) continue;
    const std::shared_ptr<void> figures = kind.copy(nullptr);
    Provenances provenances;
    read_section(node, *kind.table, figures.get(), diagnostics,
                 {.provenances = kind.plain ? &provenances : nullptr});
    const bool instance = kind.table == &Instance::parameters();
    if (const CatalogEntry* other = find(node.key(), instance))
      diagnostics
          .add(DiagnosticCode::duplicate_key, node.key_span(),
               fmt::format("there is an entry `{}` already", node.key()))
          .also.push_back({"the first one", other->where});
    // The rules would only repeat what is missing.
    if (diagnostics.error_count() == errors_before)
      for (const std::string& problem : kind.problems(figures.get()))
        diagnostics.add(DiagnosticCode::impossible, node.key_span(), problem);
    if (diagnostics.error_count() == errors_before)
      entries_.push_back(
          {std::string(node.key()), &kind, figures, node.key_span(), std::move(provenances)});
  }
}

const CatalogEntry* Catalog::find(std::string_view name, bool instance) const {
  const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const CatalogEntry& entry) {
    return entry.name == name && entry.is<Instance>() == instance;
  });
  return found == entries_.end() ? nullptr : &*found;
}

std::vector<std::string> Catalog::names(bool instance) const {
  std::vector<std::string> found;
  for (const CatalogEntry& entry : entries_)
    if (entry.is<Instance>() == instance) found.push_back(entry.name);
  std::sort(found.begin(), found.end());
  return found;
}

const Instance* Catalog::find_instance(std::string_view name) const {
  const CatalogEntry* entry = find(name, true);
  return entry ? &entry->as<Instance>() : nullptr;
}

const CatalogEntry* Catalog::find_storage(std::string_view name) const { return find(name, false); }

const LustreSystem* Catalog::find_filesystem(std::string_view name) const {
  const CatalogEntry* entry = find(name, false);
  return entry && entry->is<LustreSystem>() ? &entry->as<LustreSystem>() : nullptr;
}

std::vector<std::string> Catalog::instance_names() const { return names(true); }

std::vector<std::string> Catalog::storage_names() const { return names(false); }

} // namespace lustrum
