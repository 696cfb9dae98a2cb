#include "models/training/trace_fit.hpp"

#include "models/training/replay_files.hpp"
#include "models/training/trace_cache.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <map>
#include <queue>
#include <string>
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

struct ClassMean {
  double weight = 0;
  double x = 0;
  double y = 0;
};

std::vector<ClassMean> class_means(const std::vector<Point>& points, bool shared) {
  std::map<std::uint64_t, std::vector<const Point*>> classes;
  for (const Point& point : points)
    classes[std::bit_width(static_cast<std::uint64_t>(point.bytes))].push_back(&point);
  std::vector<ClassMean> means;
  for (const auto& [width, members] : classes) {
    std::vector<double> durations;
    for (const Point* point : members) durations.push_back(point->duration_s);
    std::sort(durations.begin(), durations.end());
    const double cut = at_quantile(durations, 0.99);
    ClassMean mean{.weight = static_cast<double>(members.size())};
    for (const Point* point : members) {
      mean.x += point->bytes * (shared ? point->in_flight : 1) / mean.weight;
      mean.y += std::min(cut, point->duration_s) / mean.weight;
    }
    means.push_back(mean);
  }
  return means;
}

LineFit fit_line(const std::vector<Point>& points, bool shared) {
  LineFit fit{.calls = points.size()};
  if (points.empty()) return fit;
  double w = 0, x = 0, y = 0, xx = 0, xy = 0;
  for (const ClassMean& mean : class_means(points, shared)) {
    w += mean.weight;
    x += mean.weight * mean.x;
    y += mean.weight * mean.y;
    xx += mean.weight * mean.x * mean.x;
    xy += mean.weight * mean.x * mean.y;
  }
  const double spread = w * xx - x * x;
  double slope = spread > 1e-9 * w * xx ? (w * xy - x * y) / spread : 0;
  fit.latency_s = (y - slope * x) / w;
  if (slope < 0) {
    slope = 0;
    fit.latency_s = y / w;
  } else if (fit.latency_s < 0) {
    fit.latency_s = 0;
    slope = xy / xx;
  }
  fit.rate = slope > 0 ? 1 / slope : 0;
  std::vector<double> durations;
  for (const Point& point : points) {
    const double bytes = point.bytes * (shared ? point.in_flight : 1);
    fit.error_s += std::abs(fit.latency_s + slope * bytes - point.duration_s) / w;
    fit.mean_s += point.duration_s / w;
    durations.push_back(point.duration_s);
  }
  std::sort(durations.begin(), durations.end());
  fit.p50_s = at_quantile(durations, 0.5);
  fit.p99_s = at_quantile(durations, 0.99);
  return fit;
}

// Reads in flight on the host when each began; points sorted by start.
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
  DeviceFit fit;
  fit.open = fit_line(points[0], false);
  fit.close = fit_line(points[1], false);
  fit.stat = fit_line(points[2], false);
  fit.write = fit_line(points[3], false);
  fit.cached = fit_line(cached, false);
  fit.read_alone = fit_line(all_reads, false);
  fit.read_shared = fit_line(all_reads, true);
  fit.shared = fit.read_shared.rate > 0 && fit.read_shared.error_s < fit.read_alone.error_s;
  fit.read = fit.shared ? fit.read_shared : fit.read_alone;
  return fit;
}

} // namespace lustrum::training
