// File layouts: RAID-0 striping in components (PFL). Pure arithmetic, no simulation.
//
// A component covers absolute file offsets up to its end. Byte o of the file lies in stripe
// k = (o / S) mod c, which is object k of the component.
#pragma once

#include "sim/base/units.hpp"

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace lustrum::lustre {

inline constexpr Bytes kToEnd{UINT64_MAX};

struct LayoutComponent {
  Bytes end = kToEnd; // file offset behind its last byte
  std::uint32_t stripe_count = 1;
  Bytes stripe_size{kMib};
};

// A part of a file that is contiguous in one object.
struct ObjectExtent {
  std::uint32_t object = 0; // within the file, counted over its components
  Bytes offset{};           // within the object
  Bytes length{};
};

class Layout {
public:
  // Pre: ends rise and the last component reaches kToEnd; counts and sizes are positive.
  explicit Layout(std::vector<LayoutComponent> components);

  const std::vector<LayoutComponent>& components() const { return components_; }

  // The layout that a file gets on a system with few OSTs: no more stripes than OSTs.
  Layout limited_to(std::uint32_t osts) const;

  // Objects of a file of this size: those of the components that its bytes reach.
  std::uint32_t object_count(Bytes file_size) const;

  // Maps a file extent to one extent per object it touches, in object order within each component.
  // Appends to `out`.
  void map(Bytes offset, Bytes length, std::vector<ObjectExtent>& out) const;

private:
  std::vector<LayoutComponent> components_;
};

// Reads a layout as `lfs setstripe` takes it: "-E 100M -c 1 -E 10G -c 8 -E -1 -c 32 -S 1M". Returns
// the layout, or what is wrong with the text.
std::variant<Layout, std::string> parse_layout(std::string_view text);

std::string to_string(const Layout& layout);

} // namespace lustrum::lustre
