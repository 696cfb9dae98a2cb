// Device and page cache fitted to calls whose times are known.
#include "models/training/trace_cache.hpp"
#include "models/training/trace_fit.hpp"
#include "sim/base/random.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

using namespace lustrum;
using namespace lustrum::training;
using doctest::Approx;

namespace {

// One thread per stream, all of them on one host.
class Calls {
public:
  explicit Calls(std::uint32_t streams) : threads_(streams) {
    trace.files.push_back({.path = "/data/a", .is_storage = true, .extent = 1U << 30U});
    trace.processes.push_back({.host = "node", .pid = 1, .rank = 0});
  }

  void add(std::uint32_t stream, trace::OperationKind kind, std::int64_t bytes, double start_s,
           double duration_s) {
    trace::Record record;
    record.kind = kind;
    record.file = 0;
    record.offset = 0;
    record.thread = stream;
    record.start_s = start_s;
    record.duration_s = duration_s;
    record.returned = bytes;
    threads_[stream].push_back(record);
  }

  DeviceFit fit(bool detect_cached = false) {
    trace.records.clear();
    trace.threads.clear();
    for (std::uint32_t t = 0; t < threads_.size(); ++t) {
      trace.threads.push_back({.tid = t,
                               .process = 0,
                               .first_record = trace.records.size(),
                               .record_count = threads_[t].size()});
      trace.records.insert(trace.records.end(), threads_[t].begin(), threads_[t].end());
    }
    return fit_device(trace, {.detect_cached = detect_cached});
  }

  trace::Trace trace;

private:
  std::vector<std::vector<trace::Record>> threads_;
};

// So many streams, each of so many reads one after the other with a random pause, of 1 or 4 MB; a
// read takes `latency + bytes / rate + bytes n / shared`, n counted by looking at all reads so far.
Calls streams(std::uint32_t count, std::uint32_t reads, double latency_s, double per_byte_s,
              double shared_per_byte_s) {
  Calls calls(count);
  std::vector<double> free_s(count), ends_s;
  for (std::uint32_t i = 0; i < count * reads; ++i) {
    const auto first = std::min_element(free_s.begin(), free_s.end());
    const double start_s = *first;
    const auto n = 1 + std::count_if(ends_s.begin(), ends_s.end(),
                                     [&](double end_s) { return end_s > start_s; });
    const std::int64_t bytes = random::uniform(7, 1, i) < 0.5 ? 1'000'000 : 4'000'000;
    const auto size = static_cast<double>(bytes);
    const double duration_s =
        latency_s + size * per_byte_s + size * shared_per_byte_s * static_cast<double>(n);
    calls.add(static_cast<std::uint32_t>(first - free_s.begin()), trace::OperationKind::read, bytes,
              start_s, duration_s);
    ends_s.push_back(start_s + duration_s);
    *first = start_s + duration_s + 0.02 * random::uniform(7, 2, i);
  }
  return calls;
}

// The rule by trying every split, with sums made anew for each.
std::optional<double> naive_limit(std::vector<double> values) {
  for (double& value : values) value = std::log(value);
  std::sort(values.begin(), values.end());
  const auto variance_of = [](auto from, auto to) {
    double mean = 0, sum = 0;
    for (auto at = from; at != to; ++at) mean += *at / static_cast<double>(to - from);
    for (auto at = from; at != to; ++at) sum += (*at - mean) * (*at - mean);
    return std::pair{mean, sum};
  };
  const auto n = static_cast<double>(values.size());
  const double all = variance_of(values.begin(), values.end()).second;
  double best = 0, factor = 0;
  std::optional<double> limit;
  for (auto at = values.begin() + 1; at < values.end(); ++at) {
    const auto [low, inside_low] = variance_of(values.begin(), at);
    const auto [high, inside_high] = variance_of(at, values.end());
    const double between = all - inside_low - inside_high; // the law of total variance
    if (between <= best * (1 + 1e-12)) continue;
    best = between;
    factor = std::exp(high - low);
    limit = std::exp((*(at - 1) + *at) / 2);
  }
  if (values.size() < kMinOpens || best <= all * 0.75 * n * n / (n * n - 1) || factor < kMinFactor)
    return std::nullopt;
  return limit;
}

} // namespace

// Durations are linear in the three terms, and so are means of classes: the fit is exact. Classes
// have fewer than 100 calls, so that no duration is cut.
TEST_CASE("fit: latency, own and shared rate are found again") {
  const DeviceFit fit = streams(6, 40, 1e-3, 1 / 1e9, 1 / 5e8).fit();
  CHECK(fit.read.calls == 240);
  CHECK(fit.read.latency_s == Approx(1e-3));
  CHECK(fit.read.rate == Approx(1e9));
  CHECK(fit.read.shared_rate == Approx(5e8));
  CHECK(fit.read.error_s < 1e-9);
  CHECK(fit.read_alone.error_s > 1e-4);
}

