// A latency known by two of its percentiles: log-normal, as first-byte times of object stores are
// to within their measurement. Equal percentiles make a constant.
#pragma once

#include "sim/base/random.hpp"
#include "sim/base/units.hpp"

#include <cmath>

namespace lustrum {

struct LatencySpread {
  Seconds p50{};
  Seconds p99{};
};

namespace latency {

// e^x with the same bits on any machine, within 1e-15 relative. \pre |x| < 700
inline double portable_exp(double x) {
  constexpr double kLn2 = 6.93147180559945309417e-01;
  // ln 2 in two parts: the first has 32 bits, so its product with k is exact.
  constexpr double kLn2High = 6.93147180369123816490e-01;
  constexpr double kLn2Low = 1.90821492927058770002e-10;
  constexpr int kTerms = 16;
  const double k = std::floor(x / kLn2 + 0.5);
  const double r = (x - k * kLn2High) -
                   k * kLn2Low; // |r| < 0.35: the first term left out is below 0.35^17 / 17!
  double sum = 1;
  for (int n = kTerms; n >= 1; --n) sum = 1 + sum * r / n;
  return std::ldexp(sum, static_cast<int>(k));
}

// The spread of the logarithm: ln(p99 / p50) over the normal quantile of 0.99.
inline double sigma(const LatencySpread& spread) {
  constexpr double kQuantile99 = 2.3263478740408408;
  if (!(spread.p99 > spread.p50) || !(spread.p50 > Seconds{})) return 0;
  return random::portable_log(spread.p99 / spread.p50) / kQuantile99;
}

// Mean of the log-normal distribution.
inline Seconds mean(const LatencySpread& spread) {
  const double s = sigma(spread);
  return spread.p50 * portable_exp(s * s / 2);
}

// The value that a share `u` of all draws stays below. \pre 0 < u < 1
inline Seconds quantile(const LatencySpread& spread, double u) {
  const double s = sigma(spread);
  return s > 0 ? spread.p50 * portable_exp(s * random::normal_quantile(u)) : spread.p50;
}

} // namespace latency

// Draws of one spread after the other: the n-th is a function of (seed, component, n).
class LatencyDraws {
public:
  LatencyDraws(const LatencySpread& spread, std::uint64_t seed, std::uint64_t component)
      : spread_(spread), seed_(seed), component_(component),
        constant_(!(latency::sigma(spread) > 0)) {}
  Seconds next() {
    if (constant_) return spread_.p50;
    return latency::quantile(spread_, random::uniform(seed_, component_, drawn_++));
  }

private:
  LatencySpread spread_;
  std::uint64_t seed_;
  std::uint64_t component_;
  std::uint64_t drawn_ = 0;
  bool constant_;
};

} // namespace lustrum
