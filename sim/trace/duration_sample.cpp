#include "sim/trace/duration_sample.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace lustrum::trace {
namespace {

constexpr unsigned kFractionBits = 7;
constexpr double kNsPerSecond = 1e9;

// Values below 2^8 have a bucket each; above, 2^7 buckets for each power of two.
std::size_t bucket_of(std::uint64_t nanoseconds) {
  const auto width = static_cast<unsigned>(std::bit_width(nanoseconds));
  if (width <= kFractionBits + 1) return nanoseconds;
  const unsigned shift = width - kFractionBits - 1;
  return (static_cast<std::size_t>(shift) << kFractionBits) + (nanoseconds >> shift);
}

// The greatest value of a bucket.
double upper_edge_s(std::size_t bucket) {
  constexpr std::size_t kSmall = std::size_t{1} << (kFractionBits + 1);
  if (bucket < kSmall) return static_cast<double>(bucket) / kNsPerSecond;
  const std::size_t shift = (bucket >> kFractionBits) - 1;
  const std::uint64_t leading = bucket - (shift << kFractionBits);
  return static_cast<double>(((leading + 1) << shift) - 1) / kNsPerSecond;
}

std::uint64_t rank_of(double share, std::uint64_t count) {
  return static_cast<std::uint64_t>(std::max(std::ceil(share * static_cast<double>(count)), 1.0));
}

} // namespace

void DurationSample::add(double duration_s) {
  ++count_;
  total_s_ += duration_s;
  max_s_ = std::max(max_s_, duration_s);
  if (!buckets_.empty()) return add_to_bucket(duration_s);
  values_.push_back(duration_s);
  if (values_.size() <= kExact) return;
  buckets_.assign(bucket_of(UINT64_MAX) + 1, 0);
  for (const double value_s : values_) add_to_bucket(value_s);
  values_ = {};
}

void DurationSample::add_to_bucket(double duration_s) {
  ++buckets_[bucket_of(static_cast<std::uint64_t>(std::llround(duration_s * kNsPerSecond)))];
}

DurationSummary DurationSample::summary() const {
  if (buckets_.empty()) return summarize(values_);
  const auto at = [this](double share) {
    std::uint64_t left = rank_of(share, count_);
    std::size_t bucket = 0;
    for (; bucket + 1 < buckets_.size() && left > buckets_[bucket]; ++bucket)
      left -= buckets_[bucket];
    return std::min(upper_edge_s(bucket), max_s_);
  };
  return {count_, total_s_, at(0.50), at(0.95), at(0.99), max_s_, false};
}

DurationSummary summarize(const std::vector<double>& durations_s) {
  DurationSummary summary;
  if (durations_s.empty()) return summary;
  std::vector<double> sorted = durations_s;
  std::ranges::sort(sorted);
  const auto at = [&sorted](double share) { return sorted[rank_of(share, sorted.size()) - 1]; };
  summary.count = sorted.size();
  for (const double duration_s : sorted) summary.total_s += duration_s;
  summary.median_s = at(0.50);
  summary.p95_s = at(0.95);
  summary.p99_s = at(0.99);
  summary.max_s = sorted.back();
  return summary;
}

} // namespace lustrum::trace
