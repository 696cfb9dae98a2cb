#include "models/training/failure_process.hpp"

#include "sim/base/random.hpp"

#include <algorithm>
#include <cmath>

namespace lustrum::training {

Seconds young_interval(Seconds cost, Seconds mtbf) {
  return Seconds{std::sqrt(2 * cost.count() * mtbf.count())};
}

Seconds daly_interval(Seconds cost, Seconds mtbf) {
  if (!(cost < mtbf * 2)) return mtbf;
  const double x = std::sqrt(cost / (mtbf * 2));
  return young_interval(cost, mtbf) * (1 + x / 3 + x * x / 9) - cost;
}

Seconds expected_makespan(const FailureProcess& process) {
  const double restarts = std::exp(process.restart / process.mtbf);
  const double piece = std::expm1((process.interval + process.cost) / process.mtbf);
  return process.mtbf * (restarts * piece * (process.work / process.interval));
}

Seconds simulated_makespan(const FailureProcess& process) {
  std::uint64_t failures = 0;
  const auto next = [&] { return draw_time_to_failure(process.mtbf, process.seed, failures++); };
  Seconds elapsed{};
  Seconds until_failure = next();
  const auto pass = [&](Seconds time) { // false: a failure came first
    if (until_failure < time) {
      elapsed += until_failure;
      until_failure = next();
      return false;
    }
    elapsed += time;
    until_failure -= time;
    return true;
  };
  for (Seconds done{}; done < process.work;) {
    const Seconds piece = std::min(process.interval, process.work - done);
    if (pass(piece + process.cost)) {
      done += piece;
      continue;
    }
    while (!pass(process.restart)) {
    }
  }
  return elapsed;
}

Seconds draw_time_to_failure(Seconds mtbf, std::uint64_t seed, std::uint64_t n) {
  return mtbf * random::exponential(seed, random::component("training.failure"), n);
}

} // namespace lustrum::training
