// The namespace: files with size, directory, layout and the OSTs of their objects.
#pragma once

#include "models/lustre/policy/allocator.hpp"
#include "models/lustre/policy/layout.hpp"
#include "sim/base/units.hpp"

#include <vector>

namespace lustrum::lustre {

class FileTable {
public:
  FileTable(const Layout& layout, std::uint32_t osts, std::uint64_t seed);

  const Layout& layout() const { return layout_; }
  FileIndex add(std::uint32_t directory, Bytes size);

  Bytes size(FileIndex file) const { return files_[file.value()].size; }
  std::uint32_t directory(FileIndex file) const { return files_[file.value()].directory; }
  // Objects are numbered over all files; locks are kept by this number.
  std::uint32_t object_number(FileIndex file, std::uint32_t object) const {
    return files_[file.value()].first_object + object;
  }
  OstIndex ost_of(std::uint32_t object_number) const {
    return OstIndex{object_ost_[object_number]};
  }
  // Directories are numbered from 0: one more than the largest number used.
  std::uint32_t directories() const { return directories_; }
  std::uint32_t objects() const { return static_cast<std::uint32_t>(object_ost_.size()); }

private:
  struct Entry {
    Bytes size;
    std::uint32_t directory;
    std::uint32_t first_object;
  };
  Layout layout_;
  std::uint32_t osts_;
  std::uint32_t directories_ = 1;
  // One per component: the later components of a file are made when a write first reaches them,
  // while other files are being created, so the allocations of one kind follow one another.
  std::vector<RoundRobinAllocator> allocators_;
  std::vector<Entry> files_;
  std::vector<std::uint16_t> object_ost_;
};

} // namespace lustrum::lustre
