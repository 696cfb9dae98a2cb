// The pure parts of the object store: latencies from percentiles, the sizes that the Common Runtime
// gives itself, retries, splits, and the tables of settings.
#include "models/object/client_settings.hpp"
#include "models/object/crt_rules.hpp"
#include "models/object/request_rates.hpp"
#include "models/object/service_settings.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

using namespace lustrum;
using namespace lustrum::object;
using doctest::Approx;

namespace {

BytesPerSecond gigabits(double g) { return BytesPerSecond{g * crt::kBytesPerGigabit}; }
double mib(Bytes bytes) { return bytes.as_double() / static_cast<double>(kMib); }

} // namespace

TEST_CASE("latency: e to the x") {
  for (const double x : {0.0, 1.0, -1.0, 0.346, -20.25, 300.0})
    CHECK(latency::portable_exp(x) == Approx(std::exp(x)).epsilon(1e-14));
}

TEST_CASE("latency: draws have the percentiles that they were made from") {
  // S3 Standard: p50 26.79 ms, p99 113.35 ms. Log-normal between: sigma = ln(4.231)/2.3263 = 0.620,
  // p90 = 26.79 e^(0.620 x 1.2816) = 59.3, mean = 26.79 e^(0.620^2/2) = 32.5 ms.
  const LatencySpread s3{Seconds{26.79e-3}, Seconds{113.35e-3}};
  CHECK(latency::quantile(s3, 0.5).count() == Approx(26.79e-3));
  CHECK(latency::quantile(s3, 0.99).count() == Approx(113.35e-3));
  CHECK(latency::quantile(s3, 0.9).count() == Approx(59.3e-3).epsilon(0.002));
  CHECK(latency::mean(s3).count() == Approx(32.5e-3).epsilon(0.002));
  LatencyDraws draws(s3, 7, random::component("test"));
  std::vector<double> all(100'000);
  double sum = 0;
  for (double& value : all) sum += value = draws.next().count();
  std::sort(all.begin(), all.end());
  CHECK(all[50'000] == Approx(26.79e-3).epsilon(0.01));
  CHECK(all[99'000] == Approx(113.35e-3).epsilon(0.03));
  CHECK(sum / 1e5 == Approx(latency::mean(s3).count()).epsilon(0.01));
}

TEST_CASE("latency: equal percentiles are a constant") {
  LatencyDraws draws({Seconds{0.015}, Seconds{0.015}}, 7, 1);
  for (int i = 0; i < 3; ++i) CHECK(draws.next() == Seconds{0.015});
}

TEST_CASE("Common Runtime: connections, memory, ranges from the target") {
  // connections = ceil(target / 0.4), at least 10; range = memory / connections / 3, at least 8
  // MiB: 10 Gbit/s: 25, 2 GiB/25/3 = 27.3 MiB; 100: 250, 16 GiB -> 21.8; 400: 1000, 24 GiB -> 8.2;
  // 800: 8.
  struct Row {
    double target;
    std::uint32_t connections;
    double range_mib;
  };
  for (const Row& row : std::vector<Row>{{1, 10, 68.27},
                                         {10, 25, 27.31},
                                         {100, 250, 21.85},
                                         {400, 1000, 8.192},
                                         {800, 2000, 8}}) {
    const std::uint32_t connections = crt::connections(gigabits(row.target));
    CHECK(connections == row.connections);
    const Bytes range = crt::range_size(crt::memory_limit(gigabits(row.target)), connections);
    CHECK(mib(range) == Approx(row.range_mib).epsilon(1e-3));
  }
  CHECK(crt::connections(gigabits(1e6)) == 10'000);
  CHECK(crt::requests_in_flight(25) == 100);
  // An object uploaded in parts of 8 MiB is read in parts of 8; one of 1 GiB parts in 128 MiB at
  // most from Express.
  CHECK(crt::request_range(27_MiB, 8_MiB, false) == 8_MiB);
  CHECK(crt::request_range(27_MiB, 1_MiB, false) == 8_MiB);
  CHECK(crt::request_range(1_GiB, 1_GiB, true) == 128_MiB);
  CHECK(crt::request_range(3_GiB, Bytes{}, false) == 2_GiB);
}

TEST_CASE("retries: full jitter, a limit, a bucket") {
  const RetrySettings crt{
      .retries = 5, .base = Seconds{0.5}, .longest = Seconds{20}, .tokens = 500, .cost = 5};
  RetryBucket bucket(crt, 1, 2);
  // Pause n is uniform in (0, min(2^n x 0.5 s, 20 s)): means of many are half of that.
  for (std::uint32_t retry = 0; retry < 5; ++retry) {
    double sum = 0;
    constexpr int kDraws = 2000;
    for (int i = 0; i < kDraws; ++i) {
      RetryBucket fresh(crt, 1, static_cast<std::uint64_t>(i));
      const double pause = fresh.pause(retry)->count();
      CHECK(pause <= 0.5 * (1U << retry));
      sum += pause;
    }
    CHECK(sum / kDraws == Approx(0.25 * (1U << retry)).epsilon(0.05));
  }
  CHECK_FALSE(bucket.pause(5));
  // 500 tokens at 5 each: 100 retries, then none, until requests succeed.
  for (int i = 0; i < 100; ++i) REQUIRE(bucket.pause(0));
  CHECK_FALSE(bucket.pause(0));
  bucket.succeeded(1); // gives its own 5 back
  CHECK(bucket.tokens() == 5);
  CHECK(bucket.pause(0));
  for (int i = 0; i < 1000; ++i) bucket.succeeded(0);
  CHECK(bucket.tokens() == 500);
}

TEST_CASE("splits: 503s that go on for long enough, and no others") {
  SplitClock clock(Seconds{10});
  CHECK_FALSE(clock.refused(Seconds{0}));
  CHECK_FALSE(clock.refused(Seconds{9}));
  CHECK(clock.refused(Seconds{11}));
  // It starts over.
  CHECK_FALSE(clock.refused(Seconds{12}));
  CHECK_FALSE(clock.refused(Seconds{21}));
  CHECK(clock.refused(Seconds{22}));
  // A pause as long as that forgets what was before.
  CHECK_FALSE(clock.refused(Seconds{100}));
  CHECK_FALSE(clock.refused(Seconds{110}));
  CHECK_FALSE(clock.refused(Seconds{119}));
  CHECK(clock.refused(Seconds{120}));
}

TEST_CASE("settings: every default is in its range, and presets are what facts say") {
  const ServiceSettings standard = ServiceSettings::s3_standard();
  CHECK(standard.reads.count() == 5500);
  CHECK(standard.writes.count() == 3500);
  CHECK(standard.rate_scope == "prefix");
  const ServiceSettings express = ServiceSettings::s3_express();
  CHECK(express.reads.count() == 200'000);
  CHECK(express.sessions);
  CHECK(express.max_partitions == 1);
  const ClientSettings crt = ClientSettings::crt(gigabits(10));
  CHECK(crt.connections == 25);
  CHECK(crt.in_flight == 100);
  CHECK(mib(crt.request) == Approx(27.31).epsilon(1e-3));
  const ClientSettings mount = ClientSettings::mountpoint(gigabits(100));
  CHECK(mount.connections == 250);
  CHECK(mount.first_request == Bytes{kMib + 128 * kKib});
  CHECK(mount.request == 8_MiB);
  CHECK(ClientSettings::s3_connector().retries == 9);
  CHECK(ClientSettings::naive().connections == 1);
  CHECK(ClientSettings::gcsfuse(1_GiB).first_request == 200_MiB);
  for (const ParameterTable* table :
       {&ServiceSettings::parameters(), &ClientSettings::parameters()})
    for (const ParameterRow& row : describe(*table)) {
      CHECK_FALSE(row.doc.empty());
      CHECK_FALSE(row.required);
    }
}
