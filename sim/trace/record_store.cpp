#include "sim/trace/record_store.hpp"

#include <unistd.h>

#include <cstdlib>
#include <string>

namespace lustrum::trace {

void RecordStore::next_block() {
  if (lost_) return;
  close_block();
  const bool is_room = (blocks_.size() + 1) * limits_.block_bytes <= limits_.in_memory_bytes;
  if (!blocks_.empty() && (file_ || !is_room)) {
    if (!write_blocks()) return give_up();
  } else {
    blocks_.push_back({std::make_unique_for_overwrite<char[]>(limits_.block_bytes)});
  }
  at_ = blocks_.back().bytes.get();
  end_ = at_ + limits_.block_bytes;
  packer_ = {};
}

void RecordStore::close_block() {
  if (!blocks_.empty())
    blocks_.back().used = static_cast<std::uint32_t>(at_ - blocks_.back().bytes.get());
}

bool RecordStore::write_blocks() {
  written_ += blocks_.size();
  if (written_ * limits_.block_bytes > limits_.in_all_bytes || (!file_ && !open_file()))
    return false;
  for (const Block& block : blocks_) {
    if (std::fwrite(&block.used, sizeof(block.used), 1, file_.get()) != 1) return false;
    if (std::fwrite(block.bytes.get(), 1, block.used, file_.get()) != block.used) return false;
  }
  blocks_.resize(1);
  return true;
}

void RecordStore::give_up() {
  lost_ = true;
  at_ = end_ = nullptr;
  blocks_.clear();
  file_.reset();
}

bool RecordStore::has_all() {
  if (lost_) return false;
  close_block();
  if (file_ && (!write_blocks() || std::fflush(file_.get()) != 0)) give_up();
  return !lost_;
}

bool RecordStore::read_block() {
  Block& block = blocks_.front();
  return std::fread(&block.used, sizeof(block.used), 1, file_.get()) == 1 &&
         block.used <= limits_.block_bytes &&
         std::fread(block.bytes.get(), 1, block.used, file_.get()) == block.used;
}

bool RecordStore::open_file() {
  const char* const asked = std::getenv("TMPDIR"); // NOLINT(concurrency-mt-unsafe): nobody sets it
  // Not /tmp, which may be memory.
  std::string name = asked != nullptr && *asked != 0 ? asked : "/var/tmp";
  name += "/lustrum_XXXXXX";
  const int descriptor = mkstemp(name.data());
  if (descriptor < 0) return false;
  unlink(name.c_str());
  file_.reset(fdopen(descriptor, "w+b"));
  if (!file_) close(descriptor);
  return file_ != nullptr;
}

} // namespace lustrum::trace
