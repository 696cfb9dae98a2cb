// Records of a trace one by one, whatever made it, without keeping them all: one pass over the
// source for the tables (hashed names may be explained late), in which the records are put aside; a
// second one only where they are too many for that.
//
//   NativeWriter writer("out.lustrum.gz");
//   stream_records(files_as_source({"run.pfw.gz"}, options), writer, report);
#pragma once

#include "sim/trace/event.hpp"
#include "sim/trace/read_report.hpp"
#include "sim/trace/read_trace.hpp"
#include "sim/trace/record.hpp"
#include "sim/trace/record_store.hpp"

#include <functional>
#include <vector>

namespace lustrum::trace {

class RecordVisitor {
public:
  RecordVisitor() = default;
  virtual ~RecordVisitor() = default;
  RecordVisitor(const RecordVisitor&) = delete;
  RecordVisitor& operator=(const RecordVisitor&) = delete;

  // The tables are good until end(). Threads have their number of records. `offsets_final`, per
  // thread: no more reads and writes can be given an offset.
  virtual void begin(const TraceTables& tables, const std::vector<bool>& offsets_final) = 0;
  virtual void record(const Record& record) = 0;
  virtual void end() {}
};

// Gives the same events each time it is called.
using EventSourceFunction = std::function<void(EventSink&, ReadReport&)>;

EventSourceFunction files_as_source(std::vector<std::filesystem::path> paths, ReadOptions options);

// Records come in the order of the source: within a thread mostly, but not always, by start. Reads
// and writes get the offset of their descriptor as in a Trace, in threads whose calls are recorded
// in the order of time (others: see RecordVisitor::begin). Extents of files are those declared.
// Throws ReadError when the source gave other events the second time.
void stream_records(const EventSourceFunction& source, RecordVisitor& visitor, ReadReport& report,
                    const RecordLimits& limits = {});

// The records of a trace in memory, by thread.
void visit_records(const Trace& trace, RecordVisitor& visitor);

} // namespace lustrum::trace
