#include "models/assembly/benchmark.hpp"

#include "models/lustre/filesystem.hpp"
#include "sim/kernel/benchmark.hpp"
#include "sim/kernel/engine.hpp"

#include <algorithm>

namespace lustrum {

namespace {

constexpr std::uint32_t kReads = 400'000;
constexpr std::uint32_t kStreamsPerClient = 8;
constexpr std::uint32_t kRpcsPerColdRead = 4;
constexpr std::uint32_t kMdts = 8;

// 64 OSSs with one OST of 2.5 GB/s each; clients of 1.25 GB/s with 8 streams.
lustre::FilesystemSettings machine(std::uint32_t streams) {
  constexpr std::uint32_t kServers = 64;
  lustre::FilesystemSettings s;
  s.fabric = {.clients = (streams + kStreamsPerClient - 1) / kStreamsPerClient,
              .client_nic = BytesPerSecond{1.25e9},
              .servers = kServers,
              .server_nic = BytesPerSecond{2.5e9},
              .latency = Seconds{20e-6},
              .metadata_latency = Seconds{20e-6}};
  s.oss.threads = 512;
  s.oss.cores = 32;
  s.oss.rpc_service = Seconds{10e-6};
  s.oss.disk = device::NvmeModel{.latency = Seconds{100e-6},
                                 .read_bandwidth = BytesPerSecond{2.5e9},
                                 .write_bandwidth = BytesPerSecond{2.5e9},
                                 .iops = PerSecond{100e3}};
  s.mdts = kMdts;
  s.mds.cores = 16;
  s.mds.service.fill(Seconds{50e-6});
  s.tunables = lustre::LustreTunables::defaults();
  s.rpc_counters = false; // as in a run without --counters
  return s;
}

kernel::Task read_files(Storage& storage, ClientIndex client, std::uint32_t first,
                        std::uint32_t count, std::uint32_t& running, kernel::Gate& done) {
  Outcome outcome;
  const Caller caller{client, {}, 0};
  for (std::uint32_t i = 0; i < count; ++i) {
    std::unique_ptr<OpenFile> file;
    co_await storage.open(caller, FileIndex{first + i}, {}, file, outcome);
    co_await storage.read(*file, Bytes{}, Bytes{kMib}, outcome);
    co_await storage.close(std::move(file), outcome);
  }
  if (--running == 0) done.open();
}

double run_reads(std::uint32_t streams, const kernel::TimedSection& timed) {
  kernel::Engine engine({});
  lustre::Filesystem storage(engine.world(), machine(streams));
  const std::uint32_t reads = std::max(1U, kReads / streams);
  // Directories lie on the MDTs in turn.
  std::vector<DirectoryIndex> directories;
  for (std::uint32_t d = 0; d < kMdts; ++d)
    directories.push_back(storage.place_directory(kRootDirectory));
  for (std::uint32_t f = 0; f < reads * streams; ++f)
    storage.place_file(directories[f % kMdts], Bytes{kMib});
  std::uint32_t running = streams;
  kernel::Gate done(engine);
  for (std::uint32_t s = 0; s < streams; ++s)
    engine.spawn(
        read_files(storage, ClientIndex{s / kStreamsPerClient}, s * reads, reads, running, done),
        {"stream", s});
  engine.add_actor("benchmark", [&] { done.wait("all streams"); });
  timed([&] { engine.run(); });
  return static_cast<double>(reads) * streams;
}

} // namespace

std::vector<LustreBenchmarkRow>
run_lustre_benchmark(const std::function<void(const LustreBenchmarkRow&)>& each) {
  std::vector<LustreBenchmarkRow> rows;
  for (const std::uint32_t streams : kernel::kBenchmarkStreams) {
    const kernel::Measurement m = kernel::measure_in_child(
        [&](const kernel::TimedSection& timed) { return run_reads(streams, timed); });
    rows.push_back({streams, m.per_s(), m.per_s() * kRpcsPerColdRead, m.rss_bytes});
    each(rows.back());
  }
  return rows;
}

} // namespace lustrum
