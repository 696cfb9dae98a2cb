// Values with a wrong unit, out of range, or without provenance.
#include "tests/unit/rejects_fixture.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace lustrum;
using namespace lustrum::rejects;

TEST_CASE("rejects_a_number_without_unit") {
  CHECK(said_of(R"(storage:
  stripe_size: 4
  seek: {mean: 5}
)") ==
        R"(error[E106]: `storage.stripe_size`: 4 has no unit
  --> f.yaml:2:16
   2 |   stripe_size: 4
     |                ^ a unit is needed, e.g. `4 MiB`

error[E106]: `storage.seek.mean`: 5 has no unit
  --> f.yaml:3:16
   3 |   seek: {mean: 5}
     |                ^ a unit is needed, e.g. `5 ms`
)");
}

TEST_CASE("rejects_an_unknown_unit") {
  CHECK(said_of(R"(storage:
  stripe_size: 4 MIB
)") ==
        R"(error[E106]: `storage.stripe_size`: `4 MIB` has the unknown unit `MIB`
  --> f.yaml:2:16
   2 |   stripe_size: 4 MIB
     |                ^^^^^ did you mean `MiB`?
)");
}

TEST_CASE("rejects_a_unit_of_the_wrong_kind") {
  CHECK(said_of(R"(storage:
  stripe_size: "1 MiB/s" # quoted
  seek: {mean: 5 ms, stdev: 1 MB}
  fill: 5 ms
  osc: {max_rpcs_in_flight: 8 /s}
)") ==
        R"(error[E107]: `storage.stripe_size`: 1 MiB/s is a rate; a size is needed
  --> f.yaml:2:16
   2 |   stripe_size: "1 MiB/s" # quoted
     |                ^^^^^^^^^ e.g. `1 MiB`

error[E107]: `storage.seek.stdev`: 1 MB is a size; a time is needed
  --> f.yaml:3:29
   3 |   seek: {mean: 5 ms, stdev: 1 MB}
     |                             ^^^^ e.g. `5 ms`

error[E107]: `storage.fill`: 5 ms is a time; a plain number is needed
  --> f.yaml:4:9
   4 |   fill: 5 ms
     |         ^^^^ e.g. `0.84`

error[E107]: `storage.osc.max_rpcs_in_flight`: 8 /s is a frequency; a whole number is needed
  --> f.yaml:5:29
   5 |   osc: {max_rpcs_in_flight: 8 /s}
     |                             ^^^^ e.g. `8`
)");
}

TEST_CASE("rejects_what_is_not_a_number") {
  CHECK(said_of(R"(storage:
  osc: {max_rpcs_in_flight: 8.5}
  fill: half
  checksums: yes
)") ==
        R"(error[E106]: `storage.osc.max_rpcs_in_flight`: `8.5` is not a whole number
  --> f.yaml:2:29
   2 |   osc: {max_rpcs_in_flight: 8.5}
     |                             ^^^ e.g. `8`

error[E106]: `storage.fill`: `half` is not a plain number
  --> f.yaml:3:9
   3 |   fill: half
     |         ^^^^ e.g. `0.84`

error[E106]: `storage.checksums`: `yes` is neither `true` nor `false`
  --> f.yaml:4:14
   4 |   checksums: yes
     |              ^^^
)");
}

TEST_CASE("rejects_values_out_of_range") {
  CHECK(said_of(R"(storage:
  osc.max_rpcs_in_flight: 512
  osc.rpc_size: 512 B
  stripe_size: 16 KiB
  fill: 120 %
  seek: {mean: 2 s, stdev: 9 s}
)") ==
        R"(error[E108]: `storage.osc.max_rpcs_in_flight`: 512 is out of range
  --> f.yaml:2:27
   2 |   osc.max_rpcs_in_flight: 512
     |                           ^^^ must be between 1 and 256

error[E108]: `storage.osc.rpc_size`: 512 B is out of range
  --> f.yaml:3:17
   3 |   osc.rpc_size: 512 B
     |                 ^^^^^ must be at least 4 KiB

error[E108]: `storage.stripe_size`: 16 KiB is out of range
  --> f.yaml:4:16
   4 |   stripe_size: 16 KiB
     |                ^^^^^^ must be between 64 KiB and 4 GiB

error[E108]: `storage.fill`: 120 % is out of range
  --> f.yaml:5:9
   5 |   fill: 120 %
     |         ^^^^^ must be between 0 and 1

error[E108]: `storage.seek.mean`: 2 s is out of range
  --> f.yaml:6:16
   6 |   seek: {mean: 2 s, stdev: 9 s}
     |                ^^^ must be at most 1 s
)");
}

