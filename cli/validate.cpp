#include "cli/claims.hpp"
#include "cli/output.hpp"
#include "cli/verbs.hpp"
#include "models/assembly/simulate.hpp"
#include "reports/claims.hpp"
#include "reports/comparison.hpp"
#include "sim/base/did_you_mean.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace lustrum::cli {

namespace {

namespace fs = std::filesystem;

struct ValidateArguments {
  std::string set;
  std::string only;
  bool json = false;
  bool strict = false;
};

struct Case {
  std::string name;
  Scenario scenario;
};

// A run that gave no numbers.
struct Failure {
  std::string scenario;
  std::string problem;
};

struct Outcome {
  std::vector<Comparison> rows;
  std::vector<ClaimRow> claims;
  std::vector<Failure> failures;
};

// What the files of a set hold.
struct Cases {
  std::vector<Case> scenarios;
  std::vector<ClaimCase> claims;
  std::vector<NotSimulated> not_simulated;

  bool empty() const { return scenarios.empty() && claims.empty(); }
};

// Names of the scenarios of a set, sorted.
std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code missing;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, missing))
    if (entry.path().extension() == ".yaml") names.push_back(entry.path().stem().string());
  std::sort(names.begin(), names.end());
  return names;
}

// Empty, with a message on stderr, when there is nothing to run.
std::vector<std::string> chosen_names(const fs::path& folder, const ValidateArguments& arguments) {
  std::vector<std::string> names = names_in(folder);
  if (names.empty()) {
    fmt::print(stderr,
               "error: no scenarios in `{}`: start Lustrum through ./lustrum, or set LUSTRUM_HOME "
               "to the folder of the repository\n",
               folder.string());
    return {};
  }
  if (arguments.only.empty()) return names;
  if (std::find(names.begin(), names.end(), arguments.only) != names.end()) return {arguments.only};
  const std::string hint = did_you_mean(arguments.only, names);
  fmt::print(stderr, "error: the set `{}` has no scenario `{}`{}{}\nknown: {}\n", arguments.set,
             arguments.only, hint.empty() ? "" : ": ", hint, fmt::join(names, ", "));
  return {};
}

// Reads all before the first one runs; empty, with messages on stderr, when one is wrong.
Cases read_cases(const fs::path& folder, const std::vector<std::string>& names) {
  Diagnostics diagnostics;
  const Catalog catalog = Catalog::load(catalog_folder(), diagnostics);
  Cases cases;
  bool complete = true;
  for (const std::string& name : names) {
    const std::string file = (folder / (name + ".yaml")).lexically_normal().string();
    const YamlDocument document = YamlDocument::load(file, diagnostics);
    if (document.root().get("not_simulated")) {
      cases.not_simulated = read_not_simulated(document, diagnostics);
      continue;
    }
    if (is_claim(document)) {
      cases.claims.push_back(read_claim_case(document, file, catalog, diagnostics));
      continue;
    }
    cases.scenarios.push_back({name, load_scenario(file, catalog, diagnostics)});
    if (cases.scenarios.back().scenario.validation || diagnostics.has_errors()) continue;
    fmt::print(stderr, "error: `{}` has no section `validate`\n", file);
    complete = false;
  }
  fmt::print(stderr, "{}", diagnostics.render(colour_on(stderr)));
  return diagnostics.has_errors() || !complete ? Cases{} : cases;
}

// Its rows; throws std::runtime_error when it does not finish or lacks a number.
std::vector<Comparison> run_case(const Case& one) {
  const kernel::ChildOutcome outcome = simulate_in_child(one.scenario, "");
  if (outcome.exit_code != 0) throw std::runtime_error(outcome.output);
  return compare(*one.scenario.validation, one.name, from_json(outcome.output));
}

void print_json(const Outcome& outcome, const std::vector<NotSimulated>& not_simulated) {
  auto document = nlohmann::ordered_json::object();
  document["rows"] = nlohmann::ordered_json::array();
  for (const Comparison& row : outcome.rows)
    document["rows"].push_back({{"scenario", row.scenario},
                                {"title", row.title},
                                {"source", row.source},
                                {"row", row.row},
                                {"metric", row.metric},
                                {"unit", row.unit},
                                {"measured", row.measured},
                                {"predicted", row.predicted},
                                {"difference_pct", difference_pct(row)},
                                {"tolerance_pct", row.tolerance_pct},
                                {"fitted", row.fitted},
                                {"verdict", to_string(verdict(row))},
                                {"note", row.note}});
  const ComparisonSummary all = summarize(outcome.rows);
  document["summary"] = {{"rows", all.rows},
                         {"ok", all.ok},
                         {"fitted", all.fitted},
                         {"explained", all.explained},
                         {"unexplained", all.unexplained},
                         {"predictions", all.predictions},
                         {"median_difference_pct", all.median_difference_pct}};
  if (!outcome.claims.empty()) document["claims"] = to_json(outcome.claims);
  for (const NotSimulated& claim : not_simulated)
    document["not_simulated"][claim.claim] = claim.reason;
  document["failures"] = nlohmann::ordered_json::array();
  for (const Failure& failure : outcome.failures)
    document["failures"].push_back({{"scenario", failure.scenario}, {"problem", failure.problem}});
  fmt::print("{}\n", document.dump(2));
}

