// Scheduled slots in a world: queueing formulas, order of service, rate limits, high priority.
#include "models/device/device.hpp"
#include "models/lustre/policy/nrs.hpp"
#include "models/lustre/policy/rpc_opcode.hpp"
#include "sim/base/random.hpp"
#include "sim/kernel/world.hpp"

#include <doctest/doctest.h>

#include <array>
#include <string>

using namespace lustrum;
using namespace lustrum::kernel;
using doctest::Approx;

namespace {

constexpr std::uint64_t kSeed = 11;

// A server's threads: who holds one for how long is up to the test.
struct Service {
  Service(World& w, const ScheduledSlotsSettings& settings, const lustre::NrsSettings& nrs = {})
      : world(w), threads(w.add_scheduled_slots({"threads", "threads"}, settings)),
        work(w.add_delay({"work", "work"})), policy(lustre::make_nrs(nrs)) {
    if (policy) threads.use(*policy);
  }
  World& world;
  ScheduledSlotsStation& threads;
  DelayStation& work;
  std::unique_ptr<RequestScheduler> policy;
  std::string order; // names of requests as they get a thread
  double waited_s = 0;
};

struct Request {
  RequestTag tag{};
  Seconds arrives{};
  Seconds held{};
  char name = '?';
};

Task request_task(Service& service, Request request) {
  co_await service.world.delay(service.work, request.arrives);
  const double arrived_s = service.world.now().count();
  const ScheduledHold thread = co_await service.threads.acquire(request.tag);
  service.waited_s += service.world.now().count() - arrived_s;
  service.order += request.name;
  co_await service.world.delay(service.work, request.held);
}

void send(Service& service, const Request& request) {
  service.world.spawn(request_task(service, request), {"request", 0});
}

// Mean wait of Poisson arrivals at the threads, milliseconds.
double mean_wait_ms(const ScheduledSlotsSettings& settings, const lustre::NrsSettings& nrs,
                    double arrivals_per_s, bool exponential) {
  constexpr std::uint32_t kRequests = 1'000'000;
  World world;
  Service service(world, settings, nrs);
  world.spawn(
      [](Service& s, double rate, bool random_service) -> Task {
        DelayStation& between = s.world.add_delay({"source", "source"});
        for (std::uint32_t i = 0; i < kRequests; ++i) {
          const double gap = random::exponential(kSeed, random::component("test.gap"), i);
          co_await s.world.delay(between, Seconds{gap / rate});
          Request request{.held = Seconds{0.005}};
          request.tag.client = ClientIndex{i % 7};
          if (random_service)
            request.held =
                request.held * random::exponential(kSeed, random::component("test.service"), i);
          send(s, request);
        }
      }(service, arrivals_per_s, exponential),
      {"source", 0});
  world.run_all();
  CHECK(world.check_laws().empty());
  CHECK(service.threads.held() == 0);
  return service.waited_s / kRequests * 1e3;
}

} // namespace

TEST_CASE("scheduled slots, L5: four threads are M/M/4 and M/D/4, under every policy") {
  // As four ost_io threads of a fifo station: 2.547 and 1.33 ms. The mean wait does not depend on
  // the order of service, as long as the order does not look at service times.
  CHECK(mean_wait_ms({.count = 4}, {}, 600, true) == Approx(2.547).epsilon(0.05));
  CHECK(mean_wait_ms({.count = 4}, {}, 600, false) == Approx(1.33).epsilon(0.05));
  CHECK(mean_wait_ms({.count = 4}, {.policy = lustre::NrsPolicy::crrn}, 600, true) ==
        Approx(2.547).epsilon(0.05));
  // A queue of high priority that nobody uses costs one thread.
  CHECK(mean_wait_ms({.count = 5, .high_priority = true}, {}, 600, false) ==
        Approx(1.33).epsilon(0.05));
}

