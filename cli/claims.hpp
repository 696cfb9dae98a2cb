// Claims of `lustrum validate`: read with the scenarios they run, run, printed.
#pragma once

#include "models/assembly/claim.hpp"

#include <nlohmann/json_fwd.hpp>

#include <map>
#include <string>
#include <vector>

namespace lustrum::cli {

struct ClaimCase {
  Claim claim;
  std::vector<Scenario> scenarios; // of claim.runs
};

// `file`: the claim's own. Scenarios are read relative to it.
ClaimCase read_claim_case(const YamlDocument& document, const std::string& file,
                          const Catalog& catalog, Diagnostics& diagnostics);

// Runs what claims need; two of them share a run of the same files.
class ClaimRunner {
public:
  // Throws std::runtime_error when a run does not finish or lacks a number.
  std::vector<ClaimRow> run(const ClaimCase& one);

private:
  std::map<std::string, RunNumbers> done_; // by scenario and design
};

nlohmann::ordered_json to_json(const std::vector<ClaimRow>& rows);

} // namespace lustrum::cli
