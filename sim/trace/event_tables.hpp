// Turns events into records: numbers files, threads, processes and names, resolves hashed names
// (what explains them may come late), finds ranks.
#pragma once

#include "sim/trace/event.hpp"
#include "sim/trace/interner.hpp"
#include "sim/trace/read_report.hpp"
#include "sim/trace/record.hpp"

#include <map>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

namespace lustrum::trace {

class EventTables : public EventSink {
public:
  void begin_file() override { first_source_ = sources_.size(); }
  void begin_source(const EventSource& source) override;
  // Takes note of what the event names; keeps no record.
  void add(const Event& event) override { note(event); }
  void explain_file(std::string_view hash, std::string_view path) override;
  void explain_host(std::string_view hash, std::string_view host) override;
  void set_rank(std::string_view host, std::string_view host_hash, std::int64_t pid,
                std::int32_t rank) override;
  void declare_file(std::string_view path, bool is_storage, std::uint64_t extent) override;
  void declare_process(std::string_view host, std::int64_t pid, std::int32_t rank) override;
  void declare_thread(std::string_view host, std::int64_t pid, std::int64_t tid,
                      std::uint32_t source, bool offsets_final) override;
  void declare_name(std::string_view name) override { name_id(name); }

  // The tables, after the last event. Threads have their count of records.
  TraceTables finish(ReadReport& report);

  // After finish(): the record of an event that was noted, its ids being those of the tables.
  Record record_of(const Event& event) { return final(raw_record(event)); }
  Record final(const Record& raw) const;

  // After finish(), per thread of the tables: whether reads and writes need the position of their
  // descriptor, and whether its calls come in the order of time, so that one pass finds it.
  bool offsets_final(std::uint32_t thread) const { return final_threads_.at(thread).offsets_final; }
  bool calls_in_order(std::uint32_t thread) const { return final_threads_.at(thread).in_order; }

  // Counts what is worth telling about a final record.
  void count(const TraceTables& tables, const Record& record, ReadReport& report) const;

protected:
  // A record with ids of our own, and notes about its thread. Its start is in nanoseconds, bit by
  // bit in start_s: a double would round them.
  Record note(const Event& event);

private:
  // Names given as text and as hash are interned apart; the high bit tells a hash.
  class Names {
  public:
    std::uint32_t id(std::string_view text, std::string_view hash);
    void explain(std::string_view hash, std::string_view text);
    // Afterwards final_id() maps any id to an index of strings(). Returns how many nothing
    // explains.
    std::uint64_t resolve();
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
    bool offsets_final = false;
    bool in_order = true;
    bool trains = false;
    std::int64_t last_call_ns = 0;
    std::uint64_t records = 0;
  };
  struct DeclaredFile {
    std::uint32_t file = 0;
    bool is_storage = false;
    std::uint64_t extent = 0;
  };
  struct Process {
    std::uint32_t host = 0;
    std::int64_t pid = 0;
    std::int32_t rank = kNoNumber;
  };
  struct FinalThread {
    bool offsets_final = true;
    bool in_order = true;
    bool trains = false;
  };

  std::uint32_t name_id(std::string_view name);
  std::uint32_t thread_id(std::uint32_t host, std::int64_t pid, std::int64_t tid);
  Record raw_record(const Event& event);
  void fill_call(const Event& event, Record& record) const;
  void make_files(TraceTables& tables, ReadReport& report);
  void make_threads(TraceTables& tables);
  void number_ranks(TraceTables& tables) const;

  std::vector<EventSource> sources_;
  std::size_t first_source_ = 0; // of the file being read
  Names paths_;
  Names hosts_;
  Interner names_;
  std::vector<NameKinds> name_kinds_;
  std::vector<RawThread> raw_threads_;
  std::map<std::tuple<std::uint32_t, std::int64_t, std::int64_t>, std::uint32_t> raw_thread_ids_;
  std::uint32_t last_thread_ = kNoIndex;
  std::vector<Process> rank_rows_;
  std::vector<Process> declared_processes_;
  std::vector<DeclaredFile> declared_files_;
  std::int64_t origin_ns_ = std::numeric_limits<std::int64_t>::max();
  std::int64_t end_ns_ = 0;
  // After finish().
  std::vector<std::uint32_t> thread_of_raw_;
  std::vector<std::uint32_t> process_of_thread_;
  std::vector<FinalThread> final_threads_;
};

// The nanoseconds that a raw record holds in start_s.
std::int64_t raw_start_ns(const Record& record);

// Seconds of a record as whole nanoseconds, the inverse of dividing them by 10^9.
std::int64_t to_ns(double seconds);

} // namespace lustrum::trace
