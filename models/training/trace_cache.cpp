#include "models/training/trace_cache.hpp"

#include "models/training/replay_files.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>
#include <numeric>

namespace lustrum::training {

using trace::OperationKind;
using trace::Record;

namespace {

// The best split of n evenly spread values: between its sides lies n^2/16 of (n^2 - 1)/12.
double variance_of_even_spread(double n) { return 0.75 * n * n / (n * n - 1); }

// One open of a file by a thread.
struct Opened {
  std::vector<std::size_t> reads; // records
  double bytes = 0;
  double read_s = 0;

  double seconds_per_byte() const { return read_s / bytes; }
  std::size_t call_class() const {
    return std::bit_width(static_cast<std::uint64_t>(bytes / static_cast<double>(reads.size())));
  }
};

void add_opens(const trace::Trace& trace, std::uint32_t thread, const std::vector<bool>& replayed,
               std::vector<Opened>& opens) {
  std::map<std::uint32_t, std::size_t> current; // file: its last open
  std::size_t index = trace.threads[thread].first_record;
  for (const Record& record : trace.records_of(thread)) {
    const std::size_t number = index++;
    if (record.failed || record.file == trace::kNoIndex || !replayed[record.file]) continue;
    if (record.kind == OperationKind::open) current.erase(record.file);
    if (record.kind != OperationKind::read || record.bytes_moved() == 0) continue;
    const auto [at, fresh] = current.try_emplace(record.file, opens.size());
    if (fresh) opens.emplace_back();
    Opened& open = opens[at->second];
    open.reads.push_back(number);
    open.bytes += static_cast<double>(record.bytes_moved());
    open.read_s += record.duration_s;
  }
}

} // namespace

std::optional<double> speed_limit(const std::vector<double>& seconds_per_byte) {
  const std::size_t n = seconds_per_byte.size();
  if (n < kMinOpens) return std::nullopt;
  std::vector<double> values;
  values.reserve(n);
  for (const double value : seconds_per_byte) values.push_back(std::log(value));
  std::sort(values.begin(), values.end());
  const auto count = static_cast<double>(n);
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / count;
  double variance = 0;
  for (const double value : values) variance += (value - mean) * (value - mean) / count;
  double best = 0;
  double step = 0;
  double limit = 0;
  double below = 0;
  for (std::size_t k = 1; k < n; ++k) {
    below += values[k - 1];
    if (!(values[k] > values[k - 1])) continue;
    const auto left = static_cast<double>(k);
    const double low = below / left;
    const double high = (mean * count - below) / (count - left);
    const double between = left * (count - left) / (count * count) * (high - low) * (high - low);
    if (between <= best) continue;
    best = between;
    step = high - low;
    limit = std::exp((values[k - 1] + values[k]) / 2);
  }
  constexpr double kRounding = 1 + 1e-9;
  if (best <= variance_of_even_spread(count) * variance * kRounding || step < std::log(kMinFactor))
    return std::nullopt;
  return limit;
}

CacheSplit split_by_cache(const trace::Trace& trace, const ReplayOptions& options) {
  std::vector<bool> replayed;
  for (const trace::FileEntry& file : trace.files)
    replayed.push_back(file.is_storage && mapped_path(file.path, options).has_value());
  std::vector<Opened> opens;
  for (std::uint32_t t = 0; t < trace.threads.size(); ++t) add_opens(trace, t, replayed, opens);
  CacheSplit split{.cached = std::vector<bool>(trace.records.size()), .opens = opens.size()};
  if (!options.detect_cached) return split;
  std::map<std::size_t, std::vector<const Opened*>> classes;
  // Calls that took no time that the clock could show say nothing.
  for (const Opened& open : opens)
    if (open.read_s > 0) classes[open.call_class()].push_back(&open);
  for (const auto& [width, members] : classes) {
    std::vector<double> speeds;
    for (const Opened* open : members) speeds.push_back(open->seconds_per_byte());
    const std::optional<double> limit = speed_limit(speeds);
    if (!limit) continue;
    for (const Opened* open : members) {
      if (open->seconds_per_byte() >= *limit) continue;
      ++split.cached_opens;
      for (const std::size_t read : open->reads) split.cached[read] = true;
    }
  }
  return split;
}

} // namespace lustrum::training
