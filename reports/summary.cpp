#include "reports/number_text.hpp"
#include "reports/sections.hpp"
#include "sim/base/units.hpp"
#include "sim/base/units_text.hpp"
#include "sim/result/storage_words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string_view>

namespace lustrum::reports {

std::string in_character_set(const Page& page, std::string text) {
  constexpr std::string_view kMicro = "\u00B5";
  if (const auto at = text.find(kMicro); !page.unicode() && at != std::string::npos)
    text.replace(at, kMicro.size(), "u");
  return text;
}

std::string duration(const Page& page, double time_s) {
  return in_character_set(page, format_duration(Seconds{time_s}));
}

namespace {

constexpr double kPercent = 100;

std::string label(std::string_view name) { return fmt::format("  {:<15}  ", name); }

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

// Utilization counts repeated work as work: beside it belongs what was of use.
void goodput_lines(Page& page, const RunResult& result) {
  for (const CheckpointRow& row : result.checkpoints) {
    if (row.failures == 0) continue;
    std::string text = fmt::format(
        "{} of the time in steps that counted; {}: {} of work done again", percent(row.goodput_pct),
        counted(row.failures, "failure"), duration(page, row.lost_s));
    const double time_s = result.metrics.makespan_s;
    const RunCost& cost = result.cost;
    if (result.jobs.size() == 1 && time_s > 0 && !cost.lines.empty())
      text += fmt::format(" ({} of the cost)",
                          money((cost.total_usd - cost.usage_usd) * row.lost_s / time_s));
    text += fmt::format(", {} of restarts", duration(page, row.restart_s));
    page.paragraph(label("Goodput"),
                   result.jobs.size() > 1 ? printable(row.job) + ": " + text : text);
  }
}

void limit_lines(Page& page, const RunResult& result) {
  if (const auto& b = result.bottleneck) {
    // What is no station (the GPUs, a latency) has no queue that could be busy.
    const bool station = std::any_of(result.stations.begin(), result.stations.end(),
                                     [&](const StationRow& row) { return row.name == b->name; });
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

// Bytes of samples, of which `throughput_mib_per_s` is the rate; empty: it is that of all bytes.
std::optional<double> sample_bytes(const RunMetrics& m) {
  if (!m.samples_per_s || m.epoch_time_s.empty()) return {};
  double time_s = 0;
  for (const double epoch_s : m.epoch_time_s) time_s += epoch_s;
  return m.throughput_mib_per_s * time_s * static_cast<double>(kMib);
}

// What was read, so that bytes, time and rate fit: checkpoints read back are not samples.
std::string read_text(const RunMetrics& m) {
  constexpr double kNegligible = 0.01;
  const std::string rate = number(m.throughput_mib_per_s) + " MiB/s";
  const std::string all = format_bytes(Bytes{m.read_bytes});
  const std::optional<double> samples = sample_bytes(m);
  const auto read_bytes = static_cast<double>(m.read_bytes);
  if (!samples || std::fabs(read_bytes - *samples) <= kNegligible * read_bytes)
    return fmt::format("{} read at {}", all, rate);
  const auto text = [](double bytes) {
    return format_bytes(Bytes{static_cast<std::uint64_t>(std::llround(bytes))});
  };
  if (read_bytes > *samples)
    return fmt::format("{} of samples read at {} in epochs, {} of other data", text(*samples), rate,
                       text(read_bytes - *samples));
  return fmt::format("{} read; {} of samples trained on at {}", all, text(*samples), rate);
}

std::string data_text(const RunResult& result) {
  const RunMetrics& m = result.metrics;
  const StorageWords& words = storage_words(result.storage_kind);
  std::string text = read_text(m);
  if (m.read_bytes > 0) text += fmt::format(" ({} fetched)", format_bytes(Bytes{m.fetched_bytes}));
  if (m.write_bytes > 0) text += fmt::format(", {} written", format_bytes(Bytes{m.write_bytes}));
  text += fmt::format(", {} opened", counted(m.files_opened, "file"));
  if (m.rpcs == 0 && words.kind == "local") return text; // nothing crosses a network
  text += ", " + counted(m.rpcs, words.request);
  if (m.rpcs > 0) text += fmt::format(", {} {}", whole(m.metadata_rpcs), words.metadata);
  return text;
}

void work_lines(Page& page, const RunResult& result) {
  const RunMetrics& m = result.metrics;
  std::string text = duration(page, m.makespan_s);
  if (!m.epoch_time_s.empty()) text += ", " + counted(m.epoch_time_s.size(), "epoch");
  if (m.steps_per_epoch) text += " of " + counted(*m.steps_per_epoch, "step");
  if (m.samples_per_s) text += fmt::format("; {} samples/s", number(*m.samples_per_s));
  page.paragraph(label("Run"), text);
  page.paragraph(label("Data"), data_text(result));
  if (m.errors > 0) {
    std::string errors = counted(m.errors, "call") + " failed";
    if (m.failed_samples > 0)
      errors +=
          fmt::format("; {} never arrived and {} not in samples/s",
                      counted(m.failed_samples, "sample"), m.failed_samples == 1 ? "is" : "are");
    page.line(label("Errors") + errors, Style::bad);
  }
  if (m.step_time_p50_s && m.step_time_p95_s && m.step_time_p99_s)
    page.paragraph(label("Step time"), fmt::format("{} median, {} 95th, {} 99th percentile",
                                                   duration(page, *m.step_time_p50_s),
                                                   duration(page, *m.step_time_p95_s),
                                                   duration(page, *m.step_time_p99_s)));
}

} // namespace

void summary_lines(Page& page, const RunResult& result) {
  utilization_lines(page, result.metrics);
  goodput_lines(page, result);
  limit_lines(page, result);
  cost_line(page, result.cost);
  work_lines(page, result);
}

} // namespace lustrum::reports
