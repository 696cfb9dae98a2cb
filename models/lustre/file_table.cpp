#include "models/lustre/file_table.hpp"

#include "sim/base/random.hpp"

#include <algorithm>
#include <cassert>

namespace lustrum::lustre {

OstIndex RoundRobinAllocator::allocate(std::uint32_t stripes) {
  constexpr std::uint32_t kReseedCount = 2000; // LOV_CREATE_RESEED_COUNT
  constexpr std::uint32_t kReseedMultiple = 30;
  if (creates_left_ == 0) {
    creates_left_ = (kReseedCount / osts_ + kReseedMultiple) * osts_;
    start_ = static_cast<std::uint32_t>(
        random::below(osts_, seed_, random::component("lustre.allocator", instance_), reseeds_++));
  } else if (stripes >= osts_ || start_ > osts_) {
    start_ %= osts_;
    if (stripes > 1 && osts_ % stripes != 1) ++offset_;
  }
  --creates_left_;
  const OstIndex first{(start_ + offset_) % osts_};
  start_ += stripes;
  return first;
}

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
