// A published claim: a figure, and the runs, bills and arithmetic that stand for it. A file of
// configs/published:
//
//   claim:
//     title: FSx costs least
//     source: book chapter, 2025
//     chosen: what the publication leaves open, and what was taken for it
//     inputs: {utilization: 98 %}
//     catalog: {reads: s3_express reads_per_second}
//     bills: {fsx: {hours: 24, charges: [1 p4d.24xlarge node, 1200 fsx_scratch_2 capacity]}}
//     runs: {fast: {scenario: runs/fast.yaml, design: ../designs/fsx_p2_125.yaml}}
//     rows:
//       - {claim: A9, name: FSx, stated: 802.53, correct: 808.36, unit: USD, formula: fsx /
//       utilization}
#pragma once

#include "models/assembly/catalog.hpp"
#include "models/assembly/scenario.hpp"
#include "sim/base/diagnostics.hpp"
#include "sim/result/claim.hpp"
#include "sim/result/run_result.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace lustrum {

class YamlNode;

struct ClaimRowText {
  std::string claim;
  std::string name;
  std::string stated;  // `15`, `5 to 15`, `at least 13`, `at most 10`
  std::string correct; // the same, where what is stated is wrong; or empty
  std::string unit;
  std::string formula;
  double tolerance = 0; // of a single number
  bool fitted = false;
  std::string note;

  static const ParameterTable& parameters();
};

struct ClaimRun {
  std::string name;
  std::string scenario; // as the claim names it, from its own folder
  std::string design;   // perhaps empty

  static const ParameterTable& parameters();
};

struct Claim {
  std::string file; // without folder and ending
  std::string title;
  std::string source;
  std::string chosen;
  std::vector<ClaimRun> runs;
  std::map<std::string, double, std::less<>> numbers; // inputs, catalog figures, bills in USD
  std::vector<ClaimRowText> rows;

  static const ParameterTable& parameters();
};

// What a bill of a claim is made of.
struct ClaimBill {
  std::string region;
  std::string date; // of the price lists; empty: the newest
  double hours = 0;
  double hours_per_month = 0;
  // `1200 fsx_scratch_2 capacity`, or `1 p4d.24xlarge node at 32.77 USD/h` for a price of its own.
  std::vector<std::string> charges;

  static const ParameterTable& parameters();
};

// Is this a file with a claim, rather than a scenario?
bool is_claim(const YamlDocument& document);

// Reads a claim; numbers and bills are worked out, runs are not read. `file`: its name for rows.
Claim read_claim(const YamlDocument& document, const std::string& file, const Catalog& catalog,
                 Diagnostics& diagnostics);

// Numbers of a run by path (list_numbers), for each of claim.runs in its order. Throws
// std::runtime_error when a run lacks a number that a formula names.
using RunNumbers = std::map<std::string, double, std::less<>>;
std::vector<ClaimRow> evaluate(const Claim& claim, const std::vector<RunNumbers>& runs);

// `not_simulated: {000-13: reason}`
std::vector<NotSimulated> read_not_simulated(const YamlDocument& document,
                                             Diagnostics& diagnostics);

} // namespace lustrum
