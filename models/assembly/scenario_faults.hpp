// The list `faults` of a scenario: what fails, when, and for how long.
#pragma once

#include "models/lustre/faults.hpp"
#include "sim/base/diagnostics.hpp"
#include "sim/base/parameter.hpp"

#include <string>

namespace lustrum {

class YamlNode;
struct Scenario;

// An entry as it is written; after loading it is a lustre::Fault.
struct FaultEntry {
  std::string kind;
  Seconds at{};
  Seconds mtbf{};
  // A number, or `any`; only one of them has a meaning for a kind.
  std::string ost, mdt, oss, client, router;
  std::uint32_t nic = 0;
  Seconds takeover{};
  Seconds duration{};
  double factor = 0;

  static const ParameterTable& parameters();
};

// Sets scenario.faults. Pre: the other sections are read, and the catalog has their entries.
void read_faults(const YamlNode& root, Scenario& scenario, Diagnostics& diagnostics);

} // namespace lustrum
