// Records in the order they come, to be visited once afterwards: few in memory, more of them in a
// temporary file without a name, too many not at all.
#pragma once

#include "sim/trace/record.hpp"
#include "sim/trace/record_pack.hpp"

#include <array>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <vector>

namespace lustrum::trace {

struct RecordLimits {
  std::uint64_t in_memory_bytes = std::uint64_t{128} << 20U; // about 4 million records
  std::uint64_t in_all_bytes = std::uint64_t{4} << 30U;      // of a disk
  std::uint32_t block_bytes = std::uint32_t{1} << 20U;       // what both are counted in
};

class RecordStore {
public:
  // \pre a block has room for a record: kPackedRoom
  explicit RecordStore(const RecordLimits& limits) : limits_(limits) {}

  void add(const Record& record) {
    if (static_cast<std::size_t>(end_ - at_) < kPackedRoom) next_block();
    if (!lost_) at_ = packer_.pack(record, at_);
  }
  // False when they were too many, or the file (in $TMPDIR, else in /var/tmp) could not take them.
  // To be asked after the last one.
  bool has_all();
  // In their order. False when the file did not give them back. \pre has_all()
  template <class Visit> bool visit(const Visit& visit) {
    if (!file_) {
      for (const Block& block : blocks_) visit_block(block, visit);
      return true;
    }
    std::rewind(file_.get());
    for (std::uint64_t left = written_; left > 0; --left) {
      if (!read_block()) return false;
      visit_block(blocks_.front(), visit);
    }
    return true;
  }

private:
  struct Closer {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  // Each is packed by itself.
  struct Block {
    std::unique_ptr<char[]> bytes;
    std::uint32_t used = 0;
  };

  template <class Visit> static void visit_block(const Block& block, const Visit& visit) {
    RecordUnpacker unpacker;
    Record record;
    const char* const end = block.bytes.get() + block.used;
    for (const char* at = block.bytes.get(); at < end;) {
      at = unpacker.unpack(at, record);
      visit(record);
    }
  }
  void next_block();
  void close_block();
  bool write_blocks(); // and keeps one of them, empty
  bool read_block();   // into the first
  bool open_file();
  void give_up();

  RecordLimits limits_;
  RecordPacker packer_;
  char* at_ = nullptr; // where the last block goes on
  char* end_ = nullptr;
  std::vector<Block> blocks_; // all; or, with a file, one to be written, or just read
  std::unique_ptr<std::FILE, Closer> file_;
  std::uint64_t written_ = 0; // blocks
  bool lost_ = false;
};

} // namespace lustrum::trace
