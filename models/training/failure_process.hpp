// Failures, checkpoints and lost work: when to write a checkpoint, and what a job loses. Pure.
//
// Work is done in pieces of `interval`, each followed by a checkpoint that stops the work for
// `cost`. Failures come as a Poisson process, during work, checkpoints and restarts alike; each
// costs a restart and the work since the last checkpoint that was complete.
#pragma once

#include "sim/base/units.hpp"

#include <cstdint>

namespace lustrum::training {

// First-order optimum: sqrt(2 C M). \source J. Young, CACM 17 (1974) 530. \pre both > 0
Seconds young_interval(Seconds cost, Seconds mtbf);

// Higher order: sqrt(2 C M) (1 + x/3 + x^2/9) - C with x = sqrt(C / 2 M), for C < 2 M; else M.
// \source J. Daly, Future Generation Computer Systems 22 (2006) 303, eq. 37
Seconds daly_interval(Seconds cost, Seconds mtbf);

struct FailureProcess {
  Seconds work{};     // without checkpoints and failures
  Seconds interval{}; // of work between checkpoints
  Seconds cost{};     // of a checkpoint
  Seconds restart{};  // reloading included
  Seconds mtbf{};     // of the whole job
  std::uint64_t seed = 0;
};

// M e^(R/M) (e^((tau + C)/M) - 1) W / tau. \source Daly 2006, eq. 20
Seconds expected_makespan(const FailureProcess& process);

// The same by drawing the failures.
Seconds simulated_makespan(const FailureProcess& process);

// Time from the begin of a job, or from its last failure, to the next one: the n-th draw.
Seconds draw_time_to_failure(Seconds mtbf, std::uint64_t seed, std::uint64_t n);

} // namespace lustrum::training
