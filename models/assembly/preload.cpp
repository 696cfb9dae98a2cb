#include "models/assembly/preload.hpp"

#include "models/assembly/build_filesystem.hpp"
#include "sim/base/units_text.hpp"
#include "sim/kernel/engine.hpp"

#include <fmt/format.h>

namespace lustrum {

std::optional<PreloadReport> preload(const Scenario& scenario, lustre::Filesystem& filesystem) {
  const HsmChoice& choice = scenario.storage.hsm;
  if (!choice.on || !choice.preload) return std::nullopt;
  kernel::World world;
  if (scenario.run.event_limit > 0) world.set_event_limit(scenario.run.event_limit);
  lustre::Filesystem copy(world, build_filesystem(scenario));
  copy.place_as(filesystem);
  std::vector<FileIndex> files;
  for (std::uint32_t f = 0; f < copy.files().files(); ++f)
    if (copy.hsm()->is_released(FileIndex{f})) files.emplace_back(f);
  lustre::HsmService::Preload result;
  world.spawn(copy.hsm()->preload(files, choice.preload_processes, result), {"preload", 0});
  world.run_all();
  if (world.failure()) std::rethrow_exception(world.failure());
  std::vector<std::string> problems = world.check_laws();
  for (std::string& problem : copy.check_laws()) problems.push_back(std::move(problem));
  if (!problems.empty())
    throw kernel::SimulationError("the preload broke a law that every run must obey: a bug of "
                                  "Lustrum\n  " +
                                  problems.front());
  for (const FileIndex file : files)
    if (!copy.hsm()->is_released(file)) filesystem.make_resident(file);
  return PreloadReport{.time = result.done,
                       .actions = copy.hsm()->actions(),
                       .releases = copy.hsm()->counts().released,
                       .no_room = copy.hsm()->counts().no_room,
                       .requests = copy.hsm()->archive().usage()};
}

namespace {

lustre::ArchiveUsage requests_of(const lustre::HsmService& hsm,
                                 const std::optional<PreloadReport>& preload) {
  lustre::ArchiveUsage usage = hsm.archive().usage();
  if (!preload) return usage;
  usage.gets += preload->requests.gets;
  usage.puts += preload->requests.puts;
  usage.deletes += preload->requests.deletes;
  return usage;
}

void count_actions(const lustre::HsmCoordinator::Counts& actions, HsmReport& report) {
  report.restores += actions.restored;
  report.restored_bytes += actions.restored_bytes.count();
  report.archives += actions.archived;
  report.archived_bytes += actions.archived_bytes.count();
  report.joined += actions.joined;
  report.failed += actions.failed + actions.cancelled;
}

} // namespace

void describe_pcc(const lustre::Filesystem& filesystem, RunResult& result) {
  if (!filesystem.settings().pcc) return;
  PccReport& report = result.pcc.emplace();
  for (const lustre::PccCache::Stats& stats : filesystem.pcc_stats()) {
    report.pcc_attach += stats.attach;
    report.pcc_detach += stats.detach;
    report.pcc_attach_bytes += stats.attach_bytes.count();
    report.pcc_hit_bytes += stats.hit_bytes.count();
  }
}

std::vector<Charge> archive_charges(const Scenario& scenario, const lustre::Filesystem& filesystem,
                                    const std::optional<PreloadReport>& preload) {
  const lustre::HsmService* hsm = filesystem.hsm();
  const std::string& product = scenario.storage.hsm.archive.product;
  if (!scenario.storage.hsm.on || product.empty()) return {};
  const lustre::ArchiveUsage usage = requests_of(*hsm, preload);
  const auto charge = [&](std::string component, std::string_view what, double amount,
                          PriceUnit unit) {
    return Charge{.product = product,
                  .component = std::move(component),
                  .label = fmt::format("{}, {}", product, what),
                  .amount = amount,
                  .unit = unit,
                  .counted = {}};
  };
  return {charge("capacity", "capacity", hsm->versions().held().as_double() / double{kGib},
                 PriceUnit::gib_month),
          charge("read_requests", "GET and HEAD", static_cast<double>(usage.gets),
                 PriceUnit::thousand_requests),
          charge("write_requests", "PUT and LIST", static_cast<double>(usage.puts),
                 PriceUnit::thousand_requests)};
}

namespace {

void describe_repository(const Scenario& scenario, const lustre::HsmService& hsm,
                         RunResult& result) {
  const HsmChoice& choice = scenario.storage.hsm;
  if (!choice.on || (!choice.exports.automatic && !choice.imports.any())) return;
  const lustre::DataRepository::Counts& counts = hsm.repository().counts();
  const auto mean = [](Seconds sum, std::uint64_t count) {
    return count > 0 ? sum.count() / static_cast<double>(count) : 0;
  };
  result.hsm->repository =
      RepositoryReport{.exports = counts.exported,
                       .export_lag_mean_s = mean(counts.export_lag, counts.exported),
                       .export_lag_max_s = counts.longest_export_lag.count(),
                       .exports_failed = counts.exports_failed,
                       .exports_left = counts.exports_left,
                       .imports = counts.imported,
                       .import_lag_mean_s = mean(counts.import_lag, counts.imported),
                       .import_lag_max_s = counts.longest_import_lag.count(),
                       .imports_left = counts.imports_left,
                       .conflicts = counts.conflicts,
                       .stale_opens = counts.stale_opens};
  if (counts.exports_left > 0)
    result.notes.push_back(fmt::format(
        "{} changed files were not in the bucket yet when the job ended: their export goes on",
        counts.exports_left));
}

} // namespace

void describe_hsm(const Scenario& scenario, lustre::Filesystem& filesystem,
                  const std::optional<PreloadReport>& preload, RunResult& result) {
  const lustre::HsmService* hsm = filesystem.hsm();
  if (!hsm) return;
  HsmReport& report = result.hsm.emplace();
  for (const lustre::HsmService::StateRow& row : hsm->states()) {
    report.states.push_back({row.state, row.files, row.bytes.count()});
    const bool released = row.state.starts_with("released");
    (released ? report.released_files : report.resident_files) += row.files;
    (released ? report.released_bytes : report.resident_bytes) += row.bytes.count();
  }
  count_actions(hsm->actions(), report);
  report.releases = hsm->counts().released;
  report.no_space = hsm->counts().no_room;
  report.waits = hsm->counts().waited;
  const lustre::ArchiveUsage usage = requests_of(*hsm, preload);
  report.archive_gets = usage.gets;
  report.archive_puts = usage.puts;
  report.archive_deletes = usage.deletes;
  report.archive_bytes = hsm->versions().held().count();
  describe_repository(scenario, *hsm, result);
  if (preload) {
    report.preload_s = preload->time.count();
    count_actions(preload->actions, report);
    report.releases += preload->releases;
    report.no_space += preload->no_room;
    result.notes.push_back(fmt::format(
        "the preload of {} takes place before the job begins, on an idle file system: its time is "
        "in neither the makespan nor the cost, its requests are billed",
        format_duration(preload->time)));
  }
  if (report.no_space > 0)
    result.warnings.push_back(fmt::format(
        "{} restores found no room: the data set is larger than the file system, and reads of what "
        "is not there fail (set release.high_watermark, or take more capacity)",
        report.no_space));
}

} // namespace lustrum
