// The layouts in use in one file system, each once.
#pragma once

#include "models/lustre/policy/layout.hpp"

#include <map>
#include <vector>

namespace lustrum::lustre {

using LayoutIndex = std::uint16_t;

class LayoutTable {
public:
  // The number of this layout, new if it was not there. `walk` goes with a new one: where the
  // allocator's walks of its components begin.
  // \pre fewer than 65,535 different layouts
  LayoutIndex add(const Layout& layout, std::uint32_t walk) { return add({kOwn, layout}, walk); }
  bool contains(const Layout& layout) const {
    return numbers_.contains({kOwn, layout.components()});
  }
  // What a file of layout `planned` got instead: fewer stripes, or those of an O_APPEND file.
  LayoutIndex add_instead_of(LayoutIndex planned, const Layout& layout, std::uint32_t walk) {
    return add({this->planned(planned), layout}, walk);
  }
  LayoutIndex planned(LayoutIndex index) const { return planned_[index]; }

  const Layout& operator[](LayoutIndex index) const { return layouts_[index]; }
  std::uint32_t walk(LayoutIndex index) const { return walks_[index]; }
  std::size_t size() const { return layouts_.size(); }

private:
  static constexpr LayoutIndex kOwn = UINT16_MAX;
  LayoutIndex add(const std::pair<LayoutIndex, Layout>& entry, std::uint32_t walk);

  std::vector<Layout> layouts_;
  std::vector<std::uint32_t> walks_;
  std::vector<LayoutIndex> planned_; // itself, unless got instead of another
  std::map<std::pair<LayoutIndex, std::vector<LayoutComponent>>, LayoutIndex> numbers_;
};

} // namespace lustrum::lustre
