// One run is one child process: SimGrid's engine is a process-wide singleton, and a crash of one
// run must not take the others along.
#pragma once

#include <functional>
#include <string>

namespace lustrum::kernel {

struct ChildOutcome {
  int exit_code = 0;  // 0, 2 for bad input, 3 when the simulation could not finish
  std::string output; // what the body returned; with another exit code the message
};

// Runs the body in a forked child and returns what it returned. An InputError becomes exit code 2
// and any other exception 3, with its message; any other end (signal, abort) is a bug of ours and
// says so, exit code 3.
ChildOutcome run_in_child(const std::function<std::string()>& body);

} // namespace lustrum::kernel