TEST_CASE("fit: a rate that is only shared, and one that is not") {
  const DeviceFit shared = streams(6, 40, 0, 0, 1 / 5e8).fit();
  CHECK(shared.read.latency_s == Approx(0));
  CHECK(shared.read.rate == 0);
  CHECK(shared.read.shared_rate == Approx(5e8));
  const DeviceFit own = streams(6, 40, 2e-3, 1 / 1e9, 0).fit();
  CHECK(own.read.latency_s == Approx(2e-3));
  CHECK(own.read.rate == Approx(1e9));
  CHECK(own.read.shared_rate == 0);
}

// 4 MB take less time than 1 MB: a rate below 0 would be best, a constant is what is allowed, the
// mean of 3 and 2 ms.
TEST_CASE("fit: no factor below 0; constants for metadata") {
  Calls calls(1);
  double now_s = 0;
  for (int i = 0; i < 10; ++i) {
    calls.add(0, trace::OperationKind::open, 0, now_s, 5e-3);
    calls.add(0, trace::OperationKind::read, 1'000'000, now_s + 0.1, 3e-3);
    calls.add(0, trace::OperationKind::read, 4'000'000, now_s + 0.2, 2e-3);
    calls.add(0, trace::OperationKind::close, 0, now_s + 0.3, 1e-3);
    calls.add(0, trace::OperationKind::write, 2'000'000, now_s + 0.4, 4e-3);
    now_s += 1;
  }
  const DeviceFit fit = calls.fit();
  CHECK(fit.read.latency_s == Approx(2.5e-3));
  CHECK(fit.read.rate == 0);
  CHECK(fit.read.shared_rate == 0);
  CHECK(fit.open.latency_s == Approx(5e-3));
  CHECK(fit.close.latency_s == Approx(1e-3));
  CHECK(fit.stat.calls == 0);
  CHECK(fit.write.latency_s == Approx(4e-3));
  CHECK(fit.read.p50_s == Approx(2e-3)); // the 10th of 20
  CHECK(fit.read.p99_s == Approx(3e-3));
}

// 1,000 reads of 1 MB at 1 ms, of which ten took 1 s: the cut at the 99th percentile is 1 ms.
TEST_CASE("fit: durations beyond the 99th percentile are cut to it") {
  Calls calls(1);
  for (int i = 0; i < 1000; ++i)
    calls.add(0, trace::OperationKind::read, 1'000'000, 2.0 * i, i % 100 == 0 ? 1.0 : 1e-3);
  const DeviceFit fit = calls.fit();
  CHECK(fit.read.latency_s == Approx(1e-3));
  CHECK(fit.read.mean_s == Approx(0.99e-3 + 0.01));
}

// Ten opens at 1 ms/MB from the page cache, ten at 10 ms/MB: the device is that of the slow ones.
TEST_CASE("fit: reads of cached files do not count for the device") {
  Calls calls(1);
  double now_s = 0;
  for (int i = 0; i < 20; ++i) {
    calls.add(0, trace::OperationKind::open, 0, now_s, 1e-3);
    for (int r = 0; r < 3; ++r) {
      const double duration_s = i % 2 == 0 ? 1e-3 : 10e-3;
      calls.add(0, trace::OperationKind::read, 1'000'000, now_s + 0.1 * (1 + r), duration_s);
    }
    now_s += 1;
  }
  const DeviceFit fit = calls.fit(true);
  CHECK(fit.read.calls == 30);
  CHECK(fit.read.latency_s == Approx(10e-3));
  CHECK(fit.cached.calls == 30);
  CHECK(fit.cached.latency_s == Approx(1e-3));
  const CacheSplit split = split_by_cache(calls.trace, {});
  CHECK(split.opens == 20);
  CHECK(split.cached_opens == 10);
  CHECK(std::count(split.cached.begin(), split.cached.end(), true) == 30);
  CHECK(calls.fit(false).read.calls == 60);
}

TEST_CASE("page cache: the split is that of a naive search") {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    CAPTURE(seed);
    std::vector<double> values;
    const auto n = 2 + static_cast<std::size_t>(40 * random::uniform(seed, 1, 0));
    const double apart = 8 * random::uniform(seed, 1, 1);
    for (std::size_t i = 0; i < n; ++i) {
      const double group = random::uniform(seed, 2, i) < 0.4 ? 0 : apart;
      values.push_back(1e-9 * std::exp(group + random::uniform(seed, 3, i)));
    }
    const std::optional<double> limit = speed_limit(values);
    const std::optional<double> naive = naive_limit(values);
    REQUIRE(limit.has_value() == naive.has_value());
    if (limit) CHECK(*limit == Approx(*naive));
  }
}

TEST_CASE("page cache: an even spread, two groups too near, or too few opens are no split") {
  std::vector<double> even, near, few, two;
  for (int i = 0; i < 100; ++i) {
    even.push_back(1e-9 * std::pow(1.2, i));
    near.push_back(i < 50 ? 1e-9 : 3e-9);
    two.push_back(i < 50 ? 1e-9 : 5e-9);
    if (i < 7) few.push_back(i < 3 ? 1e-9 : 1e-6);
  }
  CHECK_FALSE(speed_limit(even));
  CHECK_FALSE(speed_limit(near));
  CHECK_FALSE(speed_limit(few));
  CHECK(speed_limit(two) == Approx(1e-9 * std::sqrt(5.0)));
}
