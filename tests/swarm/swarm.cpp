// The swarm: random runs, one after the other, until the time is over or one breaks a law.
//
//   lustrum_swarm [--seconds N] [--first SEED] [--runs N]
//
// Each run is a child process, so that a crash is found like any other failure. Exit code 1, with a
// command that plays the run again, as soon as one fails.
#include "sim/kernel/child_process.hpp"
#include "tests/swarm/random_run.hpp"

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <optional>
#include <sstream>
#include <string_view>

namespace {

using lustrum::kernel::ChildOutcome;
using lustrum::test::RandomRun;

struct Options {
  double seconds = 1e9;
  std::uint64_t first = 1;
  std::uint64_t runs = UINT64_MAX;
};

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<Options> parse(int argc, char** argv) {
  Options options;
  bool bounded = false;
  for (int i = 1; i < argc; i += 2) {
    const std::optional<std::uint64_t> value = i + 1 < argc ? number(argv[i + 1]) : std::nullopt;
    if (!value) return std::nullopt;
    const std::string_view key = argv[i];
    if (key == "--seconds")
      options.seconds = static_cast<double>(*value);
    else if (key == "--first")
      options.first = *value;
    else if (key == "--runs")
      options.runs = *value;
    else
      return std::nullopt;
    bounded = bounded || key != "--first";
  }
  if (!bounded) options.runs = 1;
  return options;
}

std::string play(std::uint64_t seed) {
  const RandomRun run = lustrum::test::play_random_run(seed);
  if (!run.problems.empty()) {
    std::string text = run.description;
    for (const std::string& problem : run.problems) text += "  " + problem + "\n";
    throw std::runtime_error(text);
  }
  return fmt::format("{} {} {} {} {}", run.events, run.faults, run.evictions, run.failed_calls,
                     run.lost_bytes);
}

struct Sums {
  double events = 0, faults = 0, evictions = 0, failed = 0, lost = 0;
  void add(const std::string& line) {
    std::istringstream in(line);
    double values[5] = {};
    for (double& value : values) in >> value;
    events += values[0];
    faults += values[1];
    evictions += values[2];
    failed += values[3];
    lost += values[4];
  }
};

} // namespace

int main(int argc, char** argv) {
  const std::optional<Options> options = parse(argc, argv);
  if (!options) {
    std::fputs("usage: lustrum_swarm [--seconds N] [--first SEED] [--runs N]\n", stderr);
    return 2;
  }
  using Clock = std::chrono::steady_clock;
  const Clock::time_point start = Clock::now();
  const auto elapsed_s = [&] {
    return std::chrono::duration<double>(Clock::now() - start).count();
  };
  Sums sums;
  std::uint64_t runs = 0;
  for (; runs < options->runs && elapsed_s() < options->seconds; ++runs) {
    const std::uint64_t seed = options->first + runs;
    const ChildOutcome outcome = lustrum::kernel::run_in_child([&] { return play(seed); });
    if (outcome.exit_code != 0) {
      fmt::print("swarm: seed {} failed\n{}\nreplay: {} --first {}\n", seed, outcome.output,
                 argv[0], seed);
      return 1;
    }
    sums.add(outcome.output);
  }
  fmt::print("swarm: {} runs from seed {} in {:.0f} s: {:.3g} events, {} faults, {} evictions, {} "
             "failed calls, {:.3g} bytes lost; all laws hold\n",
             runs, options->first, elapsed_s(), sums.events, sums.faults, sums.evictions,
             sums.failed, sums.lost);
  return 0;
}
