#include "models/lustre/policy/layout.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <set>
#include <tuple>
#include <variant>

using namespace lustrum;
using namespace lustrum::lustre;

namespace {

Layout layout(std::string_view text) { return std::get<Layout>(parse_layout(text)); }

std::vector<ObjectExtent> map(const Layout& l, std::uint64_t offset, std::uint64_t length) {
  std::vector<ObjectExtent> extents;
  l.map(Bytes{offset}, Bytes{length}, extents);
  return extents;
}

// Where a byte lies: on the MDT or in which object, and at which offset there.
using Place = std::tuple<bool, std::uint32_t, std::uint64_t>;

// Byte o lies in stripe k = (o/S) mod c of its component, at o/(S c) S + o mod S of the object;
// written down anew, byte by byte, as the definition says.
Place place_of(const Layout& l, std::uint64_t byte) {
  std::uint32_t first = 0;
  for (const LayoutComponent& c : l.components()) {
    const std::uint64_t S = c.stripe_size.count();
    if (byte < c.end.count())
      return c.on_mdt ? Place{true, 0, byte}
                      : Place{false, first + static_cast<std::uint32_t>(byte / S % c.stripe_count),
                              byte / (S * c.stripe_count) * S + byte % S};
    first += c.on_mdt ? 0 : c.stripe_count;
  }
  return {};
}

// One to four components with small stripes (16 to 64 bytes cover many rounds quickly), ends
// anywhere, the first perhaps on the MDT, some overstriped; limited to a few OSTs.
Layout any_layout() {
  const auto n = *rc::gen::inRange<std::size_t>(1, 5);
  std::vector<LayoutComponent> components(n);
  std::uint64_t end = 0;
  for (LayoutComponent& c : components) {
    end += *rc::gen::inRange<std::uint64_t>(1, 300);
    c.end = Bytes{end};
    c.stripe_count = *rc::gen::inRange(1U, 9U);
    c.stripe_size = Bytes{16 * *rc::gen::inRange<std::uint64_t>(1, 5)};
    c.overstriped = *rc::gen::arbitrary<bool>();
  }
  components.back().end = kToEnd;
  if (n > 1) components.front().on_mdt = *rc::gen::arbitrary<bool>();
  return Layout(components).limited_to({.osts = *rc::gen::inRange(1U, 7U)});
}

} // namespace

TEST_CASE("a layout of FSx keeps the first 100 MiB on one object") {
  const Layout fsx = layout("-E 100M -c 1 -E 10G -c 8 -E 100G -c 16 -E -1 -c 32");
  const auto head = map(fsx, 0, 100 * kMib);
  REQUIRE(head.size() == 1);
  CHECK(head[0].object == 0);
  CHECK(head[0].length == Bytes{100 * kMib});
  CHECK(map(fsx, 100 * kMib, 8 * kMib).size() == 8);
  CHECK(fsx.object_count(Bytes{100 * kMib}) == 1);
  CHECK(fsx.object_count(Bytes{100 * kMib + 1}) == 9);
  CHECK(fsx.object_count(Bytes{kTib}) == 57);
  CHECK(fsx.limited_to({.osts = 4}).object_count(Bytes{kTib}) == 1 + 4 + 4 + 4);
}

TEST_CASE("property: a layout is a bijection between file bytes and object bytes") {
  CHECK(rc::check("every byte of an extent lands where the definition says, none twice", [] {
    const Layout l = any_layout();
    const auto offset = *rc::gen::inRange<std::uint64_t>(0, 900);
    const auto length = *rc::gen::inRange<std::uint64_t>(1, 600);
    std::set<Place> covered;
    for (const ObjectExtent& e : map(l, offset, length)) {
      const LayoutComponent& component = l.components()[e.component];
      RC_ASSERT(e.on_mdt == component.on_mdt);
      if (!e.on_mdt) {
        RC_ASSERT(e.object == l.first_object(e.component) + e.stripe);
        RC_ASSERT(l.component_of_object(e.object) == e.component);
      }
      for (std::uint64_t b = 0; b < e.length.count(); ++b)
        RC_ASSERT(covered.insert({e.on_mdt, e.object, e.offset.count() + b}).second);
    }
    RC_ASSERT(covered.size() == length);
    for (std::uint64_t byte = offset; byte < offset + length; ++byte)
      RC_ASSERT(covered.contains(place_of(l, byte)));
  }));
}

TEST_CASE("property: the components of an extent are those that its bytes lie in") {
  CHECK(rc::check([] {
    const Layout l = any_layout();
    const auto offset = *rc::gen::inRange<std::uint64_t>(0, 900);
    const auto length = *rc::gen::inRange<std::uint64_t>(1, 600);
    std::set<std::size_t> touched;
    for (const ObjectExtent& e : map(l, offset, length)) touched.insert(e.component);
    const auto [first, last] = l.components_of(Bytes{offset}, Bytes{length});
    RC_ASSERT(*touched.begin() == first);
    RC_ASSERT(*touched.rbegin() + 1 == last);
    RC_ASSERT(touched.size() == last - first);
  }));
}

