// What a job sees of any storage: a tree of files that processes on clients create, open, read,
// write, sync, stat, list and remove. Lustre, object stores and local disks stand behind this
// header (Lustre: lustre/filesystem.hpp), so that the same job runs on each. Calls are tasks of the
// world; one virtual call per file operation, none per RPC.
//
// Names are numbers. A file or directory that exists before the run is placed; one that the job
// will create is reserved first, which takes no simulated time either.
//
//   const FileIndex file = storage.place_file(kRootDirectory, Bytes{150 * kMib});
//   Outcome outcome;
//   std::unique_ptr<OpenFile> open;
//   co_await storage.open(caller, file, {}, open, outcome);
//   if (open) { co_await storage.read(*open, Bytes{}, Bytes{kMib}, outcome); ... }
#pragma once

#include "sim/base/cause.hpp"
#include "sim/base/units.hpp"
#include "sim/kernel/world.hpp"

#include <memory>
#include <string_view>
#include <vector>

namespace lustrum {

// Who calls: a process of a job on a client. `process` tells the processes of one client apart.
struct Caller {
  ClientIndex client{};
  JobIndex job{};
  std::uint32_t process = 0;
};

// As the application would see it in errno.
enum class StorageError : std::uint8_t {
  none,
  io,        // EIO: target gone, client evicted
  no_space,  // ENOSPC: an OST that the file needs is full
  no_entry,  // ENOENT
  exists,    // EEXIST
  not_empty, // ENOTEMPTY
  no_data,   // ENODATA: released, and restoring is not allowed
  invalid,   // EINVAL: direct I/O that this storage does not take
};

inline std::string_view to_string(StorageError error) {
  switch (error) {
  case StorageError::none:
    return "no error";
  case StorageError::io:
    return "EIO";
  case StorageError::no_space:
    return "ENOSPC";
  case StorageError::no_entry:
    return "ENOENT";
  case StorageError::exists:
    return "EEXIST";
  case StorageError::not_empty:
    return "ENOTEMPTY";
  case StorageError::no_data:
    return "ENODATA";
  case StorageError::invalid:
    return "EINVAL";
  }
  return "?";
}

// What came of one or more calls: the time they took, by cause, and the first error.
struct Outcome {
  TimeAccount time;
  StorageError error = StorageError::none;

  bool ok() const { return error == StorageError::none; }
  void fail(StorageError what) {
    if (ok()) error = what;
  }
  Outcome& operator+=(const Outcome& other) {
    time += other.time;
    fail(other.error);
    return *this;
  }
};

struct OpenMode {
  bool write = false;
  bool create = false;
  bool truncate = false;
  bool append = false;
  bool direct = false;     // O_DIRECT
  bool gpu = false;        // GPUDirect Storage: direct, and into GPU memory
  bool map = false;        // read through mmap: page faults instead of read()
  bool group_lock = false; // processes of the job that say so lock the file together (Lustre)
};

// A file that a process has open; owned by the caller, closed with Storage::close.
class OpenFile {
public:
  OpenFile(const Caller& caller, FileIndex file, OpenMode mode)
      : caller_(caller), file_(file), mode_(mode) {}
  virtual ~OpenFile() = default;
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  const Caller& caller() const { return caller_; }
  ClientIndex client() const { return caller_.client; }
  FileIndex file() const { return file_; }
  OpenMode mode() const { return mode_; }

private:
  Caller caller_;
  FileIndex file_;
  OpenMode mode_;
};

// What was asked for and what was delivered. A job may end while its loader still reads ahead or
// its data is still being written back: what is under way then makes up the difference.
struct IoTotals {
  std::uint64_t opens = 0;
  std::uint64_t closes = 0;
  std::uint64_t stats = 0;
  std::uint64_t creates = 0;
  std::uint64_t removes = 0;
  std::uint64_t reads = 0;
  std::uint64_t writes = 0;
  std::uint64_t syncs = 0;
  std::uint64_t errors = 0; // calls that failed
  Bytes read_asked{};
  Bytes read_delivered{};
  Bytes read_failed{};
  Bytes read_under_way{};
  Bytes read_cached{};  // of the delivered: without a server
  Bytes read_fetched{}; // from servers, read-ahead included
  Bytes write_asked{};
  Bytes write_accepted{}; // in the page cache or on the device
  Bytes write_failed{};
  Bytes write_under_way{};
  Bytes write_stored{}; // on the device
  Bytes write_lost{};   // accepted, never synced, and lost with an evicted or dead client

