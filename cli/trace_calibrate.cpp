#include "cli/output.hpp"
#include "cli/trace.hpp"
#include "cli/verbs.hpp"
#include "models/assembly/calibrate_trace.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <filesystem>
#include <memory>

namespace lustrum::cli {

namespace {

namespace fs = std::filesystem;

struct CalibrateArguments {
  TraceInput input;
  std::string mode = "ops";
  std::string design; // file to write
  bool force = false;
  bool json = false;
};

double utilization_pct(const CalibratedTimes& times) {
  return times.step_s + times.wait_s > 0 ? 100 * times.step_s / (times.step_s + times.wait_s) : 0;
}

// --- as text

std::string rates(const training::LineFit& fit) {
  std::string text;
  if (fit.rate > 0) text += fmt::format(" + bytes / {:.0f} MB/s", fit.rate / 1e6);
  if (fit.shared_rate > 0)
    text += fmt::format(" + bytes x reads in flight / {:.0f} MB/s", fit.shared_rate / 1e6);
  return text;
}

void print_fit(const char* what, const training::LineFit& fit) {
  if (fit.calls == 0) return;
  fmt::print("  {:<6} {:>9} calls: {:.3f} ms{}; mean {:.3f}, median {:.3f}, p99 {:.3f} ms; mean "
             "error of a call {:.3f} ms\n",
             what, fit.calls, 1e3 * fit.latency_s, rates(fit), 1e3 * fit.mean_s, 1e3 * fit.p50_s,
             1e3 * fit.p99_s, 1e3 * fit.error_s);
}

void print_row(const std::string& what, double recorded, double simulated, const char* unit,
               const std::string& error) {
  fmt::print("  {:<16} {:>12.3f} {:>12.3f} {:<2} {:>14}\n", what, recorded, simulated, unit, error);
}

void print_times(const std::string& what, double recorded_s, double simulated_s) {
  print_row(what, recorded_s, simulated_s, "s",
            recorded_s > 0 ? fmt::format("{:+.1f} %", 100 * (simulated_s - recorded_s) / recorded_s)
                           : "");
}

void print(const Calibration& result) {
  const training::DeviceFit& fit = result.fit;
  fmt::print("device fitted to the recording's calls (means of classes of size and of reads in "
             "flight on a host, cut at p99)\n");
  print_fit("open", fit.open);
  print_fit("close", fit.close);
  print_fit("stat", fit.stat);
  print_fit("read", fit.read);
  print_fit("write", fit.write);
  if (fit.cached_opens > 0)
    fmt::print("  {} of {} opened files were in the page cache: their {} reads (mean {:.3f} ms) "
               "keep their recorded time\n",
               fit.cached_opens, fit.opens, fit.cached.calls, 1e3 * fit.cached.mean_s);
  fmt::print("\n  {:<16} {:>12} {:>12}    {:>14}\n", "", "recorded", "replayed", "error");
  if (result.times_calls) print_times("time in calls", result.recorded.io_s, result.simulated.io_s);
  if (result.ranks == 0) {
    fmt::print("  no training loop is replayed: no wait and no utilization\n");
    return;
  }
  print_times("waiting", result.recorded.wait_s, result.simulated.wait_s);
  const double recorded_pct = utilization_pct(result.recorded);
  const double simulated_pct = utilization_pct(result.simulated);
  print_row(
      "utilization", recorded_pct, simulated_pct, "%",
      fmt::format("{:+.1f} points", 0.1 * std::round(10 * (simulated_pct - recorded_pct)) + 0.0));
  for (std::size_t n = 0; n < result.recorded_starts_s.size(); ++n)
    print_times(fmt::format("start {}, a rank", n + 1), result.recorded_starts_s[n],
                n < result.simulated_starts_s.size() ? result.simulated_starts_s[n] : 0);
}

// --- as JSON

nlohmann::ordered_json json_of(const training::LineFit& fit) {
  return {{"calls", fit.calls},           {"latency_s", fit.latency_s},
          {"rate_bytes_per_s", fit.rate}, {"shared_rate_bytes_per_s", fit.shared_rate},
          {"mean_s", fit.mean_s},         {"p50_s", fit.p50_s},
          {"p99_s", fit.p99_s},           {"mean_error_s", fit.error_s}};
}

nlohmann::ordered_json json_of(const Calibration& result, const CalibratedTimes& times,
                               const std::vector<double>& starts_s) {
  nlohmann::ordered_json json;
  if (result.times_calls) json["calls_s"] = times.io_s;
  if (result.ranks == 0) return json;
  json["wait_s"] = times.wait_s;
  json["step_s"] = times.step_s;
  json["utilization_pct"] = utilization_pct(times);
  if (!starts_s.empty()) json["wait_at_start_s"] = starts_s;
  return json;
}

nlohmann::ordered_json json_of(const Calibration& result, const CalibrateArguments& arguments) {
  const training::DeviceFit& fit = result.fit;
  nlohmann::ordered_json json{
      {"mode", arguments.mode},
      {"device",
       {{"open", json_of(fit.open)},
        {"close", json_of(fit.close)},
        {"stat", json_of(fit.stat)},
        {"read", json_of(fit.read)},
        {"write", json_of(fit.write)}}},
      {"cached",
       {{"opens", fit.opens},
        {"cached_opens", fit.cached_opens},
        {"reads", fit.cached.calls},
        {"mean_s", fit.cached.mean_s}}},
      {"ranks", result.ranks},
      {"recorded", json_of(result, result.recorded, result.recorded_starts_s)},
      {"replayed", json_of(result, result.simulated, result.simulated_starts_s)}};
  if (!arguments.design.empty()) json["design"] = arguments.design;
  return json;
}

// --- the verb

std::string problem_of_design(const CalibrateArguments& arguments) {
  if (std::string problem = problem_of_output(arguments.design, arguments.input.files);
      !problem.empty())
    return problem;
  std::error_code ignored;
  if (!arguments.force && fs::exists(arguments.design, ignored))
    return fmt::format("there is a file `{}` already: --force writes over it", arguments.design);
  return {};
}

// What a recording is called: its file or folder, or the first of several.
std::string name_of(const TraceInput& input) {
  fs::path path = fs::path(input.files.front()).lexically_normal();
  if (path.filename().empty()) path = path.parent_path();
  const std::string name = path.filename().string();
  return input.files.size() > 1 ? fmt::format("{} and {} more", name, input.files.size() - 1)
                                : name;
}

int calibrate_trace(const CalibrateArguments& arguments) {
  if (!arguments.design.empty()) {
    if (const std::string problem = problem_of_design(arguments); !problem.empty()) {
      fmt::print(stderr, "error: --design: {}\n", problem);
      return kBadInput;
    }
  } else if (arguments.force) {
    fmt::print(stderr, "error: --force: there is nothing to write without --design\n");
    return kBadInput;
  }
  return guarded([&] {
    const trace::ReadResult read =
        trace::read_trace(arguments.input.paths(), arguments.input.options());
    fmt::print(stderr, "{}", read.report.text());
    const std::optional<Calibration> result = calibrate(read.trace, arguments.mode);
    if (!result) {
      fmt::print(stderr, "error: the recording has no call on a file{}\n",
                 arguments.mode == "pipeline" ? ", or no loop whose loader workers read" : "");
      return kBadInput;
    }
    if (!arguments.design.empty()) {
      const fs::path path = fs::absolute(arguments.design);
      write_whole(path.parent_path().string(), path.filename().string(),
                  design_text(result->fit, name_of(arguments.input)));
    }
    if (arguments.json) {
      fmt::print("{}\n", json_of(*result, arguments).dump(2));
      return kFine;
    }
    print(*result);
    if (!arguments.design.empty())
      fmt::print("\n{}: the device as a design, for `lustrum run SCENARIO --design {}`\n",
                 arguments.design, arguments.design);
    return kFine;
  });
}

} // namespace

void add_trace_calibrate(CLI::App& trace, int& exit_code) {
  auto* verb = trace.add_subcommand(
      "calibrate", "Fit a simple device to a recording, replay it there, and compare");
  const auto arguments = std::make_shared<CalibrateArguments>();
  add_input_options(*verb, arguments->input);
  verb->add_option("--mode", arguments->mode, "How to replay: ops, timed or pipeline")
      ->check(CLI::IsMember({"ops", "timed", "pipeline"}))
      ->capture_default_str();
  verb->add_option("--design", arguments->design,
                   "File to write, whole or not at all: the device as a design, for `lustrum run "
                   "SCENARIO --design FILE`");
  verb->add_flag("--force", arguments->force, "Write over a file that is there");
  verb->add_flag("--json", arguments->json, "Print fits and times as JSON");
  verb->footer("Examples: lustrum trace calibrate traces/samples/microloader.pfw\n"
               "          lustrum trace calibrate run.pfw.gz --mode pipeline --design site.yaml\n"
               "Times are sums over threads and ranks, in s; a start is the wait of a rank for the "
               "first batch of an epoch or evaluation; rates are in MB/s (1 MB = 10^6 B).");
  verb->callback([arguments, &exit_code] { exit_code = calibrate_trace(*arguments); });
}

} // namespace lustrum::cli
