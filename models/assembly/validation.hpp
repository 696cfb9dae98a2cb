// The section `validate` of a scenario: what was measured on the system that the scenario
// describes. A run takes no notice of it.
//
//   validate:
//     title: dd on FSx
//     source: issue 1133 of awsome-distributed-ai, 2026-06
//     rows:
//       - {name: read, metric: "phases[1].rate", measured: 620 MB/s}
#pragma once

#include "sim/base/diagnostics.hpp"
#include "sim/base/parameter.hpp"
#include "sim/result/comparison.hpp"
#include "sim/result/run_result.hpp"
#include "sim/scenario/yaml_document.hpp"

#include <string>
#include <vector>

namespace lustrum {

struct ValidationRow {
  std::string name;
  std::string metric;   // path in the result document: `phases[0].rate`
  std::string measured; // as written; with its unit
  double tolerance = 0;
  bool fitted = false;
  std::string note;

  // After loading: `measured` in the unit of the metric.
  double value = 0;
  std::string unit;

  static const ParameterTable& parameters();
};

struct Validation {
  std::string title;
  std::string source;
  std::vector<ValidationRow> rows;

  static const ParameterTable& parameters();
};

// Pre: the node is there. Reports what is wrong with it, unknown metrics included.
Validation read_validation(const YamlNode& node, Diagnostics& diagnostics);

// The rows with what the run found. Throws std::runtime_error when the result has no number at a
// row's path (the index is too large, or it is null for this run), or it is in another unit.
std::vector<Comparison> compare(const Validation& validation, const std::string& scenario,
                                const RunResult& result);

} // namespace lustrum
