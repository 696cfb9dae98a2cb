// What a job sees of any storage: files that are opened, read, written, closed and stat'ed by
// clients. Lustre, object stores and local disks stand behind this header, so that the same job
// runs on each (so far: lustre/filesystem.hpp). Calls are tasks of the world; one virtual call per
// file operation, none per RPC.
//
// Every call adds the time it took to `account`, split by cause.
#pragma once

#include "sim/base/cause.hpp"
#include "sim/base/units.hpp"
#include "sim/kernel/world.hpp"

#include <memory>

namespace lustrum {

// A file that a client has open; owned by the caller, closed with Storage::close.
class OpenFile {
public:
  OpenFile(ClientIndex client, FileIndex file) : client_(client), file_(file) {}
  virtual ~OpenFile() = default;
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  ClientIndex client() const { return client_; }
  FileIndex file() const { return file_; }

private:
  ClientIndex client_;
  FileIndex file_;
};

// What was asked for and what was delivered. A job may end while its loader still reads ahead: what
// is under way then makes up the difference.
struct IoTotals {
  std::uint64_t opens = 0;
  std::uint64_t closes = 0;
  std::uint64_t stats = 0;
  std::uint64_t reads = 0;
  std::uint64_t writes = 0;
  Bytes read_asked{};
  Bytes read_delivered{};
  Bytes read_fetched{}; // from servers, read-ahead included
  Bytes read_under_way{};
  Bytes write_asked{};
  Bytes write_delivered{};
};

class Storage {
public:
  Storage() = default;
  virtual ~Storage() = default;
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;

  // Places a file that exists before the run; takes no simulated time. Directories are numbered by
  // the caller; files of one directory share its metadata server where there are several.
  virtual FileIndex place_file(std::uint32_t directory, Bytes size) = 0;
  virtual Bytes file_size(FileIndex file) const = 0;

  virtual kernel::Task open(ClientIndex client, FileIndex file, std::unique_ptr<OpenFile>& opened,
                            TimeAccount& account) = 0;
  // Pre: offset + length <= file size, and no other call on this open file is under way.
  virtual kernel::Task read(OpenFile& file, Bytes offset, Bytes length, TimeAccount& account) = 0;
  // Pre: offset + length <= file size. Returns when the data is on the device.
  virtual kernel::Task write(OpenFile& file, Bytes offset, Bytes length, TimeAccount& account) = 0;
  virtual kernel::Task close(std::unique_ptr<OpenFile> file, TimeAccount& account) = 0;
  virtual kernel::Task stat(ClientIndex client, FileIndex file, TimeAccount& account) = 0;

  virtual IoTotals totals() const = 0;
};

} // namespace lustrum