TEST_CASE("a system limits a layout") {
  // The component on the MDT is cut to lod.*.dom_stripesize (1 MiB unless set) or left out; more
  // stripes than OSTs only when overstriped; 160 stripes at most without ea_inode.
  const Layout l = layout("-E 2M -L mdt -E 1G -c -1 -E 2G -c 100 -E -1 -C 2000");
  CHECK(to_string(l.limited_to({.osts = 4})) ==
        "-E 1M -L mdt -E 1024M -c 4 -S 1024K -E 2048M -c 4 -S 1024K -E -1 -C 2000 -S 1024K");
  const Layout small = l.limited_to(
      {.osts = 64, .max_stripes = kMaxStripesWithoutEaInode, .dom_stripesize = Bytes{}});
  CHECK(to_string(small) ==
        "-E 1024M -c 64 -S 1024K -E 2048M -c 64 -S 1024K -E -1 -C 160 -S 1024K");
  CHECK(l.limited_to({.osts = 3000}).components()[1].stripe_count == 2000);
  // Up to the end of the first component: no object; behind it those of the second.
  const Layout limited = l.limited_to({.osts = 4});
  CHECK(limited.object_count(Bytes{kMib}) == 0);
  CHECK(limited.object_count(Bytes{kMib + 1}) == 4);
  CHECK(limited.object_count() == 4 + 4 + 2000);
  const auto head = map(limited, 0, 2 * kMib);
  REQUIRE(head.size() == 2);
  CHECK(head[0].on_mdt);
  CHECK(head[0].length == Bytes{kMib});
  // Stripes count from the file's first byte: the second MiB is stripe 1.
  CHECK(head[1].stripe == 1);
}

TEST_CASE("layouts are read as lfs takes them") {
  CHECK(to_string(layout("-c 4 -S 4M")) == "-c 4 -S 4096K");
  CHECK(to_string(layout("-E 64K -L mdt -E 1G -c -1 -E -1 -C 32 -S 4M")) ==
        "-E 64K -L mdt -E 1024M -c -1 -S 1024K -E -1 -C 32 -S 4096K");
  CHECK(to_string(layout("-E 1G -c 1 -E -1 -c 5")) == "-E 1024M -c 1 -S 1024K -E -1 -c 5 -S 1024K");
  const auto problem = [](std::string_view text) {
    return std::get<std::string>(parse_layout(text));
  };
  CHECK(problem("") == "the layout is empty (try \"-c 1\")");
  CHECK(problem("-c") == "`-c` has no value");
  CHECK(problem("-c 0") == "`0` is not a stripe count (1 to 2000, or -1 for all OSTs)");
  CHECK(problem("-S 3") == "`3` is not a stripe size (a multiple of 64K)");
  CHECK(problem("-E 1G -c 1") == "the last component must reach the end of the file (-E -1)");
  CHECK(problem("-E 2G -c 1 -E 1G -c 2 -E -1 -c 1") == "component ends must rise");
  CHECK(problem("-x 1") == "unknown option `-x` (known: -E end, -c stripe count, -C stripe count "
                           "with several stripes on one OST, -S stripe size, -L mdt)");
  CHECK(problem("-C -1") == "`-1` is not a stripe count (1 to 2000)");
  CHECK(problem("-c 2001") == "`2001` is not a stripe count (1 to 2000, or -1 for all OSTs)");
  CHECK(problem("-E 100K -c 1 -E -1 -c 2") == "`100K` is not a component end (a multiple of 64K)");
  CHECK(problem("-E 99999999T -c 1") == "`99999999T` is not a component end (try 100M, 10G or -1)");
  CHECK(problem("-E 100M -c 1 -S 64M -E -1 -c 2") ==
        "the component's end 100M is not a multiple of its stripe size 64M");
  CHECK(problem("-L mdt") == "the component on the MDT needs an end: `-E 64K -L mdt -E -1 -c 1`");
  CHECK(problem("-E 1M -c 1 -E 2M -L mdt -E -1 -c 1") ==
        "only the first component can lie on the MDT: put `-E 64K -L mdt` first");
  CHECK(problem("-E 1M -L mdt -c 4 -E -1 -c 1") ==
        "a component on the MDT has no stripes: leave out -c");
  CHECK(problem("-E 1M -c 4 -L mdt -E -1 -c 1") ==
        "a component on the MDT has no stripes: leave out -c");
  CHECK(problem("-E 1M -L ost -E -1 -c 1") == "`ost` is not a pattern (mdt or raid0)");
}
