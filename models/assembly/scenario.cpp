#include "models/assembly/scenario.hpp"

#include "models/assembly/scenario_faults.hpp"
#include "models/assembly/scenario_jobs.hpp"
#include "models/assembly/scenario_lustre.hpp"
#include "models/assembly/scenario_network.hpp"
#include "models/assembly/scenario_storage.hpp"
#include "models/lustre/policy/layout.hpp"
#include "sim/base/did_you_mean.hpp"
#include "sim/base/units_text.hpp"
#include "sim/scenario/yaml_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <utility>

namespace lustrum {
namespace {

using enum DiagnosticCode;

std::string choose_from(const std::string& name, const std::vector<std::string>& names) {
  std::string hint = did_you_mean(name, names);
  if (!hint.empty()) hint += " ";
  return hint + fmt::format("there are `{}`", fmt::join(names, "`, `"));
}

double in_tib(Bytes size) { return size.as_double() / static_cast<double>(kTib); }

// Objects name their OST with 16 bits; the largest systems have some hundreds.
constexpr std::uint32_t kMostOsts = 10'000;

// 9.6 TiB is no whole number of bytes, so a multiple is one to within this share.
constexpr double kSlack = 1e-6;

bool is_multiple(Bytes size, Bytes step) {
  const double ratio = in_tib(size) / in_tib(step);
  return ratio > kSlack && std::abs(ratio - std::round(ratio)) < kSlack * std::max(ratio, 1.0);
}

// Reads one scenario; lives as long as the call of read_scenario.
class ScenarioReader {
public:
  ScenarioReader(const YamlDocument& document, const Catalog& catalog, Diagnostics& diagnostics)
      : document_(document), root_(document.root()), catalog_(catalog), diagnostics_(diagnostics),
        jobs_(document, diagnostics) {}

  Scenario read() {
    for (const ScenarioSection& section : scenario_sections()) apply_section_defaults(section.path);
    scenario_.files.push_back(document_.name());
    scenario_.files.insert(scenario_.files.end(), catalog_.files().begin(), catalog_.files().end());
    if (!root_ || !require_map(root_, diagnostics_)) return std::move(scenario_);
    read_section(root_, Scenario::parameters(), &scenario_, diagnostics_,
                 {.extra_keys = {"workload", "jobs", "cluster", "storage", "network", "lustre",
                                 "run", "validate", "faults"}});
    if (scenario_.name.empty())
      scenario_.name = std::filesystem::path{document_.name()}.stem().string();
    read_cluster();
    read_storage();
    if (root_.get("jobs") || required_section("workload")) jobs_.read(root_, scenario_);
    read_optional("network", NetworkSettings::parameters(), &scenario_.network);
    read_lustre(root_, scenario_, diagnostics_); // its defaults depend on what was read so far
    read_optional("run", RunSettings::parameters(), &scenario_.run);
    read_hsm(root_, scenario_, diagnostics_);
    read_pcc();
    if (const YamlNode node = root_.get("validate"))
      scenario_.validation = read_validation(node, diagnostics_);
    // What follows combines values: one that is wrong would give a second, misleading message.
    if (entries_known_) check_combinations();
    read_faults(root_, scenario_, diagnostics_);
    return std::move(scenario_);
  }

private:
  void apply_section_defaults(std::string_view path) {
    if (path.empty()) apply_defaults(Scenario::parameters(), &scenario_);
    if (path == "cluster") apply_defaults(ClusterSettings::parameters(), &scenario_.cluster);
    if (path == "storage") apply_defaults(StorageSettings::parameters(), &scenario_.storage);
    if (path == "network") apply_defaults(NetworkSettings::parameters(), &scenario_.network);
    if (path == "lustre") scenario_.lustre = lustre::LustreTunables::defaults();
    if (path == "run") apply_defaults(RunSettings::parameters(), &scenario_.run);
  }

