#include "models/lustre/file_table.hpp"

#include "sim/base/random.hpp"

#include <cassert>

namespace lustrum::lustre {

OstIndex RoundRobinAllocator::allocate(std::uint32_t stripes) {
  constexpr std::uint32_t kReseedCount = 2000; // LOV_CREATE_RESEED_COUNT
  constexpr std::uint32_t kReseedMultiple = 30;
  if (creates_left_ == 0) {
    creates_left_ = (kReseedCount / osts_ + kReseedMultiple) * osts_;
    next_ = static_cast<std::uint32_t>(
        random::below(osts_, seed_, random::component("lustre.allocator"), reseeds_++));
  }
  --creates_left_;
  const OstIndex first{next_};
  next_ = (next_ + stripes) % osts_;
  return first;
}

FileTable::FileTable(Layout layout, std::uint32_t osts, std::uint64_t seed)
    : layout_(layout.limited_to(osts)), osts_(osts), allocator_(osts, seed) {
  assert(osts > 0 && osts <= UINT16_MAX);
}

FileIndex FileTable::add(std::uint32_t directory, Bytes size) {
  const FileIndex file{static_cast<std::uint32_t>(files_.size())};
  files_.push_back({size, directory, objects()});
  std::uint32_t left = layout_.object_count(size);
  for (const LayoutComponent& component : layout_.components()) {
    if (left == 0) break;
    const OstIndex first = allocator_.allocate(component.stripe_count);
    for (std::uint32_t k = 0; k < component.stripe_count; ++k)
      object_ost_.push_back(static_cast<std::uint16_t>((first.value() + k) % osts_));
    left -= component.stripe_count;
  }
  return file;
}

} // namespace lustrum::lustre
