// The composition root: a scenario becomes machine and job, runs, and leaves a result.
#pragma once

#include "models/assembly/scenario.hpp"
#include "models/lustre/counter_files.hpp"
#include "sim/kernel/child_process.hpp"
#include "sim/result/run_result.hpp"

#include <string>
#include <vector>

namespace lustrum {

// Runs the scenario in this process; a process can do this once. Throws kernel::SimulationError
// when the run cannot finish, or when it breaks a conservation law (a bug of Lustrum).
// `counters`: where Lustre's counter files go, if anybody wants them.
RunResult simulate(const Scenario& scenario, const std::string& command,
                   std::vector<lustre::CounterFile>* counters = nullptr);

// The same in a child process; the output is the result as JSON.
kernel::ChildOutcome simulate_in_child(const Scenario& scenario, const std::string& command,
                                       std::vector<lustre::CounterFile>* counters = nullptr);

} // namespace lustrum
