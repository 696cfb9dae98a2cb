// Counts for statistics on hot paths: plain integers, nothing allocated, a few nanoseconds each.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace lustrum {

// How often a value fell into each of 32 buckets; the last one takes what is too large for the
// others. A histogram is fed by one of the two functions only.
class Histogram {
public:
  static constexpr std::size_t kBuckets = 32;

  // Bucket n: the value n.
  void add(std::uint64_t value) { ++counts_[std::min<std::uint64_t>(value, kBuckets - 1)]; }
  // Bucket 0: 0 and 1; bucket n: 2^(n-1) < value <= 2^n.
  void add_log2(std::uint64_t value) { add(value == 0 ? 0 : std::bit_width(value - 1)); }

  Histogram& operator+=(const Histogram& other) {
    for (std::size_t n = 0; n < kBuckets; ++n) counts_[n] += other.counts_[n];
    return *this;
  }
  std::uint64_t operator[](std::size_t bucket) const { return counts_[bucket]; }
  std::uint64_t total() const {
    std::uint64_t sum = 0;
    for (const std::uint64_t count : counts_) sum += count;
    return sum;
  }

private:
  std::array<std::uint64_t, kBuckets> counts_{};
};

// Number, least, largest, sum and sum of squares of what was counted. The squares wrap at 2^64.
struct SampleCounter {
  std::uint64_t samples = 0;
  std::uint64_t min = UINT64_MAX; // of no sample at all
  std::uint64_t max = 0;
  std::uint64_t sum = 0;
  std::uint64_t sum_of_squares = 0;

  // `times` samples of the same value. Pre: times > 0.
  void add(std::uint64_t value, std::uint64_t times = 1) {
    samples += times;
    min = std::min(min, value);
    max = std::max(max, value);
    sum += value * times;
    sum_of_squares += value * value * times;
  }
  SampleCounter& operator+=(const SampleCounter& other) {
    samples += other.samples;
    min = std::min(min, other.min);
    max = std::max(max, other.max);
    sum += other.sum;
    sum_of_squares += other.sum_of_squares;
    return *this;
  }
  friend bool operator==(const SampleCounter&, const SampleCounter&) = default;
};

} // namespace lustrum