TEST_CASE("scheduled slots: without a scheduler in order of arrival") {
  World world;
  Service service(world, {.count = 1});
  for (int i = 0; i < 5; ++i)
    send(service,
         {.arrives = Seconds{i * 1e-3}, .held = Seconds{0.01}, .name = static_cast<char>('a' + i)});
  world.run_all();
  CHECK(service.order == "abcde");
  CHECK(world.now().count() == Approx(0.05));
  CHECK(world.check_laws().empty());
}

TEST_CASE("scheduled slots: the scheduler decides who is next") {
  World world;
  Service service(world, {.count = 1}, {.policy = lustre::NrsPolicy::crrn, .crrn_quantum = 2});
  // a's first request is served before the others come, which ends its batch. Of the rest each
  // client has two in turn: aa bb aa a.
  for (int i = 0; i < 6; ++i) send(service, {.held = Seconds{0.01}, .name = 'a'});
  for (int i = 0; i < 2; ++i)
    send(service, {.tag = {.client = ClientIndex{1}}, .held = Seconds{0.01}, .name = 'b'});
  world.run_all();
  CHECK(service.order == "aaabbaaa");
  CHECK(world.check_laws().empty());
}

TEST_CASE("scheduled slots: TBF holds requests back though threads are free") {
  World world;
  lustre::NrsSettings nrs{.policy = lustre::NrsPolicy::tbf};
  nrs.tbf = {.type = lustre::TbfType::jobid,
             .rules = {{.name = "limited", .match = {.jobs = {1}}, .rate = PerSecond{100}}}};
  Service service(world, {.count = 64}, nrs);
  for (int i = 0; i < 103; ++i)
    send(service, {.tag = {.job = 1}, .held = Seconds{1e-3}, .name = 'a'});
  // Three at once, the other hundred every 10 ms: the last begins at 1 s. They wait 0.01 (1 + ... +
  // 100) = 50.5 s altogether.
  world.run_all();
  CHECK(world.now().count() == Approx(1.001));
  CHECK(service.waited_s == Approx(50.5));
  CHECK(service.threads.utilization(world.now().count()) == Approx(103e-3 / (64 * 1.001)));
  CHECK(world.check_laws().empty());
}

TEST_CASE("scheduled slots: laws hold in the middle of a run, with requests in every queue") {
  World world;
  lustre::NrsSettings nrs{.policy = lustre::NrsPolicy::tbf};
  nrs.tbf = {.type = lustre::TbfType::jobid, .default_rate = PerSecond{100}};
  Service service(world, {.count = 3, .high_priority = true}, nrs);
  for (int i = 0; i < 40; ++i)
    send(service, {.tag = {.high_priority = i % 4 == 0}, .held = Seconds{0.03}});
  // The first is of high priority, so that two regular ones may have the other threads. One token
  // is left; 9 wait in the one queue and 28 in the other.
  world.run_one();
  CHECK(service.order.size() == 3);
  CHECK(service.threads.held() == 3);
  CHECK(service.threads.waiting() == 37);
  CHECK(service.threads.population().requests == 40);
  CHECK(world.describe_waiting().find("threads: 37 wait for one of 3 slots") != std::string::npos);
  while (world.now() < Seconds{0.1}) world.run_one();
  CHECK(service.threads.waiting() > 0);
  CHECK(world.check_laws().empty());
  world.run_all();
  CHECK(service.order.size() == 40);
  CHECK(world.check_laws().empty());
}

TEST_CASE("scheduled slots: high priority goes first and finds a thread kept for it") {
  World world;
  Service service(world, {.count = 3, .high_priority = true});
  for (int i = 0; i < 6; ++i) send(service, {.held = Seconds{0.010}, .name = 'r'});
  // At 5 ms two regular ones are served and four wait; the third thread is free for it.
  send(service, {.tag = {.high_priority = true},
                 .arrives = Seconds{0.005},
                 .held = Seconds{0.001},
                 .name = 'H'});
  // At 7 ms likewise: two at once, of which the second finds all threads taken until 8 ms.
  for (int i = 0; i < 2; ++i)
    send(service, {.tag = {.high_priority = true},
                   .arrives = Seconds{0.007},
                   .held = Seconds{0.001},
                   .name = 'h'});
  world.run_all();
  CHECK(service.order.substr(0, 5) == "rrHhh");
  CHECK(service.order == "rrHhhrrrr");
  CHECK(world.check_laws().empty());
  // Three pairs of regular requests, 10 ms each; the kept thread helps no regular one.
  CHECK(world.now().count() == Approx(0.030));
}

