// Fits a simple device to a recording and replays the recording on it: how much of the recorded
// time such a device gives back.
#pragma once

#include "models/training/trace_fit.hpp"
#include "sim/trace/record.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace lustrum {

// Seconds are summed over threads (calls) and ranks (waits, steps).
struct CalibratedTimes {
  double io_s = 0;
  double wait_s = 0;
  double step_s = 0;
};

struct Calibration {
  training::DeviceFit fit;
  std::uint32_t ranks = 0; // 0: the recording shows no training loop
  bool times_calls = true; // not with `pipeline`, whose calls are its own
  CalibratedTimes recorded{};
  CalibratedTimes simulated{};
  // Mean waits of a rank for the first batch, epochs and evaluations in turn; `pipeline` only.
  std::vector<double> recorded_starts_s{};
  std::vector<double> simulated_starts_s{};
};

// The device as a design (`lustrum run --design`), YAML. `recording`: what its figures name as
// their source.
std::string design_text(const training::DeviceFit& fit, const std::string& recording);

// Mode: `ops`, `timed` or `pipeline`. Nothing when the recording has no call to fit, or `pipeline`
// no loader. Runs an engine: once in a process.
std::optional<Calibration> calibrate(const trace::Trace& trace, const std::string& mode);

} // namespace lustrum
