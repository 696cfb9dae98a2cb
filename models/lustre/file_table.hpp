// The namespace: files with size, directory, layout and the OSTs of their objects.
#pragma once

#include "models/lustre/layout.hpp"
#include "sim/base/units.hpp"

#include <vector>

namespace lustrum::lustre {

// Round-robin object allocation over OSTs whose free space is balanced. OSTs are numbered so that
// neighbours lie on different OSSs (OST i on OSS i mod n_oss), which is the order Lustre walks
// them. The start index is drawn anew every (2000/n + 30) * n creates, and a lap with several
// stripes shifts the walk by one, or stripe counts that share a divisor with n would meet the same
// OSTs for ever. Source: Lustre 2.15 lustre/lod/lod_qos.c.
class RoundRobinAllocator {
public:
  // `instance` tells apart several allocators of one seed.
  RoundRobinAllocator(std::uint32_t osts, std::uint64_t seed, std::uint64_t instance = 0)
      : osts_(osts), seed_(seed), instance_(instance) {}

  // The first OST for an object set of `stripes`; the others follow it.
  // \pre always the same number of stripes: the shift is made for that
  OstIndex allocate(std::uint32_t stripes);

private:
  std::uint32_t osts_;
  std::uint64_t seed_;
  std::uint64_t instance_;
  std::uint64_t reseeds_ = 0;
  std::uint32_t creates_left_ = 0;
  std::uint32_t start_ = 0;  // lod_qos.c: lqr_start_idx
  std::uint32_t offset_ = 0; // lod_qos.c: lqr_offset_idx
};

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
