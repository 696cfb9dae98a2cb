#include "reports/terminal.hpp"

#include "reports/number_text.hpp"
#include "reports/page.hpp"
#include "reports/sections.hpp"
#include "sim/base/units.hpp"
#include "sim/base/units_text.hpp"
#include "sim/result/storage_words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>
#include <vector>

namespace lustrum::reports {
namespace {

constexpr double kPercent = 100;

// --- where GPU time went
// ---------------------------------------------------------------------------

void share_line(Page& page, std::string_view name, double pct, std::string_view text = {},
                Style style = Style::plain) {
  constexpr std::size_t kNameWidth = 24;
  constexpr std::size_t kPercentWidth = 7; // of `100.0 %`
  constexpr std::size_t kCells = 12;
  std::string before = align_left(name, kNameWidth) + align_right(percent(pct), kPercentWidth);
  if (text.empty()) return page.line(before, style);
  before += "  " + align_left(page.bar(pct / kPercent, kCells), kCells) + "  ";
  page.paragraph(before, text);
}

// The causes of one side, the largest first; what rounds to 0.0 % is put together.
void share_group(Page& page, const RunResult& result, std::string_view title, bool storage) {
  const GpuTimeShares& shares = result.stalls;
  constexpr double kLeastShownPct = 0.05;
  std::vector<CauseRow> shown;
  double sum_pct = 0;
  double rest_pct = 0;
  for (const CauseRow& row : kCauseTable) {
    if (row.cause == Cause::compute || is_storage(row.cause, result) != storage) continue;
    const double pct = shares[row.cause];
    sum_pct += pct;
    if (pct >= kLeastShownPct)
      shown.push_back(row);
    else
      rest_pct += pct;
  }
  std::stable_sort(shown.begin(), shown.end(), [&](const CauseRow& a, const CauseRow& b) {
    return shares[a.cause] > shares[b.cause];
  });
  share_line(page, fmt::format("  {}", title), sum_pct, {},
             storage ? Style::warning : Style::plain);
  for (const CauseRow& row : shown)
    share_line(page, fmt::format("    {}", row.key), shares[row.cause],
               cause_text(row.cause, result));
  if (rest_pct >= kLeastShownPct) share_line(page, "    each under 0.05 %", rest_pct);
}

void time_section(Page& page, const RunResult& result) {
  const GpuTimeShares& shares = result.stalls;
  const bool gpus = result.metrics.gpu_utilization_pct.has_value();
  double total_pct = 0;
  for (const double pct : shares.pct) total_pct += pct;
  page.heading(gpus ? "Where GPU time went" : "Where the processes' time went");
  if (gpus) share_line(page, "  compute", shares[Cause::compute], kCauseTable.front().text);
  share_group(page, result, "waiting for storage", true);
  share_group(page, result, "not storage", false);
  share_line(page, gpus ? "  all GPU time" : "  all of their time", total_pct);
}

// --- tables
// ----------------------------------------------------------------------------------------

void epoch_section(Page& page, const RunMetrics& m) {
  constexpr std::size_t kMostRows = 8;
  const std::size_t epochs = m.epoch_time_s.size();
  if (epochs < 2) return;
  Table table({"Epochs", "time", "AU"});
  for (std::size_t i = 0; i < std::min(epochs, kMostRows); ++i)
    table.add({whole(i + 1), duration(page, m.epoch_time_s[i]),
               i < m.au_per_epoch_pct.size() ? percent(m.au_per_epoch_pct[i], 2) : "-"});
  table.print(page);
  if (epochs > kMostRows) page.line(fmt::format("  and {} more in the JSON", epochs - kMostRows));
}

// What each job came to; one alone is the run.
void job_section(Page& page, const std::vector<JobRow>& jobs) {
  if (jobs.size() < 2) return;
  Table table({"Jobs", "clients", "ranks", "start", "time", "AU", "GPU", "MiB/s"});
  bool background = false;
  for (const JobRow& job : jobs) {
    background = background || job.background;
    table.add({printable(job.name) + (job.background ? " *" : ""), whole(job.clients),
               whole(job.ranks), duration(page, job.start_s), duration(page, job.makespan_s),
               job.au_mean_pct ? percent(*job.au_mean_pct) : "-",
               job.gpu_utilization_pct ? percent(*job.gpu_utilization_pct) : "-",
               number(job.throughput_mib_per_s)});
  }
  table.print(page);
  if (background) page.line("  * in the background: repeats until the others have ended");
}

void phase_section(Page& page, const RunResult& result) {
  if (result.phases.empty()) return;
  const auto name = [&](const PhaseRow& row) {
    return result.jobs.size() > 1 ? printable(row.job) + " " + row.name : row.name;
  };
  Table table({"Phases", "operations", "data", "time", "rate"});
  for (const PhaseRow& row : result.phases)
    table.add({name(row), whole(row.operations),
               row.bytes > 0 ? format_bytes(Bytes{row.bytes}) : "-", duration(page, row.time_s),
               row.time_s > 0 ? number(row.rate) + " " + row.unit : "-"});
  table.print(page);
  for (const PhaseRow& row : result.phases) {
    if (row.repetitions > 1)
      page.paragraph(fmt::format("  {}: ", name(row)),
                     fmt::format("{} repetitions, {} to {} {}", whole(row.repetitions),
                                 number(row.rate_min), number(row.rate_max), row.unit));
    if (row.repetitions == 0)
      page.paragraph(fmt::format("  {}: ", name(row)), "cut short before it ended");
    if (row.errors > 0)
      page.paragraph(fmt::format("  {}: ", name(row)), counted(row.errors, "call") + " failed",
                     Style::bad);
  }
}

void checkpoint_section(Page& page, const RunResult& result) {
  for (const CheckpointRow& row : result.checkpoints) {
    page.heading(result.jobs.size() > 1 ? "Checkpoints of " + printable(row.job) : "Checkpoints");
    if (row.written > 0)
      page.paragraph("  Written: ",
                     fmt::format("{} of {}, {} each; training stood still for {}, {} at most",
                                 whole(row.written), format_bytes(Bytes{row.bytes}),
                                 duration(page, row.write_time_s), duration(page, row.stall_s),
                                 duration(page, row.stall_max_s)));
    if (row.restores > 0)
      page.paragraph("  Read back: ", fmt::format("{}, {} in all", counted(row.restores, "time"),
                                                  duration(page, row.restore_s)));
    if (row.mtbf_s)
      page.paragraph("  Failures: ",
                     fmt::format("{}; {} of work done again, {} until the ranks ran again",
                                 whole(row.failures), duration(page, row.lost_s),
                                 duration(page, row.restart_s)));
    if (row.goodput_pct > 0 || row.failures > 0) // else there are no steps
      page.paragraph("  Goodput: ", percent(row.goodput_pct) + " of the time went into steps that "
                                                               "counted");
    if (row.interval_s && row.young_interval_s && row.daly_interval_s)
      page.paragraph("  Interval: ",
                     fmt::format("{} between checkpoints; best by Young {}, by Daly {}",
                                 duration(page, *row.interval_s),
                                 duration(page, *row.young_interval_s),
                                 duration(page, *row.daly_interval_s)));
  }
}

void repository_lines(Page& page, const HsmReport& hsm) {
  if (!hsm.repository) return;
  const RepositoryReport& bucket = *hsm.repository;
  if (bucket.exports + bucket.exports_left > 0) {
    std::string text = counted(bucket.exports, "file");
    if (bucket.exports > 0)
      text += fmt::format("; {} after their close on average, {} at most",
                          duration(page, bucket.export_lag_mean_s),
                          duration(page, bucket.export_lag_max_s));
    if (bucket.exports_left > 0)
      text += fmt::format("; {} yet to come", whole(bucket.exports_left));
    if (bucket.exports_failed > 0) text += fmt::format("; {} given up", bucket.exports_failed);
    page.paragraph("  Exported: ", text);
  }
  if (bucket.imports + bucket.imports_left > 0) {
    std::string text = counted(bucket.imports, "change");
    if (bucket.imports > 0)
      text += fmt::format("; {} after they were made on average, {} at most",
                          duration(page, bucket.import_lag_mean_s),
                          duration(page, bucket.import_lag_max_s));
    if (bucket.imports_left > 0)
      text += fmt::format("; {} yet to come", whole(bucket.imports_left));
    if (bucket.stale_opens > 0)
      text += fmt::format("; {} of files that had changed", counted(bucket.stale_opens, "open"));
    if (bucket.conflicts > 0)
      text += fmt::format("; {} with changes here", counted(bucket.conflicts, "conflict"));
    page.paragraph("  Imported: ", text);
  }
}

void hsm_section(Page& page, const RunResult& result) {
  if (!result.hsm) return;
  const HsmReport& hsm = *result.hsm;
  Table table({"HSM, state at the end", "files", "data"});
  for (const HsmStateRow& row : hsm.states)
    table.add({row.state.empty() ? "not archived" : row.state, whole(row.files),
               format_bytes(Bytes{row.bytes})});
  table.print(page);
  if (hsm.preload_s)
    page.paragraph("  Preload: ", fmt::format("{} before the job", duration(page, *hsm.preload_s)));
  std::string text =
      fmt::format("{}, {}", counted(hsm.restores, "file"), format_bytes(Bytes{hsm.restored_bytes}));
  if (hsm.waits > 0)
    text += fmt::format("; {} waited for one, {} of the time", counted(hsm.waits, "call"),
                        percent(result.stalls[Cause::restore]));
  if (hsm.releases > 0) text += fmt::format("; {} released", counted(hsm.releases, "file"));
  page.paragraph("  Restored: ", text);
  if (hsm.archives > 0)
    page.paragraph("  Archived: ", fmt::format("{}, {}", counted(hsm.archives, "file"),
                                               format_bytes(Bytes{hsm.archived_bytes})));
  repository_lines(page, hsm);
  if (hsm.failed > 0)
    page.paragraph(
        "  Failed: ",
        fmt::format("{}, {} for lack of room", counted(hsm.failed, "action"), whole(hsm.no_space)),
        Style::bad);
}

void pcc_section(Page& page, const RunResult& result) {
  if (!result.pcc) return;
  const PccReport& pcc = *result.pcc;
  page.heading("Copies on the clients' disks (PCC)");
  page.paragraph("  ", fmt::format("{} copied, {}; {} read from copies; {} given up",
                                   counted(pcc.pcc_attach, "file"),
                                   format_bytes(Bytes{pcc.pcc_attach_bytes}),
                                   format_bytes(Bytes{pcc.pcc_hit_bytes}), whole(pcc.pcc_detach)));
}

// Of Lustre what `lnetctl net show -v` would count, by network.
void network_section(Page& page, const std::vector<NetworkRow>& rows) {
  if (rows.empty()) return;
  const bool others = std::any_of(rows.begin(), rows.end(), [](const NetworkRow& row) {
    return row.name == "https" || row.name == "nfs";
  });
  Table table(
      others ? std::vector<std::string>{"Network", "data requests", "other requests", "read",
                                        "written"}
             : std::vector<std::string>{"LNet", "data RPCs", "metadata RPCs", "read", "written"});
  const auto bytes = [](double count) {
    return format_bytes(Bytes{static_cast<std::uint64_t>(std::llround(count))});
  };
  for (const NetworkRow& row : rows)
    table.add({row.name, whole(row.data_rpcs), whole(row.metadata_rpcs), bytes(row.read_bytes),
               bytes(row.written_bytes)});
  table.print(page);
}

// What failed; below, whom it cost what.
void fault_section(Page& page, const RunResult& result) {
  if (result.faults.empty()) return;
  constexpr std::size_t kMostRows = 20;
  const std::size_t shown = std::min(result.faults.size(), kMostRows);
  const auto name = [](const FaultRow& row) { return row.kind + ", " + row.target; };
  const auto after = [&](const FaultRow& row, const std::optional<double>& time_s) {
    return time_s ? duration(page, *time_s - row.at_s) : std::string("-");
  };
  Table table({"Faults", "at", "noticed after", "over after"});
  for (std::size_t i = 0; i < shown; ++i) {
    const FaultRow& row = result.faults[i];
    table.add({name(row), duration(page, row.at_s), after(row, row.detected_s),
               after(row, row.recovered_s)});
  }
  table.print(page);
  for (std::size_t i = 0; i < shown; ++i) {
    const FaultRow& row = result.faults[i];
    if (row.clients_evicted + row.lost_bytes + row.failed_calls == 0) continue;
    page.paragraph(
        fmt::format("  {}: ", name(row)),
        fmt::format("{} evicted, {} lost, {} failed", counted(row.clients_evicted, "client"),
                    format_bytes(Bytes{row.lost_bytes}), counted(row.failed_calls, "call")),
        Style::bad);
  }
  if (result.faults.size() > shown)
    page.line(fmt::format("  and {} more in the JSON", result.faults.size() - shown));
}

void station_section(Page& page, const RunResult& result) {
  if (result.station_classes.empty()) return;
  std::vector<StationClassRow> rows = result.station_classes;
  std::stable_sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) {
    return a.utilization_max_pct > b.utilization_max_pct;
  });
  Table table({"Stations", "count", "mean busy", "most busy", "requests present", ""}, {5});
  for (const StationClassRow& row : rows) {
    const bool limits = result.bottleneck && result.bottleneck->station_class == row.station_class;
    table.add({row.station_class, whole(row.stations), percent(row.utilization_mean_pct),
               percent(row.utilization_max_pct), fixed(row.queue_mean, 2),
               limits ? "<- bottleneck" : ""});
  }
  table.print(page);
  if (!result.bound || result.bound->parts.empty()) return;
  std::string text;
  for (const BoundPart& part : result.bound->parts)
    text += fmt::format("{}{} {} MiB/s", text.empty() ? "" : ", ", part.name,
                        number(part.throughput_mib_per_s));
  page.paragraph("  Alone they would allow: ", text);
}

