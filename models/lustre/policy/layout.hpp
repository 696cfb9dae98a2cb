// File layouts: RAID-0 striping in components (PFL), the first of which may lie on the MDT (DoM).
// Pure arithmetic, no simulation.
//
// A component covers absolute file offsets up to its end. Byte o of the file lies in stripe
// k = (o / S) mod c, which is object k of the component.
#pragma once

#include "sim/base/units.hpp"

#include <compare>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace lustrum::lustre {

inline constexpr Bytes kToEnd{UINT64_MAX};
inline constexpr std::uint32_t kAllOsts = UINT32_MAX; // `lfs setstripe -c -1`
// Of one component; without the ea_inode feature the layout must fit into a small attribute.
// Source: Lustre manual, striping.
inline constexpr std::uint32_t kMaxStripes = 2000;
inline constexpr std::uint32_t kMaxStripesWithoutEaInode = 160;
inline constexpr std::size_t kMaxComponents = 255; // assumed; real layouts have up to five

struct LayoutComponent {
  Bytes end = kToEnd;             // file offset behind its last byte
  std::uint32_t stripe_count = 1; // objects, or kAllOsts
  Bytes stripe_size{kMib};
  bool on_mdt = false;      // Data-on-MDT: no objects
  bool overstriped = false; // several objects on one OST when there are more stripes than OSTs
  std::uint32_t objects() const { return on_mdt ? 0 : stripe_count; }
  friend constexpr auto operator<=>(const LayoutComponent&, const LayoutComponent&) = default;
};

// A part of a file that is contiguous in one object, or in the MDT's part of the file.
struct ObjectExtent {
  std::uint32_t object = 0; // within the file, counted over its components; 0 on the MDT
  Bytes offset{};           // within the object
  Bytes length{};
  std::uint16_t stripe = 0; // object of its component
  std::uint8_t component = 0;
  bool on_mdt = false;
};

// What a file system makes of a layout.
struct LayoutLimits {
  std::uint32_t osts = 1;
  std::uint32_t max_stripes = kMaxStripes;
  Bytes dom_stripesize{kMib}; // lod.*.dom_stripesize: a DoM component ends there; 0: no DoM
};

class Layout {
public:
  // Pre: ends rise and the last component reaches kToEnd; counts and sizes are positive; only the
  // first component lies on the MDT, and it is not the last.
  explicit Layout(std::vector<LayoutComponent> components);

  const std::vector<LayoutComponent>& components() const { return components_; }

  // The layout that a file gets on a given system: no more stripes than OSTs unless overstriped.
  Layout limited_to(const LayoutLimits& limits) const;
  // The same with fewer stripes in one component, as when OSTs are full or away.
  Layout with_stripes(std::size_t component, std::uint32_t stripes) const;

  // Objects of a file of this size: those of the components that its bytes reach.
  // Pre for the rest: limited to a system.
  std::uint32_t object_count(Bytes file_size) const;
  std::uint32_t object_count() const { return object_count(kToEnd); }
  // The first object of a component, counted over the file.
  std::uint32_t first_object(std::size_t component) const { return first_object_[component]; }
  std::size_t component_of_object(std::uint32_t object) const;

  // Components that an extent touches: [first, second). The first component exists from the file's
  // creation on; the others are instantiated by the first write that touches them.
  std::pair<std::size_t, std::size_t> components_of(Bytes offset, Bytes length) const;

  // Maps a file extent to one extent per object it touches, in object order within each component.
  // Appends to `out`.
  void map(Bytes offset, Bytes length, std::vector<ObjectExtent>& out) const;

private:
  std::vector<LayoutComponent> components_;
  std::vector<std::uint32_t> first_object_; // of each component
};

// What a component gets that does not say: lod.stripesize, a multiple of 64 KiB (halved until the
// component's end is a multiple of it), and lod.stripecount.
struct LayoutDefaults {
  Bytes stripe_size{kMib};
  std::uint32_t stripe_count = 1;
};

// Reads a layout as `lfs setstripe` takes it: "-E 64K -L mdt -E 1G -c 1 -E -1 -C 8 -S 4M". Returns
// the layout, or what is wrong with the text.
std::variant<Layout, std::string> parse_layout(std::string_view text,
                                               const LayoutDefaults& defaults = {});

std::string to_string(const Layout& layout);

} // namespace lustrum::lustre
