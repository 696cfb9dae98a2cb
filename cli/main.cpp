// The program: one file per verb, no modelling. Exit codes: 0 fine, 1 a check that was asked for
// failed, 2 bad input or usage, 3 the simulation could not finish.
#include "cli/verbs.hpp"
#include "sim/base/did_you_mean.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <string>
#include <vector>

namespace {

std::vector<std::string> verbs_of(const CLI::App& app) {
  std::vector<std::string> verbs;
  for (const CLI::App* verb : app.get_subcommands({})) verbs.push_back(verb->get_name());
  return verbs;
}

std::vector<std::string> options_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options())
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  return names;
}

void print_unknown(const char* kind, const std::string& given,
                   const std::vector<std::string>& known) {
  const std::string hint = lustrum::did_you_mean(given, known);
  fmt::print(stderr, "error: unknown {} `{}`{}{}\nknown: {}\n", kind, given,
             hint.empty() ? "" : ": ", hint, fmt::join(known, ", "));
}

// Before `--help` behind it is answered with the help of the whole program.
bool reject_unknown_verb(const CLI::App& app, int argc, char** argv) {
  if (argc < 2 || argv[1][0] == '-') return false;
  const std::vector<std::string> verbs = verbs_of(app);
  if (std::find(verbs.begin(), verbs.end(), argv[1]) != verbs.end()) return false;
  print_unknown("command", argv[1], verbs);
  return true;
}

// CLI11 answers a mistyped word with what it misses instead; say what is wrong.
void print_usage_error(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App* verb = &app;
  std::string command = app.get_name();
  while (!verb->get_subcommands().empty()) {
    verb = verb->get_subcommands().front();
    command += " " + verb->get_name();
  }
  const std::vector<std::string> verbs = verbs_of(*verb);
  const std::vector<std::string> unexpected = verb->remaining();
  if (!unexpected.empty() && unexpected.front().starts_with('-'))
    print_unknown("option", unexpected.front(), options_of(*verb));
  else if (!unexpected.empty() && !verbs.empty())
    print_unknown("command", unexpected.front(), verbs);
  else if (!unexpected.empty())
    fmt::print(stderr, "error: unexpected argument `{}`\n", unexpected.front());
  else if (!verbs.empty())
    fmt::print(stderr, "error: `{}` needs a command\nknown: {}\n", command, fmt::join(verbs, ", "));
  else
    fmt::print(stderr, "error: {}\n", error.what());
  fmt::print(stderr, "see: {} --help\n", command);
}

// A full disk or a closed pipe: what was printed did not arrive.
bool flush_stdout() {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return true;
  fmt::print(stderr, "error: cannot write to stdout: {}\n", std::strerror(errno));
  return false;
}

} // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "Lustrum tells, before you spend the money, whether a storage design keeps your GPUs "
      "busy and what it costs.",
      "lustrum");
  app.set_version_flag("--version", LUSTRUM_VERSION);
  app.require_subcommand(1);
  app.footer(
      "Start with: lustrum run configs/quickstart.yaml\n"
      "Values in a scenario carry their unit: 9.6 TiB, 6.8 GB/s, 100 Gbit/s, 20 ms, 40 USD/h.\n"
      "Exit codes: 0 fine, 1 a check that was asked for failed, 2 bad input or usage, 3 the "
      "simulation "
      "could not finish.");
  int exit_code = 0;
  lustrum::cli::add_run(app, exit_code);
  lustrum::cli::add_validate(app, exit_code);
  lustrum::cli::add_bench(app, exit_code);
  lustrum::cli::add_schema(app, exit_code);
  lustrum::cli::add_metrics(app, exit_code);
  lustrum::cli::add_trace(app, exit_code);
  lustrum::cli::add_catalog(app, exit_code);
  lustrum::cli::add_compare(app, exit_code);

  if (reject_unknown_verb(app, argc, argv)) return lustrum::cli::kBadInput;
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() != 0) {
      print_usage_error(app, e);
      return lustrum::cli::kBadInput;
    }
    exit_code = app.exit(e); // --help, --version
  } catch (const std::exception& e) {
    fmt::print(stderr, "error: {}\n", e.what());
    return lustrum::cli::kUnfinished;
  }
  return flush_stdout() ? exit_code : lustrum::cli::kUnfinished;
}