  // A section that must be there; absent and reported when it is not.
  YamlNode required_section(std::string_view key) {
    const YamlNode node = root_.get(key);
    if (!node) {
      diagnostics_.add(missing_key, root_.section_span(),
                       fmt::format("missing key `{}` at the top level", key),
                       "a mapping is needed");
      entries_known_ = entries_known_ && key == "workload";
    }
    return node;
  }

  void read_optional(std::string_view key, const ParameterTable& table, void* owner) {
    if (const YamlNode node = root_.get(key)) read_section(node, table, owner, diagnostics_);
  }

  void read_cluster() {
    const YamlNode node = required_section("cluster");
    if (!node) return;
    const GivenKeys given = read_section(node, ClusterSettings::parameters(), &scenario_.cluster,
                                         diagnostics_, {.extra_keys = {"set"}});
    const std::string& name = scenario_.cluster.instance;
    const Instance* entry = catalog_.find_instance(name);
    if (entry != nullptr)
      scenario_.instance = *entry;
    else if (given.contains("instance") && !name.empty())
      diagnostics_.add(no_such_entry, node.get("instance").span(),
                       fmt::format("the catalog has no instance `{}`", name),
                       choose_from(name, catalog_.instance_names()));
    entries_known_ = entries_known_ && entry != nullptr;
    read_changes(node.get("set"), Instance::parameters(), &scenario_.instance);
  }

  void read_storage() {
    const YamlNode node = required_section("storage");
    if (!node) return;
    const GivenKeys given =
        read_section(node, StorageSettings::parameters(), &scenario_.storage, diagnostics_,
                     {.extra_keys = {"set", "hsm", "pcc", "nrs_tbf_rules"}});
    read_tbf_rules(node.get("nrs_tbf_rules"), scenario_.storage, diagnostics_);
    const std::string& name = scenario_.storage.filesystem;
    const LustreSystem* entry = catalog_.find_filesystem(name);
    if (entry != nullptr)
      scenario_.filesystem = *entry;
    else if (given.contains("filesystem") && !name.empty())
      diagnostics_.add(no_such_entry, node.get("filesystem").span(),
                       fmt::format("the catalog has no file system `{}`", name),
                       choose_from(name, catalog_.filesystem_names()));
    entries_known_ = entries_known_ && entry != nullptr;
    const YamlNode set = node.get("set");
    read_changes(set, LustreSystem::parameters(), &scenario_.filesystem);
    if (entry != nullptr && set)
      for (const std::string& problem : problems_of(scenario_.filesystem))
        diagnostics_.add(impossible, set.section_span(), problem);
  }

  void read_pcc() {
    PccChoice& pcc = scenario_.storage.pcc;
    pcc = with_defaults<PccChoice>(PccChoice::parameters());
    const YamlNode node = root_.get("storage").get("pcc");
    if (!node) {
      pcc.mode = "off";
      return;
    }
    const GivenKeys given = read_section(node, PccChoice::parameters(), &pcc, diagnostics_);
    constexpr std::string_view kAssumed = "assumed: ";
    for (const Parameter& row : PccChoice::parameters())
      if (pcc.on() && row.source.starts_with(kAssumed) && !given.contains(row.key))
        scenario_.fitted.push_back({fmt::format("storage.pcc.{}", row.key),
                                    std::string{row.default_text},
                                    std::string(to_string(FigureKind::assumed)),
                                    std::string{row.source.substr(kAssumed.size())}});
  }

  void read_changes(const YamlNode& set, const ParameterTable& table, void* owner) {
    if (set)
      read_section(set, table, owner, diagnostics_, {.figures_may_be_bare = true, .partial = true});
  }

  void check_combinations() {
    check_network(scenario_, root_.get("network"), diagnostics_);
    check_capacity();
    check_metadata();
    check_layout();
    check_ost_used(root_.get("storage"), scenario_, diagnostics_);
    jobs_.check(scenario_);
    check_tbf_rules(root_.get("storage").get("nrs_tbf_rules"), scenario_, diagnostics_);
  }

