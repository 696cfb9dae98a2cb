// Written data of one host that has not reached the storage yet: all of it, for the limit, and of
// each file, for fsync. Files without any take no memory.
#pragma once

#include "sim/base/lru_index.hpp"
#include "sim/base/units.hpp"

namespace lustrum {

class DirtyBytes {
public:
  Bytes total() const { return total_; }
  Bytes of(FileIndex file) {
    const Bytes* bytes = files_.find(file.value());
    return bytes ? *bytes : Bytes{};
  }
  void add(FileIndex file, Bytes bytes) {
    total_ += bytes;
    Bytes* known = files_.find(file.value());
    (known ? *known : files_.insert(file.value())) += bytes;
  }
  // \pre so much of the file is dirty
  void remove(FileIndex file, Bytes bytes) {
    total_ -= bytes;
    Bytes& left = *files_.find(file.value());
    left -= bytes;
    if (left == Bytes{}) files_.erase(file.value());
  }

private:
  Bytes total_{};
  LruIndex<std::uint64_t, Bytes> files_;
};

} // namespace lustrum