TEST_CASE("scheduled slots: while high priority is served regular requests may take all threads") {
  World world;
  Service service(world, {.count = 3, .high_priority = true});
  send(service, {.tag = {.high_priority = true}, .held = Seconds{1}, .name = 'H'});
  for (int i = 0; i < 2; ++i) send(service, {.held = Seconds{0.01}, .name = 'r'});
  world.run_all();
  CHECK(service.waited_s == 0);
}

TEST_CASE("scheduled slots: after ten of high priority a regular one goes") {
  World world;
  Service service(world, {.count = 2, .high_priority = true});
  // Both threads are taken by high priority for long enough that everybody waits. Then, one leaving
  // after the other, high priority is never absent.
  for (int i = 0; i < 30; ++i)
    send(
        service,
        {.tag = {.high_priority = true}, .held = Seconds{i % 2 == 0 ? 0.010 : 0.015}, .name = 'h'});
  for (int i = 0; i < 3; ++i)
    send(service, {.arrives = Seconds{0.001}, .held = Seconds{0.010}, .name = 'r'});
  world.run_all();
  const std::string ten(10, 'h');
  CHECK(service.order == ten + "r" + ten + "r" + ten + "r");
  CHECK(world.check_laws().empty());
}

TEST_CASE("scheduled slots: with a single thread regular requests go too") {
  World world;
  Service service(world, {.count = 1, .high_priority = true});
  for (int i = 0; i < 3; ++i) send(service, {.held = Seconds{0.010}, .name = 'r'});
  send(service, {.tag = {.high_priority = true},
                 .arrives = Seconds{0.005},
                 .held = Seconds{0.010},
                 .name = 'h'});
  world.run_all();
  CHECK(service.order == "rhrr");
}

TEST_CASE("scheduled slots: a hard disk that reads two objects is faster in ORR's order") {
  // Reads of 1 MiB of two objects in turn, all waiting. First come, first served: each is a seek,
  // 8.5 + 4.1667 ms and 1 MiB at 180 MB/s = 5.8254 ms. ORR: one object after the other.
  const auto seconds = [](lustre::NrsPolicy policy) {
    constexpr std::uint64_t kReads = 100;
    World world;
    Service service(world, {.count = 1}, {.policy = policy});
    FifoStation& disk = world.add_fifo({"ost_disk", "disk"}, 1);
    device::Device device(device::HddModel{});
    const auto read = [](Service& s, FifoStation& d, device::Device& model,
                         RequestTag tag) -> Task {
      const ScheduledHold thread = co_await s.threads.acquire(tag);
      co_await s.world.serve(
          d, model.busy_time({.object = tag.object, .offset = tag.offset, .bytes = tag.bytes}));
    };
    for (std::uint64_t i = 0; i < kReads; ++i)
      for (const std::uint64_t object : {1U, 2U})
        world.spawn(read(service, disk, device,
                         {.object = object,
                          .offset = 1_MiB * i,
                          .bytes = 1_MiB,
                          .opcode = lustre::number(lustre::RpcOpcode::ost_read)}),
                    {"read", 0});
    world.run_all();
    CHECK(world.check_laws().empty());
    return world.now().count();
  };
  const double transfer_s = static_cast<double>(kMib) / 180e6;
  const double seek_s = 8.5e-3 + 0.5 * 60 / 7200;
  CHECK(seconds(lustre::NrsPolicy::fifo) == Approx(200 * (seek_s + transfer_s)));
  // The very first read goes before the others are there to choose from, then come all of the
  // second object and the rest of the first: three seeks.
  CHECK(seconds(lustre::NrsPolicy::orr) == Approx(3 * seek_s + 200 * transfer_s));
}