TEST_CASE("rejects_what_is_not_a_choice") {
  CHECK(said_of(R"(storage:
  kind: lustr
  pools: [flash, tape]
)") ==
        R"(error[E109]: `storage.kind`: `lustr` is not one of the choices
  --> f.yaml:2:9
   2 |   kind: lustr
     |         ^^^^^ did you mean `lustre`?

error[E109]: `storage.pools[1]`: `tape` is not one of the choices
  --> f.yaml:3:18
   3 |   pools: [flash, tape]
     |                  ^^^^ one of `flash`, `disk`
)");
}

TEST_CASE("rejects_a_figure_without_provenance") {
  CHECK(said_of(R"(storage:
  rate: 2600 MiB/s
  first_byte: {mean: 3 ms}
)") ==
        R"(error[E112]: figure `storage.rate` has no `source`, `as_of` and `kind`
  --> f.yaml:2:9
   2 |   rate: 2600 MiB/s
     |         ^^^^^^^^^^ write `{value: 2600 MiB/s, source: ..., as_of: 2026-07, kind: ...}`

error[E112]: figure `storage.first_byte` has no `source`, `as_of` and `kind`
  --> f.yaml:3:15
   3 |   first_byte: {mean: 3 ms}
     |               ^ write `{value: 5 ms, source: ..., as_of: 2026-07, kind: ...}`
)");
  CHECK(said_of(R"(storage:
  rate: {value: 1 GB/s}
  first_byte: {value: 20 ms, kind: vendor}
)") ==
        R"(error[E112]: figure `storage.rate` has no `source`, `as_of` and `kind`
  --> f.yaml:2:3
   2 |   rate: {value: 1 GB/s}
     |   ^^^^ a figure states its source, its date and its kind

error[E112]: figure `storage.first_byte` has no `source` and `as_of`
  --> f.yaml:3:3
   3 |   first_byte: {value: 20 ms, kind: vendor}
     |   ^^^^^^^^^^ a figure states its source, its date and its kind
)");
}

TEST_CASE("rejects_provenance_that_is_wrong") {
  CHECK(said_of(R"(storage:
  rate: {value: 1 GB/s, source: "", as_of: 2026-07, kind: vendor, note: x}
  first_byte: {value: 20 ms, source: x, as_of: 2026-13, kind: rumour}
)") ==
        R"(error[E112]: `storage.rate.source`: the source is empty
  --> f.yaml:2:33
   2 |   rate: {value: 1 GB/s, source: "", as_of: 2026-07, kind: vendor, note: x}
     |                                 ^^

error[E104]: unknown key `note` in `storage.rate`
  --> f.yaml:2:67
   2 |   rate: {value: 1 GB/s, source: "", as_of: 2026-07, kind: vendor, note: x}
     |                                                                   ^^^^ known: `value`, `source`, `as_of`, `kind`

error[E106]: `storage.first_byte.as_of`: `2026-13` is not a date
  --> f.yaml:3:48
   3 |   first_byte: {value: 20 ms, source: x, as_of: 2026-13, kind: rumour}
     |                                                ^^^^^^^ written as `2026-07` or `2026-07-28`

error[E109]: `storage.first_byte.kind`: `rumour` is not one of the choices
  --> f.yaml:3:63
   3 |   first_byte: {value: 20 ms, source: x, as_of: 2026-13, kind: rumour}
     |                                                               ^^^^^^ one of `vendor`, `measured`, `derived`, `assumed`, `fitted`
)");
}