void replay_section(Page& page, const std::vector<ReplayCheckRow>& rows) {
  if (rows.empty()) return;
  Table table({"Replay beside the recording", "", ""}, {2});
  for (const ReplayCheckRow& row : rows) table.add({row.name, number(row.value), row.unit});
  table.print(page);
}

// --- what it rests on
// ------------------------------------------------------------------------------

void assumption_section(Page& page, const std::vector<AssumedRow>& figures) {
  if (figures.empty()) return;
  page.heading(fmt::format("Assumptions: {} assumed or fitted", counted(figures.size(), "figure")));
  for (const AssumedRow& figure : figures)
    page.paragraph("  - ",
                   fmt::format("{} = {} ({}): {}", figure.key, in_character_set(page, figure.value),
                               figure.kind, figure.source));
}

void list_section(Page& page, const std::string& title, const std::vector<std::string>& texts,
                  Style style) {
  if (texts.empty()) return;
  page.heading(title);
  for (const std::string& text : texts) page.paragraph("  - ", text, style);
}

// The command stays on one line, to be copied.
void provenance_lines(Page& page, const RunProvenance& p) {
  const std::string command = "replay: " + printable(p.command);
  const std::string version = printable(fmt::format(
      "(version {}{})", p.version, p.data_path == "simgrid" ? ", data path simgrid" : ""));
  page.line("");
  if (columns(command) + 3 + columns(version) <= page.width())
    return page.line(command + "   " + version);
  page.line(command);
  page.line("        " + version);
}

} // namespace

std::string terminal_text(const RunResult& result, const TerminalOptions& options) {
  Page page(options);
  page.line(printable(result.name), Style::bold);
  if (!result.description.empty()) page.paragraph("", result.description);
  page.line("");
  summary_lines(page, result);
  list_section(page, "Warnings", result.warnings, Style::warning);
  phase_section(page, result);
  job_section(page, result.jobs);
  time_section(page, result);
  epoch_section(page, result.metrics);
  checkpoint_section(page, result);
  hsm_section(page, result);
  pcc_section(page, result);
  network_section(page, result.networks);
  fault_section(page, result);
  station_section(page, result);
  cost_section(page, result.cost);
  replay_section(page, result.replay_check);
  assumption_section(page, result.assumed);
  list_section(page, "Notes", result.notes, Style::plain);
  provenance_lines(page, result.provenance);
  return page.text();
}

} // namespace lustrum::reports
