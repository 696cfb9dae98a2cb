#include "models/assembly/scenario.hpp"

#include "models/assembly/dlio_loader.hpp"
#include "models/lustre/policy/layout.hpp"
#include "sim/base/did_you_mean.hpp"
#include "sim/base/units_text.hpp"
#include "sim/scenario/yaml_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <system_error>
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

// Samples are numbered with 32 bits, and every rank holds an order of all of them.
constexpr double kMostSamples = 1e9;
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
      : document_(document), root_(document.root()), catalog_(catalog), diagnostics_(diagnostics) {}

  Scenario read() {
    for (const ScenarioSection& section : scenario_sections()) apply_section_defaults(section.path);
    scenario_.files.push_back(document_.name());
    scenario_.files.insert(scenario_.files.end(), catalog_.files().begin(), catalog_.files().end());
    if (!root_ || !require_map(root_, diagnostics_)) return std::move(scenario_);
    read_section(root_, Scenario::parameters(), &scenario_, diagnostics_,
                 {.extra_keys = {"workload", "cluster", "storage", "network", "lustre", "run"}});
    if (scenario_.name.empty())
      scenario_.name = std::filesystem::path{document_.name()}.stem().string();
    read_cluster();
    read_storage();
    read_workload();
    read_optional("lustre", lustre::LustreTunables::parameters(), &scenario_.lustre);
    read_optional("network", NetworkSettings::parameters(), &scenario_.network);
    read_optional("run", RunSettings::parameters(), &scenario_.run);
    // What follows combines values: one that is wrong would give a second, misleading message.
    if (entries_known_) check_combinations();
    return std::move(scenario_);
  }

