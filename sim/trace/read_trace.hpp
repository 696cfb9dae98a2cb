// The one entrance to recorded traces of any format: told apart by their content, not their name.
//
//   Trace trace;
//   ReadReport report;
//   read_trace({"run1.pfw.gz", "run2.pfw.gz"}, {}, trace, report); // the files of one job
//   std::cerr << report.text();
//
// Memory of read_trace: 80 bytes per event (twice that while sorting) and one copy of each path.
// stream_trace and stream_records keep no event: what they hold grows with distinct paths and
// threads only, and with up to 128 MiB of line hashes where duplicates are looked for.
#pragma once

#include "sim/trace/event.hpp"
#include "sim/trace/read_report.hpp"
#include "sim/trace/record.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <stdexcept>
#include <string_view>
#include <vector>

namespace lustrum::trace {

enum class TraceFormat : std::uint8_t {
  native,           // traces/FORMAT.md
  dftracer,         // .pfw
  darshan_dxt,      // text of darshan-dxt-parser
  darshan_counters, // text of darshan-parser --base
  strace,           // -f -ttt -T -y
  kineto,           // JSON of the PyTorch profiler
};

std::string_view to_string(TraceFormat format);

struct ReadOptions {
  // Damage (cut-off files, lines that are no event) is an error; with salvage it is counted in the
  // report, and what is whole is kept.
  bool salvage = false;
  // DFTracer: drop lines equal to one of the last 4 million of the same file (compared by a 64-bit
  // hash: with 10^7 lines the chance to drop one wrongly is below 3 in 10^6).
  bool drop_duplicates = true;
  std::size_t max_damage_kept = 20; // texts in ReadReport::damage; all are counted
  // Darshan's counters: a file's calls of one kind become at most this many records.
  std::uint64_t max_calls_per_counter = 100'000;
};

// The user named something that cannot be read.
class ReadError : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

// The trace is damaged and ReadOptions::salvage was not set. The text says where and what is whole.
class DamagedTrace : public ReadError {
public:
  using ReadError::ReadError;
};

// Throws ReadError when the file cannot be opened, or is none of the formats: then it says what it
// looks like.
TraceFormat detect_format(const std::filesystem::path& file);

// Reads the files of one job, in the order given. A folder stands for the trace files in it, sorted
// with numbers by value (2 before 10); its other files are named in the report. Throws ReadError
// when a path does not exist or is no trace, and DamagedTrace.
void read_trace(const std::vector<std::filesystem::path>& paths, const ReadOptions& options,
                Trace& trace, ReadReport& report);

// The same as one stream of events, in the order of the files.
void stream_trace(const std::vector<std::filesystem::path>& paths, const ReadOptions& options,
                  EventSink& sink, ReadReport& report);

struct ReadResult {
  Trace trace;
  ReadReport report;
};

ReadResult read_trace(const std::vector<std::filesystem::path>& paths,
                      const ReadOptions& options = {});

} // namespace lustrum::trace
