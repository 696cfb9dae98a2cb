// Closed forms of the stations alone: queueing formulas, Little's law, token buckets.
#include "sim/base/random.hpp"
#include "sim/kernel/world.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace lustrum;
using namespace lustrum::kernel;
using doctest::Approx;

namespace {

constexpr std::uint64_t kSeed = 7;

struct Load {
  double arrivals_per_s;
  double service_s;
  bool exponential_service;
  std::uint32_t jobs;
};

Task job(World& world, FifoStation& station, Seconds service, double& waited_s) {
  const Seconds arrived = world.now();
  co_await world.serve(station, service);
  waited_s += (world.now() - arrived - service).count();
}

Task source(World& world, FifoStation& station, DelayStation& between, Load load,
            double& waited_s) {
  for (std::uint32_t i = 0; i < load.jobs; ++i) {
    const double gap_s = random::exponential(kSeed, random::component("test.gap"), i);
    co_await world.delay(between, Seconds{gap_s / load.arrivals_per_s});
    double service_s = load.service_s;
    if (load.exponential_service)
      service_s *= random::exponential(kSeed, random::component("test.service"), i);
    world.spawn(job(world, station, Seconds{service_s}, waited_s), {"job", i});
  }
}

// Mean time waiting for a server, milliseconds.
double mean_wait_ms(std::uint32_t servers, const Load& load) {
  World world;
  auto& station = world.add_fifo({"ost_disk", "station"}, servers);
  auto& between = world.add_delay({"source", "source"});
  double waited_s = 0;
  world.spawn(source(world, station, between, load, waited_s), {"source", 0});
  world.run_all();
  CHECK(world.check_laws().empty());
  // L6, Little's law, with latencies taken by the jobs themselves: mean present = X * mean
  // response.
  const double rate = load.jobs / world.now().count();
  const double mean_response_s = waited_s / load.jobs + station.served_s() / load.jobs;
  CHECK(station.mean_present(world.now().count()) == Approx(rate * mean_response_s).epsilon(1e-9));
  return waited_s / load.jobs * 1e3;
}

} // namespace

TEST_CASE("L4: an OST disk under Poisson arrivals is M/D/1") {
  // lambda = 150/s, s = 5 ms: rho = 0.75, Wq = rho s / (2 (1 - rho)) = 7.5 ms.
  CHECK(mean_wait_ms(1, {150, 0.005, false, 2'000'000}) == Approx(7.5).epsilon(0.02));
}

TEST_CASE("L5: four ost_io threads are M/M/4 and M/D/4") {
  // lambda = 600/s, s = 5 ms: rho = 0.75, Erlang C = 0.5094, Wq = C / (4 mu - lambda) = 2.547 ms;
  // with constant service close to half of it, 1.33 ms.
  CHECK(mean_wait_ms(4, {600, 0.005, true, 2'000'000}) == Approx(2.547).epsilon(0.03));
  CHECK(mean_wait_ms(4, {600, 0.005, false, 2'000'000}) == Approx(1.33).epsilon(0.03));
}

namespace {

// Moves `bytes` in pieces through a credit bucket and a device of `peak`; notes when half was done.
Task stream(World& world, BucketStation& credit, FifoStation& device, double bytes, double peak) {
  constexpr double kPiece = 100e6;
  for (double done = 0; done < bytes; done += kPiece) {
    co_await world.take(credit, kPiece);
    co_await world.serve(device, Seconds{kPiece / peak});
  }
}

double seconds_to_move(double bytes, double initial) {
  World world;
  auto& credit = world.add_bucket({"ost_credit", "credit"},
                                  {.rate = 150e6, .burst = 450e9, .initial = initial});
  auto& device = world.add_fifo({"ost_disk", "device"}, 1);
  world.spawn(stream(world, credit, device, bytes, 600e6), {"stream", 0});
  world.run_all();
  CHECK(world.check_laws().empty());
  return world.now().count();
}

} // namespace

