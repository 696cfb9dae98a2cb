// What a reader met besides the records it gives: everything dropped or doubtful is counted here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace lustrum::trace {

struct DamagedLine {
  std::string file;
  std::uint64_t line = 0;   // from 1
  std::uint64_t column = 0; // of what is wrong, in bytes from 1; 0: unknown
  std::string reason;
  std::string excerpt; // its beginning

  // "FILE:12:1: cut off: {"id":..."
  std::string text() const;
};

struct ReadReport {
  std::uint64_t files = 0;
  std::uint64_t lines = 0;           // all, also brackets and empty ones
  std::uint64_t event_lines = 0;     // that hold a whole JSON object, duplicates included
  std::uint64_t duplicate_lines = 0; // equal to an earlier line of the file; dropped
  std::uint64_t metadata_rows = 0;
  std::uint64_t other_rows = 0; // counters, instants: read and not kept
  std::uint64_t events = 0;     // complete events: the records
  // Lines that a line break inside a name had cut in two, put together again.
  std::uint64_t rejoined_lines = 0;
  std::uint64_t damaged_lines = 0;
  std::vector<DamagedLine> damage; // the first of them
  std::vector<std::string> stream_errors;
  std::uint64_t failed_calls = 0; // returned -1; kept as records with `failed`
  std::uint64_t pseudo_calls = 0; // on files that are no storage; kept
  std::uint64_t pseudo_bytes = 0; // read and written by them
  std::uint64_t calls_without_path = 0;
  std::uint64_t unresolved_hashes = 0; // names whose hash no metadata row explains
  // Calls of Darshan's counters that were put together into fewer, larger ones.
  std::uint64_t merged_calls = 0;
  std::map<std::string, std::uint64_t> unknown_calls; // by name
  std::map<std::string, std::uint64_t> unused_rows;   // by what they are: read, not kept
  std::vector<std::string> notes;                     // about how to take the records

  // True when the records are all that the job's tracer wrote, as far as one can see.
  bool complete() const { return damaged_lines == 0 && stream_errors.empty(); }
  // Counts the line; keeps its text if there is room for it.
  void add_damage(DamagedLine line, std::size_t max_kept);
  // One fact a line, for a person; facts that are zero are left out.
  std::string text() const;
};

} // namespace lustrum::trace
