#include "cli/trace.hpp"
#include "cli/verbs.hpp"
#include "sim/base/units_text.hpp"
#include "sim/trace/native_format.hpp"
#include "sim/trace/record_stream.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>

namespace lustrum::cli {

namespace {

using Json = nlohmann::ordered_json;
using namespace trace;

struct InfoArguments {
  TraceInput input;
  std::string large_read = "1 MiB";
  std::size_t files = 10;
  bool steps = false;
  bool json = false;
};

std::string time_text(double seconds) { return format_duration(Seconds{seconds}); }
std::string size_text(std::uint64_t bytes) { return format_bytes(Bytes{bytes}); }

void print_durations(const char* what, const DurationSummary& summary) {
  if (summary.count == 0) return;
  fmt::print("  {:<12} {:>10}  median {:>9}  p95 {:>9}  p99 {:>9}  max {:>9}  sum {:>9}{}\n", what,
             summary.count, time_text(summary.median_s), time_text(summary.p95_s),
             time_text(summary.p99_s), time_text(summary.max_s), time_text(summary.total_s),
             summary.exact ? "" : "  (percentiles within 0.8 %)");
}

// `1 file`, `2 files`; the digits as other programs read them, without commas.
std::string counted(std::uint64_t count, std::string_view noun, std::string_view plural = "s") {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : plural);
}

std::string utilization_text(const StreamStatistics& stream) {
  if (stream.wait_basis == WaitBasis::none) return "no steps recorded";
  constexpr double kPercent = 100;
  return fmt::format("utilization {:.2f} %: steps {}, data wait {} (by {})",
                     kPercent * stream.utilization, time_text(stream.step_s),
                     time_text(stream.wait_s), to_string(stream.wait_basis));
}

void print_operations(const StreamStatistics& job) {
  if (job.calls.empty()) return;
  fmt::print("\ncalls on storage\n  {:<16} {:<10} {:>10} {:>8} {:>12} {:>10}\n", "name", "kind",
             "calls", "failed", "moved", "time");
  for (const auto& [name, totals] : job.calls)
    fmt::print("  {:<16} {:<10} {:>10} {:>8} {:>12} {:>10}\n", native_escape(name),
               to_string(totals.kind), totals.calls, totals.failed,
               totals.bytes == 0 ? "" : size_text(totals.bytes), time_text(totals.duration_s));
  if (job.pseudo_calls != 0)
    fmt::print("  besides, {} on what is no storage (/dev, /proc, pipes)\n",
               counted(job.pseudo_calls, "call"));
}

void print_files(const StatisticsVisitor& visitor, std::size_t shown) {
  const auto& files = visitor.statistics().files;
  if (files.empty() || shown == 0) return;
  fmt::print("\nfiles by bytes{}\n  {:>12} {:>12} {:>8} {:>8} {:>8} {:>9}  path\n",
             files.size() > shown ? fmt::format(", {} of {}", shown, files.size()) : "", "read",
             "written", "opens", "reads", "writes", "time");
  for (std::size_t i = 0; i < std::min(shown, files.size()); ++i) {
    const FileStatistics& file = files[i];
    fmt::print("  {:>12} {:>12} {:>8} {:>8} {:>8} {:>9}  {}\n", size_text(file.bytes_read),
               size_text(file.bytes_written), file.opens, file.reads, file.writes,
               time_text(file.duration_s), native_escape(visitor.tables().files[file.file].path));
  }
}

void print_processes(const StatisticsVisitor& visitor) {
  fmt::print("\nprocesses\n");
  for (const ProcessStatistics& process : visitor.statistics().processes) {
    const ProcessEntry& entry = visitor.tables().processes[process.process];
    const StreamStatistics& stream = process.stream;
    fmt::print("  {}pid {}{}, {}: read {}, wrote {}, {} of {}; {}\n",
               entry.rank == kNoNumber ? "" : fmt::format("rank {}, ", entry.rank), entry.pid,
               entry.host.empty() ? "" : " on " + native_escape(entry.host),
               counted(process.threads, "thread"), size_text(stream.bytes_read),
               size_text(stream.bytes_written), counted(stream.opens, "open"),
               counted(stream.files_opened, "file"), utilization_text(stream));
  }
}

void print_steps(const StatisticsVisitor& visitor) {
  if (visitor.statistics().steps.empty()) return;
  fmt::print("\nsteps\n  {:>6} {:>12} {:>12} {:>12}\n", "rank", "start", "wait before", "step");
  for (const StepStatistics& step : visitor.statistics().steps)
    fmt::print("  {:>6} {:>12} {:>12} {:>12}\n", visitor.tables().processes[step.process].rank,
               time_text(step.start_s), time_text(step.wait_s), time_text(step.step_s));
}

void print_info(const StatisticsVisitor& visitor, const InfoArguments& arguments) {
  const TraceStatistics& all = visitor.statistics();
  const StreamStatistics& job = all.job;
  fmt::print("{} of {} and {} in {}\n", counted(all.records, "record"),
             counted(all.processes.size(), "process", "es"),
             counted(visitor.tables().threads.size(), "thread"), time_text(all.duration_s));
  fmt::print("read {} ({} B), wrote {} ({} B), {} of {}; {}\n", size_text(job.bytes_read),
             job.bytes_read, size_text(job.bytes_written), job.bytes_written,
             counted(job.opens, "open"), counted(job.files_opened, "file"),
             counted(job.failed_calls, "failed call"));
  fmt::print("{}\n", utilization_text(job));
  if (job.open.count + job.large_read.count + job.small_read.count + job.wait.count +
          job.step.count !=
      0) {
    fmt::print("\nlatencies (a read above {} is large)\n", arguments.large_read);
    print_durations("open", job.open);
    print_durations("large read", job.large_read);
    print_durations("small read", job.small_read);
    print_durations("data wait", job.wait);
    print_durations("step", job.step);
  }
  print_operations(job);
  print_files(visitor, arguments.files);
  print_processes(visitor);
  if (arguments.steps) print_steps(visitor);
}

Json to_json(const DurationSummary& summary) {
  return {{"count", summary.count}, {"sum_s", summary.total_s}, {"median_s", summary.median_s},
          {"p95_s", summary.p95_s}, {"p99_s", summary.p99_s},   {"max_s", summary.max_s},
          {"exact", summary.exact}};
}

Json to_json(const StreamStatistics& stream) {
  Json calls = Json::object();
  for (const auto& [name, totals] : stream.calls)
    calls[name] = {{"kind", to_string(totals.kind)},
                   {"calls", totals.calls},
                   {"failed", totals.failed},
                   {"bytes", totals.bytes},
                   {"time_s", totals.duration_s}};
  return {{"bytes_read", stream.bytes_read},
          {"bytes_written", stream.bytes_written},
          {"opens", stream.opens},
          {"closes", stream.closes},
          {"files_opened", stream.files_opened},
          {"large_reads", stream.large_reads},
          {"small_reads", stream.small_reads},
          {"failed_calls", stream.failed_calls},
          {"pseudo_calls", stream.pseudo_calls},
          {"calls", calls},
          {"open", to_json(stream.open)},
          {"large_read", to_json(stream.large_read)},
          {"small_read", to_json(stream.small_read)},
          {"wait", to_json(stream.wait)},
          {"step", to_json(stream.step)},
          {"wait_s", stream.wait_s},
          {"step_s", stream.step_s},
          {"wait_basis", to_string(stream.wait_basis)},
          {"utilization",
           stream.wait_basis == WaitBasis::none ? Json(nullptr) : Json(stream.utilization)}};
}

Json to_json(const ReadReport& report) {
  Json damage = Json::array();
  for (const DamagedLine& line : report.damage)
    damage.push_back({{"file", line.file},
                      {"line", line.line},
                      {"column", line.column},
                      {"reason", line.reason}});
  return {{"files", report.files},
          {"lines", report.lines},
          {"events", report.events},
          {"duplicate_lines", report.duplicate_lines},
          {"metadata_rows", report.metadata_rows},
          {"other_rows", report.other_rows},
          {"rejoined_lines", report.rejoined_lines},
          {"damaged_lines", report.damaged_lines},
          {"damage", damage},
          {"stream_errors", report.stream_errors},
          {"unresolved_hashes", report.unresolved_hashes},
          {"merged_calls", report.merged_calls},
          {"calls_without_path", report.calls_without_path},
          {"unknown_calls", report.unknown_calls},
          {"unused_rows", report.unused_rows},
          {"notes", report.notes}};
}

void print_json(const StatisticsVisitor& visitor, const ReadReport& report, bool with_steps) {
  const TraceStatistics& all = visitor.statistics();
  const TraceTables& tables = visitor.tables();
  Json document = {{"records", all.records},
                   {"duration_s", all.duration_s},
                   {"threads", tables.threads.size()},
                   {"storage_files", all.storage_files},
                   {"job", to_json(all.job)}};
  document["processes"] = Json::array();
  for (const ProcessStatistics& process : all.processes) {
    const ProcessEntry& entry = tables.processes[process.process];
    Json row = {{"rank", entry.rank == kNoNumber ? Json(nullptr) : Json(entry.rank)},
                {"host", entry.host},
                {"pid", entry.pid},
                {"threads", process.threads}};
    row.update(to_json(process.stream));
    document["processes"].push_back(row);
  }
  document["files"] = Json::array();
  for (const FileStatistics& file : all.files)
    document["files"].push_back({{"path", tables.files[file.file].path},
                                 {"opens", file.opens},
                                 {"reads", file.reads},
                                 {"writes", file.writes},
                                 {"other_calls", file.other_calls},
                                 {"bytes_read", file.bytes_read},
                                 {"bytes_written", file.bytes_written},
                                 {"time_s", file.duration_s}});
  if (with_steps) {
    document["steps"] = Json::array();
    for (const StepStatistics& step : all.steps)
      document["steps"].push_back({{"rank", tables.processes[step.process].rank},
                                   {"start_s", step.start_s},
                                   {"wait_s", step.wait_s},
                                   {"step_s", step.step_s}});
  }
  document["reading"] = to_json(report);
  // Paths need not be UTF-8.
  fmt::print("{}\n", document.dump(2, ' ', false, Json::error_handler_t::replace));
}

int info(const InfoArguments& arguments) {
  const Parsed<Bytes> large_read = parse_bytes(arguments.large_read);
  if (!large_read) {
    fmt::print(stderr, "error: --large-read: {}: {}\n", large_read.problem().message,
               large_read.problem().hint);
    return kBadInput;
  }
  return guarded([&] {
    ReadReport report;
    StatisticsVisitor visitor({.large_read = large_read.value().count()});
    stream_records(files_as_source(arguments.input.paths(), arguments.input.options()), visitor,
                   report);
    if (arguments.json) {
      print_json(visitor, report, arguments.steps);
    } else {
      fmt::print(stderr, "{}", report.text());
      print_info(visitor, arguments);
    }
    return kFine;
  });
}

} // namespace

void add_trace_info(CLI::App& trace, int& exit_code) {
  auto* verb = trace.add_subcommand(
      "info", "Totals of a recorded job: by operation, file, process and step; GPU utilization");
  const auto arguments = std::make_shared<InfoArguments>();
  add_input_options(*verb, arguments->input);
  verb->add_option("--large-read", arguments->large_read,
                   "Reads that returned more have latencies of their own")
      ->capture_default_str();
  verb->add_option("--files", arguments->files, "Files to list, those with most bytes first")
      ->capture_default_str()
      ->check(CLI::Range(0, 1'000'000'000));
  verb->add_flag("--steps", arguments->steps, "List every step and the wait before it");
  verb->add_flag("--json", arguments->json, "Print everything as JSON (all files; times in s)");
  verb->footer(
      "Examples: lustrum trace info run-0.pfw.gz run-1.pfw.gz\n"
      "          lustrum trace info --json --large-read \"64 KiB\" strace.txt\n"
      "Utilization is step time over step time and data wait. Sizes are in B to TiB (1 MiB "
      "= 1048576 B).");
  verb->callback([arguments, &exit_code] { exit_code = info(*arguments); });
}

} // namespace lustrum::cli
