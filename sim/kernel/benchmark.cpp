#include "sim/kernel/benchmark.hpp"

#include "sim/base/random.hpp"
#include "sim/kernel/child_process.hpp"
#include "sim/kernel/engine.hpp"
#include "sim/kernel/flow_machine.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <stdexcept>

namespace lustrum::kernel {

namespace {

// 64 servers behind 2.5 GB/s each; clients with 8 streams and 1.25 GB/s each, as in a mid-size
// cluster; RPCs of 1 MiB to servers drawn at random.
constexpr std::uint32_t kServers = 64;
constexpr std::uint32_t kStreamsPerClient = 8;
constexpr BytesPerSecond kServerNic{2.5e9};
constexpr BytesPerSecond kClientNic{1.25e9};
constexpr Bytes kRpc{kMib};
constexpr Seconds kLatency{40e-6};
constexpr std::uint32_t kRpcs = 2'000'000;
// The max-min solve of SimGrid grows with the flows in it; these many end within seconds.
constexpr std::uint32_t kMostFlowStreams = 2048;
constexpr std::uint32_t kLeastFlows = 3;

struct Machine {
  explicit Machine(World& world, std::uint32_t clients) : wire(world.add_delay({"wire", "wire"})) {
    for (std::uint32_t s = 0; s < kServers; ++s)
      servers.push_back(&world.add_shared({"oss_nic", "oss{}.nic", s}, kServerNic));
    for (std::uint32_t c = 0; c < clients; ++c)
      nics.push_back(&world.add_shared({"client_nic", "client{}.nic", c}, kClientNic));
  }
  DelayStation& wire;
  std::vector<SharedStation*> servers;
  std::vector<SharedStation*> nics;
};

std::uint32_t server_of(std::uint32_t stream, std::uint32_t rpc) {
  return static_cast<std::uint32_t>(random::draw(0, stream, rpc) % kServers);
}

Task stream_task(World& world, Machine& machine, std::uint32_t stream, std::uint32_t rpcs,
                 std::uint32_t& running, Gate& done) {
  for (std::uint32_t i = 0; i < rpcs; ++i) {
    co_await world.delay(machine.wire, kLatency);
    Path path;
    path.add(*machine.servers[server_of(stream, i)]);
    path.add(*machine.nics[stream / kStreamsPerClient]);
    co_await world.transfer(path, kRpc);
  }
  if (--running == 0) done.open();
}

double run_rpcs(std::uint32_t streams, const TimedSection& timed) {
  Engine engine({});
  Machine machine(engine.world(), (streams + kStreamsPerClient - 1) / kStreamsPerClient);
  const std::uint32_t rpcs = std::max(1U, kRpcs / streams);
  std::uint32_t running = streams;
  Gate done(engine);
  for (std::uint32_t s = 0; s < streams; ++s)
    engine.spawn(stream_task(engine.world(), machine, s, rpcs, running, done), {"stream", s});
  engine.add_actor("benchmark", [&] { done.wait("all streams"); });
  timed([&] { engine.run(); });
  return static_cast<double>(rpcs) * streams;
}

// The same transfers as SimGrid is used without us: an actor per stream, a communication per RPC.
double run_flows(std::uint32_t streams, std::uint32_t flows, const TimedSection& timed) {
  Engine engine({});
  const std::uint32_t clients = (streams + kStreamsPerClient - 1) / kStreamsPerClient;
  FlowMachine machine(engine, {clients, kServers, kClientNic, kServerNic, kLatency});
  for (std::uint32_t s = 0; s < streams; ++s)
    engine.add_actor(fmt::format("stream {}", s), [&machine, s, flows] {
      for (std::uint32_t i = 0; i < flows; ++i)
        machine.send(server_of(s, i), s / kStreamsPerClient, kRpc);
    });
  timed([&] { engine.run(); });
  return static_cast<double>(flows) * streams;
}

std::uint32_t flows_per_stream(std::uint32_t streams) {
  // Measured rates fall from 400,000 to 2,000 flows/s: fewer flows where each costs more.
  const std::uint32_t flows = streams <= 16 ? 200'000 : streams <= 256 ? 40'000 : 6'144;
  return std::max(kLeastFlows, flows / streams);
}

} // namespace

Measurement measure_in_child(const std::function<double(const TimedSection&)>& body) {
  const ChildOutcome outcome = run_in_child([&] {
    double wall_s = 0;
    const double operations = body([&](const std::function<void()>& section) {
      const auto start = std::chrono::steady_clock::now();
      section();
      wall_s += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    });
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return fmt::format("{} {} {}", operations, wall_s, usage.ru_maxrss * 1024L);
  });
  Measurement m;
  unsigned long long rss = 0;
  if (outcome.exit_code != 0 ||
      std::sscanf(outcome.output.c_str(), "%lf %lf %llu", &m.operations, &m.wall_s, &rss) != 3)
    throw std::runtime_error("benchmark failed: " + outcome.output);
  m.rss_bytes = rss;
  return m;
}

std::vector<BenchmarkRow>
run_kernel_benchmark(const std::function<void(const BenchmarkRow&)>& each) {
  std::vector<BenchmarkRow> rows;
  for (const std::uint32_t streams : kBenchmarkStreams) {
    const Measurement rpcs =
        measure_in_child([&](const TimedSection& timed) { return run_rpcs(streams, timed); });
    BenchmarkRow row{streams, rpcs.per_s(), std::nullopt, rpcs.rss_bytes};
    if (streams <= kMostFlowStreams)
      row.simgrid_flows_per_s = measure_in_child([&](const TimedSection& timed) {
                                  return run_flows(streams, flows_per_stream(streams), timed);
                                }).per_s();
    each(row);
    rows.push_back(row);
  }
  return rows;
}

} // namespace lustrum::kernel
