// Records in the order they come, to be visited once afterwards: few in memory, more of them in a
// temporary file without a name, too many not at all.
#pragma once

#include "sim/trace/record.hpp"

#include <cstdint>
#include <cstdio>
#include <memory>
#include <vector>

namespace lustrum::trace {

struct RecordLimits {
  std::uint64_t in_memory = std::uint64_t{1} << 20U;                 // 80 MiB
  std::uint64_t in_all = (std::uint64_t{4} << 30U) / sizeof(Record); // 4 GiB of a disk
};

class RecordStore {
public:
  explicit RecordStore(const RecordLimits& limits) : limits_(limits) {}

  void add(const Record& record);
  // False when they were too many, or the file (in $TMPDIR, else in /var/tmp) could not take them.
  // To be asked after the last one.
  bool has_all();
  // In their order. False when the file did not give them back. \pre has_all()
  template <class Visit> bool visit(const Visit& visit) {
    if (!file_) {
      for (const Record& record : kept_) visit(record);
      return true;
    }
    std::uint64_t visited = 0;
    for (std::fseek(file_.get(), 0, SEEK_SET); read_piece(); visited += kept_.size())
      for (const Record& record : kept_) visit(record);
    return visited == count_;
  }

private:
  struct Closer {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  void write_kept();
  bool read_piece(); // into kept_; false at the end
  bool open_file();
  void give_up();

  RecordLimits limits_;
  std::vector<Record> kept_; // all; or, with a file, those to be written, or just read
  std::unique_ptr<std::FILE, Closer> file_;
  std::uint64_t count_ = 0;
  bool lost_ = false;
};

} // namespace lustrum::trace
