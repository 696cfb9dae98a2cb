#include "cli/claims.hpp"

#include "models/assembly/simulate.hpp"

#include <nlohmann/json.hpp>

#include <cmath>
#include <filesystem>
#include <stdexcept>

namespace lustrum::cli {

ClaimCase read_claim_case(const YamlDocument& document, const std::string& file,
                          const Catalog& catalog, Diagnostics& diagnostics) {
  namespace fs = std::filesystem;
  ClaimCase one{read_claim(document, fs::path(file).stem().string(), catalog, diagnostics), {}};
  const fs::path folder = fs::path(file).parent_path();
  const auto beside = [&](const std::string& name) {
    return (folder / name).lexically_normal().string();
  };
  for (ClaimRun& run : one.claim.runs) {
    if (run.scenario.empty()) continue; // missing: reported
    run.scenario = beside(run.scenario);
    if (!run.design.empty()) run.design = beside(run.design);
    one.scenarios.push_back(run.design.empty()
                                ? load_scenario(run.scenario, catalog, diagnostics)
                                : load_scenario(run.scenario, run.design, catalog, diagnostics));
  }
  return one;
}

std::vector<ClaimRow> ClaimRunner::run(const ClaimCase& one) {
  std::vector<RunNumbers> numbers;
  for (std::size_t i = 0; i < one.scenarios.size(); ++i) {
    const ClaimRun& run = one.claim.runs.at(i);
    const std::string key = run.scenario + "\n" + run.design;
    auto found = done_.find(key);
    if (found == done_.end()) {
      const kernel::ChildOutcome outcome = simulate_in_child(one.scenarios[i], "");
      if (outcome.exit_code != 0) throw std::runtime_error(run.name + ": " + outcome.output);
      const auto list = list_numbers(from_json(outcome.output));
      found = done_.emplace(key, RunNumbers{list.begin(), list.end()}).first;
    }
    numbers.push_back(found->second);
  }
  return evaluate(one.claim, numbers);
}

nlohmann::ordered_json to_json(const std::vector<ClaimRow>& rows) {
  auto list = nlohmann::ordered_json::array();
  for (const ClaimRow& row : rows)
    list.push_back({{"file", row.file},
                    {"title", row.title},
                    {"chosen", row.chosen},
                    {"claim", row.claim},
                    {"row", row.name},
                    {"unit", row.unit},
                    {"stated", row.stated},
                    {"corrected", row.corrected},
                    {"simulated", row.simulated},
                    {"difference_pct", difference_pct(row)},
                    {"fitted", row.fitted},
                    {"verdict", to_string(verdict(row))},
                    {"note", row.note}});
  return list;
}

} // namespace lustrum::cli
