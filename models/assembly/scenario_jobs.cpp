#include "models/assembly/scenario_jobs.hpp"

#include "models/assembly/dlio_loader.hpp"
#include "models/assembly/replay_report.hpp"
#include "models/assembly/replay_scale.hpp"
#include "models/assembly/scenario_dlio.hpp"
#include "models/assembly/scenario_training.hpp"
#include "models/assembly/storage_kind.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <set>
#include <system_error>

namespace lustrum {
namespace {

using enum DiagnosticCode;

constexpr std::array<std::string_view, 5> kKinds{"dlio", "training", "trace", "ior", "mdtest"};
// Files are numbered with 32 bits, and each takes memory of the simulator (assumed).
constexpr double kMostItems = 1e9;
constexpr double kExbibyte = 1152921504606846976.0;
constexpr double kLargestFile = 8 * kExbibyte; // offsets have 63 bits

// `dlio` and `trace` are rows of the table; what they hold is read here.
ParameterTable table_without_trace() {
  ParameterTable table = WorkloadSettings::parameters();
  std::erase_if(table, [](const Parameter& row) { return row.key == "trace"; });
  return table;
}

} // namespace

void JobReader::read(const YamlNode& root, Scenario& scenario) {
  const YamlNode workload = root.get("workload");
  list_ = root.get("jobs");
  if (workload && list_)
    diagnostics_.add(impossible, list_.key_span(),
                     "a scenario has either `workload` or `jobs`, not both");
  if (list_) return read_list(scenario);
  ScenarioJob& job = scenario.jobs.emplace_back();
  apply_defaults(ScenarioJob::parameters(), &job);
  read_workload(workload, scenario, job, sources_.emplace_back());
  job.name = job.kind();
}

void JobReader::read_list(Scenario& scenario) {
  if (!require_list(list_, diagnostics_)) return;
  const std::vector<YamlNode> entries = list_.entries();
  if (entries.empty()) diagnostics_.add(wrong_shape, list_.span(), "`jobs` is an empty list");
  // References into both vectors are kept while one entry is read, not longer.
  for (const YamlNode& entry : entries) {
    if (!require_map(entry, diagnostics_)) continue;
    ScenarioJob& job = scenario.jobs.emplace_back();
    Source& source = sources_.emplace_back();
    source.entry = entry;
    apply_defaults(ScenarioJob::parameters(), &job);
    read_section(entry, ScenarioJob::parameters(), &job, diagnostics_,
                 {.extra_keys = {"workload"}});
    if (const YamlNode workload = entry.get("workload"))
      read_workload(workload, scenario, job, source);
    else
      diagnostics_.add(missing_key, entry.section_span(),
                       fmt::format("missing key `workload` in `{}`", entry.path()),
                       "a mapping is needed");
  }
  check_names(scenario);
}

void JobReader::check_names(const Scenario& scenario) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < scenario.jobs.size(); ++i)
    if (!names.insert(scenario.jobs[i].name).second && !scenario.jobs[i].name.empty())
      diagnostics_.add(impossible, sources_[i].entry.get("name").span(),
                       fmt::format("two jobs are called `{}`", scenario.jobs[i].name));
}

void JobReader::read_workload(const YamlNode& node, Scenario& scenario, ScenarioJob& job,
                              Source& source) {
  source.workload = node;
  apply_defaults(WorkloadSettings::parameters(), &job.workload);
  // A trace may be one path or a list of them, so it is read below.
  const GivenKeys given =
      read_section(node, table_without_trace(), &job.workload, diagnostics_,
                   {.extra_keys = {"trace", "set", "training", "ior", "mdtest"}});
  if (!node.is_map()) return;
  read_kind(node, scenario, job, source);
  if (job.ior || job.mdtest)
    warn_without_effect(node, given, job);
  else
    note_fitted_defaults(given, job, scenario);
}

