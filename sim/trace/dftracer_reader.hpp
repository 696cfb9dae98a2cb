// Reads what DFTracer recorded (.pfw, .pfw.gz) into a Trace.
//
//   ReadResult job = read_dftracer({"traces/run1"});
//   std::cerr << job.report.text();
//
// Memory: 80 bytes per event (twice that while sorting), 8 to 16 per line of the file being read
// (hashes that find duplicates), one copy of each path. The text itself is never held.
#pragma once

#include "sim/trace/read_report.hpp"
#include "sim/trace/record.hpp"

#include <cstddef>
#include <filesystem>
#include <stdexcept>
#include <vector>

namespace lustrum::trace {

struct ReadOptions {
  // Drop lines equal to an earlier one of the same file (compared by a 64-bit hash: with 10^7
  // lines the chance to drop one wrongly is about 3 in 10^6).
  bool drop_duplicates = true;
  std::size_t max_damage_kept = 20; // texts in ReadReport::damage; all are counted
};

struct ReadResult {
  Trace trace;
  ReadReport report;
};

// The user named something that cannot be read.
class ReadError : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

// Reads the files of one job, in the order given; a folder stands for its *.pfw and *.pfw.gz,
// sorted with numbers by value (2 before 10). Damaged lines and cut-off files are no errors: see
// the report. Throws ReadError when a path does not exist or cannot be opened, or when a folder
// holds no such file.
ReadResult read_dftracer(const std::vector<std::filesystem::path>& paths,
                         const ReadOptions& options = {});

} // namespace lustrum::trace
