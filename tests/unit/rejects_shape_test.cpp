// Keys that are missing, unknown or given twice, and values of another shape.
#include "tests/unit/rejects_fixture.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace lustrum;
using namespace lustrum::rejects;

TEST_CASE("rejects_unknown_keys") {
  CHECK(said_of(R"(storage:
  strip_size: 1 MiB
  osc:
    rpcsize: 4 MiB
    zzz: 1
  osc.foo: 1
)") ==
        R"(error[E104]: unknown key `strip_size` in `storage`
  --> f.yaml:2:3
   2 |   strip_size: 1 MiB
     |   ^^^^^^^^^^ did you mean `stripe_size`?

error[E104]: unknown key `rpcsize` in `storage.osc`
  --> f.yaml:4:5
   4 |     rpcsize: 4 MiB
     |     ^^^^^^^ did you mean `rpc_size`?

error[E104]: unknown key `zzz` in `storage.osc`
  --> f.yaml:5:5
   5 |     zzz: 1
     |     ^^^ known: `max_rpcs_in_flight`, `rpc_size`

error[E104]: unknown key `osc.foo` in `storage`
  --> f.yaml:6:3
   6 |   osc.foo: 1
     |   ^^^^^^^ known: `checksums`, `fill`, `first_byte`, `kind`, `osc`, `pools`, `rate`, `seek`, `stripe_size`, `trace`
)");
}

TEST_CASE("rejects_keys_in_the_wrong_section") {
  CHECK(said_of(R"(storage:
  max_rpcs_in_flight: 3
  osc: {fill: 3}
)") ==
        R"(error[E104]: unknown key `max_rpcs_in_flight` in `storage`
  --> f.yaml:2:3
   2 |   max_rpcs_in_flight: 3
     |   ^^^^^^^^^^^^^^^^^^ it belongs in `storage.osc`

error[E104]: unknown key `fill` in `storage.osc`
  --> f.yaml:3:9
   3 |   osc: {fill: 3}
     |         ^^^^ it belongs in `storage`
)");
}

TEST_CASE("rejects_missing_keys") {
  CHECK(read_storage(R"(storage:
  osc:
    max_rpcs_in_flight: 8
)")
            .said ==
        R"(error[E103]: missing key `kind` in `storage`
  --> f.yaml:1:1
   1 | storage:
     | ^^^^^^^ one of `lustre`, `s3`, `nfs` is needed

error[E103]: missing key `rpc_size` in `storage.osc`
  --> f.yaml:2:3
   2 |   osc:
     |   ^^^ a size is needed, e.g. `rpc_size: 4 MiB`
)");
  CHECK(read_storage("storage: {fill: 0.5}\n").said ==
        R"(error[E103]: missing key `kind` in `storage`
  --> f.yaml:1:1
   1 | storage: {fill: 0.5}
     | ^^^^^^^ one of `lustre`, `s3`, `nfs` is needed

error[E103]: missing key `osc.rpc_size` in `storage`
  --> f.yaml:1:1
   1 | storage: {fill: 0.5}
     | ^^^^^^^ a size is needed, e.g. `osc.rpc_size: 4 MiB`
)");
}

TEST_CASE("rejects_missing_keys_at_the_top_level") {
  CHECK(read_storage("fill: 0.5\n", {}, "").said ==
        R"(error[E103]: missing key `kind` at the top level
  --> f.yaml
   = one of `lustre`, `s3`, `nfs` is needed

error[E103]: missing key `osc.rpc_size` at the top level
  --> f.yaml
   = a size is needed, e.g. `osc.rpc_size: 4 MiB`
)");
}

TEST_CASE("rejects_a_key_given_dotted_and_nested") {
  CHECK(said_of(R"(storage:
  osc.rpc_size: 1 MiB
  osc:
    rpc_size: 2 MiB
)") ==
        R"(error[E102]: `storage.osc.rpc_size` is given twice
  --> f.yaml:4:5
   4 |     rpc_size: 2 MiB
     |     ^^^^^^^^
note: first given here
  --> f.yaml:2:3
   2 |   osc.rpc_size: 1 MiB
     |   ^^^^^^^^^^^^
)");
}

