#include "sim/base/parameter_value.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <string>

using namespace lustrum;

namespace {

struct Inner {
  std::uint32_t slots = 0;
  Spread latency;
};

struct Owner {
  bool on = false;
  std::uint32_t count = 0;
  std::uint64_t seed = 0;
  double ratio = 0;
  std::string name;
  std::vector<std::string> tags;
  Bytes size;
  Figure<BytesPerSecond> rate;
  Inner inner;
};

const ParameterTable& table() {
  static const ParameterTable kTable{
      {.key = "on", .field = field<&Owner::on>, .default_text = "true", .doc = "Switch."},
      {.key = "count",
       .field = field<&Owner::count>,
       .default_text = "8",
       .min = 1,
       .max = 256,
       .doc = "How many.",
       .source = "lustre manual"},
      {.key = "seed", .field = field<&Owner::seed>, .default_text = kRequired, .doc = "Seed."},
      {.key = "ratio",
       .field = field<&Owner::ratio>,
       .default_text = "84 %",
       .min = 0,
       .max = 1,
       .doc = "Ratio."},
      {.key = "name",
       .field = field<&Owner::name>,
       .default_text = "b",
       .choices = {"a", "b"},
       .doc = "Name."},
      {.key = "tags", .field = field<&Owner::tags>, .default_text = "[x, y]", .doc = "Tags."},
      {.key = "size",
       .field = field<&Owner::size>,
       .default_text = "4 MiB",
       .min = 65536,
       .doc = "Size."},
      {.key = "rate",
       .field = field<&Owner::rate>,
       .default_text = "2600 MiB/s",
       .doc = "Rate.",
       .source = "a guess"},
      {.key = "inner.slots",
       .field = field<&Owner::inner, &Inner::slots>,
       .default_text = "3",
       .doc = "Slots."},
      {.key = "inner.latency",
       .field = field<&Owner::inner, &Inner::latency>,
       .default_text = "{mean: 5 ms, stdev: 1 ms}",
       .max = 1,
       .doc = "Latency."},
  };
  return kTable;
}

std::string set(Owner& owner, std::string_view key, std::string_view text) {
  for (const Parameter& parameter : table())
    if (parameter.key == key) {
      const auto problem = set_value(parameter, &owner, text);
      if (!problem) return "fine";
      return fmt::format("{} {} | {}", rule(problem->code).text, problem->message, problem->hint);
    }
  return "no such key";
}

} // namespace

TEST_CASE("defaults fill every field that has one") {
  const auto owner = with_defaults<Owner>(table());
  CHECK(owner.on);
  CHECK(owner.count == 8);
  CHECK(owner.seed == 0); // required: untouched
  CHECK(owner.ratio == 0.84);
  CHECK(owner.name == "b");
  CHECK(owner.tags == std::vector<std::string>{"x", "y"});
  CHECK(owner.size == 4_MiB);
  CHECK(owner.rate.value == BytesPerSecond{2600.0 * kMib});
  CHECK(owner.rate.provenance.source == "a guess");
  CHECK(owner.rate.provenance.kind == FigureKind::assumed);
  CHECK(owner.inner.slots == 3);
  CHECK(owner.inner.latency.mean == Seconds{0.005});
  CHECK(owner.inner.latency.stdev == Seconds{0.001});
}

TEST_CASE("values from text, with range and choices") {
  Owner owner;
  CHECK(set(owner, "on", "False") == "fine");
  CHECK(set(owner, "on", "yes") == "E106 `yes` is neither `true` nor `false` | ");
  CHECK(set(owner, "count", "0") == "E108 0 is out of range | must be between 1 and 256");
  CHECK(set(owner, "inner.slots", "4294967296") ==
        "E108 4294967296 is out of range | must be at most 4294967295");
  CHECK(set(owner, "seed", "18446744073709551615") == "fine");
  CHECK(owner.seed == 18446744073709551615ULL);
  CHECK(set(owner, "ratio", "120 %") == "E108 120 % is out of range | must be between 0 and 1");
  CHECK(set(owner, "size", "4 KiB") == "E108 4 KiB is out of range | must be at least 64 KiB");
  CHECK(set(owner, "name", "c") == "E109 `c` is not one of the choices | one of `a`, `b`");
  CHECK(set(owner, "tags", "[]") == "fine");
  CHECK(owner.tags.empty());
  CHECK(set(owner, "tags", "x") == "E105 must be a list | e.g. `[x]`");
  CHECK(set(owner, "rate", "6.8 GB") ==
        "E107 6.8 GB is a size; a rate is needed | e.g. `6.8 GB/s`");
  CHECK(set(owner, "inner.latency", "7 ms") == "fine");
  CHECK(owner.inner.latency.mean == Seconds{0.007});
  CHECK(owner.inner.latency.stdev == Seconds{0});
  CHECK(set(owner, "inner.latency", "2 s") == "E108 2 s is out of range | must be at most 1 s");
  CHECK(set(owner, "inner.latency", "{stdev: 1 ms}") == "E103 missing key `mean` | e.g. `5 ms`");
  CHECK(set(owner, "inner.latency", "{mean: 1 ms, x: 2}") ==
        "E104 unknown key `x` | `mean` or `stdev`");
}

TEST_CASE("dates and kinds of figures") {
  CHECK_FALSE(check_date("2026-07"));
  CHECK_FALSE(check_date("2024-02-29"));
  for (const char* bad : {"", "2026", "2026-13", "2026-00-01", "2026-04-31", "26-07-28",
                          "2026-7-28", "2026-07-28x", "2026-07-"})
    CHECK(check_date(bad));
  for (const std::string_view name : figure_kind_names())
    CHECK(to_string(*figure_kind(name)) == name);
  CHECK_FALSE(figure_kind("rumour"));
}

TEST_CASE("a table describes itself") {
  std::string text;
  for (const ParameterRow& row : describe(table()))
    text +=
        fmt::format("{} | {} | {} | {} | {} | {}\n", row.key, row.type,
                    row.required ? "required" : row.default_text, row.range, row.doc, row.source);
  CHECK(text == R"(on | `true` or `false` | true |  | Switch. | 
count | whole number | 8 | between 1 and 256 | How many. | lustre manual
seed | whole number | required |  | Seed. | 
ratio | plain number | 84 % | between 0 and 1 | Ratio. | 
name | text | b | one of `a`, `b` | Name. | 
tags | list | [x, y] |  | Tags. | 
size | size | 4 MiB | at least 64 KiB | Size. | 
rate | rate with source | 2600 MiB/s |  | Rate. | a guess
inner.slots | whole number | 3 |  | Slots. | 
inner.latency | time {mean, stdev} | {mean: 5 ms, stdev: 1 ms} | at most 1 s | Latency. | 
)");
}
