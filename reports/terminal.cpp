#include "reports/terminal.hpp"

#include "reports/number_text.hpp"
#include "reports/page.hpp"
#include "sim/base/units.hpp"
#include "sim/base/units_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>
#include <vector>

namespace lustrum::reports {
namespace {

constexpr double kPercent = 100;

// --- the first screen
// ------------------------------------------------------------------------------

std::string label(std::string_view name) { return fmt::format("  {:<15}  ", name); }

// The one letter of our units that ASCII lacks.
std::string in_character_set(const Page& page, std::string text) {
  constexpr std::string_view kMicro = "\u00B5";
  if (const auto at = text.find(kMicro); !page.unicode() && at != std::string::npos)
    text.replace(at, kMicro.size(), "u");
  return text;
}

std::string duration(const Page& page, double time_s) {
  return in_character_set(page, format_duration(Seconds{time_s}));
}

void utilization_lines(Page& page, const RunMetrics& m) {
  if (!m.gpu_utilization_pct) return; // load generators alone
  constexpr std::size_t kCells = 20;
  constexpr std::size_t kPercentWidth = 8; // of `100.00 %`
  const auto measured = [&](std::string_view name, double pct) {
    return label(name) + align_left(percent(pct, 2), kPercentWidth) + "  " +
           page.gauge(pct / kPercent, kCells) + "  ";
  };
  if (m.au_mean_pct) {
    std::string text = measured("AU", *m.au_mean_pct);
    if (m.au_threshold_pct && m.au_pass)
      text += page.styled(fmt::format("{}: {} needed", *m.au_pass ? "pass" : "FAIL",
                                      percent(*m.au_threshold_pct, 0)),
                          *m.au_pass ? Style::good : Style::bad);
    page.line(text);
  }
  page.line(measured("GPU utilization", *m.gpu_utilization_pct) + counted(m.ranks, "rank"));
}

void limit_lines(Page& page, const RunResult& result) {
  if (const auto& b = result.bottleneck) {
    // What is no station (the GPUs, the step loop) has no queue that could be busy.
    const bool station = std::any_of(
        result.station_classes.begin(), result.station_classes.end(),
        [&](const StationClassRow& row) { return row.station_class == b->station_class; });
    const std::string busy =
        station ? fmt::format(", {} busy", percent(b->utilization_pct)) : std::string{};
    page.paragraph(label("Held back by"),
                   fmt::format("{}{}{}{}", b->name, busy, b->why.empty() ? "" : ": ", b->why));
  }
  if (const auto& b = result.bound) {
    const double reached_mib_per_s = result.metrics.throughput_mib_per_s;
    std::string text =
        fmt::format("{} MiB/s at most, by {}", number(b->throughput_mib_per_s), b->name);
    if (b->throughput_mib_per_s > 0)
      text += fmt::format("; this run reached {} MiB/s, {} of it", number(reached_mib_per_s),
                          percent(reached_mib_per_s / b->throughput_mib_per_s * kPercent));
    page.paragraph(label("Bound"), text);
  }
}

bool all_priced(const RunCost& cost) {
  return std::all_of(cost.lines.begin(), cost.lines.end(),
                     [](const CostLine& line) { return line.cost_usd.has_value(); });
}

void cost_line(Page& page, const RunCost& cost) {
  if (cost.lines.empty()) return page.line(label("Cost") + "no prices given");
  std::string text =
      fmt::format("{}{}", all_priced(cost) ? "" : "at least ", money(cost.total_usd));
  if (cost.per_epoch_usd) text += fmt::format(", {} per epoch", money(*cost.per_epoch_usd));
  if (cost.idle_gpu_usd && cost.total_usd > 0)
    text += fmt::format("; {} of it ({}) paid for idle GPUs", money(*cost.idle_gpu_usd),
                        percent(*cost.idle_gpu_usd / cost.total_usd * kPercent));
  page.paragraph(label("Cost"), text);
}

void work_lines(Page& page, const RunMetrics& m) {
  std::string text = duration(page, m.makespan_s);
  if (!m.epoch_time_s.empty()) text += ", " + counted(m.epoch_time_s.size(), "epoch");
  if (m.steps_per_epoch) text += " of " + counted(*m.steps_per_epoch, "step");
  if (m.samples_per_s) text += fmt::format("; {} samples/s", number(*m.samples_per_s));
  page.paragraph(label("Run"), text);
  text = fmt::format("{} read at {} MiB/s", format_bytes(Bytes{m.read_bytes}),
                     number(m.throughput_mib_per_s));
  if (m.read_bytes > 0) text += fmt::format(" ({} fetched)", format_bytes(Bytes{m.fetched_bytes}));
  if (m.write_bytes > 0) text += fmt::format(", {} written", format_bytes(Bytes{m.write_bytes}));
  text += fmt::format(", {} opened, {}", counted(m.files_opened, "file"), counted(m.rpcs, "RPC"));
  if (m.rpcs > 0) text += fmt::format(", {} of them to MDTs", whole(m.metadata_rpcs));
  page.paragraph(label("Data"), text);
  if (m.errors > 0) page.line(label("Errors") + counted(m.errors, "call") + " failed", Style::bad);
  if (m.step_time_p50_s && m.step_time_p95_s && m.step_time_p99_s)
    page.paragraph(label("Step time"), fmt::format("{} median, {} 95th, {} 99th percentile",
                                                   duration(page, *m.step_time_p50_s),
                                                   duration(page, *m.step_time_p95_s),
                                                   duration(page, *m.step_time_p99_s)));
}

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
void share_group(Page& page, const GpuTimeShares& shares, std::string_view title, bool storage) {
  constexpr double kLeastShownPct = 0.05;
  std::vector<CauseRow> shown;
  double sum_pct = 0;
  double rest_pct = 0;
  for (const CauseRow& row : kCauseTable) {
    if (row.cause == Cause::compute || row.storage != storage) continue;
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
    share_line(page, fmt::format("    {}", row.key), shares[row.cause], row.text);
  if (rest_pct >= kLeastShownPct) share_line(page, "    each under 0.05 %", rest_pct);
}

void time_section(Page& page, const GpuTimeShares& shares, bool gpus) {
  double total_pct = 0;
  for (const double pct : shares.pct) total_pct += pct;
  page.heading(gpus ? "Where GPU time went" : "Where the processes' time went");
  if (gpus) share_line(page, "  compute", shares[Cause::compute], kCauseTable.front().text);
  share_group(page, shares, "waiting for storage", true);
  share_group(page, shares, "not storage", false);
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
      page.paragraph(fmt::format("  {}: ", name(row)), "cut short by the end of the run");
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

void price_lines(Page& page, const RunCost& cost) {
  for (const CostLine& line : cost.lines)
    page.paragraph("  price of ",
                   line.unit_price_usd
                       ? fmt::format("{}: {} ({}{}{})", line.component, line.source, line.kind,
                                     line.as_of.empty() ? "" : ", ", line.as_of)
                       : fmt::format("{}: not known, so the total leaves it out", line.component));
}

void cost_section(Page& page, const RunCost& cost) {
  if (cost.lines.empty()) return;
  constexpr int kMostDecimals = 4;
  int decimals = 2;
  bool usage = false;
  for (const CostLine& line : cost.lines) {
    decimals =
        std::max(decimals, std::min(kMostDecimals, money_decimals(line.cost_usd.value_or(0))));
    usage = usage || line.basis == "usage";
  }
  Table table({"Cost of the run", "quantity", "unit", "unit price", "cost"}, {2});
  for (const CostLine& line : cost.lines)
    table.add({line.component + (line.basis == "usage" ? " *" : ""), number(line.quantity),
               line.unit, line.unit_price_usd ? price(*line.unit_price_usd) : "not known",
               line.cost_usd ? money(*line.cost_usd, decimals) : "not known"});
  table.add({all_priced(cost) ? "total" : "total of what has a price", "", "", "",
             money(cost.total_usd, decimals)},
            Style::bold);
  table.print(page);
  std::string text = fmt::format("{} per hour, {} per month of continuous use",
                                 money(cost.per_hour_usd), money(cost.per_month_usd));
  if (cost.per_epoch_usd) text += fmt::format(", {} per epoch", money(*cost.per_epoch_usd));
  if (cost.per_sample_usd) text += fmt::format(", {} per sample", money(*cost.per_sample_usd));
  page.paragraph("  ", text);
  if (usage) page.line("  * by usage; the other lines are billed for the time of the run");
  price_lines(page, cost);
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
  utilization_lines(page, result.metrics);
  limit_lines(page, result);
  cost_line(page, result.cost);
  work_lines(page, result.metrics);
  list_section(page, "Warnings", result.warnings, Style::warning);
  phase_section(page, result);
  job_section(page, result.jobs);
  time_section(page, result.stalls, result.metrics.gpu_utilization_pct.has_value());
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
