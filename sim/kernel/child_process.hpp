// One run is one child process: SimGrid's engine is a process-wide singleton, and a crash of one
// run must not take the others along.
#pragma once

#include <functional>
#include <string>

namespace lustrum::kernel {

struct ChildOutcome {
  int exit_code = 0;  // 0, or 3 when the simulation could not finish
  std::string output; // what the body returned; with exit code 3 the message
};

// Runs the body in a forked child and returns what it returned. A SimulationError becomes exit code
// 3 with its message; any other end (signal, abort) is a bug of ours and says so, exit code 3.
ChildOutcome run_in_child(const std::function<std::string()>& body);

} // namespace lustrum::kernel
