// The program: one file per verb, no modelling. Exit codes: 0 fine, 2 bad input or usage, 3 the
// simulation could not finish.
#include "cli/verbs.hpp"

#include "sim/base/did_you_mean.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <string>
#include <vector>

namespace {

// CLI11 answers a mistyped verb with the arguments it did not expect; say what is wrong instead.
bool reject_unknown_verb(const CLI::App& app, int argc, char** argv) {
  if (argc < 2 || argv[1][0] == '-') return false;
  std::vector<std::string> verbs;
  for (const CLI::App* verb : app.get_subcommands({})) verbs.push_back(verb->get_name());
  const std::string given = argv[1];
  for (const std::string& verb : verbs)
    if (verb == given) return false;
  const std::string hint = lustrum::did_you_mean(given, verbs);
  fmt::print(stderr, "error: unknown command `{}`{}{}\nknown: {}\n", given,
             hint.empty() ? "" : ": ", hint, fmt::join(verbs, ", "));
  return true;
}

} // namespace

int main(int argc, char** argv) {
  CLI::App app("Lustrum tells, before you spend the money, whether a storage design keeps your GPUs "
               "busy and what it costs.",
               "lustrum");
  app.set_version_flag("--version", LUSTRUM_VERSION);
  app.require_subcommand(1);
  app.footer("Start with: lustrum run configs/quickstart.yaml");
  int exit_code = 0;
  lustrum::cli::add_run(app, exit_code);
  lustrum::cli::add_bench(app, exit_code);
  lustrum::cli::add_schema(app, exit_code);
  lustrum::cli::add_metrics(app, exit_code);

  if (reject_unknown_verb(app, argc, argv)) return lustrum::cli::kBadInput;
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : lustrum::cli::kBadInput;
  } catch (const std::exception& e) {
    fmt::print(stderr, "error: {}\n", e.what());
    return lustrum::cli::kUnfinished;
  }
  return exit_code;
}