TEST_CASE("L16: burst credit lasts C/(b - r), then the baseline holds") {
  // r = 150 MB/s, b = 600 MB/s, C = 450 GB: 450e9 / 450e6 = 1000 s at 600 MB/s = 600 GB; the next
  // 150 GB take 1000 s at 150 MB/s.
  CHECK(seconds_to_move(600e9, 450e9) == Approx(1000).epsilon(0.001));
  CHECK(seconds_to_move(750e9, 450e9) == Approx(2000).epsilon(0.001));
  // An empty bucket: baseline from the start.
  CHECK(seconds_to_move(150e9, 0) == Approx(1000).epsilon(0.001));
}

TEST_CASE("L16: the credit is full again after C/r of rest") {
  World world;
  auto& credit =
      world.add_bucket({"ost_credit", "credit"}, {.rate = 150e6, .burst = 450e9, .initial = 0});
  CHECK(credit.tokens(2999) < 450e9);
  CHECK(credit.tokens(3000) == Approx(450e9));
  CHECK(credit.tokens(4000) == 450e9);
}

TEST_CASE("processor sharing: n equal jobs take n times as long, a late small one overtakes") {
  World world;
  auto& nic = world.add_shared({"client_nic", "nic"}, BytesPerSecond{100});
  Path path;
  path.add(nic);
  auto& start = world.add_delay({"start", "start"});
  std::string order;
  const auto move = [&](double start_s, std::uint64_t bytes, char name, double ends_s) {
    world.spawn(
        [](World& w, const Path& p, DelayStation& d, double at, std::uint64_t b, char n, double e,
           std::string& o) -> Task {
          co_await w.delay(d, Seconds{at});
          co_await w.transfer(p, Bytes{b});
          CHECK(w.now().count() == Approx(e));
          o += n;
        }(world, path, start, start_s, bytes, name, ends_s, order),
        {"mover", 0});
  };
  // a alone from 0 to 1 (100 bytes done), then with b at 50 B/s each: b's 50 bytes end at 2 and a's
  // last 100 (50 of them shared) at 2.5.
  move(0, 200, 'a', 2.5);
  move(1, 50, 'b', 2.0);
  world.run_all();
  CHECK(order == "ba");
  CHECK(world.check_laws().empty());
}

namespace {

Task think_and_ask(World& world, FifoStation& server, DelayStation& thinking, std::uint32_t who,
                   std::uint32_t rounds, double& response_s) {
  constexpr double kThink = 0.010;
  constexpr double kService = 0.005;
  for (std::uint32_t i = 0; i < rounds; ++i) {
    const std::uint64_t draw = random::component("test.closed", who);
    co_await world.delay(thinking, Seconds{kThink * random::exponential(kSeed, draw, 2 * i)});
    const Seconds asked = world.now();
    co_await world.serve(server, Seconds{kService * random::exponential(kSeed, draw, 2 * i + 1)});
    response_s += (world.now() - asked).count();
  }
}

} // namespace

TEST_CASE("L3: four customers think and ask one server: exact mean value analysis") {
  // Exponential service s = 5 ms, think time 10 ms. R_n = s (1 + Q_{n-1}), X_n = n / (R_n + Z),
  // Q_n = X_n R_n, from Q_0 = 0:
  //   n = 4: R = 12.105 ms, X = 180.95/s, Q = 2.190.
  constexpr std::uint32_t kCustomers = 4;
  constexpr std::uint32_t kRounds = 100'000;
  World world;
  auto& server = world.add_fifo({"ost_disk", "server"}, 1);
  auto& thinking = world.add_delay({"thinking", "thinking"});
  double response_s = 0;
  for (std::uint32_t c = 0; c < kCustomers; ++c)
    world.spawn(think_and_ask(world, server, thinking, c, kRounds, response_s), {"customer", c});
  world.run_all();
  constexpr double kRequests = 1.0 * kCustomers * kRounds;
  CHECK(kRequests / world.now().count() == Approx(180.95).epsilon(0.01));
  CHECK(response_s / kRequests == Approx(0.012105).epsilon(0.01));
  CHECK(server.mean_present(world.now().count()) == Approx(2.190).epsilon(0.015));
  CHECK(world.check_laws().empty());
}