private:
  void apply_section_defaults(std::string_view path) {
    if (path.empty()) apply_defaults(Scenario::parameters(), &scenario_);
    if (path == "workload") apply_defaults(WorkloadSettings::parameters(), &scenario_.workload);
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
    const GivenKeys given = read_section(node, StorageSettings::parameters(), &scenario_.storage,
                                         diagnostics_, {.extra_keys = {"set"}});
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

  void read_changes(const YamlNode& set, const ParameterTable& table, void* owner) {
    if (set)
      read_section(set, table, owner, diagnostics_, {.figures_may_be_bare = true, .partial = true});
  }

  void read_workload() {
    const YamlNode node = required_section("workload");
    if (!node) return;
    // A trace may be one path or a list of them, so it is read here.
    ParameterTable table = WorkloadSettings::parameters();
    std::erase_if(table, [](const Parameter& row) { return row.key == "trace"; });
    const GivenKeys given = read_section(node, table, &scenario_.workload, diagnostics_,
                                         {.extra_keys = {"trace", "set"}});
    if (!node.is_map()) return;
    const YamlNode dlio = node.get("dlio");
    const YamlNode trace = node.get("trace");
    if (dlio && trace)
      diagnostics_.add(impossible, trace.key_span(),
                       "a workload has either `dlio` or `trace`, not both");
    else if (trace)
      read_trace(trace, node.get("set"));
    else if (!dlio)
      diagnostics_.add(missing_key, node.section_span(),
                       "missing key `dlio` or `trace` in `workload`",
                       "a DLIO workload file or a trace is needed");
    else if (!scenario_.workload.dlio.empty())
      read_dlio_file(dlio, node.get("set"));
    note_fitted_defaults(given);
  }

  void read_dlio_file(const YamlNode& node, const YamlNode& set) {
    const std::string path = beside_scenario(node.text());
    const std::size_t errors_before = diagnostics_.error_count();
    scenario_.dlio = load_dlio(path, set, diagnostics_, node.span());
    dlio_known_ = diagnostics_.error_count() == errors_before;
    scenario_.files.push_back(path);
  }

  void read_trace(const YamlNode& trace, const YamlNode& set) {
    if (set)
      diagnostics_.add(impossible, set.key_span(),
                       "`workload.set` changes a DLIO file, not a trace");
    if (!trace.is_scalar() && !require_list(trace, diagnostics_)) return;
    const std::vector<YamlNode> items =
        trace.is_scalar() ? std::vector<YamlNode>{trace} : trace.entries();
    for (const YamlNode& item : items) {
      if (!require_scalar(item, diagnostics_)) continue;
      const std::string path = beside_scenario(item.text());
      std::error_code ignored;
      if (!std::filesystem::exists(path, ignored))
        diagnostics_.add(unreadable_file, item.span(),
                         fmt::format("cannot read `{}`: there is no such file or folder", path));
      scenario_.workload.trace.push_back(path);
      scenario_.files.push_back(path);
    }
    if (items.empty())
      diagnostics_.add(wrong_shape, trace.span(), "`workload.trace` is an empty list");
  }

  std::string beside_scenario(std::string_view path) const {
    const std::filesystem::path folder = std::filesystem::path{document_.name()}.parent_path();
    return (folder / std::filesystem::path{path}).lexically_normal().string();
  }

  // The fitted defaults that nobody replaced are part of what an answer rests on.
  void note_fitted_defaults(const GivenKeys& given) {
    constexpr std::string_view kFitted = "fitted: ";
    for (const Parameter& row : WorkloadSettings::parameters())
      if (row.source.starts_with(kFitted) && !given.contains(row.key))
        scenario_.fitted.push_back({fmt::format("workload.{}", row.key),
                                    std::string{row.default_text},
                                    std::string(to_string(FigureKind::fitted)),
                                    std::string{row.source.substr(kFitted.size())}});
  }

  void check_combinations() {
    check_network();
    check_capacity();
    check_metadata();
    check_layout();
    check_ranks();
    check_data_set();
    if (scenario_.run.epochs == 0 && scenario_.dlio) scenario_.run.epochs = scenario_.dlio->epochs;
  }

  void check_network() {
    NetworkSettings& network = scenario_.network;
    const YamlNode node = root_.get("network");
    const std::uint32_t offered = network.is_efa() ? scenario_.instance.efa_nics.value : 1;
    if (network.is_efa()) {
      const SourceSpan where = node.get("lnd").span();
      if (!scenario_.filesystem.offers_efa())
        diagnostics_.add(
            impossible, where,
            fmt::format("file system `{}` does not offer EFA", scenario_.storage.filesystem),
            "of FSx for Lustre, Persistent 2 does");
      if (!scenario_.instance.fsx_efa.value)
        diagnostics_.add(impossible, where,
                         fmt::format("instance `{}` cannot be an EFA client of the file system",
                                     scenario_.cluster.instance),
                         scenario_.instance.fsx_efa.provenance.source);
    }
    if (network.nics > offered && (!network.is_efa() || offered > 0))
      diagnostics_.add(out_of_range, node.get("nics").span(),
                       fmt::format("`network.nics`: {} is more than the {} of `{}` over {}",
                                   network.nics, offered, scenario_.cluster.instance, network.lnd),
                       fmt::format("at most {}", offered));
    if (network.nics == 0) network.nics = offered;
  }

  void check_capacity() {
    const LustreSystem& system = scenario_.filesystem;
    const Bytes capacity = scenario_.storage.capacity;
    const YamlNode node = root_.get("storage").get("capacity");
    if (capacity == Bytes{}) return; // missing or unreadable: reported
    const bool efa = scenario_.network.is_efa() && system.offers_efa();
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
    const auto parsed = lustre::parse_layout(layout);
    if (const std::string* problem = std::get_if<std::string>(&parsed))
      diagnostics_.add(not_a_value, where, fmt::format("`storage.layout`: {}", *problem),
                       "e.g. `-E 100M -c 1 -E -1 -c 8`");
  }

  // A run needs one step at least.
  void check_data_set() {
    const std::uint32_t ranks = scenario_.workload.ranks;
    if (!dlio_known_ || ranks == 0) return;
    const DlioWorkload& dlio = *scenario_.dlio;
    if (!(dlio.samples_per_epoch() < kMostSamples))
      diagnostics_.add(
          impossible, root_.get("workload").get("dlio").span(),
          fmt::format("the data set is too large: {:.4g} samples", dlio.samples_per_epoch()),
          fmt::format("at most {:.4g} can be simulated", kMostSamples));
    if (dlio.steps_per_epoch(ranks) > 0) return;
    const std::uint64_t samples = std::uint64_t{dlio.batch_size} * ranks;
    diagnostics_.add(
        impossible, root_.get("workload").get("dlio").span(),
        fmt::format("the data set is too small: {} samples do not fill one batch of {} on each of "
                    "{} ranks",
                    dlio.samples_per_epoch(), dlio.batch_size, ranks),
        fmt::format("set: {{dataset.num_files_train: {}}} gives one step; more is better",
                    (samples + dlio.num_samples_per_file - 1) / dlio.num_samples_per_file));
  }

  void check_ranks() {
    const std::uint64_t gpus =
        std::uint64_t{scenario_.instance.gpus.value} * scenario_.cluster.nodes;
    std::uint32_t& ranks = scenario_.workload.ranks;
    if (ranks > gpus && gpus > 0)
      diagnostics_.add(out_of_range, root_.get("workload").get("ranks").span(),
                       fmt::format("`workload.ranks`: {} is more than the {} GPUs of {} x `{}`",
                                   ranks, gpus, scenario_.cluster.nodes,
                                   scenario_.cluster.instance),
                       fmt::format("at most {}", gpus));
    if (ranks == 0) ranks = static_cast<std::uint32_t>(gpus);
  }

  const YamlDocument& document_;
  YamlNode root_;
  const Catalog& catalog_;
  Diagnostics& diagnostics_;
  Scenario scenario_;
  bool dlio_known_ = false;   // the DLIO file was read without an error
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
