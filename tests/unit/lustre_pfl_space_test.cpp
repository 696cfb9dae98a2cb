// Space of files in several components, and how evenly they fill the OSTs: FSx's default layout.
#include "models/lustre/policy/file_table.hpp"
#include "sim/base/random.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

using namespace lustrum;
using namespace lustrum::lustre;

namespace {

FileTableSettings fsx(std::uint32_t osts) {
  return {.layout = Layout({{.end = Bytes{100 * kMib}, .stripe_count = 1},
                            {.end = Bytes{10 * kGib}, .stripe_count = 8},
                            {.end = Bytes{100 * kGib}, .stripe_count = 16},
                            {.stripe_count = 32}}),
          .osts = osts,
          .servers = osts,
          .ost_capacity = Bytes{1100 * kGib}};
}

Bytes used(const FileTable& table) {
  Bytes sum{};
  for (std::uint32_t t = 0; t < table.space().osts(); ++t) sum += table.space().used(OstIndex{t});
  return sum;
}

} // namespace

TEST_CASE(
    "a file takes the space of its data: what lies before a component is a hole in its objects") {
  // In whole MiB, so in whole blocks. The second component begins at 100 MiB, which is byte 50 MiB
  // of each of its two objects; 12 GiB reach the third component.
  for (const std::uint64_t mib : {1U, 100U, 101U, 147U, 10240U, 12288U}) {
    CAPTURE(mib);
    FileTable table(fsx(2));
    const FileIndex file = table.add(0, Bytes{mib * kMib});
    CHECK(used(table) == Bytes{mib * kMib});
    std::vector<std::uint32_t> objects;
    table.take_objects(file, objects);
    for (const std::uint32_t object : objects) table.destroy_object(object);
    CHECK(used(table) == Bytes{});
  }
}

TEST_CASE("growing and cutting an object count its hole never, its data once") {
  FileTable table(fsx(2));
  const FileIndex file = table.add(0, Bytes{100 * kMib});
  const auto second = table.instantiate(file, 1, Seconds{});
  REQUIRE(second);
  const std::uint32_t object = second->first;
  CHECK(table.extend_object(object, Bytes{51 * kMib}));
  CHECK(used(table) == Bytes{101 * kMib});
  CHECK(table.extend_object(object, Bytes{53 * kMib}));
  CHECK(used(table) == Bytes{103 * kMib});
  table.truncate_object(object, Bytes{52 * kMib});
  CHECK(used(table) == Bytes{102 * kMib});
  table.truncate_object(object, Bytes{10 * kMib}); // inside the hole
  CHECK(used(table) == Bytes{100 * kMib});
  CHECK(table.extend_object(object, Bytes{20 * kMib}));
  CHECK(used(table) == Bytes{100 * kMib});
  CHECK(table.extend_object(object, Bytes{51 * kMib}));
  CHECK(used(table) == Bytes{101 * kMib});
}

TEST_CASE("FSx's layout fills two OSTs, or more, evenly and to the end") {
  // Files of 140 +- 68 MiB (3D U-Net's): each OST gets every n-th file's first 100 MiB and an equal
  // share of the rest. After n files the sums differ by about sqrt(n) x 40 MiB: 1 % allows twice
  // that. All of 95 % of the capacity fits.
  for (const std::uint32_t osts : {2U, 3U, 4U}) {
    CAPTURE(osts);
    FileTable table(fsx(osts));
    const double end = 0.95 * osts * 1100.0 * static_cast<double>(kGib);
    double placed = 0;
    double worst = 0;
    for (std::uint64_t f = 0; placed < end; ++f) {
      const double mib = std::max(1.0, 140 + 68 * random::normal(7, 1, f));
      const Bytes size{static_cast<std::uint64_t>(mib * static_cast<double>(kMib))};
      table.add(0, size);
      placed += size.as_double();
      double least = end;
      double most = 0;
      for (std::uint32_t t = 0; t < osts; ++t) {
        least = std::min(least, table.space().used(OstIndex{t}).as_double());
        most = std::max(most, table.space().used(OstIndex{t}).as_double());
      }
      worst = std::max(worst, most - least);
    }
    CHECK(worst < 0.01 * 1100.0 * static_cast<double>(kGib));
    CHECK(used(table).as_double() == doctest::Approx(placed).epsilon(1e-4));
  }
}
