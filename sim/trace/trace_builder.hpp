// Collects the events of a DFTracer job and makes a Trace of them: resolves hashed names (their
// metadata rows may come late), numbers threads, finds ranks, sorts, reconstructs offsets.
#pragma once

#include "sim/trace/dftracer_event.hpp"
#include "sim/trace/interner.hpp"
#include "sim/trace/read_report.hpp"
#include "sim/trace/record.hpp"

#include <map>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

namespace lustrum::trace {

class TraceBuilder {
public:
  // The events that follow come from this file.
  void begin_source(std::string path) { sources_.push_back(std::move(path)); }

  // Precondition: a source was begun; the event is complete, or metadata, respectively.
  void add_event(const DftracerEvent& event);
  void add_metadata(const DftracerEvent& event);

  // Ends the building; counts what it saw into the report.
  Trace finish(ReadReport& report);

private:
  // Names given as text and as hash are interned apart; the high bit tells a hash.
  class Names {
  public:
    std::uint32_t id(std::string_view text, std::string_view hash);
    void explain(std::string_view hash, std::string_view text);
    // Afterwards final_id() maps any id to an index of strings().
    void resolve(ReadReport& report);
    std::uint32_t final_id(std::uint32_t id) const;
    const std::vector<std::string>& strings() const { return texts_.strings(); }

  private:
    Interner texts_;
    Interner hashes_;
    std::unordered_map<std::string, std::string> meanings_;
    std::vector<std::uint32_t> final_of_hash_;
  };

  struct NameKinds {
    OperationKind as_call = OperationKind::other_call;
    OperationKind as_span = OperationKind::span_other;
    bool known_call = false;
  };
  struct RawThread {
    std::uint32_t host = 0;
    std::int64_t pid = 0;
    std::int64_t tid = 0;
    std::uint32_t source = 0;
  };
  struct RankRow {
    std::uint32_t host = 0;
    std::int64_t pid = 0;
    std::int32_t rank = 0;
  };

  std::uint32_t name_id(std::string_view name);
  std::uint32_t thread_id(const DftracerEvent& event);
  void fill_call(const DftracerEvent& event, bool is_stdio, Record& record);

  void make_files(Trace& trace, ReadReport& report);
  std::vector<std::uint32_t> make_threads(Trace& trace);
  void group_by_thread(Trace& trace, const std::vector<std::uint32_t>& thread_of_raw);
  void number_ranks(Trace& trace) const;
  void count(const Trace& trace, ReadReport& report) const;

  std::vector<Record> records_; // thread: index into raw_threads_; start in microseconds
  std::vector<std::string> sources_;
  Names paths_;
  Names hosts_;
  Interner names_;
  std::vector<NameKinds> name_kinds_;
  std::vector<RawThread> raw_threads_;
  std::map<std::tuple<std::uint32_t, std::int64_t, std::int64_t>, std::uint32_t> raw_thread_ids_;
  std::vector<RankRow> rank_rows_;
};

// Fills the offsets of reads and writes that have none, and the extents of the files.
// Precondition: records are grouped by thread and sorted.
void reconstruct_offsets(Trace& trace);

} // namespace lustrum::trace
