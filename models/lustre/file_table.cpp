#include "models/lustre/file_table.hpp"

#include <algorithm>
#include <cassert>

namespace lustrum::lustre {

FileTable::FileTable(const Layout& layout, std::uint32_t osts, std::uint64_t seed)
    : layout_(layout.limited_to(osts)), osts_(osts) {
  assert(osts > 0 && osts <= UINT16_MAX);
  for (std::size_t c = 0; c < layout_.components().size(); ++c)
    allocators_.emplace_back(osts, seed, c);
}

FileIndex FileTable::add(std::uint32_t directory, Bytes size) {
  const FileIndex file{static_cast<std::uint32_t>(files_.size())};
  files_.push_back({size, directory, objects()});
  directories_ = std::max(directories_, directory + 1);
  std::uint32_t left = layout_.object_count(size);
  for (std::size_t c = 0; left > 0; ++c) {
    const std::uint32_t stripes = layout_.components()[c].stripe_count;
    const OstIndex first = allocators_[c].allocate(stripes);
    for (std::uint32_t k = 0; k < stripes; ++k)
      object_ost_.push_back(static_cast<std::uint16_t>((first.value() + k) % osts_));
    left -= stripes;
  }
  return file;
}

} // namespace lustrum::lustre
