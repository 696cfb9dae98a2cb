#include "cli/output.hpp"
#include "cli/verbs.hpp"

#include "models/assembly/simulate.hpp"
#include "reports/terminal.hpp"
#include "sim/result/run_result.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <optional>
#include <string>

namespace lustrum::cli {

namespace {

struct RunArguments {
  std::string file;
  bool json = false;
  std::string out;
  std::optional<std::uint64_t> seed;
  std::string data_path;
};

std::string replay_command(const RunArguments& arguments, const Scenario& scenario) {
  std::string command = fmt::format("lustrum run {} --seed {}", arguments.file, scenario.run.seed);
  if (scenario.run.data_path != "stations") command += " --data-path " + scenario.run.data_path;
  return command;
}

// Prints the diagnostics; true when there are errors.
bool report(const Diagnostics& diagnostics) {
  const std::string text = diagnostics.render(colour_on(stderr));
  fmt::print(stderr, "{}", text);
  return diagnostics.has_errors();
}

int run(const RunArguments& arguments) {
  Diagnostics diagnostics;
  const Catalog catalog = Catalog::load(catalog_folder(), diagnostics);
  Scenario scenario = load_scenario(arguments.file, catalog, diagnostics);
  if (report(diagnostics)) return kBadInput;
  if (arguments.seed) scenario.run.seed = *arguments.seed;
  if (!arguments.data_path.empty()) scenario.run.data_path = arguments.data_path;

  const kernel::ChildOutcome outcome =
      simulate_in_child(scenario, replay_command(arguments, scenario));
  if (outcome.exit_code != 0) {
    fmt::print(stderr, "error: {}\n", outcome.output);
    return kUnfinished;
  }
  const RunResult result = from_json(outcome.output);
  if (!arguments.out.empty()) {
    write_whole(arguments.out, "result.json", outcome.output);
    write_whole(arguments.out, "report.txt", reports::terminal_text(result));
  }
  if (arguments.json)
    fmt::print("{}", outcome.output);
  else
    fmt::print("{}", reports::terminal_text(result, terminal_options()));
  return kFine;
}

} // namespace

void add_run(CLI::App& app, int& exit_code) {
  auto* verb = app.add_subcommand("run", "Simulate a scenario and print what it does to the GPUs");
  const auto arguments = std::make_shared<RunArguments>();
  verb->add_option("scenario", arguments->file, "Scenario file (YAML), e.g. configs/quickstart.yaml")
      ->required();
  verb->add_flag("--json", arguments->json, "Print the result document as JSON instead of the report");
  verb->add_option("--out", arguments->out, "Also write result.json and report.txt into this folder");
  verb->add_option("--seed", arguments->seed, "Seed of all random draws, instead of run.seed");
  verb->add_option("--data-path", arguments->data_path,
                   "Who serves transfers and disks: our stations, or SimGrid's fluid models "
                   "(slow; for cross-checks)")
      ->check(CLI::IsMember({"stations", "simgrid"}));
  verb->callback([arguments, &exit_code] { exit_code = run(*arguments); });
}

} // namespace lustrum::cli
