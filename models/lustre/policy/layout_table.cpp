#include "models/lustre/policy/layout_table.hpp"

#include <cassert>

namespace lustrum::lustre {

LayoutIndex LayoutTable::add(const std::pair<LayoutIndex, Layout>& entry, std::uint32_t walk) {
  const auto& [planned, layout] = entry;
  const auto next = static_cast<LayoutIndex>(layouts_.size());
  const auto [number, is_new] = numbers_.try_emplace({planned, layout.components()}, next);
  if (is_new) {
    assert(next < kOwn);
    layouts_.push_back(layout);
    walks_.push_back(walk);
    planned_.push_back(planned == kOwn ? next : planned);
  }
  return number->second;
}

} // namespace lustrum::lustre