TEST_CASE("rejects_sections_that_are_no_mapping") {
  CHECK(said_of("storage: 5\n") ==
        R"(error[E105]: `storage` must be a mapping, not a single value
  --> f.yaml:1:10
   1 | storage: 5
     |          ^
)");
  CHECK(said_of("storage:\n") ==
        R"(error[E105]: `storage` has no value
  --> f.yaml:1:1
   1 | storage:
     | ^^^^^^^ a mapping is needed
)");
  CHECK(said_of(R"(storage:
  - a
)") ==
        R"(error[E105]: `storage` must be a mapping, not a list
  --> f.yaml:2:3
   2 |   - a
     |   ^
)");
  CHECK(said_of("storage: {osc: [1]}\n") ==
        R"(error[E105]: `storage.osc` must be a mapping, not a list
  --> f.yaml:1:16
   1 | storage: {osc: [1]}
     |                ^
)");
}

TEST_CASE("rejects_a_list_at_the_top_level") {
  CHECK(read_storage(R"(- a
- b
)",
                     {}, "")
            .said ==
        R"(error[E105]: the top level must be a mapping, not a list
  --> f.yaml:1:1
   1 | - a
     | ^
)");
}

TEST_CASE("rejects_values_of_another_shape") {
  CHECK(said_of(R"(storage:
  kind: {a: 1}
  fill:
  stripe_size: [1, 2]
  seek: []
  checksums: {}
  rate: [x]
)") ==
        R"(error[E105]: `storage.kind` must be a text, not a mapping
  --> f.yaml:2:9
   2 |   kind: {a: 1}
     |         ^ e.g. `lustre`

error[E105]: `storage.fill` has no value
  --> f.yaml:3:3
   3 |   fill:
     |   ^^^^ e.g. `0.84`

error[E105]: `storage.stripe_size` must be a size, not a list
  --> f.yaml:4:16
   4 |   stripe_size: [1, 2]
     |                ^ e.g. `4 MiB`

error[E105]: `storage.seek` must be a time, not a list
  --> f.yaml:5:9
   5 |   seek: []
     |         ^ e.g. `5 ms`

error[E105]: `storage.checksums` must be `true` or `false`, not a mapping
  --> f.yaml:6:14
   6 |   checksums: {}
     |              ^ e.g. `true`

error[E105]: `storage.rate` must be a rate, not a list
  --> f.yaml:7:9
   7 |   rate: [x]
     |         ^ e.g. `2600 MiB/s`
)");
}

TEST_CASE("rejects_a_single_value_for_a_list") {
  CHECK(said_of(R"(storage:
  pools: flash
)") ==
        R"(error[E105]: `storage.pools` must be a list, not a single value
  --> f.yaml:2:10
   2 |   pools: flash
     |          ^^^^^ write `[flash]`
)");
}

TEST_CASE("rejects_list_items_that_are_no_text") {
  CHECK(said_of(R"(storage:
  pools:
    - [flash]
    -
)") ==
        R"(error[E105]: `storage.pools[1]` has no value
  --> f.yaml:2:3
   2 |   pools:
     |   ^^^^^ a single value is needed

error[E105]: `storage.pools[0]` must be a single value, not a list
  --> f.yaml:3:7
   3 |     - [flash]
     |       ^
)");
}

TEST_CASE("rejects_a_spread_without_mean") {
  CHECK(said_of(R"(storage:
  seek: {stdev: 1 ms, avg: 3 ms}
)") ==
        R"(error[E103]: missing key `mean` in `storage.seek`
  --> f.yaml:2:3
   2 |   seek: {stdev: 1 ms, avg: 3 ms}
     |   ^^^^ a time is needed, e.g. `mean: 5 ms`

error[E104]: unknown key `avg` in `storage.seek`
  --> f.yaml:2:23
   2 |   seek: {stdev: 1 ms, avg: 3 ms}
     |                       ^^^ known: `mean`, `stdev`
)");
}

TEST_CASE("warns_of_keys_without_effect") {
  CHECK(said_of(R"(storage:
  trace: true
)") ==
        R"(warning[W201]: `storage.trace` has no effect on the simulation
  --> f.yaml:2:3
   2 |   trace: true
     |   ^^^^^
)");
}

