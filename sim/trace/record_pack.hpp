// Records one after the other in about 30 of their 80 bytes: most of a record's numbers are small,
// absent, or near those of the record before.
//
//   RecordPacker packer;                  RecordUnpacker unpacker;
//   at = packer.pack(record, at);         at = unpacker.unpack(at, record);
#pragma once

#include "sim/trace/record.hpp"

#include <cstddef>
#include <cstdint>

namespace lustrum::trace {

// Room that pack() needs, of which it uses the beginning; unpack() reads as far.
constexpr std::size_t kPackedRoom = 112;

class RecordPacker {
public:
  // The end of what was written.
  char* pack(const Record& record, char* to);

private:
  std::uint64_t last_start_ = 0; // its bits
};

class RecordUnpacker {
public:
  // What pack() was given, bit by bit, in the same order. The end of what was read.
  const char* unpack(const char* from, Record& record);

private:
  std::uint64_t last_start_ = 0;
};

} // namespace lustrum::trace
