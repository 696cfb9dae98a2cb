#include "sim/trace/event_tables.hpp"

#include "sim/trace/operation_names.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>

namespace lustrum::trace {
namespace {

constexpr std::uint32_t kHashBit = 0x8000'0000U;

std::int32_t small_number(std::int64_t value) {
  const bool fits = value >= 0 && value <= std::numeric_limits<std::int32_t>::max();
  return fits ? static_cast<std::int32_t>(value) : kNoNumber;
}

double to_seconds(std::int64_t nanoseconds) {
  return static_cast<double>(nanoseconds) / static_cast<double>(kNsPerS);
}

} // namespace

std::int64_t raw_start_ns(const Record& record) {
  return std::bit_cast<std::int64_t>(record.start_s);
}

std::int64_t to_ns(double seconds) { return std::llround(seconds * static_cast<double>(kNsPerS)); }

std::uint32_t EventTables::Names::id(std::string_view text, std::string_view hash) {
  return text.empty() && !hash.empty() ? hashes_.id(hash) | kHashBit : texts_.id(text);
}

void EventTables::Names::explain(std::string_view hash, std::string_view text) {
  meanings_.insert_or_assign(std::string{hash}, std::string{text});
}

std::uint64_t EventTables::Names::resolve() {
  std::uint64_t unresolved = 0;
  for (const std::string& hash : hashes_.strings()) {
    const auto found = meanings_.find(hash);
    const bool is_known = found != meanings_.end() && !found->second.empty();
    if (!is_known) ++unresolved;
    final_of_hash_.push_back(texts_.id(is_known ? found->second : "unresolved:" + hash));
  }
  return unresolved;
}

std::uint32_t EventTables::Names::final_id(std::uint32_t id) const {
  return (id & kHashBit) == 0 ? id : final_of_hash_.at(id & ~kHashBit);
}

void EventTables::begin_source(const EventSource& source) { sources_.push_back(source); }

void EventTables::explain_file(std::string_view hash, std::string_view path) {
  paths_.explain(hash, path);
}

void EventTables::explain_host(std::string_view hash, std::string_view host) {
  hosts_.explain(hash, host);
}

void EventTables::set_rank(std::string_view host, std::string_view host_hash, std::int64_t pid,
                           std::int32_t rank) {
  rank_rows_.push_back({hosts_.id(host, host_hash), pid, rank});
}

void EventTables::declare_file(std::string_view path, bool is_storage, std::uint64_t extent) {
  declared_files_.push_back({paths_.id(path, {}), is_storage, extent});
}

void EventTables::declare_process(std::string_view host, std::int64_t pid, std::int32_t rank) {
  declared_processes_.push_back({hosts_.id(host, {}), pid, rank});
}

void EventTables::declare_thread(std::string_view host, std::int64_t pid, std::int64_t tid,
                                 std::uint32_t source, bool offsets_final) {
  const std::size_t known = raw_threads_.size();
  RawThread& thread = raw_threads_[thread_id(hosts_.id(host, {}), pid, tid)];
  if (raw_threads_.size() == known) return; // another file told of it
  thread.offsets_final = offsets_final;
  thread.source = static_cast<std::uint32_t>(std::min(first_source_ + source, sources_.size() - 1));
}

std::uint32_t EventTables::name_id(std::string_view name) {
  const std::uint32_t id = names_.id(name);
  if (id == name_kinds_.size()) {
    const std::optional<OperationKind> call = kind_of_call(name);
    name_kinds_.push_back(
        {call.value_or(OperationKind::other_call), kind_of_span(name), call.has_value()});
  }
  return id;
}

std::uint32_t EventTables::thread_id(std::uint32_t host, std::int64_t pid, std::int64_t tid) {
  if (last_thread_ != kNoIndex) { // mostly the thread of the event before
    const RawThread& last = raw_threads_[last_thread_];
    if (last.tid == tid && last.pid == pid && last.host == host) return last_thread_;
  }
  const auto next = static_cast<std::uint32_t>(raw_threads_.size());
  const auto [place, is_new] = raw_thread_ids_.try_emplace(std::tuple{host, pid, tid}, next);
  if (is_new) {
    assert(!sources_.empty());
    raw_threads_.push_back({host, pid, tid, static_cast<std::uint32_t>(sources_.size() - 1),
                            sources_.back().offsets_final});
  }
  last_thread_ = place->second;
  return place->second;
}

Record EventTables::raw_record(const Event& event) {
  assert(event.start_ns >= 0 && event.start_ns <= kLatestNs && event.duration_ns >= 0 &&
         event.duration_ns <= kLatestNs);
  Record record;
  record.start_s = std::bit_cast<double>(event.start_ns);
  record.duration_s = to_seconds(event.duration_ns);
  record.name = name_id(event.name);
  record.thread = thread_id(hosts_.id(event.host, event.host_hash), event.pid, event.tid);
  record.epoch = small_number(event.epoch);
  record.step = small_number(event.step);
  if (!event.file.empty() || !event.file_hash.empty())
    record.file = paths_.id(event.file, event.file_hash);
  const NameKinds& kinds = name_kinds_[record.name];
  record.kind = event.kind.value_or(event.type == EventClass::span ? kinds.as_span : kinds.as_call);
  if (!is_span(record.kind)) fill_call(event, record);
  return record;
}

void EventTables::fill_call(const Event& event, Record& record) const {
  if (event.requested > 0) record.requested = static_cast<std::uint64_t>(event.requested);
  record.returned = event.returned;
  record.failed = event.returned != kAbsent && event.returned < 0;
  record.fd = small_number(event.fd);
  if (event.offset >= 0) record.offset = static_cast<std::uint64_t>(event.offset);
  if (record.kind != OperationKind::open) return;
  if (record.fd == kNoNumber) record.fd = small_number(record.returned);
  constexpr std::int64_t kAllFlags = std::numeric_limits<std::uint32_t>::max();
  if (event.flags > 0 && event.flags <= kAllFlags)
    record.open_flags = static_cast<std::uint32_t>(event.flags);
}

Record EventTables::note(const Event& event) {
  const Record record = raw_record(event);
  origin_ns_ = std::min(origin_ns_, event.start_ns);
  end_ns_ = std::max(end_ns_, event.start_ns + event.duration_ns);
  RawThread& thread = raw_threads_[record.thread];
  ++thread.records;
  if (is_span(record.kind)) {
    if (record.kind != OperationKind::span_other) thread.trains = true;
    return record;
  }
  if (event.start_ns < thread.last_call_ns) thread.in_order = false;
  thread.last_call_ns = event.start_ns;
  return record;
}

TraceTables EventTables::finish(ReadReport& report) {
  TraceTables tables;
  for (EventSource& source : sources_) tables.sources.push_back(source.path);
  tables.names = names_.strings();
  make_files(tables, report);
  make_threads(tables);
  number_ranks(tables);
  if (end_ns_ >= origin_ns_) {
    tables.epoch_origin_ns = origin_ns_;
    tables.duration_s = to_seconds(end_ns_ - origin_ns_);
  }
  return tables;
}

void EventTables::make_files(TraceTables& tables, ReadReport& report) {
  report.unresolved_hashes += paths_.resolve();
  report.unresolved_hashes += hosts_.resolve();
  for (const std::string& path : paths_.strings())
    tables.files.push_back({path, is_storage_path(path), 0});
  for (const DeclaredFile& declared : declared_files_) {
    FileEntry& file = tables.files[declared.file];
    file.is_storage = declared.is_storage;
    file.extent = std::max(file.extent, declared.extent);
  }
}

void EventTables::make_threads(TraceTables& tables) {
  std::map<std::pair<std::uint32_t, std::int64_t>, std::uint32_t> processes;
  const auto process_of = [&](std::uint32_t raw_host, std::int64_t pid) {
    const std::uint32_t host = hosts_.final_id(raw_host);
    const auto [place, is_new] =
        processes.try_emplace({host, pid}, static_cast<std::uint32_t>(tables.processes.size()));
    if (is_new) tables.processes.push_back({hosts_.strings().at(host), pid, kNoNumber});
    return place->second;
  };
  for (const Process& row : declared_processes_) {
    const std::uint32_t process = process_of(row.host, row.pid);
    if (row.rank != kNoNumber) tables.processes[process].rank = row.rank;
  }
  std::map<std::pair<std::uint32_t, std::int64_t>, std::uint32_t> threads;
  for (const RawThread& raw : raw_threads_) {
    const std::uint32_t process = process_of(raw.host, raw.pid);
    const auto [thread, is_new] =
        threads.try_emplace({process, raw.tid}, static_cast<std::uint32_t>(tables.threads.size()));
    if (is_new) {
      tables.threads.push_back({raw.tid, process, raw.source, 0, 0});
      process_of_thread_.push_back(process);
      final_threads_.emplace_back();
    }
    thread_of_raw_.push_back(thread->second);
    tables.threads[thread->second].record_count += raw.records;
    FinalThread& facts = final_threads_[thread->second];
    facts.offsets_final &= raw.offsets_final;
    facts.in_order &= raw.in_order && is_new; // two spellings of one thread may interleave
    facts.trains |= raw.trains;
  }
  for (const Process& row : rank_rows_) {
    const auto found = processes.find({hosts_.final_id(row.host), row.pid});
    if (found != processes.end()) tables.processes[found->second].rank = row.rank;
  }
  std::uint64_t next = 0;
  for (ThreadEntry& thread : tables.threads) {
    thread.first_record = next;
    next += thread.record_count;
  }
}

void EventTables::number_ranks(TraceTables& tables) const {
  const auto has_rank = [](const ProcessEntry& process) { return process.rank != kNoNumber; };
  if (!declared_processes_.empty() || std::ranges::any_of(tables.processes, has_rank)) return;
  std::vector<bool> trains(tables.processes.size(), false);
  bool any_trains = false;
  for (std::size_t i = 0; i < final_threads_.size(); ++i) {
    if (!final_threads_[i].trains) continue;
    trains[process_of_thread_[i]] = true;
    any_trains = true;
  }
  std::int32_t next = 0;
  for (std::size_t i = 0; i < tables.processes.size(); ++i)
    if (trains[i] || !any_trains) tables.processes[i].rank = next++;
}

Record EventTables::final(const Record& raw) const {
  Record record = raw;
  record.start_s = to_seconds(raw_start_ns(raw) - origin_ns_);
  record.thread = thread_of_raw_.at(raw.thread);
  record.process = process_of_thread_[record.thread];
  if (raw.file != kNoIndex) record.file = paths_.final_id(raw.file);
  return record;
}

void EventTables::count(const TraceTables& tables, const Record& record, ReadReport& report) const {
  ++report.events;
  if (is_span(record.kind)) return;
  if (record.failed) ++report.failed_calls;
  if (record.file == kNoIndex) {
    ++report.calls_without_path;
  } else if (!tables.files[record.file].is_storage) {
    ++report.pseudo_calls;
    report.pseudo_bytes += record.bytes_moved();
  }
  if (!name_kinds_[record.name].known_call) ++report.unknown_calls[tables.names[record.name]];
}

} // namespace lustrum::trace
