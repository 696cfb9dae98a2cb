// What is read off a finished run: stations, the bottleneck, the roofline.
#pragma once

#include "models/fabric/fabric_settings.hpp"
#include "sim/base/cause.hpp"
#include "sim/kernel/world.hpp"
#include "sim/result/run_result.hpp"

namespace lustrum {

class StorageSystem;

// The most utilized stations of each class, and every class in one row. Stations that no request
// reached are left out, and delays, which have no servers.
void observe_stations(const kernel::World& world, RunResult& result);

// What each LNet network carried. Reads result.metrics.rpcs.
void observe_networks(const kernel::World& world, const fabric::FabricSettings& settings,
                      RunResult& result);

// Names what most of the waiting GPU time was spent on, and the busiest station of that kind. Reads
// result.stalls and result.stations.
void observe_bottleneck(RunResult& result);

struct RooflineInputs {
  BytesPerSecond gpu_demand{};  // nominal bytes; 0: unknown (trace replay)
  BytesPerSecond client_copy{}; // of all reading processes together; 0: unknown
  Bytes read{};                 // in all, for what burst credit still covers
  Seconds not_reading{};        // part of the run in which the job did not read
  std::uint64_t opens = 0;
  // Nominal bytes per byte read: throughput is reported in nominal bytes, so is the bound.
  double nominal = 1;
};

// The least of what GPUs draw, the fabric's min-cut, metadata and clients' copying allow.
void observe_bound(const StorageSystem& system, const RooflineInputs& inputs, RunResult& result);

} // namespace lustrum
