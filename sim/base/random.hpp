// Random numbers without state: a draw is a pure function of (seed, component, index), so one more
// draw in one component changes no other, and the same scenario gives the same bits on any machine.
// Only + - * / and sqrt are used, which IEEE 754 defines to the last bit; libm's log and exp are
// not so defined.
//
//   constexpr auto kShuffle = component("training.shuffle");
//   double u = uniform(seed, kShuffle, sample);
//   shuffle(order, seed, component("training.shuffle", epoch));
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace lustrum::random {

// The finaliser of splitmix64 with D. Stafford's constants "Mix13": each input bit flips each
// output bit with a probability near 1/2.
// \source S. Vigna, splitmix64.c, https://prng.di.unimi.it/splitmix64.c
constexpr std::uint64_t mix_bits(std::uint64_t x) {
  x = (x ^ (x >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27U)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31U);
}

// A component's key from its name (FNV-1a, 64 bits); `instance` tells apart several of one name,
// such as epochs or OSTs.
constexpr std::uint64_t component(std::string_view name, std::uint64_t instance = 0) {
  std::uint64_t hash = 0xCBF29CE484222325ULL;
  for (const char c : name)
    hash = (hash ^ static_cast<std::uint64_t>(static_cast<unsigned char>(c))) * 0x100000001B3ULL;
  return instance == 0 ? hash : mix_bits(hash ^ mix_bits(instance));
}

// 64 random bits.
constexpr std::uint64_t draw(std::uint64_t seed, std::uint64_t component, std::uint64_t index) {
  constexpr std::uint64_t kGolden = 0x9E3779B97F4A7C15ULL; // 2^64 / golden ratio: 0 must not stay 0
  const std::uint64_t stream = mix_bits(mix_bits(seed + kGolden) ^ component);
  return mix_bits(stream ^ mix_bits(index + kGolden));
}

// In the open interval (0, 1), a multiple of 2^-53 except for the smallest value, 2^-54.
constexpr double uniform(std::uint64_t seed, std::uint64_t component, std::uint64_t index) {
  constexpr double kStep = 1.0 / 9007199254740992.0;
  const std::uint64_t bits = draw(seed, component, index) >> 11U;
  return bits == 0 ? kStep / 2 : static_cast<double>(bits) * kStep;
}

// In [0, n). The values differ in probability by less than n / 2^64. \pre n > 0
std::uint64_t below(std::uint64_t n, std::uint64_t seed, std::uint64_t component,
                    std::uint64_t index);

// Standard normal: mean 0, variance 1.
double normal(std::uint64_t seed, std::uint64_t component, std::uint64_t index);

// Exponential with mean 1.
double exponential(std::uint64_t seed, std::uint64_t component, std::uint64_t index);

// Fisher-Yates: every order of the values is equally likely.
void shuffle(std::vector<std::uint32_t>& values, std::uint64_t seed, std::uint64_t component);

// Natural logarithm, the same bits on any machine, within 1e-15 relative. \pre x > 0 and finite
double portable_log(double x);

// The inverse of the standard normal distribution function, within 1e-15 relative or so.
// \source M. Wichura, algorithm AS 241 (PPND16), Applied Statistics 37 (1988) 477-484
// \pre 0 < p < 1
double normal_quantile(double p);

} // namespace lustrum::random