// A run that fails does not keep the others from running.
template <class Run> void attempt(const std::string& name, Outcome& outcome, const Run& run) {
  try {
    run();
  } catch (const std::runtime_error& e) {
    outcome.failures.push_back({name, e.what()});
    fmt::print(stderr, "error: {}: {}\n", name, e.what());
  }
  std::fflush(stdout);
}

Outcome run_all(const Cases& cases, bool show) {
  Outcome outcome;
  for (const Case& one : cases.scenarios)
    attempt(one.name, outcome, [&] {
      const std::vector<Comparison> rows = run_case(one);
      outcome.rows.insert(outcome.rows.end(), rows.begin(), rows.end());
      if (show) fmt::print("{}", reports::comparison_text(rows, terminal_options()));
    });
  ClaimRunner runner;
  for (const ClaimCase& one : cases.claims)
    attempt(one.claim.file, outcome, [&] {
      const std::vector<ClaimRow> rows = runner.run(one);
      outcome.claims.insert(outcome.claims.end(), rows.begin(), rows.end());
      if (show && !rows.empty()) fmt::print("{}", reports::claim_text(rows, terminal_options()));
    });
  return outcome;
}

void print_summary(const Outcome& outcome, const std::vector<NotSimulated>& not_simulated) {
  if (!outcome.rows.empty())
    fmt::print("{}", reports::comparison_summary_text(outcome.rows, terminal_options()));
  if (!outcome.claims.empty())
    fmt::print("{}",
               reports::claim_summary_text(outcome.claims, not_simulated, terminal_options()));
}

int validate(const ValidateArguments& arguments) {
  const fs::path folder =
      fs::path(catalog_folder()).parent_path().parent_path() / "configs" / arguments.set;
  const std::vector<std::string> names = chosen_names(folder, arguments);
  if (names.empty()) return kBadInput;
  const Cases cases = read_cases(folder, names);
  if (cases.empty()) return kBadInput;
  const Outcome outcome = run_all(cases, !arguments.json);
  if (arguments.json)
    print_json(outcome, cases.not_simulated);
  else
    print_summary(outcome, cases.not_simulated);
  if (!outcome.failures.empty()) return kUnfinished;
  const bool unexplained =
      summarize(outcome.rows).unexplained > 0 ||
      std::any_of(outcome.claims.begin(), outcome.claims.end(),
                  [](const ClaimRow& row) { return verdict(row) == ClaimVerdict::off; });
  return arguments.strict && unexplained ? kCheckFailed : kFine;
}

} // namespace

void add_validate(CLI::App& app, int& exit_code) {
  auto* verb = app.add_subcommand("validate", "Predict numbers that were measured on real systems "
                                              "and print both");
  const auto arguments = std::make_shared<ValidateArguments>();
  verb->add_option(
          "--set", arguments->set,
          "Which: `field`, measured elsewhere, or `published`, claimed; folders of configs")
      ->required()
      ->check(CLI::IsMember({"field", "published"}));
  verb->add_option("--only", arguments->only,
                   "Only the scenario or claim of this name (its file's)");
  verb->add_flag("--json", arguments->json, "Print rows and summary as JSON");
  verb->add_flag("--strict", arguments->strict,
                 "Exit code 1 when a row misses its tolerance without an explanation");
  verb->footer("Examples:\n"
               "  lustrum validate --set field\n"
               "  lustrum validate --set field --only fsx_dd --json > rows.json\n"
               "  lustrum validate --set published\n"
               "Numbers carry the unit of the metric (MiB/s, s, ops/s). A row that misses its "
               "tolerance tells why; `fitted to this row` proves nothing.");
  verb->callback([arguments, &exit_code] { exit_code = validate(*arguments); });
}

} // namespace lustrum::cli