  void check_capacity() {
    const LustreSystem& system = scenario_.filesystem;
    const Bytes capacity = scenario_.storage.capacity;
    const YamlNode node = root_.get("storage").get("capacity");
    if (capacity == Bytes{}) return; // missing or unreadable: reported
    const bool efa = scenario_.network.is_rdma() && system.offers_efa();
    const Bytes step = efa ? system.oss_capacity_efa.value : system.capacity_step.value;
    const Bytes least = efa ? std::max(step, system.capacity_min.value) : system.capacity_min.value;
    const bool is_least = std::abs(in_tib(capacity) / in_tib(least) - 1) < kSlack;
    if (scenario_.osts_per_oss() > 0 &&
        scenario_.oss_count() > kMostOsts / scenario_.osts_per_oss())
      diagnostics_.add(
          out_of_range, node.span(),
          fmt::format("`storage.capacity`: {} takes more than {} OSTs", node.text(), kMostOsts),
          "no file system of this kind is that large");
    if (is_least || (capacity >= least && is_multiple(capacity, step))) return;
    const auto at = [&](double steps) {
      const auto bytes = static_cast<std::uint64_t>(std::round(steps * step.as_double()));
      return std::max(Bytes{bytes}, least);
    };
    const double steps = std::floor(in_tib(capacity) / in_tib(step));
    const std::string below = format_bytes(at(steps));
    const std::string above = format_bytes(at(steps + 1));
    diagnostics_.add(
        out_of_range, node.span(),
        fmt::format("`storage.capacity`: {} is not a capacity of `{}`{}", node.text(),
                    scenario_.storage.filesystem, efa ? " over EFA" : ""),
        fmt::format("{}multiples of {}; {}",
                    least == step ? "" : fmt::format("{} and then ", format_bytes(least)),
                    format_bytes(step),
                    capacity < least || below == above
                        ? fmt::format("the nearest is {}", format_bytes(std::max(least, at(steps))))
                        : fmt::format("the nearest are {} and {}", below, above)));
  }

  void check_metadata() {
    StorageSettings& storage = scenario_.storage;
    const SourceSpan where = root_.get("storage").get("metadata_iops").span();
    if (scenario_.filesystem.metadata_mode.value == "server") {
      if (storage.metadata_iops != 0)
        diagnostics_.add(
            impossible, where,
            fmt::format("file system `{}` has no provisioned metadata IOPS", storage.filesystem));
      return;
    }
    if (storage.metadata_iops == 0)
      storage.metadata_iops = automatic_metadata_iops(storage.capacity);
    else if (!is_metadata_iops(storage.metadata_iops))
      diagnostics_.add(
          out_of_range, where,
          fmt::format("`storage.metadata_iops`: {} cannot be provisioned", storage.metadata_iops),
          "1500, 3000, 6000, or a multiple of 12000 up to 192000");
  }

  void check_layout() {
    std::string& layout = scenario_.storage.layout;
    const SourceSpan where = root_.get("storage").get("layout").span();
    if (layout.empty()) layout = scenario_.filesystem.default_layout.value;
    const auto parsed = lustre::parse_layout(layout, scenario_.layout_defaults());
    if (const std::string* problem = std::get_if<std::string>(&parsed))
      diagnostics_.add(not_a_value, where, fmt::format("`storage.layout`: {}", *problem),
                       "e.g. `-E 100M -c 1 -E -1 -c 8`");
  }

  const YamlDocument& document_;
  YamlNode root_;
  const Catalog& catalog_;
  Diagnostics& diagnostics_;
  JobReader jobs_;
  Scenario scenario_;
  bool entries_known_ = true; // the catalog has what cluster and storage name
};

} // namespace

Scenario read_scenario(const YamlDocument& document, const Catalog& catalog,
                       Diagnostics& diagnostics) {
  return ScenarioReader{document, catalog, diagnostics}.read();
}

Scenario load_scenario(const std::string& path, const Catalog& catalog, Diagnostics& diagnostics) {
  return read_scenario(YamlDocument::load(path, diagnostics), catalog, diagnostics);
}

} // namespace lustrum
