// A hard disk: seek, rotation, transfer.
#pragma once

#include "sim/base/units.hpp"

#include <cassert>
#include <cmath>

namespace lustrum::device {

struct HddModel {
  Seconds seek{8.5e-3};            // mean of random seeks, one third of the stroke (assumed)
  Seconds settle{1.5e-3};          // of the shortest one (assumed)
  Seconds revolution{60.0 / 7200}; // 7200 turns a minute (assumed)
  BytesPerSecond bandwidth{180e6}; // one region, Lustre manual, sgpdd-survey sample

  // Mean time until the head stands over the data, when the elevator has `depth` requests to choose
  // from (1: none but this). With n requests at random places the nearest lies 1/(n + 2) of the
  // stroke away on average, where it is 1/3 for n = 1, and a short seek takes a time that grows
  // with the root of its length. The host knows no angles: half a revolution remains. \source root
  // law: Ruemmler and Wilkes, An Introduction to Disk Drive Modeling, 1994; its use
  //   for the mean of n is assumed
  Seconds positioning(double depth) const {
    assert(depth >= 1);
    const double nearer = std::sqrt(3 / (depth + 2));
    return settle + (seek - settle) * nearer + revolution / 2;
  }
  Seconds busy_time(Bytes bytes, bool sequential, std::uint32_t depth) const {
    const Seconds transfer = bytes / bandwidth;
    return sequential ? transfer : positioning(depth) + transfer;
  }
};

} // namespace lustrum::device
