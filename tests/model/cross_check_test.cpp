// The same run twice: with our stations, and with SimGrid's fluid network and disks in their place
// (--data-path=simgrid). Makespans agree within 3 %, within 5 % where two stations of a path are
// equally loaded; where they differ more, the reason stands beside the case.
#include "sim/kernel/engine.hpp"
#include "tests/model/child_numbers.hpp"
#include "tests/model/ideal_filesystem.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>

using namespace lustrum;
using namespace lustrum::test;

namespace {

struct Machine {
  double client_nic; // bytes/s
  double server_nic;
  double disk;
};

struct Case {
  Machine machine;
  std::uint32_t clients;
  std::uint32_t streams; // per client
  std::uint32_t stripes;
  std::uint64_t file_mib;
  double tolerance;
};

// Files are dealt out so that neighbouring streams are on different servers at any time: streams
// that walk the servers in step would stay in step under processor sharing and fall out of it under
// FIFO.
kernel::Task read_files(Storage& storage, ClientIndex client, std::uint32_t stream,
                        std::uint32_t streams, std::uint32_t count, std::uint32_t& running,
                        kernel::Gate& done) {
  for (std::uint32_t i = 0; i < count; ++i)
    co_await read_whole(storage, client, FileIndex{i * streams + (stream + i) % streams});
  if (--running == 0) done.open();
}

constexpr std::uint32_t kServers = 8;

double makespan_s(const Case& c, kernel::DataPath data_path) {
  return numbers_from_child([&] {
           constexpr std::uint64_t kMibPerStream = 256;
           const auto files =
               static_cast<std::uint32_t>(std::max<std::uint64_t>(2, kMibPerStream / c.file_mib));
           kernel::Engine engine({.data_path = data_path});
           auto settings = ideal_filesystem();
           settings.fabric.clients = c.clients;
           settings.fabric.servers = kServers;
           settings.fabric.latency = settings.fabric.metadata_latency = Seconds{50e-6};
           settings.fabric.client_nic = BytesPerSecond{c.machine.client_nic};
           settings.fabric.server_nic = BytesPerSecond{c.machine.server_nic};
           settings.oss.nvme().read_bandwidth = BytesPerSecond{c.machine.disk};
           settings.layout = striped(c.stripes, Bytes{kMib});
           lustre::Filesystem fs(engine.world(), settings);
           const std::uint32_t streams = c.clients * c.streams;
           for (std::uint32_t f = 0; f < streams * files; ++f)
             fs.place_file(kRootDirectory, Bytes{c.file_mib * kMib});
           std::uint32_t running = streams;
           kernel::Gate done(engine);
           for (std::uint32_t s = 0; s < streams; ++s)
             engine.spawn(
                 read_files(fs, ClientIndex{s % c.clients}, s, streams, files, running, done),
                 {"stream", s});
           engine.add_actor("driver", [&] { done.wait("all streams"); });
           engine.run();
           if (!engine.world().check_laws().empty())
             throw std::runtime_error(engine.world().check_laws()[0]);
           return std::vector<double>{engine.clock().count()};
         })
      .at(0);
}

// Compares one case; prints both figures, so that the table can be read off the test's output.
void compare(const Case& c) {
  const double ours_s = makespan_s(c, kernel::DataPath::stations);
  const double simgrid_s = makespan_s(c, kernel::DataPath::simgrid);
  const double difference = ours_s / simgrid_s - 1;
  const std::string row =
      fmt::format("{:3} clients x {:2} streams, {} stripes, {:3} MiB: stations {:.4f} s, SimGrid "
                  "{:.4f} s, {:+.2f} %",
                  c.clients, c.streams, c.stripes, c.file_mib, ours_s, simgrid_s, 100 * difference);
  MESSAGE(row);
  INFO(row);
  CHECK(std::abs(difference) <= c.tolerance);
}

std::vector<std::uint32_t> stream_counts() {
#if defined(__SANITIZE_ADDRESS__)
  return {1}; // SimGrid is slow there; the rest runs without
#else
  return {1, 4, 16};
#endif
}

void compare_matrix(const Machine& machine, std::uint32_t clients, double tolerance,
                    double tolerance_of_single_rpcs) {
  for (const std::uint32_t streams : stream_counts())
    for (const std::uint32_t stripes : {1U, 4U, 8U})
      for (const std::uint64_t file_mib : {4U, 32U, 256U})
        compare({machine, clients, streams, stripes, file_mib,
                 file_mib == 4 ? tolerance_of_single_rpcs : tolerance});
}

} // namespace

// What is no bottleneck is 50 times as fast. Stage after stage, fluid sharing serves equal requests
// in step (all leave the disk at once, then all cross the network), so the stages do not overlap as
// they do behind a queue; with r times faster neighbours that costs up to 1/r. For the same reason
// files of one RPC per stripe get 7 %: served in step, all streams open, lock and close at the same
// moments (0.4 ms a file), and the bottleneck stands idle meanwhile.
constexpr double kSingleRpcs = 0.07;

TEST_CASE("cross-check: the client's NIC is the bottleneck") {
  compare_matrix({.client_nic = 1e9, .server_nic = 50e9, .disk = 50e9}, 4, 0.03, kSingleRpcs);
}

TEST_CASE("cross-check: the servers' NICs are the bottleneck") {
  compare_matrix({.client_nic = 50e9, .server_nic = 1e9, .disk = 50e9}, 16, 0.03, kSingleRpcs);
}

TEST_CASE("cross-check: the disks are the bottleneck") {
  compare_matrix({.client_nic = 50e9, .server_nic = 50e9, .disk = 1e9}, 16, 0.03, kSingleRpcs);
}

TEST_CASE("cross-check: two stations of a path equally loaded") {
  // Eight clients and eight servers of 2 GB/s each. Streams that read one file after the other in
  // step (one stream per client, or files of one RPC per stripe) ask for the next file when the
  // last byte of this one is there, and max-min sharing lets no stream get ahead, so whole rounds
  // wait for their slowest transfer: up to 18 % here. With more in flight the rounds blur and the
  // two agree.
  const Machine machine{.client_nic = 2e9, .server_nic = 2e9, .disk = 100e9};
  constexpr double kInStep = 0.2;
  for (const std::uint32_t streams : stream_counts())
    for (const std::uint32_t stripes : {1U, 4U, 8U})
      for (const std::uint64_t file_mib : {4U, 32U, 256U})
        compare({machine, 8, streams, stripes, file_mib,
                 streams == 1 || file_mib == 4 ? kInStep : 0.05});
}
