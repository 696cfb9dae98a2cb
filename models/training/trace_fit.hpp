// A simple device as a recording's own calls show it: open, stat and close take a constant time, a
// read or write a latency and its bytes over a rate. Pure.
//
// Fit: calls of one kind are sorted into classes of size, and of the calls in flight beside them,
// by powers of two. Each class becomes one point, its means, after durations beyond its 99th
// percentile are cut to that (a mean keeps the total time of I/O, which a median loses where page
// cache and disk mix). Through these points, each weighted by its calls, goes
//   duration = latency + bytes / rate + bytes n / shared_rate
// by least squares, no factor below 0. n: reads in flight on the same host when the call began,
// itself included. With and without the last term are both tried; the smaller mean absolute error
// of single calls wins.
#pragma once

#include "models/training/replay_options.hpp"
#include "sim/trace/record.hpp"

#include <cstdint>

namespace lustrum::training {

struct LineFit {
  std::uint64_t calls = 0;
  double latency_s = 0;
  double rate = 0;        // bytes/s, each call's own; 0: no limit
  double shared_rate = 0; // bytes/s, see above; 0: no limit
  double error_s = 0;     // mean absolute, of single calls
  double p50_s = 0, p99_s = 0, mean_s = 0;
};

struct DeviceFit {
  LineFit open{}, close{}, stat{};     // constants: their rate is 0
  LineFit read{}, write{};             // as chosen
  LineFit read_alone{}, read_shared{}; // both candidates
  LineFit cached{};                    // reads of cached files
  std::uint64_t opens = 0;             // with reads
  std::uint64_t cached_opens = 0;
};

// From the calls that a replay would send. With `options.detect_cached` the reads of files that the
// recorded host had in its page cache (trace_cache.hpp) do not count for the device; without, it
// stands for page cache and servers together.
DeviceFit fit_device(const trace::Trace& trace, const ReplayOptions& options);

} // namespace lustrum::training
