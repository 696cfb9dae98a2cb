// How the AWS Common Runtime sizes itself from the throughput that it is told to reach. Pure.
// Source: awslabs/aws-c-s3 @ 226c3e6 (2026-08-06), read directly.
#pragma once

#include "sim/base/units.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace lustrum::object::crt {

inline constexpr double kBytesPerGigabit = 1e9 / 8;

// One connection is taken to carry 0.4 Gbit/s (50 MB/s); never fewer than 10 nor more than 10,000.
inline std::uint32_t connections(BytesPerSecond target) {
  constexpr double kGigabitsEach = 0.4;
  constexpr double kLeast = 10;
  constexpr double kMost = 10'000;
  constexpr double kRounding = 1e-9; // 100 / 0.4 is 250, not 251
  const double gigabits = target.count() / kBytesPerGigabit;
  return static_cast<std::uint32_t>(
      std::clamp(std::ceil(gigabits / kGigabitsEach - kRounding), kLeast, kMost));
}

inline std::uint32_t requests_in_flight(std::uint32_t connections) { return 4 * connections; }

// Memory for bodies, by the target.
inline Bytes memory_limit(BytesPerSecond target) {
  constexpr std::array<std::pair<double, std::uint64_t>, 4> kSteps{
      {{200, 24}, {100, 16}, {75, 8}, {25, 4}}}; // at least so many Gbit/s: GiB
  constexpr std::uint64_t kLeast = 2;
  const double gigabits = target.count() / kBytesPerGigabit;
  for (const auto& [from, gib] : kSteps)
    if (gigabits >= from) return Bytes{gib * kGib};
  return Bytes{kLeast * kGib};
}

inline constexpr Bytes kLeastRange{8 * kMib};

// Of a download, before the object is known.
inline Bytes range_size(Bytes memory, std::uint32_t connections) {
  constexpr std::uint64_t kShares = 3;
  constexpr Bytes kMost{5 * kGib};
  return std::clamp(memory / connections / kShares, kLeastRange, kMost);
}

// Of an object that was uploaded in parts of `stored_part` (0: in one).
inline Bytes request_range(Bytes range, Bytes stored_part, bool express) {
  constexpr Bytes kMost{2 * kGib};
  constexpr Bytes kMostExpress{128 * kMib};
  const Bytes wanted = stored_part > Bytes{} ? std::min(range, stored_part) : range;
  return std::clamp(wanted, kLeastRange, express ? kMostExpress : kMost);
}

} // namespace lustrum::object::crt
