#include "sim/trace/trace_builder.hpp"

#include "sim/trace/offset_tracker.hpp"

#include <algorithm>
#include <limits>

namespace lustrum::trace {

Trace TraceBuilder::finish_trace(ReadReport& report) {
  Trace trace;
  static_cast<TraceTables&>(trace) = finish(report);
  group_by_thread(trace);
  find_offsets(trace);
  for (const Record& record : trace.records) count(trace, record, report);
  return trace;
}

void TraceBuilder::group_by_thread(Trace& trace) {
  const auto starts_first = [](const Record& a, const Record& b) { return a.start_s < b.start_s; };
  std::vector<std::uint64_t> place;
  for (const ThreadEntry& thread : trace.threads) place.push_back(thread.first_record);
  trace.records.resize(records_.size());
  for (const Record& raw : records_) {
    const Record record = final(raw);
    trace.records[place[record.thread]++] = record;
  }
  records_ = {};
  for (const ThreadEntry& thread : trace.threads) {
    const auto begin = trace.records.begin() + static_cast<std::ptrdiff_t>(thread.first_record);
    std::stable_sort(begin, begin + static_cast<std::ptrdiff_t>(thread.record_count), starts_first);
  }
}

void TraceBuilder::find_offsets(Trace& trace) const {
  for (std::uint32_t i = 0; i < trace.threads.size(); ++i) {
    OffsetTracker tracker;
    const ThreadEntry& thread = trace.threads[i];
    for (std::uint64_t n = 0; n < thread.record_count; ++n) {
      Record& record = trace.records[thread.first_record + n];
      if (!offsets_final(i)) tracker.follow(record);
      if (record.file == kNoIndex || record.bytes_moved() == 0) continue;
      constexpr std::uint64_t kLargestFile = std::numeric_limits<std::int64_t>::max(); // off_t
      if (record.offset > kLargestFile - record.bytes_moved()) continue; // unknown, or nonsense
      std::uint64_t& extent = trace.files[record.file].extent;
      extent = std::max(extent, record.offset + record.bytes_moved());
    }
  }
}

} // namespace lustrum::trace
