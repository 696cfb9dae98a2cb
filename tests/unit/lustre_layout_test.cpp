#include "models/lustre/file_table.hpp"
#include "models/lustre/policy/layout.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <map>
#include <set>
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

// Byte o lies in stripe k = (o/S) mod c of its component, at o/(S c) S + o mod S of the object;
// written down anew, byte by byte, as the definition says.
std::pair<std::uint32_t, std::uint64_t> place_of(const Layout& l, std::uint64_t byte) {
  std::uint32_t first = 0;
  for (const LayoutComponent& c : l.components()) {
    const std::uint64_t S = c.stripe_size.count();
    if (byte < c.end.count())
      return {first + static_cast<std::uint32_t>(byte / S % c.stripe_count),
              byte / (S * c.stripe_count) * S + byte % S};
    first += c.stripe_count;
  }
  return {};
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
  CHECK(fsx.limited_to(4).object_count(Bytes{kTib}) == 1 + 4 + 4 + 4);
}

TEST_CASE("property: a layout is a bijection between file bytes and object bytes") {
  CHECK(rc::check("every byte of an extent lands where the definition says, none twice", [] {
    const auto stripe = *rc::gen::inRange(1, 5);
    const auto count = *rc::gen::inRange(1, 7);
    const auto tail = *rc::gen::inRange(1, 9);
    const std::uint64_t unit = 16; // bytes: small stripes cover many rounds quickly
    const auto first_end = *rc::gen::inRange<std::uint64_t>(1, 400);
    const Layout l({{Bytes{first_end}, static_cast<std::uint32_t>(count),
                     Bytes{unit * static_cast<std::uint64_t>(stripe)}},
                    {kToEnd, static_cast<std::uint32_t>(tail), Bytes{unit}}});
    const auto offset = *rc::gen::inRange<std::uint64_t>(0, 600);
    const auto length = *rc::gen::inRange<std::uint64_t>(1, 600);
    std::set<std::pair<std::uint32_t, std::uint64_t>> covered;
    for (const ObjectExtent& e : map(l, offset, length))
      for (std::uint64_t b = 0; b < e.length.count(); ++b)
        RC_ASSERT(covered.insert({e.object, e.offset.count() + b}).second);
    RC_ASSERT(covered.size() == length);
    for (std::uint64_t byte = offset; byte < offset + length; ++byte)
      RC_ASSERT(covered.contains(place_of(l, byte)));
  }));
}

TEST_CASE("layouts are read as lfs takes them") {
  CHECK(to_string(layout("-c 4 -S 4M")) == "-c 4 -S 4096K");
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
  CHECK(problem("-x 1") == "unknown option `-x` (known: -E end, -c stripe count, -S stripe size)");
}

TEST_CASE("round robin keeps first components in balance under FSx's layout") {
  // Each file takes one object, then eight: without the shift of a lap, a number of OSTs that 3
  // divides would put all first components on a third of them.
  for (const std::uint32_t osts : {6U, 9U, 12U, 18U, 20U, 24U}) {
    CAPTURE(osts);
    FileTable files(layout("-E 100M -c 1 -E -1 -c 8"), osts, 1);
    std::vector<std::uint32_t> first(osts);
    std::vector<std::uint32_t> second(osts);
    for (std::uint32_t f = 0; f < 100 * osts; ++f) {
      const FileIndex file = files.add(0, Bytes{140 * kMib});
      ++first[files.ost_of(files.object_number(file, 0)).value()];
      ++second[files.ost_of(files.object_number(file, 1)).value()];
    }
    CHECK(*std::max_element(first.begin(), first.end()) <= 102);
    CHECK(*std::min_element(first.begin(), first.end()) >= 98);
    CHECK(*std::max_element(second.begin(), second.end()) <= 140);
    CHECK(*std::min_element(second.begin(), second.end()) >= 60);
  }
}

TEST_CASE("round robin keeps OSTs in balance") {
  // 64 OSTs, 65,536 one-stripe files: between reseeds each OST gets its turn; every reseed may
  // leave a lap unfinished, one file per OST and reseed: 65,536 / 3,904 = 16 reseeds, so at most
  // 1,024 + 17.
  RoundRobinAllocator allocator(64, 1);
  std::map<std::uint32_t, std::uint32_t> files;
  for (int i = 0; i < 65'536; ++i) ++files[allocator.allocate(1).value()];
  std::uint32_t most = 0;
  for (const auto& [ost, n] : files) most = std::max(most, n);
  CHECK(files.size() == 64);
  CHECK(most <= 1'024 + 17);
}
