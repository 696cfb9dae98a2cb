// Read-ahead of one open file, as a state machine without simulation. Source: Lustre 2.15
// lustre/llite/rw.c. Of its rules these are modelled:
//   - the second read of a file of at most max_read_ahead_whole_mb fetches the whole file;
//   - from the second sequential read on (gaps of up to 8 pages count as sequential) the window
//   grows
//     by one RPC per read, up to the file's and the client's limit;
//   - a read that is not sequential closes the window and fetches exactly what was asked.
#pragma once

#include "sim/base/units.hpp"

namespace lustrum::lustre {

struct ReadaheadLimits {
  Bytes whole_file{};
  Bytes per_file{};
  Bytes rpc_size{};
};

class Readahead {
public:
  // What to fetch now: [begin, end), empty when all that was asked has been fetched already.
  struct Fetch {
    Bytes begin{};
    Bytes end{};
    bool empty() const { return begin >= end; }
  };

  // Plans for a read of [offset, offset+length) of a file of `size`. `budget` is how many bytes the
  // client may still read ahead over all its files. Pre: offset + length <= size.
  Fetch plan(Bytes offset, Bytes length, Bytes size, const ReadaheadLimits& limits, Bytes budget);

  // Bytes fetched beyond what has been read.
  Bytes ahead() const { return fetched_end_ > next_ ? fetched_end_ - next_ : Bytes{}; }
  // Start of the stretch that has been fetched without a gap, up to fetched_end().
  Bytes fetched_begin() const { return fetched_begin_; }
  Bytes fetched_end() const { return fetched_end_; }

private:
  bool sequential(Bytes offset) const;

  std::uint32_t reads_ = 0;
  std::uint32_t consecutive_ = 0;
  Bytes next_{}; // where the next sequential read begins
  Bytes window_{};
  Bytes fetched_begin_{};
  Bytes fetched_end_{};
};

} // namespace lustrum::lustre
