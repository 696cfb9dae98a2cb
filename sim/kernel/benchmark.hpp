// How fast the kernel simulates, measured on this machine: RPCs that cross a delay and two shared
// stations, and beside it the same transfers as SimGrid flows. Each row runs in a child of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace lustrum::kernel {

struct BenchmarkRow {
  std::uint32_t streams = 0;
  double rpc_per_s = 0;                      // simulated RPCs per second of wall clock
  std::optional<double> simgrid_flows_per_s; // only where SimGrid ends within seconds
  std::uint64_t rss_bytes = 0;               // peak memory of the child that ran the RPCs
};

// What a measured child did: operations, wall clock of the run alone, peak memory.
struct Measurement {
  double operations = 0;
  double wall_s = 0;
  std::uint64_t rss_bytes = 0;
  double per_s() const { return operations / wall_s; }
};

// Runs the body in a child. The body calls its argument around what is to be timed and returns the
// number of operations.
using TimedSection = std::function<void(const std::function<void()>&)>;
Measurement measure_in_child(const std::function<double(const TimedSection&)>& body);

// The stream counts of every table.
inline constexpr std::uint32_t kBenchmarkStreams[] = {16, 256, 2048, 16384, 100000};

// One row per stream count; `each` is called as soon as a row is there.
std::vector<BenchmarkRow>
run_kernel_benchmark(const std::function<void(const BenchmarkRow&)>& each);

} // namespace lustrum::kernel
