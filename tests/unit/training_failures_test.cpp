// The best time between checkpoints: closed forms against drawn failures.
#include "models/training/failure_process.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <initializer_list>

using namespace lustrum;
using namespace lustrum::training;
using doctest::Approx;

namespace {

constexpr Seconds kMtbf{3600};

FailureProcess process(Seconds interval, Seconds cost) {
  // Some 200,000 failures: what one run leaves to chance is below 0.5 %.
  return {.work = kMtbf * 200'000,
          .interval = interval,
          .cost = cost,
          .restart = Seconds{60},
          .mtbf = kMtbf,
          .seed = 7};
}

// The lowest point of the makespans drawn at intervals from a third to three times `middle`: of the
// parabola, in the logarithm of the interval, that fits them best around the lowest one.
Seconds best_by_brute_force(Seconds middle, Seconds cost) {
  double best_x = 0;
  double best_y = HUGE_VAL;
  const auto makespan = [&](double x) {
    return simulated_makespan(process(middle * std::exp(x), cost)).count();
  };
  constexpr double kRange = 1.1;
  for (double x = -kRange; x <= kRange; x += 0.1)
    if (const double y = makespan(x); y < best_y) {
      best_y = y;
      best_x = x;
    }
  // Least squares over 11 points h apart: y = a + b u + c u^2, lowest at -b / 2c. Odd and even
  // terms do not mix, as the points lie even around the middle.
  double sum_uy = 0;
  double sum_uu = 0;
  double sum_y = 0;
  double sum_uuy = 0;
  double sum_u4 = 0;
  constexpr int kHalf = 5;
  for (int i = -kHalf; i <= kHalf; ++i) {
    const double u = 0.1 * i;
    const double y = makespan(best_x + u) / best_y;
    sum_y += y;
    sum_uy += u * y;
    sum_uu += u * u;
    sum_uuy += u * u * y;
    sum_u4 += u * u * u * u;
  }
  const double n = 2 * kHalf + 1;
  const double c = (n * sum_uuy - sum_uu * sum_y) / (n * sum_u4 - sum_uu * sum_uu);
  const double b = sum_uy / sum_uu;
  return middle * std::exp(best_x - b / (2 * c));
}

} // namespace

TEST_CASE("drawn failures cost what Daly's formula says") {
  for (const double interval_s : {100.0, 300.0, 1000.0}) {
    const FailureProcess p = process(Seconds{interval_s}, Seconds{20});
    CHECK(simulated_makespan(p).count() == Approx(expected_makespan(p).count()).epsilon(0.01));
  }
}

TEST_CASE("without failures a job takes its work and its checkpoints") {
  FailureProcess p = process(Seconds{100}, Seconds{5});
  p.work = Seconds{1000};
  p.mtbf = Seconds{1e12};
  CHECK(simulated_makespan(p).count() == Approx(1000 + 10 * 5));
  CHECK(expected_makespan(p).count() == Approx(1050).epsilon(1e-6));
}

TEST_CASE("Young and Daly: the best interval of a brute-force sweep, within 5 %") {
  // Young's is first order in sqrt(C / M): within 5 % as long as C is small against M.
  const Seconds small{9}; // C / M = 0.0025
  const Seconds best_small = best_by_brute_force(young_interval(small, kMtbf), small);
  CHECK(best_small.count() == Approx(young_interval(small, kMtbf).count()).epsilon(0.05));
  CHECK(best_small.count() == Approx(daly_interval(small, kMtbf).count()).epsilon(0.05));
  // Daly's also where Young's is off by more: C / M = 0.05, sqrt(2CM) = 1138, minus C.
  const Seconds large{180};
  const Seconds best_large = best_by_brute_force(daly_interval(large, kMtbf), large);
  CHECK(best_large.count() == Approx(daly_interval(large, kMtbf).count()).epsilon(0.05));
  CHECK(daly_interval(large, kMtbf).count() < 0.95 * young_interval(large, kMtbf).count());
}

TEST_CASE("Young's interval by hand, and Daly's limit") {
  CHECK(young_interval(Seconds{2}, Seconds{100}).count() == Approx(20));
  // x = sqrt(2/200) = 0.1: 20 (1 + 1/30 + 1/900) - 2
  CHECK(daly_interval(Seconds{2}, Seconds{100}).count() == Approx(18.688888889));
  CHECK(daly_interval(Seconds{300}, Seconds{100}) == Seconds{100});
}
