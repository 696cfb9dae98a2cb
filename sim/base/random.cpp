#include "sim/base/random.hpp"

#include <array>
#include <cassert>
#include <cmath>
#include <cstddef>
#include <utility>

namespace lustrum::random {
namespace {

// Horner's rule, lowest power first.
template <std::size_t N> double polynomial(const std::array<double, N>& coefficients, double x) {
  double sum = 0;
  for (std::size_t i = N; i > 0; --i) sum = sum * x + coefficients[i - 1];
  return sum;
}

// AS 241: numerators and denominators for the centre, the tails, and the far tails.
constexpr std::array kCentreUp{3.3871328727963666080e0,  1.3314166789178437745e+2,
                               1.9715909503065514427e+3, 1.3731693765509461125e+4,
                               4.5921953931549871457e+4, 6.7265770927008700853e+4,
                               3.3430575583588128105e+4, 2.5090809287301226727e+3};
constexpr std::array kCentreDown{1.0,
                                 4.2313330701600911252e+1,
                                 6.8718700749205790830e+2,
                                 5.3941960214247511077e+3,
                                 2.1213794301586595867e+4,
                                 3.9307895800092710610e+4,
                                 2.8729085735721942674e+4,
                                 5.2264952788528545610e+3};
constexpr std::array kTailUp{1.42343711074968357734e0,  4.63033784615654529590e0,
                             5.76949722146069140550e0,  3.64784832476320460504e0,
                             1.27045825245236838258e0,  2.41780725177450611770e-1,
                             2.27238449892691845833e-2, 7.74545014278341407640e-4};
constexpr std::array kTailDown{1.0,
                               2.05319162663775882187e0,
                               1.67638483018380384940e0,
                               6.89767334985100004550e-1,
                               1.48103976427480074590e-1,
                               1.51986665636164571966e-2,
                               5.47593808499534494600e-4,
                               1.05075007164441684324e-9};
constexpr std::array kFarUp{6.65790464350110377720e0,  5.46378491116411436990e0,
                            1.78482653991729133580e0,  2.96560571828504891230e-1,
                            2.65321895265761230930e-2, 1.24266094738807843860e-3,
                            2.71155556874348757815e-5, 2.01033439929228813265e-7};
constexpr std::array kFarDown{1.0,
                              5.99832206555887937690e-1,
                              1.36929880922735805310e-1,
                              1.48753612908506148525e-2,
                              7.86869131145613259100e-4,
                              1.84631831751005468180e-5,
                              1.42151175831644588870e-7,
                              2.04426310338993978564e-15};

} // namespace

double portable_log(double x) {
  assert(x > 0 && std::isfinite(x));
  constexpr double kSqrtHalf = 0.70710678118654752440;
  // ln 2 in two parts: the first has 32 bits, so its product with an exponent is exact.
  constexpr double kLn2High = 6.93147180369123816490e-01;
  constexpr double kLn2Low = 1.90821492927058770002e-10;
  int exponent = 0;
  double m = std::frexp(x, &exponent); // exact; m in [1/2, 1)
  if (m < kSqrtHalf) {
    m *= 2;
    --exponent;
  }
  // ln m = 2 atanh(s) = 2 s (1 + s^2/3 + s^4/5 + ...) with s = (m - 1) / (m + 1). |s| < 0.1716, so
  // the first term left out is below 0.1716^24 / 25 = 2e-20.
  const double f = m - 1;
  const double s = f / (2 + f);
  const double s2 = s * s;
  constexpr int kLastTerm = 11;
  double tail = 0;
  for (int k = kLastTerm; k >= 1; --k) tail = (tail + 1.0 / (2 * k + 1)) * s2;
  // 2 s = f - s f, and f is exact: the rounding error of s enters only through the small part.
  const double log_m = f - s * (f - 2 * tail);
  return exponent * kLn2High + (log_m + exponent * kLn2Low);
}

double normal_quantile(double p) {
  assert(p > 0 && p < 1);
  constexpr double kCentreWidth = 0.425;
  constexpr double kTailStart = 1.6;
  constexpr double kFarStart = 5;
  const double q = p - 0.5;
  if (std::fabs(q) <= kCentreWidth) {
    const double r = kCentreWidth * kCentreWidth - q * q;
    return q * polynomial(kCentreUp, r) / polynomial(kCentreDown, r);
  }
  const double r = std::sqrt(-portable_log(q < 0 ? p : 1 - p));
  const double z = r <= kFarStart
                       ? polynomial(kTailUp, r - kTailStart) / polynomial(kTailDown, r - kTailStart)
                       : polynomial(kFarUp, r - kFarStart) / polynomial(kFarDown, r - kFarStart);
  return q < 0 ? -z : z;
}

std::uint64_t below(std::uint64_t n, std::uint64_t seed, std::uint64_t component,
                    std::uint64_t index) {
  assert(n > 0);
  // The high half of a 128-bit product scales the draw from [0, 2^64) to [0, n).
  __extension__ using Wide = unsigned __int128;
  return static_cast<std::uint64_t>((static_cast<Wide>(draw(seed, component, index)) * n) >> 64U);
}

double normal(std::uint64_t seed, std::uint64_t component, std::uint64_t index) {
  return normal_quantile(uniform(seed, component, index));
}

double exponential(std::uint64_t seed, std::uint64_t component, std::uint64_t index) {
  return -portable_log(uniform(seed, component, index));
}

void shuffle(std::vector<std::uint32_t>& values, std::uint64_t seed, std::uint64_t component) {
  for (std::size_t left = values.size(); left > 1; --left)
    std::swap(values[left - 1], values[below(left, seed, component, left)]);
}

} // namespace lustrum::random
