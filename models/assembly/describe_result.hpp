// The parts of a result that follow from the scenario: names, money, assumptions, provenance.
#pragma once

#include "models/assembly/scenario.hpp"
#include "models/cost/cost.hpp"
#include "sim/base/units.hpp"
#include "sim/result/run_result.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace lustrum {

// What a run's cost is divided by.
struct WorkDone {
  std::size_t epochs = 0;
  std::uint64_t samples = 0;
  Seconds compute{}; // GPU seconds that were not waiting, of all jobs
};

// Reads result.metrics (makespan, ranks, GPU utilization); fills result.cost, and result.assumed
// with the prices among it. `storage`: what is to be paid for the storage system.
void fill_cost(const Scenario& scenario, const WorkDone& done, std::vector<Charge> storage,
               RunResult& result);

// Names, assumptions (those of prices stay at their end), provenance.
void describe_result(const Scenario& scenario, const std::string& command, RunResult& result);

} // namespace lustrum
