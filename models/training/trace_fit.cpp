#include "models/training/trace_fit.hpp"

#include "models/training/replay_files.hpp"
#include "models/training/trace_cache.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <queue>
#include <string>
#include <utility>
#include <vector>

namespace lustrum::training {

using trace::OperationKind;
using trace::Record;

namespace {

struct Point {
  double start_s = 0;
  double duration_s = 0;
  double bytes = 0;
  double in_flight = 1; // on its host, when it began, itself included
};

double at_quantile(const std::vector<double>& sorted, double q) {
  return sorted[static_cast<std::size_t>(std::ceil(q * static_cast<double>(sorted.size()))) - 1];
}

// Of a latency, bytes, and bytes times calls in flight: what their seconds are multiplied by.
constexpr std::size_t kTerms = 3;
using Terms = std::array<double, kTerms>;

Terms terms_of(const Point& point) { return {1, point.bytes, point.bytes * point.in_flight}; }

double predicted_s(const Terms& terms, const Terms& factors) {
  double sum = 0;
  for (std::size_t i = 0; i < kTerms; ++i) sum += terms[i] * factors[i];
  return sum;
}

struct ClassMean {
  double weight = 0;
  Terms terms{};
  double duration_s = 0;
};

std::vector<ClassMean> class_means(const std::vector<Point>& points) {
  const auto width = [](double value) { return std::bit_width(static_cast<std::uint64_t>(value)); };
  std::map<std::pair<std::size_t, std::size_t>, std::vector<const Point*>> classes;
  for (const Point& point : points)
    classes[{width(point.bytes), width(point.in_flight)}].push_back(&point);
  std::vector<ClassMean> means;
  for (const auto& [key, members] : classes) {
    std::vector<double> durations;
    for (const Point* point : members) durations.push_back(point->duration_s);
    std::sort(durations.begin(), durations.end());
    const double cut = at_quantile(durations, 0.99);
    ClassMean mean{.weight = static_cast<double>(members.size())};
    for (const Point* point : members) {
      const Terms terms = terms_of(*point);
      for (std::size_t i = 0; i < kTerms; ++i) mean.terms[i] += terms[i] / mean.weight;
      mean.duration_s += std::min(cut, point->duration_s) / mean.weight;
    }
    means.push_back(mean);
  }
  return means;
}

// Least squares over some of the terms (bit i: term i), the others being 0, by the normal equations
// and Gauss-Jordan. Nothing where the terms say the same, or a factor would be negative.
std::optional<Terms> least_squares(const std::vector<ClassMean>& means, unsigned used) {
  std::vector<std::size_t> columns;
  for (std::size_t i = 0; i < kTerms; ++i)
    if (used >> i & 1U) columns.push_back(i);
  Terms scale{};
  for (const ClassMean& mean : means)
    for (std::size_t i = 0; i < kTerms; ++i)
      scale[i] += mean.weight * mean.terms[i] * mean.terms[i];
  for (double& value : scale) value = std::sqrt(value);
  std::array<std::array<double, kTerms + 1>, kTerms> rows{};
  const std::size_t n = columns.size();
  for (std::size_t i = 0; i < n; ++i)
    for (const ClassMean& mean : means) {
      const double left = mean.weight * mean.terms[columns[i]] / scale[columns[i]];
      for (std::size_t j = 0; j < n; ++j)
        rows[i][j] += left * mean.terms[columns[j]] / scale[columns[j]];
      rows[i][kTerms] += left * mean.duration_s;
    }
  for (std::size_t i = 0; i < n; ++i) {
    constexpr double kSame = 1e-9; // of columns scaled to 1
    if (!(rows[i][i] > kSame)) return std::nullopt;
    for (std::size_t other = 0; other < n; ++other) {
      if (other == i) continue;
      const double factor = rows[other][i] / rows[i][i];
      for (std::size_t j = i; j <= kTerms; ++j) rows[other][j] -= factor * rows[i][j];
    }
  }
  Terms factors{};
  for (std::size_t i = 0; i < n; ++i) {
    factors[columns[i]] = rows[i][kTerms] / rows[i][i] / scale[columns[i]];
    if (factors[columns[i]] < 0) return std::nullopt;
  }
  return factors;
}

// The best with no factor below 0: of all choices of terms, as there are few. Of equally good ones
// the first, with fewest terms.
Terms best_factors(const std::vector<ClassMean>& means, bool shared) {
  constexpr std::array<unsigned, 7> kChoices{1, 2, 3, 4, 5, 6, 7};
  double least = std::numeric_limits<double>::infinity();
  double total = 0;
  Terms best{};
  for (const ClassMean& mean : means) total += mean.weight * mean.duration_s * mean.duration_s;
  for (const unsigned used : kChoices) {
    if (!shared && used > 3) break;
    const std::optional<Terms> factors = least_squares(means, used);
    if (!factors) continue;
    double squares = 0;
    for (const ClassMean& mean : means) {
      const double error_s = predicted_s(mean.terms, *factors) - mean.duration_s;
      squares += mean.weight * error_s * error_s;
    }
    if (squares > least - 1e-12 * total) continue;
    least = squares;
    best = *factors;
  }
  return best;
}

LineFit fit_line(const std::vector<Point>& points, bool shared) {
  LineFit fit{.calls = points.size()};
  if (points.empty()) return fit;
  const Terms factors = best_factors(class_means(points), shared);
  fit.latency_s = factors[0];
  fit.rate = factors[1] > 0 ? 1 / factors[1] : 0;
  fit.shared_rate = factors[2] > 0 ? 1 / factors[2] : 0;
  const auto calls = static_cast<double>(points.size());
  std::vector<double> durations;
  for (const Point& point : points) {
    const double model_s = predicted_s(terms_of(point), factors);
    fit.error_s += std::abs(model_s - point.duration_s) / calls;
    fit.mean_s += point.duration_s / calls;
    durations.push_back(point.duration_s);
  }
  std::sort(durations.begin(), durations.end());
  fit.p50_s = at_quantile(durations, 0.5);
  fit.p99_s = at_quantile(durations, 0.99);
  return fit;
}

// Points sorted by start.
void count_in_flight(std::vector<Point>& points) {
  std::priority_queue<double, std::vector<double>, std::greater<>> ends;
  for (Point& point : points) {
    while (!ends.empty() && ends.top() <= point.start_s) ends.pop();
    ends.push(point.start_s + point.duration_s);
    point.in_flight = static_cast<double>(ends.size());
  }
}

} // namespace

DeviceFit fit_device(const trace::Trace& trace, const ReplayOptions& options) {
  std::vector<bool> replayed;
  for (const trace::FileEntry& file : trace.files)
    replayed.push_back(file.is_storage && mapped_path(file.path, options).has_value());
  std::array<std::vector<Point>, 4> points; // open, close, stat, write
  std::map<std::string, std::vector<Point>> reads;
  const CacheSplit split = split_by_cache(trace, options);
  std::vector<Point> cached;
  std::size_t index = 0;
  for (const Record& record : trace.records) {
    const bool was_cached = split.cached[index++];
    if (record.failed || record.file == trace::kNoIndex || !replayed[record.file]) continue;
    const Point point{record.start_s, record.duration_s, static_cast<double>(record.bytes_moved())};
    if (record.kind == OperationKind::open) points[0].push_back(point);
    if (record.kind == OperationKind::close) points[1].push_back(point);
    if (record.kind == OperationKind::stat) points[2].push_back(point);
    if (record.kind == OperationKind::write && point.bytes > 0) points[3].push_back(point);
    if (was_cached)
      cached.push_back(point);
    else if (record.kind == OperationKind::read && point.bytes > 0)
      reads[trace.processes[record.process].host].push_back(point);
  }
  std::vector<Point> all_reads;
  for (auto& [host, of_host] : reads) {
    std::stable_sort(of_host.begin(), of_host.end(),
                     [](const Point& a, const Point& b) { return a.start_s < b.start_s; });
    count_in_flight(of_host);
    all_reads.insert(all_reads.end(), of_host.begin(), of_host.end());
  }
  DeviceFit fit{.opens = split.opens, .cached_opens = split.cached_opens};
  fit.open = fit_line(points[0], false);
  fit.close = fit_line(points[1], false);
  fit.stat = fit_line(points[2], false);
  fit.write = fit_line(points[3], false);
  fit.cached = fit_line(cached, false);
  fit.read_alone = fit_line(all_reads, false);
  fit.read_shared = fit_line(all_reads, true);
  const bool shared =
      fit.read_shared.shared_rate > 0 && fit.read_shared.error_s < fit.read_alone.error_s;
  fit.read = shared ? fit.read_shared : fit.read_alone;
  return fit;
}

} // namespace lustrum::training
