// The parts of a result that follow from the scenario: names, money, assumptions, provenance.
#pragma once

#include "models/assembly/scenario.hpp"
#include "sim/result/run_result.hpp"

#include <cstddef>
#include <string>

namespace lustrum {

// Reads result.metrics (makespan, GPU utilization); fills result.cost.
void fill_cost(const Scenario& scenario, std::size_t epochs, std::uint64_t samples,
               RunResult& result);

void describe_result(const Scenario& scenario, const std::string& command, RunResult& result);

} // namespace lustrum
