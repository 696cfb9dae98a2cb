// When a client keeps the open lock of a file, so that opening it again costs no RPC (2.15+).
#pragma once

#include "sim/base/units.hpp"

namespace lustrum::lustre {

struct OpenCacheRule {
  std::uint32_t threshold_count = 5; // llite.opencache_threshold_count; 0 turns it off
  Seconds threshold{0.1};            // llite.opencache_threshold_ms
};

// Opens of one file by one client. An open within the threshold of the last close (of the last
// open, before there was a close) belongs to the same series; the lock is asked for by the open
// that makes the series long enough, and by all that follow. That open still costs its RPC; those
// after it do not, as long as the caller still holds the lock. Source: llite_internal.h defaults.
class OpenHistory {
public:
  // Returns whether this open asks for the lock.
  bool opened(Seconds now, const OpenCacheRule& rule) {
    series_ = series_ > 0 && now - last_ <= rule.threshold ? series_ + 1 : 1;
    last_ = now;
    return rule.threshold_count > 0 && series_ >= rule.threshold_count;
  }
  void closed(Seconds now) { last_ = now; }

private:
  Seconds last_{};
  std::uint32_t series_ = 0;
};

} // namespace lustrum::lustre
