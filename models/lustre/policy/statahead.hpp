// Statahead of one directory being scanned by one process: attributes are fetched before they are
// asked for, in the order of readdir.
//
// It starts when the first stat is that of the first entry. The window begins at `start` and
// doubles with each stat that it had foreseen, up to `max`; while it grows, and at the directory's
// end, requests go out at once, later a batch at a time. It stops for good when fewer than 4 of 5
// stats were foreseen (after 8 that were), or after more than 8 in a row that were not.
// By names (2.16+, mdtest): after five stats in the order of names, the sixth file on is foreseen
// as if a listing had begun there. Source: lustre/llite/statahead.c (sa_low_hit, sa_put).
#pragma once

#include <cstdint>

namespace lustrum::lustre {

struct StataheadLimits {
  std::uint32_t max = 32;  // llite.statahead_max: 32; 128 from 2.16 on; 0 turns it off
  std::uint32_t start = 2; // 2; 8 from 2.16 on
  std::uint32_t batch = 1; // getattrs in one RPC: 1; 64 from 2.16 on (MDS_BATCH)
};

// llite.*.statahead_stats.
struct StataheadStats {
  std::uint64_t total = 0;       // scans that started it
  std::uint64_t wrong = 0;       // and gave up
  std::uint64_t fname_total = 0; // that began by names
  std::uint64_t hit_total = 0;
  std::uint64_t miss_total = 0;
};

class Statahead {
public:
  struct Plan {
    bool foreseen = false;   // its attributes are here or on their way: no RPC of its own
    std::uint32_t first = 0; // getattrs to send now, in readdir order
    std::uint32_t count = 0;
    std::uint32_t rpcs = 0; // that carry them
  };

  // `entries` of the directory, `.` and `..` not counted.
  explicit Statahead(std::uint32_t entries) : entries_(entries) {}

  // The process asks for the attributes of an entry, numbered in readdir order.
  Plan stat(std::uint32_t entry, const StataheadLimits& limits, StataheadStats& stats);

  bool running() const { return state_ == State::running; }
  std::uint32_t window() const { return window_; }

private:
  enum class State : std::uint8_t { fresh, running, off };

  bool foreseen(std::uint32_t entry, const StataheadLimits& limits, StataheadStats& stats);

  std::uint32_t entries_;
  State state_ = State::fresh;
  std::uint32_t window_ = 0;
  std::uint32_t used_ = 0; // all before this entry have been asked for or passed by
  std::uint32_t sent_ = 0; // the first entry not sent yet
  std::uint64_t hits_ = 0;
  std::uint64_t misses_ = 0;
  std::uint32_t misses_in_row_ = 0;
};

} // namespace lustrum::lustre
