// Processor sharing whose capacity changes while it serves.
#include "sim/base/random.hpp"
#include "sim/kernel/world.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

using namespace lustrum;
using namespace lustrum::kernel;
using doctest::Approx;

namespace {

struct Mover {
  World& world;
  DelayStation& start;

  Task move(const Path& path, double start_s, std::uint64_t bytes, double& end_s) {
    co_await world.delay(start, Seconds{start_s});
    co_await world.transfer(path, Bytes{bytes});
    end_s = world.now().count();
  }
  Task change(SharedStation& station, double at_s, double capacity) {
    co_await world.delay(start, Seconds{at_s});
    station.set_capacity(BytesPerSecond{capacity});
  }
};

// The same by hand: small steps in time, each job gets capacity / n.
std::vector<double> naive_ends(const std::vector<std::pair<double, double>>& jobs, // start, bytes
                               const std::vector<std::pair<double, double>>& capacities, // from
                               double step_s) {
  std::vector<double> left(jobs.size());
  std::vector<double> ends(jobs.size(), 0);
  for (std::size_t i = 0; i < jobs.size(); ++i) left[i] = jobs[i].second;
  std::size_t done = 0;
  for (double t = 0; done < jobs.size(); t += step_s) {
    double capacity = 0;
    for (const auto& [from_s, rate] : capacities)
      if (from_s <= t) capacity = rate;
    const auto active = [&](std::size_t i) { return jobs[i].first <= t && left[i] > 0; };
    double n = 0;
    for (std::size_t i = 0; i < jobs.size(); ++i) n += active(i) ? 1 : 0;
    for (std::size_t i = 0; i < jobs.size(); ++i) {
      if (!active(i)) continue;
      left[i] -= capacity / n * step_s;
      if (left[i] > 0) continue;
      ends[i] = t + step_s;
      ++done;
    }
  }
  return ends;
}

} // namespace

TEST_CASE("a change of capacity counts from its moment on") {
  // 100 B/s. Two jobs of 100 bytes from 0: 50 B/s each, 50 bytes left of each at 1. Then 200 B/s:
  // 100 B/s each, both end at 1.5. Offered until then: 100 * 1 + 200 * 0.5 = 200 = served: always
  // busy.
  World world;
  auto& nic = world.add_shared({"nic", "nic"}, BytesPerSecond{100});
  Path path;
  path.add(nic);
  Mover mover{world, world.add_delay({"start", "start"})};
  double a_s = 0;
  double b_s = 0;
  world.spawn(mover.move(path, 0, 100, a_s), {"a", 0});
  world.spawn(mover.move(path, 0, 100, b_s), {"b", 0});
  world.spawn(mover.change(nic, 1, 200), {"change", 0});
  world.run_all();
  CHECK(a_s == Approx(1.5));
  CHECK(b_s == Approx(1.5));
  CHECK(world.utilization(nic) == Approx(1));
  CHECK(world.check_laws().empty());
}

TEST_CASE("a station without capacity keeps what it has until it gets one again") {
  // 100 bytes at 100 B/s from 0, down from 0.5 to 10: 50 bytes are left and end at 10.5. A job that
  // comes at 5 waits too; from 10 they share, 50 B/s each: 50 bytes each end at 11. While it
  // was up (0.5 s and 1 s) it was always busy: served 50 + 100.
  World world;
  auto& nic = world.add_shared({"nic", "nic"}, BytesPerSecond{100});
  Path path;
  path.add(nic);
  Mover mover{world, world.add_delay({"start", "start"})};
  double a_s = 0;
  double b_s = 0;
  world.spawn(mover.move(path, 0, 100, a_s), {"a", 0});
  world.spawn(mover.move(path, 5, 50, b_s), {"b", 0});
  world.spawn(mover.change(nic, 0.5, 0), {"down", 0});
  world.spawn(mover.change(nic, 10, 100), {"up", 0});
  world.run_all();
  CHECK(a_s == Approx(11));
  CHECK(b_s == Approx(11));
  CHECK(nic.served_bytes() == Approx(150));
  CHECK(world.utilization(nic) == Approx(1));
  CHECK(world.check_laws().empty());
}

TEST_CASE("what waits for a link that is down is told") {
  World world;
  auto& nic = world.add_shared({"nic", "nic{}", 7}, BytesPerSecond{100});
  Path path;
  path.add(nic);
  Mover mover{world, world.add_delay({"start", "start"})};
  double end_s = -1;
  world.spawn(mover.move(path, 1, 100, end_s), {"reader", 3});
  world.spawn(mover.change(nic, 1.5, 0), {"down", 0});
  world.run_all();
  CHECK(end_s == -1);
  CHECK(world.is_idle());
  CHECK(world.describe_waiting() == "  1 task(s) `reader`: 3\n"
                                    "  at nic7: down, 1 transfer(s) wait for it\n");
  CHECK(world.check_laws().empty());
  nic.set_capacity(BytesPerSecond{100}); // somebody from outside
  world.run_all();
  CHECK(end_s == Approx(2));
}

