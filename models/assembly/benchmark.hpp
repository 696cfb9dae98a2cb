// How fast whole cold reads go through the Lustre model: open, extent lock, slots, threads, disk,
// both NICs, close, for files of 1 MiB.
#pragma once

#include "sim/kernel/benchmark.hpp"

#include <cstdint>
#include <functional>
#include <vector>

namespace lustrum {

struct LustreBenchmarkRow {
  std::uint32_t streams = 0;
  double reads_per_s = 0; // simulated cold reads per second of wall clock; four RPCs each
  double rpc_per_s = 0;
  std::uint64_t rss_bytes = 0;
};

std::vector<LustreBenchmarkRow>
run_lustre_benchmark(const std::function<void(const LustreBenchmarkRow&)>& each);

} // namespace lustrum