  IoTotals& operator+=(const IoTotals& other);
};

// The directory that is always there.
inline constexpr DirectoryIndex kRootDirectory{0};

class Storage {
public:
  Storage() = default;
  virtual ~Storage() = default;
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;

  // --- no simulated time
  // --------------------------------------------------------------------------
  virtual DirectoryIndex place_directory(DirectoryIndex parent) = 0;
  virtual FileIndex place_file(DirectoryIndex directory, Bytes size) = 0;
  // Names that do not exist yet, for make_directory() and open() with `create`.
  virtual DirectoryIndex reserve_directory(DirectoryIndex parent) = 0;
  virtual FileIndex reserve_file(DirectoryIndex directory) = 0;
  virtual Bytes file_size(FileIndex file) const = 0;
  // Empties the client's caches, as `echo 3 > drop_caches` and a new mount would. Dirty data stays.
  virtual void drop_caches(ClientIndex client) = 0;

  // --- calls ------------------------------------------------------------------------------------
  // `opened` stays empty when the call fails.
  virtual kernel::Task open(Caller caller, FileIndex file, OpenMode mode,
                            std::unique_ptr<OpenFile>& opened, Outcome& outcome) = 0;
  // Short where the file ends, as in POSIX. Pre: no other call on this open file is under way.
  virtual kernel::Task read(OpenFile& file, Bytes offset, Bytes length, Outcome& outcome) = 0;
  // Returns when the page cache has the data, or with `direct` the device. The file grows as
  // needed.
  virtual kernel::Task write(OpenFile& file, Bytes offset, Bytes length, Outcome& outcome) = 0;
  // Asks for the right to write these bytes soon, and returns when that is on its way (Lustre:
  // ladvise lockahead). A storage without such locks has nothing to do.
  virtual kernel::Task lock_ahead(OpenFile& /*file*/, Bytes /*offset*/, Bytes /*length*/,
                                  Outcome& /*outcome*/) {
    co_return;
  }
  // Whether files must be read in an order that is told beforehand, each from its beginning to its
  // end: SageMaker's Pipe mode.
  virtual bool wants_order() const { return false; }
  // The files that this process will open for reading from now on, one after the other.
  virtual void set_order(Caller /*caller*/, std::vector<FileIndex> /*files*/) {} // NOLINT: is kept
  // fsync: returns when all that this client has written to the file is on the device.
  virtual kernel::Task sync(OpenFile& file, Outcome& outcome) = 0;
  virtual kernel::Task close(std::unique_ptr<OpenFile> file, Outcome& outcome) = 0;
  virtual kernel::Task truncate(Caller caller, FileIndex file, Bytes size, Outcome& outcome) = 0;
  virtual kernel::Task stat(Caller caller, FileIndex file, Outcome& outcome) = 0;
  virtual kernel::Task remove(Caller caller, FileIndex file, Outcome& outcome) = 0;
  virtual kernel::Task make_directory(Caller caller, DirectoryIndex directory,
                                      Outcome& outcome) = 0;
  virtual kernel::Task remove_directory(Caller caller, DirectoryIndex directory,
                                        Outcome& outcome) = 0;
  // readdir: appends the files of the directory, in the order in which a listing gives them.
  virtual kernel::Task list(Caller caller, DirectoryIndex directory, std::vector<FileIndex>& files,
                            Outcome& outcome) = 0;

  virtual IoTotals totals(JobIndex job) const = 0;
  virtual IoTotals totals() const = 0; // of all jobs
};

inline IoTotals& IoTotals::operator+=(const IoTotals& other) {
  opens += other.opens;
  closes += other.closes;
  stats += other.stats;
  creates += other.creates;
  removes += other.removes;
  reads += other.reads;
  writes += other.writes;
  syncs += other.syncs;
  errors += other.errors;
  read_asked += other.read_asked;
  read_delivered += other.read_delivered;
  read_failed += other.read_failed;
  read_under_way += other.read_under_way;
  read_cached += other.read_cached;
  read_fetched += other.read_fetched;
  write_asked += other.write_asked;
  write_accepted += other.write_accepted;
  write_failed += other.write_failed;
  write_under_way += other.write_under_way;
  write_stored += other.write_stored;
  write_lost += other.write_lost;
  return *this;
}

} // namespace lustrum