TEST_CASE("random changes of capacity against a simulation in small steps") {
  constexpr double kStep = 1e-3;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    CAPTURE(seed);
    const auto draw = [&](std::uint64_t component, std::uint64_t i, double most) {
      return most * static_cast<double>(random::draw(seed, component, i) % 1000) / 1000;
    };
    std::vector<std::pair<double, double>> jobs;
    for (std::uint64_t i = 0; i < 8; ++i)
      jobs.emplace_back(draw(0, i, 5), std::floor(10 + draw(1, i, 200)));
    std::vector<std::pair<double, double>> capacities{{0, 100}};
    for (std::uint64_t i = 0; i < 6; ++i)
      capacities.emplace_back(draw(2, i, 8), i % 3 == 2 ? 0 : 20 + draw(3, i, 200));
    std::sort(capacities.begin(), capacities.end());
    capacities.emplace_back(9, 100); // so that it ends

    World world;
    auto& nic = world.add_shared({"nic", "nic"}, BytesPerSecond{100});
    Path path;
    path.add(nic);
    Mover mover{world, world.add_delay({"start", "start"})};
    std::vector<double> ends(jobs.size());
    for (std::size_t i = 0; i < jobs.size(); ++i)
      world.spawn(
          mover.move(path, jobs[i].first, static_cast<std::uint64_t>(jobs[i].second), ends[i]),
          {"job", static_cast<std::uint32_t>(i)});
    for (const auto& [at_s, capacity] : capacities)
      world.spawn(mover.change(nic, at_s, capacity), {"change", 0});
    world.run_all();
    const std::vector<double> expected = naive_ends(jobs, capacities, kStep);
    // Each step may err by its length at a start, a change and an end.
    for (std::size_t i = 0; i < jobs.size(); ++i)
      CHECK(std::abs(ends[i] - expected[i]) < 40 * kStep);
    CHECK(world.check_laws().empty());
  }
}

TEST_CASE("a transfer started anew on another path sends all its bytes there") {
  // 100 bytes over a (100 B/s) and the common end (1000 B/s). At 0.5 it moves to b (50 B/s): 2 s
  // more. a has served 50 of it, the end all of it twice (0.1 s each), b once.
  World world;
  auto& a = world.add_shared({"nic", "a"}, BytesPerSecond{100});
  auto& b = world.add_shared({"nic", "b"}, BytesPerSecond{50});
  auto& end = world.add_shared({"nic", "end"}, BytesPerSecond{1000});
  Path first;
  first.add(a);
  first.add(end);
  Path second;
  second.add(b);
  second.add(end);
  Mover mover{world, world.add_delay({"start", "start"})};
  double end_s = 0;
  world.spawn(mover.move(first, 0, 100, end_s), {"mover", 0});
  world.spawn(
      [](World& w, DelayStation& start, SharedStation& from, const Path& to) -> Task {
        co_await w.delay(start, Seconds{0.5});
        Transfer* transfer = nullptr;
        from.for_each_transfer([&](Transfer& t) { transfer = &t; });
        REQUIRE(transfer != nullptr);
        w.restart(*transfer, to);
      }(world, mover.start, a, second),
      {"restart", 0});
  world.run_all();
  CHECK(end_s == Approx(2.5));
  CHECK(a.served_bytes() == Approx(50));
  CHECK(b.served_bytes() == Approx(100));
  CHECK(end.served_bytes() == Approx(200));
  CHECK(a.counts().present == 0);
  CHECK(world.check_laws().empty());
}

TEST_CASE("a memory bus is charged every crossing of a byte") {
  // 100 bytes that cross three times at 150 B/s take 2 s; the card (100 B/s) is charged 100.
  World world;
  auto& nic = world.add_shared({"nic", "nic"}, BytesPerSecond{100});
  auto& bus = world.add_shared({"memory_bus", "bus"}, BytesPerSecond{150});
  bus.count_crossings();
  Path path;
  path.add(bus);
  path.add(nic);
  path.crossings = 3;
  Mover mover{world, world.add_delay({"start", "start"})};
  double end_s = 0;
  world.spawn(mover.move(path, 0, 100, end_s), {"mover", 0});
  world.run_all();
  CHECK(end_s == Approx(2));
  CHECK(nic.served_bytes() == 100);
  CHECK(bus.served_bytes() == 300);
  CHECK(world.check_laws().empty());
}
