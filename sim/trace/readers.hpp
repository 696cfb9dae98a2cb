// One function per format: reads one file and hands its events on. None throws on damage: it is
// noted in the report. All throw std::runtime_error when the file cannot be opened.
#pragma once

#include "sim/trace/event.hpp"
#include "sim/trace/read_report.hpp"
#include "sim/trace/read_trace.hpp"

#include <filesystem>

namespace lustrum::trace {

// What a reader works with, for the time of one file.
struct ReadContext {
  const std::filesystem::path& path;
  const ReadOptions& options;
  EventSink& sink;
  ReadReport& report;

  void damaged(std::uint64_t line, std::uint64_t column, std::string_view reason,
               std::string_view excerpt) const {
    report.add_damage({path.string(), line, column, std::string{reason}, std::string{excerpt}},
                      options.max_damage_kept);
  }
};

// JSON lines. Finds lines printed twice, and joins those that a line break in a name cut in two.
void read_dftracer(const ReadContext& context);

// Reads and writes with offset and time; no opens and no metadata calls. Each rank is a process
// (Darshan tells no pid: the rank stands for it). MPI-IO rows repeat what POSIX rows say one layer
// lower and are not used.
void read_darshan_dxt(const ReadContext& context);

// Totals per rank and file, without a time for each call. Calls are made up so that their number,
// bytes and total time are those of the counters: of a rank, file and kind they have equal size and
// duration and are spread evenly between the first and the last that Darshan noted; reads and
// writes go through the file in order, again from the start when they reach the last byte seen.
// What ranks shared (rank -1) belongs to a process of its own.
void read_darshan_counters(const ReadContext& context);

// System calls on files. Unfinished and resumed halves are joined; descriptors are followed through
// dup, fork and threads, so that reads and writes have their offset. Without -T calls take no time.
void read_strace(const ReadContext& context);

// Steps and data waits of the profiled thread; there are no files in it. A ProfilerStep holds the
// wait for its batch: the step is what follows it (of several waits: each what follows it).
void read_kineto(const ReadContext& context);

// Our own, with its tables. See traces/FORMAT.md.
void read_native(const ReadContext& context);

} // namespace lustrum::trace
