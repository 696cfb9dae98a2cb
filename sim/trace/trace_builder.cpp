#include "sim/trace/trace_builder.hpp"

#include "sim/trace/operation_names.hpp"

#include <algorithm>
#include <cassert>
#include <charconv>

namespace lustrum::trace {
namespace {

constexpr std::uint32_t kHashBit = 0x8000'0000U;
constexpr double kMicrosecond = 1e-6;

std::int32_t small_number(std::int64_t value) {
  const bool fits = value >= 0 && value <= std::numeric_limits<std::int32_t>::max();
  return fits ? static_cast<std::int32_t>(value) : kNoNumber;
}

// Of items and their size; a nonsensical pair gives the items.
std::int64_t product(std::int64_t items, std::int64_t size) {
  std::int64_t bytes = 0;
  return __builtin_mul_overflow(items, size, &bytes) ? items : bytes;
}

} // namespace

std::uint32_t TraceBuilder::Names::id(std::string_view text, std::string_view hash) {
  return text.empty() && !hash.empty() ? hashes_.id(hash) | kHashBit : texts_.id(text);
}

void TraceBuilder::Names::explain(std::string_view hash, std::string_view text) {
  meanings_.insert_or_assign(std::string{hash}, std::string{text});
}

void TraceBuilder::Names::resolve(ReadReport& report) {
  for (const std::string& hash : hashes_.strings()) {
    const auto found = meanings_.find(hash);
    if (found == meanings_.end()) ++report.unresolved_hashes;
    final_of_hash_.push_back(
        texts_.id(found == meanings_.end() ? "unresolved:" + hash : found->second));
  }
}

std::uint32_t TraceBuilder::Names::final_id(std::uint32_t id) const {
  return (id & kHashBit) == 0 ? id : final_of_hash_.at(id & ~kHashBit);
}

std::uint32_t TraceBuilder::name_id(std::string_view name) {
  const std::uint32_t id = names_.id(name);
  if (id == name_kinds_.size()) {
    const std::optional<OperationKind> call = kind_of_call(name);
    name_kinds_.push_back(
        {call.value_or(OperationKind::other_call), kind_of_span(name), call.has_value()});
  }
  return id;
}

std::uint32_t TraceBuilder::thread_id(const DftracerEvent& event) {
  const std::uint32_t host = hosts_.id(event.host, event.host_hash);
  if (!records_.empty()) { // mostly the thread of the line before
    const RawThread& last = raw_threads_[records_.back().thread];
    if (last.tid == event.tid && last.pid == event.pid && last.host == host)
      return records_.back().thread;
  }
  const auto next = static_cast<std::uint32_t>(raw_threads_.size());
  const auto [place, is_new] =
      raw_thread_ids_.try_emplace(std::tuple{host, event.pid, event.tid}, next);
  if (is_new)
    raw_threads_.push_back(
        {host, event.pid, event.tid, static_cast<std::uint32_t>(sources_.size() - 1)});
  return place->second;
}

void TraceBuilder::add_event(const DftracerEvent& event) {
  assert(!sources_.empty());
  const bool is_stdio = event.category == "STDIO";
  const bool is_call = is_stdio || event.category == "POSIX";
  Record record;
  record.start_s = static_cast<double>(event.start_us);
  record.duration_s = static_cast<double>(event.duration_us) * kMicrosecond;
  record.name = name_id(event.name);
  record.thread = thread_id(event);
  record.epoch = small_number(event.epoch);
  record.step = small_number(event.step);
  if (!event.file.empty() || !event.file_hash.empty())
    record.file = paths_.id(event.file, event.file_hash);
  const NameKinds& kinds = name_kinds_[record.name];
  record.kind = is_call ? kinds.as_call : kinds.as_span;
  if (is_call) fill_call(event, is_stdio, record);
  records_.push_back(record);
}

void TraceBuilder::fill_call(const DftracerEvent& event, bool is_stdio, Record& record) {
  const bool is_open = record.kind == OperationKind::open;
  const std::int64_t item = is_stdio && event.size > 0 ? event.size : 1;
  const std::int64_t asked = event.count != kAbsent ? event.count : event.length;
  if (asked > 0) record.requested = static_cast<std::uint64_t>(product(asked, item));
  record.fd = small_number(event.fd);
  // What fopen returns is a pointer.
  if (event.returned != kAbsent && !(is_stdio && is_open)) {
    record.failed = event.returned < 0;
    record.returned = record.failed ? event.returned : product(event.returned, item);
  }
  if (is_open) {
    record.fd = small_number(record.returned);
    if (event.flags > 0) record.open_flags = static_cast<std::uint32_t>(event.flags);
  } else if (record.kind == OperationKind::seek) {
    if (record.returned >= 0) record.offset = static_cast<std::uint64_t>(record.returned);
  } else if (event.offset >= 0) {
    record.offset = static_cast<std::uint64_t>(event.offset);
  }
}

void TraceBuilder::add_metadata(const DftracerEvent& event) {
  if (event.name == "FH") {
    paths_.explain(event.meta_value, event.meta_name);
  } else if (event.name == "HH") {
    hosts_.explain(event.meta_value, event.meta_name);
  } else if (event.name == "PR" && event.meta_name == "rank" && event.pid != kAbsent) {
    std::int32_t rank = kNoNumber;
    const char* const end = event.meta_value.data() + event.meta_value.size();
    const auto [stop, error] = std::from_chars(event.meta_value.data(), end, rank);
    if (error == std::errc{} && stop == end && rank >= 0)
      rank_rows_.push_back({hosts_.id(event.host, event.host_hash), event.pid, rank});
  }
  // SH names (command, executable) belong to no call.
}

Trace TraceBuilder::finish(ReadReport& report) {
  Trace trace;
  trace.sources = std::move(sources_);
  trace.names = names_.strings();
  make_files(trace, report);
  group_by_thread(trace, make_threads(trace));
  number_ranks(trace);
  reconstruct_offsets(trace);
  count(trace, report);
  return trace;
}

void TraceBuilder::make_files(Trace& trace, ReadReport& report) {
  paths_.resolve(report);
  hosts_.resolve(report);
  for (const std::string& path : paths_.strings())
    trace.files.push_back({path, is_storage_path(path), 0});
  for (Record& record : records_)
    if (record.file != kNoIndex) record.file = paths_.final_id(record.file);
}

std::vector<std::uint32_t> TraceBuilder::make_threads(Trace& trace) {
  std::map<std::pair<std::uint32_t, std::int64_t>, std::uint32_t> processes;
  std::map<std::pair<std::uint32_t, std::int64_t>, std::uint32_t> threads;
  std::vector<std::uint32_t> thread_of_raw;
  for (const RawThread& raw : raw_threads_) {
    const std::uint32_t host = hosts_.final_id(raw.host);
    const auto [process, new_process] =
        processes.try_emplace({host, raw.pid}, static_cast<std::uint32_t>(trace.processes.size()));
    if (new_process) trace.processes.push_back({hosts_.strings().at(host), raw.pid, kNoNumber});
    const auto [thread, new_thread] = threads.try_emplace(
        {process->second, raw.tid}, static_cast<std::uint32_t>(trace.threads.size()));
    if (new_thread) trace.threads.push_back({raw.tid, process->second, raw.source, 0, 0});
    thread_of_raw.push_back(thread->second);
  }
  for (const RankRow& row : rank_rows_) {
    const auto found = processes.find({hosts_.final_id(row.host), row.pid});
    if (found != processes.end()) trace.processes[found->second].rank = row.rank;
  }
  return thread_of_raw;
}

void TraceBuilder::group_by_thread(Trace& trace, const std::vector<std::uint32_t>& thread_of_raw) {
  if (records_.empty()) return;
  const auto starts_first = [](const Record& a, const Record& b) { return a.start_s < b.start_s; };
  const double origin = std::ranges::min_element(records_, starts_first)->start_s;
  trace.epoch_origin_us = static_cast<std::int64_t>(origin);
  for (Record& record : records_) {
    record.start_s = (record.start_s - origin) * kMicrosecond;
    record.thread = thread_of_raw.at(record.thread);
    record.process = trace.threads[record.thread].process;
    trace.duration_s = std::max(trace.duration_s, record.end_s());
    ++trace.threads[record.thread].record_count;
  }
  std::uint64_t next = 0;
  std::vector<std::uint64_t> place;
  for (ThreadEntry& thread : trace.threads) {
    thread.first_record = next;
    place.push_back(next);
    next += thread.record_count;
  }
  trace.records.resize(records_.size());
  for (const Record& record : records_) trace.records[place[record.thread]++] = record;
  records_ = {};
  for (const ThreadEntry& thread : trace.threads) {
    const auto begin = trace.records.begin() + static_cast<std::ptrdiff_t>(thread.first_record);
    std::stable_sort(begin, begin + static_cast<std::ptrdiff_t>(thread.record_count), starts_first);
  }
}

void TraceBuilder::number_ranks(Trace& trace) const {
  std::vector<bool> trains(trace.processes.size(), false);
  bool any_trains = false;
  for (const Record& record : trace.records) {
    if (record.kind != OperationKind::span_wait && record.kind != OperationKind::span_step)
      continue;
    trains[record.process] = true;
    any_trains = true;
  }
  const auto has_rank = [](const ProcessEntry& process) { return process.rank != kNoNumber; };
  if (std::ranges::any_of(trace.processes, has_rank)) return;
  std::int32_t next = 0;
  for (std::size_t i = 0; i < trace.processes.size(); ++i)
    if (trains[i] || !any_trains) trace.processes[i].rank = next++;
}

void TraceBuilder::count(const Trace& trace, ReadReport& report) const {
  report.events = trace.records.size();
  for (const Record& record : trace.records) {
    if (is_span(record.kind)) continue;
    if (record.failed) ++report.failed_calls;
    if (record.file == kNoIndex) {
      ++report.calls_without_path;
    } else if (!trace.files[record.file].is_storage) {
      ++report.pseudo_calls;
      report.pseudo_bytes += record.bytes_moved();
    }
    if (!name_kinds_[record.name].known_call) ++report.unknown_calls[trace.names[record.name]];
  }
}

namespace {

// Where a file descriptor of one thread stands; streams without one are told apart by file.
struct Position {
  std::uint32_t file = kNoIndex;
  std::uint64_t offset = kUnknownOffset;
};

void follow(Record& record, std::unordered_map<std::uint64_t, Position>& positions) {
  constexpr std::uint64_t kByFile = std::uint64_t{1} << 32;
  constexpr std::uint32_t kAppend = 02000; // O_APPEND of Linux
  const bool moves_data = record.kind == OperationKind::read || record.kind == OperationKind::write;
  if (record.failed && !moves_data) return;
  if (record.fd < 0 && record.file == kNoIndex) return;
  const std::uint64_t key =
      record.fd >= 0 ? static_cast<std::uint64_t>(record.fd) : kByFile | record.file;
  switch (record.kind) {
  case OperationKind::open:
    positions[key] = {record.file, (record.open_flags & kAppend) != 0 ? kUnknownOffset : 0};
    return;
  case OperationKind::close:
    positions.erase(key);
    return;
  case OperationKind::seek:
    positions[key] = {record.file, record.offset};
    return;
  case OperationKind::read:
  case OperationKind::write:
    break;
  default:
    return;
  }
  if (record.offset != kUnknownOffset) return; // positional calls leave the descriptor alone
  const auto found = positions.find(key);
  // A descriptor that meanwhile stands for another file was reopened unseen.
  if (found == positions.end() || found->second.file != record.file) return;
  record.offset = found->second.offset;
  if (record.returned == kNoReturn) found->second.offset = kUnknownOffset;
  if (found->second.offset != kUnknownOffset) found->second.offset += record.bytes_moved();
}

} // namespace

void reconstruct_offsets(Trace& trace) {
  for (const ThreadEntry& thread : trace.threads) {
    std::unordered_map<std::uint64_t, Position> positions;
    for (std::uint64_t i = 0; i < thread.record_count; ++i) {
      Record& record = trace.records[thread.first_record + i];
      if (is_span(record.kind)) continue;
      follow(record, positions);
      if (record.file == kNoIndex || record.bytes_moved() == 0) continue;
      if (record.offset == kUnknownOffset) continue;
      std::uint64_t& extent = trace.files[record.file].extent;
      extent = std::max(extent, record.offset + record.bytes_moved());
    }
  }
}

} // namespace lustrum::trace
