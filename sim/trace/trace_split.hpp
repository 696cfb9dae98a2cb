// One trace as several files in our own format: by rank, by process or by time.
#pragma once

#include "sim/base/units.hpp"
#include "sim/trace/record_stream.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace lustrum::trace {

enum class SplitBy : std::uint8_t { rank, process, time };

struct SplitSettings {
  SplitBy by = SplitBy::rank;
  Seconds window{60};                 // of SplitBy::time, from the first event on
  std::filesystem::path folder = "."; // of the files
  bool compress = true;               // .lustrum.gz, else .lustrum
};

struct SplitPart {
  std::filesystem::path file;
  std::uint64_t records = 0;
};

// A record belongs to the part in which it starts. Parts are named rank_0003, process_0003 (in the
// order of the trace) or time_0003 (third window), and no_rank for processes without one; parts
// without records are not written. Times stay those of the whole. Reads the source twice as often
// as stream_records does. Throws ReadError when there would be more than 100,000 parts, and
// std::runtime_error when a file cannot be written; then those written so far remain, each whole.
std::vector<SplitPart> split_trace(const EventSourceFunction& source, const SplitSettings& settings,
                                   ReadReport& report);

} // namespace lustrum::trace
