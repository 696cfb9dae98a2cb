#include "sim/trace/record_store.hpp"

#include <unistd.h>

#include <cstdlib>
#include <string>

namespace lustrum::trace {

namespace {

constexpr std::size_t kPiece = 4096; // records written and read at a time

} // namespace

void RecordStore::add(const Record& record) {
  ++count_;
  if (lost_) return;
  kept_.push_back(record);
  if (file_ ? kept_.size() >= kPiece : kept_.size() > limits_.in_memory) write_kept();
}

void RecordStore::write_kept() {
  if (count_ > limits_.in_all || (!file_ && !open_file())) return give_up();
  if (std::fwrite(kept_.data(), sizeof(Record), kept_.size(), file_.get()) != kept_.size())
    return give_up();
  if (kept_.capacity() > kPiece) kept_ = {};
  kept_.clear();
}

void RecordStore::give_up() {
  lost_ = true;
  kept_ = {};
  file_.reset();
}

bool RecordStore::has_all() {
  if (file_) write_kept();
  if (file_ && std::fflush(file_.get()) != 0) give_up();
  return !lost_;
}

bool RecordStore::read_piece() {
  kept_.resize(kPiece);
  kept_.resize(std::fread(kept_.data(), sizeof(Record), kept_.size(), file_.get()));
  return !kept_.empty();
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
