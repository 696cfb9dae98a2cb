#include "cli/output.hpp"
#include "cli/verbs.hpp"
#include "models/assembly/replay_scale.hpp"
#include "models/assembly/simulate.hpp"
#include "models/assembly/storage_kind.hpp"
#include "reports/terminal.hpp"
#include "sim/result/run_result.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lustrum::cli {

namespace {

struct RunArguments {
  std::string file;
  std::string design;
  bool json = false;
  std::string out;
  std::string counters;
  std::string seed;
  std::string data_path;
  std::vector<std::string> scale;
};

// Not CLI11's reading: to it -1 is 18446744073709551615 and 010 is 8.
std::optional<std::uint64_t> whole_number(const std::string& text) {
  std::uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return number;
}

std::string problem_of_seed(const std::string& text) {
  if (whole_number(text)) return {};
  return fmt::format("`{}` is not a whole number from 0 to {}", text, UINT64_MAX);
}

// An unset variable of a script.
std::string problem_of_folder(const std::string& text) {
  return text.empty() ? "the name of a folder is needed" : "";
}

// As a shell takes it.
std::string quoted(const std::string& word) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
      "/._-+=:,@%";
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos) return word;
  std::string text = "'";
  for (const char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

std::string replay_command(const RunArguments& arguments, const Scenario& scenario) {
  // No folders of this machine in a result that others reproduce.
  const std::filesystem::path file = arguments.file;
  const std::string shown = file.is_absolute() ? file.filename().string() : arguments.file;
  std::string command = fmt::format("lustrum run {} --seed {}", quoted(shown), scenario.run.seed);
  if (!arguments.design.empty()) command += " --design " + quoted(arguments.design);
  if (scenario.run.data_path != "stations") command += " --data-path " + scenario.run.data_path;
  if (!arguments.scale.empty()) command += " --scale";
  for (const std::string& word : arguments.scale) command += " " + quoted(word);
  return command;
}

// Prints the diagnostics; true when there are errors.
bool report(const Diagnostics& diagnostics) {
  const std::string text = diagnostics.render(colour_on(stderr));
  fmt::print(stderr, "{}", text);
  return diagnostics.has_errors();
}

int run(const RunArguments& arguments) {
  if (!std::filesystem::is_directory(catalog_folder())) {
    fmt::print(stderr,
               "error: the catalog is not at `{}`: start Lustrum through ./lustrum, or set "
               "LUSTRUM_HOME to the folder of the repository\n",
               catalog_folder());
    return kBadInput;
  }
  if (const std::string problem = arguments.design.empty() ? "" : unknown_design(arguments.design);
      !problem.empty()) {
    fmt::print(stderr, "error: --design: {}\n", problem);
    return kBadInput;
  }
  Diagnostics diagnostics;
  const Catalog catalog = Catalog::load(catalog_folder(), diagnostics);
  Scenario scenario =
      arguments.design.empty()
          ? load_scenario(arguments.file, catalog, diagnostics)
          : load_scenario(arguments.file, design_file(arguments.design), catalog, diagnostics);
  if (report(diagnostics)) return kBadInput;
  if (const std::string why = scenario.design->no_counters_because();
      !arguments.counters.empty() && !why.empty()) {
    fmt::print(stderr, "error: --counters: {}\n", why);
    return kBadInput;
  }
  if (const std::string problem =
          arguments.scale.empty() ? "" : scale_replay(scenario, arguments.scale);
      !problem.empty()) {
    fmt::print(stderr, "error: --scale: {}\n", problem);
    return kBadInput;
  }
  if (const std::string problem = unwritable(arguments.out); !problem.empty()) {
    fmt::print(stderr, "error: --out: {}\n", problem);
    return kBadInput;
  }
  if (const std::string problem = occupied(arguments.counters); !problem.empty()) {
    fmt::print(stderr, "error: --counters: {}\n", problem);
    return kBadInput;
  }
  if (!arguments.seed.empty()) scenario.run.seed = *whole_number(arguments.seed);
  if (!arguments.data_path.empty()) scenario.run.data_path = arguments.data_path;

  std::vector<lustre::CounterFile> counters;
  const kernel::ChildOutcome outcome =
      simulate_in_child(scenario, replay_command(arguments, scenario),
                        arguments.counters.empty() ? nullptr : &counters);
  if (outcome.exit_code != 0) {
    fmt::print(stderr, "error: {}{}", outcome.output, outcome.output.ends_with('\n') ? "" : "\n");
    return outcome.exit_code;
  }
  const RunResult result = from_json(outcome.output);
  if (!arguments.out.empty()) {
    write_whole(arguments.out, "result.json", outcome.output);
    write_whole(arguments.out, "report.txt", reports::terminal_text(result));
  }
  for (const lustre::CounterFile& file : counters) {
    const std::filesystem::path path = std::filesystem::path(arguments.counters) / file.path;
    write_whole(path.parent_path().string(), path.filename().string(), file.text);
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
  verb->add_option("scenario", arguments->file,
                   "Scenario file (YAML), e.g. configs/quickstart.yaml")
      ->required();
  verb->add_option("--design", arguments->design,
                   "Run its jobs on another design: a file, or the name of one in configs/designs; "
                   "storage and network are that file's, the cluster if it has one");
  verb->add_flag("--json", arguments->json,
                 "Print the result document as JSON instead of the report");
  verb->add_option("--out", arguments->out,
                   "Also write result.json and report.txt into this folder")
      ->check(problem_of_folder);
  verb->add_option("--counters", arguments->counters,
                   "Also write Lustre's own counter files (llite stats, rpc_stats, brw_stats, "
                   "job_stats ...) into this new or empty folder, a subfolder per host")
      ->check(problem_of_folder);
  verb->add_option("--seed", arguments->seed, "Seed of all random draws, instead of run.seed")
      ->check(problem_of_seed)
      ->type_name("UINT");
  verb->add_option("--data-path", arguments->data_path,
                   "Who serves transfers and disks: our stations, or SimGrid's fluid models "
                   "(slow; for cross-checks)")
      ->check(CLI::IsMember({"stations", "simgrid"}));
  verb->add_option("--scale", arguments->scale,
                   "Replay a trace with more: `ranks=64 files=10x`. Rank r is copy r / R of "
                   "recorded rank r mod R, with files of its own where that rank had them to "
                   "itself; each recorded file stands for so many")
      ->expected(1, 2)
      ->type_name("ranks=N files=Nx");
  verb->footer(
      "Examples:\n"
      "  lustrum run configs/quickstart.yaml\n"
      "  lustrum run configs/lab_tcp.yaml --json > result.json\n"
      "  lustrum run configs/lab_tcp.yaml --seed 7 --out out/lab_tcp\n"
      "  lustrum run configs/lab_tcp.yaml --design s3_crt\n"
      "  lustrum run configs/replay_sample.yaml --scale ranks=8 files=10x\n"
      "  lustrum run configs/lab_tcp.yaml --counters out/counters; cat "
      "out/counters/client0/llite/*/stats\n"
      "Values in a scenario carry their unit: 9.6 TiB, 6.8 GB/s, 100 Gbit/s, 20 ms, 40 USD/h; "
      "`lustrum schema` lists every key.");
  verb->callback([arguments, &exit_code] { exit_code = run(*arguments); });
}

} // namespace lustrum::cli
