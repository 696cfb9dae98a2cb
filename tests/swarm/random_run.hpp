// One random file system with random jobs and random failures, drawn from a seed, run to its end
// and held against the laws that every run must obey.
//
//   const RandomRun run = play_random_run(seed);
//   run.problems.empty() || print(run.description)
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace lustrum::test {

struct RandomRun {
  std::string description;
  std::vector<std::string> problems;
  std::string digest; // what came out, for comparing two runs
  std::uint64_t events = 0;
  // What happened at all: a swarm in which nothing fails tests nothing.
  std::uint64_t faults = 0;
  std::uint64_t evictions = 0;
  std::uint64_t failed_calls = 0;
  std::uint64_t lost_bytes = 0;
};

// Runs in this process. A crash or an assertion is the caller's to catch, in a child process.
RandomRun play_random_run(std::uint64_t seed);

} // namespace lustrum::test