void JobReader::read_kind(const YamlNode& node, Scenario& scenario, ScenarioJob& job,
                          Source& source) {
  std::vector<YamlNode> kinds;
  for (const std::string_view kind : kKinds)
    if (const YamlNode found = node.get(kind)) kinds.push_back(found);
  if (kinds.empty()) {
    diagnostics_.add(
        missing_key, node.section_span(),
        fmt::format("missing key `dlio`, `training`, `trace`, `ior` or `mdtest` in `{}`",
                    node.path()),
        "one of them says what runs");
    return;
  }
  if (kinds.size() > 1) {
    diagnostics_.add(
        impossible, kinds[1].key_span(),
        "a workload has one of `dlio`, `training`, `trace`, `ior` and `mdtest`, not two");
    return;
  }
  const std::string_view kind = kinds.front().key();
  if (kind == "dlio" && !job.workload.dlio.empty()) read_dlio_file(node, scenario, job, source);
  if (kind == "trace") read_trace(node, scenario, job);
  if (kind == "ior") job.ior = read_generator<loadgen::IorSettings>(node.get("ior"));
  if (kind == "mdtest") job.mdtest = read_generator<loadgen::MdtestSettings>(node.get("mdtest"));
  if (kind == "training") {
    const std::size_t errors_before = diagnostics_.error_count();
    job.training = read_generator<TrainingWorkload>(node.get("training"));
    source.training_known = diagnostics_.error_count() == errors_before;
    refuse_changes(node, "a `training` section");
  }
  if (job.ior || job.mdtest) refuse_changes(node, "a load generator");
}

// Defaults, then the preset, then what is written beside it.
template <class Settings> Settings JobReader::read_generator(const YamlNode& node) {
  auto settings = with_defaults<Settings>(Settings::parameters());
  if (!require_map(node, diagnostics_)) return settings;
  if (const YamlNode preset = node.get("preset"); preset && preset.is_scalar())
    settings.apply_preset(preset.text());
  read_section(node, Settings::parameters(), &settings, diagnostics_);
  return settings;
}

void JobReader::read_dlio_file(const YamlNode& workload, Scenario& scenario, ScenarioJob& job,
                               Source& source) {
  const YamlNode node = workload.get("dlio");
  const std::string path = beside_scenario(node.text());
  const std::size_t errors_before = diagnostics_.error_count();
  job.dlio = load_dlio(path, workload.get("set"), diagnostics_, node.span());
  source.dlio_known = diagnostics_.error_count() == errors_before;
  if (std::find(scenario.files.begin(), scenario.files.end(), path) == scenario.files.end())
    scenario.files.push_back(path);
}

void JobReader::read_trace(const YamlNode& workload, Scenario& scenario, ScenarioJob& job) {
  refuse_changes(workload, "a trace");
  const YamlNode trace = workload.get("trace");
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
    job.workload.trace.push_back(path);
    scenario.files.push_back(path);
  }
  if (items.empty())
    diagnostics_.add(wrong_shape, trace.span(), fmt::format("`{}` is an empty list", trace.path()));
  for (const std::string& rule : job.workload.replay.path_map)
    if (!parse_path_rule(rule))
      diagnostics_.add(impossible, workload.get("replay").get("path_map").span(),
                       fmt::format("`{}` is no path rule", rule),
                       "FROM=TO with absolute paths, such as /mnt/old=/data");
  if (const std::string& factor = job.workload.replay.scale_files; !parse_factor(factor))
    diagnostics_.add(out_of_range, workload.get("replay").get("scale").get("files").span(),
                     fmt::format("`{}` is no factor", factor),
                     "a whole number from 1 to 1000000, such as 10x");
  if (job.background || job.start > Seconds{})
    diagnostics_.add(impossible, trace.key_span(),
                     "the replay of a trace begins with the run and is not repeated",
                     "`start` and `background` are for other jobs");
}

void JobReader::refuse_changes(const YamlNode& workload, std::string_view what) {
  if (const YamlNode set = workload.get("set"))
    diagnostics_.add(impossible, set.key_span(),
                     fmt::format("`{}` changes a DLIO file, not {}", set.path(), what));
}

void JobReader::warn_without_effect(const YamlNode& workload, const GivenKeys& given,
                                    const ScenarioJob& job) {
  for (const std::string& key : given)
    if (const YamlNode node = workload.get(key.substr(0, key.find('.'))))
      diagnostics_.add(key_without_effect, node.key_span(),
                       fmt::format("`{}` has no effect on `{}`", key, job.kind()));
}

