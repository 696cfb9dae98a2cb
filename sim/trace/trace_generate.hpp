// A made-up recording of a training job as DLIO runs one: ranks read whole samples in shuffled
// batches through loader workers, in order, then compute and wait for each other. The same settings
// give the same events. It never touches a storage: the durations come from two numbers.
//
//   stream_records(generated_source(settings), writer, report);
#pragma once

#include "sim/base/units.hpp"
#include "sim/trace/record_stream.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace lustrum::trace {

struct GenerateSettings {
  std::uint32_t ranks = 1;
  std::uint32_t ranks_per_node = 8; // a host name for so many
  std::uint64_t files = 64;
  Bytes file_size{4ULL << 20U};
  std::uint32_t samples_per_file = 1; // equal parts of it, one after the other
  Bytes transfer{4ULL << 20U};        // of one read; a sample's last may be shorter
  std::uint32_t batch = 4;            // samples per rank and step
  std::uint32_t workers = 4;          // per rank; 0: the training thread reads itself
  std::uint32_t prefetch = 2;         // batches ahead per worker, as PyTorch's prefetch_factor
  std::uint32_t epochs = 1;
  Seconds compute{0.1};       // per step, the same for all ranks but for the jitter
  double compute_jitter = 0;  // standard deviation of a rank's step, as a share of it
  Seconds latency{1e-3};      // mean of a call, exponential; assumed
  BytesPerSecond rate{1.0e9}; // of a read besides its latency; assumed
  std::string folder = "/data/train";
  std::uint64_t seed = 1;
};

// What is wrong with the settings, one sentence each; empty: nothing.
std::vector<std::string> problems_of(const GenerateSettings& settings);

// Full batches of each rank and epoch; samples that fill none are left out, as DLIO's are.
std::uint64_t steps_per_epoch(const GenerateSettings& settings);

// Precondition: problems_of() is empty.
EventSourceFunction generated_source(const GenerateSettings& settings);

} // namespace lustrum::trace