TEST_CASE("rejects_a_figure_without_value") {
  CHECK(said_of(R"(storage:
  rate: {source: x, as_of: 2026-07-28, kind: vendor}
)") ==
        R"(error[E103]: missing key `value` in `storage.rate`
  --> f.yaml:2:3
   2 |   rate: {source: x, as_of: 2026-07-28, kind: vendor}
     |   ^^^^ a rate is needed, e.g. `value: 2600 MiB/s`
)");
}

TEST_CASE("rejects_the_value_of_a_figure") {
  CHECK(said_of(R"(storage:
  rate: {value: 6.8 GB, source: x, as_of: 2026-07, kind: vendor}
  first_byte:
    value: {stdev: 1 ms}
    source: x
    as_of: 2026-07-28
    kind:
)") ==
        R"(error[E107]: `storage.rate.value`: 6.8 GB is a size; a rate is needed
  --> f.yaml:2:17
   2 |   rate: {value: 6.8 GB, source: x, as_of: 2026-07, kind: vendor}
     |                 ^^^^^^ e.g. `6.8 GB/s`

error[E103]: missing key `mean` in `storage.first_byte.value`
  --> f.yaml:4:5
   4 |     value: {stdev: 1 ms}
     |     ^^^^^ a time is needed, e.g. `mean: 5 ms`

error[E105]: `storage.first_byte.kind` has no value
  --> f.yaml:7:5
   7 |     kind:
     |     ^^^^ a single value is needed
)");
}

TEST_CASE("rejects_through_an_alias") {
  CHECK(said_of(R"(s: &s
  fill: 5
storage: *s
)") ==
        R"(error[E108]: `s.fill`: 5 is out of range
  --> f.yaml:2:9
   2 |   fill: 5
     |         ^ must be between 0 and 1
)");
}

TEST_CASE("rejects_everything_at_once") {
  CHECK(read_storage(R"(storage:
  kind: lustre
  kind: nfs
  strip_size: 1 MiB
  fill: 120 %
  checksums: [true]
  rate: 6.8 GB
  osc: {max_rpcs_in_flight: many}
  été: "à 4"
)")
            .said ==
        R"(error[E102]: duplicate key `kind` in `storage`
  --> f.yaml:3:3
   3 |   kind: nfs
     |   ^^^^
note: first given here
  --> f.yaml:2:3
   2 |   kind: lustre
     |   ^^^^

error[E104]: unknown key `strip_size` in `storage`
  --> f.yaml:4:3
   4 |   strip_size: 1 MiB
     |   ^^^^^^^^^^ did you mean `stripe_size`?

error[E108]: `storage.fill`: 120 % is out of range
  --> f.yaml:5:9
   5 |   fill: 120 %
     |         ^^^^^ must be between 0 and 1

error[E105]: `storage.checksums` must be `true` or `false`, not a list
  --> f.yaml:6:14
   6 |   checksums: [true]
     |              ^ e.g. `true`

error[E112]: figure `storage.rate` has no `source`, `as_of` and `kind`
  --> f.yaml:7:9
   7 |   rate: 6.8 GB
     |         ^^^^^^ write `{value: 6.8 GB, source: ..., as_of: 2026-07, kind: ...}`

error[E103]: missing key `rpc_size` in `storage.osc`
  --> f.yaml:8:3
   8 |   osc: {max_rpcs_in_flight: many}
     |   ^^^ a size is needed, e.g. `rpc_size: 4 MiB`

error[E106]: `storage.osc.max_rpcs_in_flight`: `many` is not a whole number
  --> f.yaml:8:29
   8 |   osc: {max_rpcs_in_flight: many}
     |                             ^^^^ e.g. `8`

error[E104]: unknown key `été` in `storage`
  --> f.yaml:9:3
   9 |   été: "à 4"
     |   ^^^ known: `checksums`, `fill`, `first_byte`, `kind`, `osc`, `pools`, `rate`, `seek`, `stripe_size`, `trace`
)");
}
