// What a recorded job did: one Record per call or span, and the tables its ids point into. Readers
// of any format fill a Trace; statistics and replay only know this header.
//
//   for (const Record& r : trace.records_of(thread))
//     if (r.kind == OperationKind::read && trace.is_storage(r)) total += r.bytes_moved();
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace lustrum::trace {

enum class OperationKind : std::uint8_t {
  open,
  close,
  read,
  write,
  seek,
  stat,
  unlink, // also rmdir
  rename, // also link and symlink
  truncate,
  mkdir,
  readdir,
  sync,
  mmap,
  other_call, // an I/O call that moves no data and is not replayed, or one we do not know
  span_wait,  // the training loop waits for its next batch
  span_step,  // the training loop works on a batch; may contain waiting for other ranks
  span_other,
};

std::string_view to_string(OperationKind kind);

constexpr bool is_span(OperationKind kind) { return kind >= OperationKind::span_wait; }

constexpr std::uint64_t kUnknownOffset = std::numeric_limits<std::uint64_t>::max();
constexpr std::int64_t kNoReturn = std::numeric_limits<std::int64_t>::min();
constexpr std::uint32_t kNoIndex = std::numeric_limits<std::uint32_t>::max();
constexpr std::int32_t kNoNumber = -1; // of fd, epoch, step, rank

// Times are whole nanoseconds divided by 10^9: exact to read and write as such for 52 days.
struct Record {
  double start_s = 0; // since the earliest event of the job
  double duration_s = 0;
  // Of the first byte. Of reads and writes without one in the trace: the position of the file
  // descriptor as its thread's opens, seeks, reads and writes leave it, else kUnknownOffset.
  std::uint64_t offset = kUnknownOffset;
  std::uint64_t requested = 0;       // bytes; length of mmap and truncate
  std::int64_t returned = kNoReturn; // bytes, descriptor of an open, position of a seek, or -1
  std::uint32_t file = kNoIndex;     // index into Trace::files
  std::uint32_t thread = 0;          // index into Trace::threads
  std::uint32_t process = 0;         // index into Trace::processes
  std::uint32_t name = 0;            // index into Trace::names: the call or span as recorded
  std::int32_t fd = kNoNumber;       // also of an open that succeeded
  std::int32_t epoch = kNoNumber;    // as recorded; POSIX calls carry none
  std::int32_t step = kNoNumber;
  std::uint32_t open_flags = 0; // of open(2)
  OperationKind kind = OperationKind::other_call;
  bool failed = false; // returned -1

  double end_s() const { return start_s + duration_s; }
  // 0 for anything but a read or write that succeeded.
  std::uint64_t bytes_moved() const {
    const bool moves = kind == OperationKind::read || kind == OperationKind::write;
    return moves && returned > 0 ? static_cast<std::uint64_t>(returned) : 0;
  }
  bool operator==(const Record&) const = default;
};
static_assert(std::is_trivially_copyable_v<Record> && sizeof(Record) == 80);

struct FileEntry {
  std::string path;
  bool is_storage = false;  // false for /dev/shm, /proc, pipes and the like
  std::uint64_t extent = 0; // greatest offset + bytes seen: the file is at least this long
  bool operator==(const FileEntry&) const = default;
};

struct ProcessEntry {
  std::string host;
  std::int64_t pid = 0;
  std::int32_t rank = kNoNumber; // see TraceTables::processes
  bool operator==(const ProcessEntry&) const = default;
};

// A thread or a forked worker: some tracers give a worker the pid of its parent, so the tid is what
// tells them apart.
struct ThreadEntry {
  std::int64_t tid = 0;
  std::uint32_t process = 0;
  std::uint32_t source = 0;       // index into Trace::sources, the first that mentions it
  std::uint64_t first_record = 0; // its records are records[first_record, +record_count)
  std::uint64_t record_count = 0;
  bool operator==(const ThreadEntry&) const = default;
};

// What the ids of records mean. Paths, (host, pid) and (process, tid) are there once each.
struct TraceTables {
  std::vector<FileEntry> files;
  // Rank: as the trace says. If it says nothing: processes are numbered as they first appear,
  // leaving out those without a wait or step span if some have one (they are loader workers).
  std::vector<ProcessEntry> processes;
  std::vector<ThreadEntry> threads;
  std::vector<std::string> names;
  std::vector<std::string> sources; // files read
  std::int64_t epoch_origin_ns = 0; // wall clock of start_s = 0, nanoseconds since 1970
  double duration_s = 0;            // end of the last event

  // Precondition of both: the record is one of this trace.
  std::string_view name_of(const Record& record) const { return names.at(record.name); }
  bool is_storage(const Record& record) const {
    return record.file != kNoIndex && files.at(record.file).is_storage;
  }
  bool operator==(const TraceTables&) const = default;
};

// A job. Records are grouped by thread and within a thread sorted by start; equal starts stay as
// recorded (a child, written at its end, then precedes its parent).
struct Trace : TraceTables {
  std::vector<Record> records;

  // Precondition: the index is one of this trace.
  std::span<const Record> records_of(std::uint32_t thread) const {
    const ThreadEntry& entry = threads.at(thread);
    return std::span{records}.subspan(entry.first_record, entry.record_count);
  }
  bool operator==(const Trace&) const = default;
};

} // namespace lustrum::trace