// The fitted defaults that nobody replaced are part of what an answer rests on.
void JobReader::note_fitted_defaults(const GivenKeys& given, const ScenarioJob& job,
                                     Scenario& scenario) {
  constexpr std::string_view kFitted = "fitted: ";
  const std::string start = list_ ? job.name + ".workload" : "workload";
  for (const Parameter& row : WorkloadSettings::parameters())
    if (row.source.starts_with(kFitted) && !given.contains(row.key))
      scenario.fitted.push_back({fmt::format("{}.{}", start, row.key),
                                 std::string{row.default_text},
                                 std::string(to_string(FigureKind::fitted)),
                                 std::string{row.source.substr(kFitted.size())}});
}

void JobReader::check(Scenario& scenario, bool storage_known) {
  check_places(scenario);
  for (std::size_t i = 0; i < scenario.jobs.size(); ++i) {
    ScenarioJob& job = scenario.jobs[i];
    check_ranks(scenario, job, sources_[i]);
    if (sources_[i].dlio_known)
      check_dlio(sources_[i].workload.get("dlio").span(), job, diagnostics_);
    check_ior(job, sources_[i]);
    check_mdtest(job, sources_[i]);
    if (sources_[i].training_known)
      check_training(sources_[i].workload.get("training"), job, scenario, storage_known,
                     diagnostics_);
    if (job.trains()) {
      const std::uint32_t own = job.dlio ? job.dlio->epochs : job.training->epochs;
      job.epochs = scenario.run.epochs > 0 ? scenario.run.epochs : own;
    }
  }
  if (storage_known) check_space(scenario);
}

// What is there before the job begins.
double JobReader::placed_bytes(const ScenarioJob& job, const Source& source) {
  const auto ranks_of = [&job](const auto& load) {
    return static_cast<double>(job.nodes) * load.ranks_per_client;
  };
  if (job.dlio && source.dlio_known) return bytes_of_dlio(job);
  if (job.training && source.training_known) return bytes_of(*job.training);
  if (job.ior && !job.ior->write)
    return ranks_of(*job.ior) * static_cast<double>(job.ior->segments) *
           job.ior->block_size.as_double();
  if (job.mdtest && !job.mdtest->create)
    return ranks_of(*job.mdtest) * job.mdtest->items * job.mdtest->write_bytes.as_double();
  return 0;
}

// All data sets are there before the run, so they must fit; what a run writes may meet ENOSPC.
void JobReader::check_space(const Scenario& scenario) {
  const std::optional<double> room = scenario.design->free_bytes(scenario);
  if (!room) return;
  const double free_bytes = *room;
  double needed = 0;
  for (std::size_t i = 0; i < scenario.jobs.size(); ++i) {
    const ScenarioJob& job = scenario.jobs[i];
    const double before = needed;
    needed += placed_bytes(job, sources_[i]);
    if (needed <= free_bytes || needed == before) continue;
    const auto tib = [](double bytes) { return bytes / static_cast<double>(kTib); };
    const YamlNode node = sources_[i].workload.get(job.kind());
    diagnostics_.add(impossible, job.trains() ? node.span() : node.section_span(),
                     fmt::format("the data sets take {:.4g} TiB, and {:.4g} TiB of the file system "
                                 "are free",
                                 tib(needed), tib(free_bytes)),
                     fmt::format("`storage.capacity` must be {:.3g} times as large, or {} smaller",
                                 needed / std::max(free_bytes, 1.0),
                                 job.dlio       ? "`dataset.num_files_train`"
                                 : job.training ? "`dataset.files`"
                                 : job.ior      ? "`segments`"
                                                : "`items`"));
    return;
  }
}

// The clients of one job follow those of the one before.
void JobReader::check_places(Scenario& scenario) {
  if (scenario.jobs.empty()) return;
  if (!list_) {
    scenario.jobs.front().nodes = scenario.cluster.nodes;
    return;
  }
  std::uint64_t taken = 0;
  for (ScenarioJob& job : scenario.jobs) {
    job.first_client = static_cast<std::uint32_t>(taken);
    taken += job.nodes;
  }
  if (taken > scenario.cluster.nodes)
    diagnostics_.add(
        out_of_range, list_.key_span(),
        fmt::format("the jobs take {} nodes, the cluster has {}", taken, scenario.cluster.nodes),
        "every job has nodes of its own");
  if (std::all_of(scenario.jobs.begin(), scenario.jobs.end(),
                  [](const ScenarioJob& job) { return job.background; }))
    diagnostics_.add(impossible, list_.key_span(),
                     "all jobs are in the background: the run would never end");
}

