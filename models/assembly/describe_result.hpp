// The parts of a result that follow from the scenario: names, money, assumptions, provenance.
#pragma once

#include "models/assembly/scenario.hpp"
#include "sim/base/units.hpp"
#include "sim/result/run_result.hpp"

#include <cstddef>
#include <string>

namespace lustrum {

// What a run's cost is divided by.
struct WorkDone {
  std::size_t epochs = 0;
  std::uint64_t samples = 0;
  Seconds compute{}; // GPU seconds that were not waiting, of all jobs
};

// Reads result.metrics (makespan, ranks, GPU utilization); fills result.cost.
void fill_cost(const Scenario& scenario, const WorkDone& done, RunResult& result);

void describe_result(const Scenario& scenario, const std::string& command, RunResult& result);

} // namespace lustrum
