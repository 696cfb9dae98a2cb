// Collects the events of a job in memory and makes a Trace of them: records by thread and time,
// with the offsets that descriptors give.
#pragma once

#include "sim/trace/event_tables.hpp"
#include "sim/trace/record.hpp"

#include <vector>

namespace lustrum::trace {

class TraceBuilder : public EventTables {
public:
  void add(const Event& event) override { records_.push_back(note(event)); }

  // Ends the building; counts what it saw into the report.
  Trace finish_trace(ReadReport& report);

private:
  void group_by_thread(Trace& trace);
  void find_offsets(Trace& trace) const;

  std::vector<Record> records_; // raw
};

} // namespace lustrum::trace
