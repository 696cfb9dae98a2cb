#include "cli/trace.hpp"
#include "cli/verbs.hpp"
#include "models/assembly/calibrate_trace.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <memory>

namespace lustrum::cli {

namespace {

struct CalibrateArguments {
  TraceInput input;
  std::string mode = "ops";
};

std::string rates(const training::LineFit& fit) {
  std::string text;
  if (fit.rate > 0) text += fmt::format(" + bytes / {:.0f} MB/s", fit.rate / 1e6);
  if (fit.shared_rate > 0)
    text +=
        fmt::format(" + bytes / {:.0f} MB/s that the reads of a host share", fit.shared_rate / 1e6);
  return text;
}

void print_fit(const char* what, const training::LineFit& fit) {
  if (fit.calls == 0) return;
  fmt::print("  {:<6} {:>9} calls: {:.3f} ms{}; mean {:.3f}, median {:.3f}, p99 {:.3f} ms; mean "
             "error of a call {:.3f} ms\n",
             what, fit.calls, 1e3 * fit.latency_s, rates(fit), 1e3 * fit.mean_s, 1e3 * fit.p50_s,
             1e3 * fit.p99_s, 1e3 * fit.error_s);
}

void print_times(const char* what, double recorded, double simulated, const char* unit) {
  const double error_pct = recorded > 0 ? 100 * (simulated - recorded) / recorded : 0;
  fmt::print("  {:<16} {:>12.3f} {:>12.3f} {:<2} {:>+8.1f} %\n", what, recorded, simulated, unit,
             error_pct);
}

double utilization_pct(const CalibratedTimes& times) {
  return times.step_s + times.wait_s > 0 ? 100 * times.step_s / (times.step_s + times.wait_s) : 0;
}

void print(const Calibration& result) {
  fmt::print("device fitted to the recording's calls (means of size classes, cut at p99)\n");
  print_fit("open", result.fit.open);
  print_fit("close", result.fit.close);
  print_fit("stat", result.fit.stat);
  print_fit("read", result.fit.read);
  print_fit("write", result.fit.write);
  fmt::print("\n  {:<16} {:>12} {:>12}    {:>10}\n", "", "recorded", "replayed", "error");
  if (result.times_calls)
    print_times("time in calls", result.recorded.io_s, result.simulated.io_s, "s");
  if (result.ranks == 0) {
    fmt::print("  no training loop is replayed: no wait and no utilization\n");
    return;
  }
  print_times("waiting", result.recorded.wait_s, result.simulated.wait_s, "s");
  print_times("utilization", utilization_pct(result.recorded), utilization_pct(result.simulated),
              "%");
}

int calibrate_trace(const CalibrateArguments& arguments) {
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
    print(*result);
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
  verb->footer("Example: lustrum trace calibrate traces/samples/microloader.pfw\n"
               "Nothing is written. Times are sums over threads and ranks, in s; rates are in MB/s "
               "(1 MB = 10^6 B).");
  verb->callback([arguments, &exit_code] { exit_code = calibrate_trace(*arguments); });
}

} // namespace lustrum::cli
