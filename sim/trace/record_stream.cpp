#include "sim/trace/record_stream.hpp"

#include "sim/trace/event_tables.hpp"
#include "sim/trace/offset_tracker.hpp"

#include <stdexcept>
#include <utility>

namespace lustrum::trace {
namespace {

// The first pass: tables, and the records as far as there is room.
class FirstPass : public EventTables {
public:
  explicit FirstPass(const RecordLimits& limits) : store_(limits) {}

  void add(const Event& event) override {
    store_.add(note(event));
    ++records_;
  }
  std::uint64_t records() const { return records_; }
  RecordStore& store() { return store_; }

private:
  std::uint64_t records_ = 0;
  RecordStore store_;
};

// Hands records with final ids and offsets to the visitor.
class Delivery {
public:
  Delivery(const EventTables& ids, const TraceTables& tables, RecordVisitor& visitor,
           ReadReport& report)
      : ids_(ids), tables_(tables), visitor_(visitor), report_(report),
        trackers_(tables.threads.size()) {}

  void deliver(Record record) {
    if (!ids_.offsets_final(record.thread) && ids_.calls_in_order(record.thread))
      trackers_[record.thread].follow(record);
    ids_.count(tables_, record, report_);
    visitor_.record(record);
    ++delivered_;
  }
  std::uint64_t delivered() const { return delivered_; }

private:
  const EventTables& ids_;
  const TraceTables& tables_;
  RecordVisitor& visitor_;
  ReadReport& report_;
  std::vector<OffsetTracker> trackers_;
  std::uint64_t delivered_ = 0;
};

// The second pass: facts are known already.
class SecondPass : public EventSink {
public:
  SecondPass(EventTables& ids, Delivery& delivery) : ids_(ids), delivery_(delivery) {}

  void add(const Event& event) override { delivery_.deliver(ids_.record_of(event)); }
  void begin_source(const EventSource& /*source*/) override {}
  void explain_file(std::string_view /*hash*/, std::string_view /*path*/) override {}
  void explain_host(std::string_view /*hash*/, std::string_view /*host*/) override {}
  void set_rank(std::string_view /*host*/, std::string_view /*host_hash*/, std::int64_t /*pid*/,
                std::int32_t /*rank*/) override {}
  void declare_file(std::string_view /*path*/, bool /*is_storage*/,
                    std::uint64_t /*extent*/) override {}
  void declare_process(std::string_view /*host*/, std::int64_t /*pid*/,
                       std::int32_t /*rank*/) override {}
  void declare_thread(std::string_view /*host*/, std::int64_t /*pid*/, std::int64_t /*tid*/,
                      std::uint32_t /*source*/, bool /*offsets_final*/) override {}
  void declare_name(std::string_view /*name*/) override {}

private:
  EventTables& ids_;
  Delivery& delivery_;
};

} // namespace

EventSourceFunction files_as_source(std::vector<std::filesystem::path> paths, ReadOptions options) {
  return [paths = std::move(paths), options](EventSink& sink, ReadReport& report) {
    stream_trace(paths, options, sink, report);
  };
}

void stream_records(const EventSourceFunction& source, RecordVisitor& visitor, ReadReport& report,
                    const RecordLimits& limits) {
  FirstPass ids(limits);
  source(ids, report);
  const TraceTables tables = ids.finish(report);
  std::vector<bool> offsets_final;
  for (std::uint32_t i = 0; i < tables.threads.size(); ++i)
    offsets_final.push_back(ids.offsets_final(i) || ids.calls_in_order(i));
  visitor.begin(tables, offsets_final);
  Delivery delivery(ids, tables, visitor, report);
  if (ids.store().has_all()) {
    if (!ids.store().visit([&](const Record& raw) { delivery.deliver(ids.final(raw)); }))
      throw ReadError("cannot read back the temporary file of the trace's records");
  } else {
    constexpr const char* kChanged = "the trace changed while it was read";
    ReadReport ignored;
    SecondPass second(ids, delivery);
    try {
      source(second, ignored);
    } catch (const std::out_of_range&) { // a thread, file or name that was not there before
      throw ReadError(kChanged);
    }
    if (delivery.delivered() != ids.records()) throw ReadError(kChanged);
  }
  visitor.end();
}

void visit_records(const Trace& trace, RecordVisitor& visitor) {
  visitor.begin(trace, std::vector<bool>(trace.threads.size(), true));
  for (const Record& record : trace.records) visitor.record(record);
  visitor.end();
}

} // namespace lustrum::trace
