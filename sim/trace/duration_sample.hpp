// Durations of any number in bounded memory: exact while they are few, then in buckets that are
// 1/128 of their value wide.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace lustrum::trace {

// Of durations in seconds. Percentiles by nearest rank: values that occurred, or up to 0.8 % more
// when not `exact`.
struct DurationSummary {
  std::uint64_t count = 0;
  double total_s = 0;
  double median_s = 0;
  double p95_s = 0;
  double p99_s = 0;
  double max_s = 0;
  bool exact = true;
};

class DurationSample {
public:
  // Precondition: not negative.
  void add(double duration_s);
  DurationSummary summary() const;

private:
  static constexpr std::size_t kExact = std::size_t{1} << 20; // values, 8 MiB

  void add_to_bucket(double duration_s);

  std::vector<double> values_;         // empty once there are buckets
  std::vector<std::uint64_t> buckets_; // of nanoseconds
  std::uint64_t count_ = 0;
  double total_s_ = 0;
  double max_s_ = 0;
};

// The summary of some durations in seconds, in any order.
DurationSummary summarize(const std::vector<double>& durations_s);

} // namespace lustrum::trace
