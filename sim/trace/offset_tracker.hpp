// Where the file descriptors of one thread stand: opens, seeks, reads and writes in the order of
// time give the reads and writes that carry no offset theirs.
#pragma once

#include "sim/trace/record.hpp"

#include <cstdint>
#include <unordered_map>

namespace lustrum::trace {

class OffsetTracker {
public:
  // Fills the offset of a read or write that has none and whose descriptor's position is known.
  // Precondition: called with every call of the thread, in order of their starts.
  void follow(Record& record);

private:
  struct Position {
    std::uint32_t file = kNoIndex;
    std::uint64_t offset = kUnknownOffset;
  };

  std::unordered_map<std::uint64_t, Position> positions_; // streams without one: by file
};

} // namespace lustrum::trace