void JobReader::check_ranks(const Scenario& scenario, ScenarioJob& job, const Source& source) {
  const std::uint64_t gpus = std::uint64_t{scenario.instance.gpus.value} * job.nodes;
  std::uint32_t& ranks = job.workload.ranks;
  if (ranks > gpus && gpus > 0) {
    const YamlNode node = source.workload.get("ranks");
    diagnostics_.add(out_of_range, node.span(),
                     fmt::format("`{}`: {} is more than the {} GPUs of {} x `{}`", node.path(),
                                 ranks, gpus, job.nodes, scenario.cluster.instance),
                     fmt::format("at most {}", gpus));
  }
  if (ranks == 0) ranks = static_cast<std::uint32_t>(gpus);
  if (const std::string problem = too_many_ranks(job.workload.replay.scale_ranks, scenario, job);
      !problem.empty()) {
    const YamlNode node = source.workload.get("replay").get("scale").get("ranks");
    diagnostics_.add(out_of_range, node.span(), fmt::format("`{}`: {}", node.path(), problem));
  }
}

void JobReader::check_ior(const ScenarioJob& job, const Source& source) {
  if (!job.ior) return;
  const YamlNode node = source.workload.get("ior");
  const loadgen::IorSettings& ior = *job.ior;
  const Bytes block = ior.block_size;
  const Bytes transfer = ior.transfer_size;
  const auto refuse = [&](std::string problem, std::string_view hint) {
    diagnostics_.add(impossible, node.section_span(), fmt::format("`{}`: {}", node.path(), problem),
                     std::string(hint));
  };
  if (transfer > Bytes{} && block % transfer != Bytes{})
    refuse(fmt::format("block_size {} is not a multiple of transfer_size {}", block.count(),
                       transfer.count()),
           "both in bytes");
  if (!ior.write && !ior.read)
    refuse("neither `write` nor `read` is on: nothing would run", "write: true");
  const double ranks = static_cast<double>(job.nodes) * ior.ranks_per_client;
  const double bytes =
      block.as_double() * static_cast<double>(ior.segments) * (ior.file_per_process ? 1 : ranks);
  if (bytes > kLargestFile)
    refuse(fmt::format("a file of {:.4g} EiB is more than a file can hold", bytes / kExbibyte),
           "smaller `block_size` or fewer `segments`");
}

void JobReader::check_mdtest(const ScenarioJob& job, const Source& source) {
  if (!job.mdtest) return;
  const YamlNode node = source.workload.get("mdtest");
  const loadgen::MdtestSettings& mdtest = *job.mdtest;
  const auto refuse = [&](std::string_view problem, std::string_view hint) {
    diagnostics_.add(impossible, node.section_span(), fmt::format("`{}`: {}", node.path(), problem),
                     std::string(hint));
  };
  const bool on_files = mdtest.stat || mdtest.list || mdtest.read;
  if (!mdtest.create && !mdtest.remove && !on_files)
    refuse("no phase is on: nothing would run", "e.g. `create: true`");
  else if (!mdtest.create && !mdtest.remove && mdtest.dirs_only)
    refuse("with `dirs_only` directories are created and removed, and neither phase is on",
           "create: true");
  if (mdtest.read && !mdtest.dirs_only && mdtest.read_bytes > mdtest.write_bytes)
    refuse(fmt::format("read_bytes {} is more than the write_bytes {} that each file has",
                       mdtest.read_bytes.count(), mdtest.write_bytes.count()),
           "both in bytes");
  if (!mdtest.create && mdtest.remove && (mdtest.iterations > 1 || job.background))
    refuse("without `create` the items can be removed once, not in each repetition",
           "create: true, or remove: false");
  const double items = static_cast<double>(job.nodes) * mdtest.ranks_per_client * mdtest.items;
  // A stonewall ends the creation long before.
  if ((!mdtest.create || mdtest.stonewall == Seconds{}) && items > kMostItems)
    refuse(fmt::format("{:.4g} items are more than can be simulated", items),
           fmt::format("at most {:.4g} of all ranks", kMostItems));
}

std::string JobReader::beside_scenario(std::string_view path) const {
  const std::filesystem::path folder = std::filesystem::path{document_.name()}.parent_path();
  return (folder / std::filesystem::path{path}).lexically_normal().string();
}

} // namespace lustrum