TEST_CASE("rejects_keys_that_the_caller_does_not_know") {
  Diagnostics diagnostics;
  const YamlDocument file =
      YamlDocument::parse("scenario: 1\nstorge: {}\nxyz: {}\n", "f.yaml", diagnostics);
  require_known_keys(file.root(), {"scenario", "storage"}, diagnostics);
  CHECK_FALSE(require_map(file.root().get("scenario"), diagnostics));
  CHECK(require_scalar(file.root().get("scenario"), diagnostics));
  CHECK(diagnostics.render() ==
        R"(error[E105]: `scenario` must be a mapping, not a single value
  --> f.yaml:1:11
   1 | scenario: 1
     |           ^

error[E104]: unknown key `storge` at the top level
  --> f.yaml:2:1
   2 | storge: {}
     | ^^^^^^ did you mean `storage`?

error[E104]: unknown key `xyz` at the top level
  --> f.yaml:3:1
   3 | xyz: {}
     | ^^^ known: `scenario`, `storage`
)");
}

TEST_CASE("accepts a section, nested and dotted, and says what was given") {
  const Outcome outcome = read_storage(R"(storage:
  kind: s3
  osc: {max_rpcs_in_flight: 16}
  osc.rpc_size: 4 MiB
  fill: 84 %
  checksums: true
  pools: [flash, "disk"]
  seek: {mean: 8 ms, stdev: 500 us}
  rate: {value: 2600 MiB/s, source: "price list", as_of: 2026-07-28, kind: vendor}
  first_byte:
    value: {mean: 20 ms, stdev: 4 ms}
    source: own test
    as_of: 2026-07
    kind: measured
)");
  CHECK(outcome.said.empty());
  const Storage& storage = outcome.storage;
  CHECK(storage.kind == "s3");
  CHECK(storage.osc.max_rpcs_in_flight == 16);
  CHECK(storage.osc.rpc_size == 4_MiB);
  CHECK(storage.stripe_size == 1_MiB); // the default
  CHECK(storage.fill == 0.84);
  CHECK(storage.checksums);
  CHECK(storage.pools == std::vector<std::string>{"flash", "disk"});
  CHECK(storage.seek.mean == Seconds{0.008});
  CHECK(storage.seek.stdev == Seconds{0.0005});
  CHECK(storage.rate.value == BytesPerSecond{2600.0 * kMib});
  CHECK(storage.rate.provenance.source == "price list");
  CHECK(storage.rate.provenance.as_of == "2026-07-28");
  CHECK(storage.rate.provenance.kind == FigureKind::vendor);
  CHECK(storage.first_byte.value.stdev == Seconds{0.004});
  CHECK(storage.first_byte.provenance.kind == FigureKind::measured);
  CHECK(outcome.given == GivenKeys{"checksums", "fill", "first_byte", "kind",
                                   "osc.max_rpcs_in_flight", "osc.rpc_size", "pools", "rate",
                                   "seek"});
}

TEST_CASE("accepts bare figures in an override, and assumes them") {
  const SectionOptions options{.extra_keys = {"set"}, .figures_may_be_bare = true, .partial = true};
  const Outcome outcome = read_storage(R"(storage:
  set: whatever
  rate: 3 GB/s
  first_byte: {mean: 9 ms, stdev: 1 ms}
)",
                                       options);
  CHECK(outcome.said.empty());
  CHECK(outcome.storage.rate.value == BytesPerSecond{3e9});
  CHECK(outcome.storage.rate.provenance.source == "scenario");
  CHECK(outcome.storage.rate.provenance.as_of.empty());
  CHECK(outcome.storage.rate.provenance.kind == FigureKind::assumed);
  CHECK(outcome.storage.first_byte.value.mean == Seconds{0.009});
  CHECK(outcome.given == GivenKeys{"first_byte", "rate"});
}

TEST_CASE("a refused value leaves the field as it was") {
  const Outcome outcome =
      read_storage("storage: {stripe_size: 16 KiB, pools: [flash, tape]}\n", {.partial = true});
  CHECK(outcome.storage.stripe_size == 1_MiB);
  CHECK(outcome.storage.pools.empty());
  CHECK(outcome.given == GivenKeys{"pools", "stripe_size"});
}
