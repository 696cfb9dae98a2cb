#include "models/assembly/catalog.hpp"

#include "sim/scenario/yaml_reader.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace lustrum {
namespace {

template <class Entries> std::vector<std::string> names_of(const Entries& entries) {
  std::vector<std::string> names;
  names.reserve(entries.size());
  for (const auto& [name, entry] : entries) names.push_back(name);
  return names;
}

template <class Entries> auto find_in(const Entries& entries, std::string_view name) {
  const auto found = entries.find(name);
  return found == entries.end() ? nullptr : &found->second;
}

std::vector<std::string> problems_of(const Instance& instance) {
  std::vector<std::string> problems;
  if ((instance.efa_nics.value > 0) != (instance.efa_nic_bandwidth.value.count() > 0))
    problems.emplace_back("`efa.nics` and `efa.nic_bandwidth` are given together or not at all");
  if (instance.fsx_efa.value && instance.efa_nics.value == 0)
    problems.emplace_back("`efa.fsx` is true, but there are no `efa.nics`");
  return problems;
}

// Reads a file of entries, name: figures, and keeps the good ones.
template <class Entry>
std::map<std::string, Entry, std::less<>> load_entries(const std::string& file,
                                                       Diagnostics& diagnostics) {
  std::map<std::string, Entry, std::less<>> entries;
  const YamlDocument document = YamlDocument::load(file, diagnostics);
  if (!document.root() || !require_map(document.root(), diagnostics)) return entries;
  for (const YamlNode& node : document.root().entries()) {
    const std::size_t errors_before = diagnostics.error_count();
    if (!require_map(node, diagnostics)) continue;
    auto entry = with_defaults<Entry>(Entry::parameters());
    read_section(node, Entry::parameters(), &entry, diagnostics);
    // The rules would only repeat what is missing.
    if (diagnostics.error_count() == errors_before)
      for (const std::string& problem : problems_of(entry))
        diagnostics.add(DiagnosticCode::impossible, node.key_span(), problem);
    if (diagnostics.error_count() == errors_before) entries.emplace(node.key(), std::move(entry));
  }
  return entries;
}

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

std::vector<std::string> problems_of(const LustreSystem& system) {
  std::vector<std::string> problems;
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
  const bool provisioned = system.metadata_mode.value == "provisioned";
  if (provisioned != (system.open_per_iops.value > 0) ||
      provisioned != (system.getattr_per_iops.value > 0))
    problems.emplace_back("`metadata.open_per_iops` and `metadata.getattr_per_iops` are given in "
                          "mode `provisioned` and in no other");
  if (system.price_capacity.value.count() > 0 && system.price_per_oss.value.count() > 0)
    problems.emplace_back("only one of `price.capacity` and `price.per_oss` may be given");
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
  return capacity.as_double() / static_cast<double>(kTib) * system.billed_gib_per_tib.value;
}

Catalog Catalog::load(const std::string& folder, Diagnostics& diagnostics) {
  Catalog catalog;
  catalog.files_ = {folder + "/instances.yaml", folder + "/filesystems.yaml"};
  catalog.instances_ = load_entries<Instance>(catalog.files_.front(), diagnostics);
  catalog.filesystems_ = load_entries<LustreSystem>(catalog.files_.back(), diagnostics);
  return catalog;
}

const Instance* Catalog::find_instance(std::string_view name) const {
  return find_in(instances_, name);
}

const LustreSystem* Catalog::find_filesystem(std::string_view name) const {
  return find_in(filesystems_, name);
}

std::vector<std::string> Catalog::instance_names() const { return names_of(instances_); }

std::vector<std::string> Catalog::filesystem_names() const { return names_of(filesystems_); }

} // namespace lustrum
