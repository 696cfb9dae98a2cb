#include "sim/base/units_text.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <string>

using namespace lustrum;

namespace {

template <class T> std::string said(const Parsed<T>& parsed) {
  if (parsed) return "fine";
  const TextProblem& problem = parsed.problem();
  return fmt::format("{} {} | {}", rule(problem.code).text, problem.message, problem.hint);
}

std::uint64_t bytes(std::string_view text) { return parse_bytes(text).value().count(); }
double rate(std::string_view text) { return parse_rate(text).value().count(); }
double seconds(std::string_view text) { return parse_duration(text).value().count(); }
double frequency(std::string_view text) { return parse_frequency(text).value().count(); }

} // namespace

TEST_CASE("sizes: SI and IEC are distinct, bytes are whole") {
  CHECK(bytes("0 B") == 0);
  CHECK(bytes("512B") == 512);
  CHECK(bytes("1 kB") == 1000);
  CHECK(bytes("1 KiB") == 1024);
  CHECK(bytes("4 MiB") == 4194304);
  CHECK(bytes(" 4  MB ") == 4000000);
  CHECK(bytes("6.8 GB") == 6800000000);
  CHECK(bytes("1e9 B") == 1000000000);
  CHECK(bytes("1.2 TiB") == 1319413953331); // 1319413953331.2
  CHECK(bytes("2 PB") == 2000000000000000);
  CHECK(bytes("1 PiB") == 1125899906842624);
  CHECK(bytes("18446744073709551615 B") == 18446744073709551615ULL); // 2^64 - 1, no double holds it
}

TEST_CASE("rates, times and frequencies") {
  CHECK(rate("6.8 GB/s") == 6.8e9);
  CHECK(rate("1 GiB/s") == 1073741824.0);
  CHECK(rate("25 Gbit/s") == 3.125e9);
  CHECK(rate("25 Gbps") == 3.125e9);
  CHECK(rate("8 kbit/s") == 1000);
  CHECK(rate("100 Mbps") == 12.5e6);
  CHECK(seconds("2 us") == 2e-6);
  CHECK(seconds("2 \u00B5s") == 2e-6);
  CHECK(seconds("2 \u03BCs") == 2e-6);
  CHECK(seconds("700 ns") == 700e-9);
  CHECK(seconds("1.5 min") == 90);
  CHECK(seconds("2 h") == 7200);
  CHECK(seconds("1 d") == 86400);
  CHECK(seconds("0.25 s") == 0.25);
  CHECK(frequency("100 /s") == 100);
  CHECK(frequency("16 kIOPS") == 16000);
  CHECK(frequency("3 Mops/s") == 3e6);
  CHECK(frequency("5500 IOPS") == 5500);
}

TEST_CASE("money, prices and plain numbers") {
  CHECK(parse_usd("100 USD").value() == Usd{100});
  CHECK(parse_usd_per_hour("55.04 USD/h").value() == UsdPerHour{55.04});
  // AWS bills GiB under the name GB, so both mean the same.
  CHECK(parse_usd_per_gib_month("0.145 USD/GB-month").value() == UsdPerGibMonth{0.145});
  CHECK(parse_usd_per_gib_month("0.145 USD/GiB-month").value() == UsdPerGibMonth{0.145});
  CHECK(parse_number("0.84").value() == 0.84);
  CHECK(parse_number("84 %").value() == 0.84);
  CHECK(parse_number("-3e-2").value() == -0.03);
  CHECK(parse_whole_number("42").value() == 42);
}

TEST_CASE("a number without its unit, or with an unknown one") {
  CHECK(said(parse_bytes("4")) == "E106 4 has no unit | a unit is needed, e.g. `4 MiB`");
  CHECK(said(parse_usd_per_hour("3")) == "E106 3 has no unit | a unit is needed, e.g. `3 USD/h`");
  CHECK(said(parse_bytes("4 mib")) ==
        "E106 `4 mib` has the unknown unit `mib` | a byte is written `B`, e.g. `4 MiB`");
  CHECK(said(parse_bytes("4 Mb")) ==
        "E106 `4 Mb` has the unknown unit `Mb` | a byte is written `B`, e.g. `4 MiB`");
  CHECK(said(parse_rate("25 Gb/s")) ==
        "E106 `25 Gb/s` has the unknown unit `Gb/s` | `Gbit/s` counts bits, `GB/s` bytes");
  CHECK(said(parse_rate("5 Gibt/s")) ==
        "E106 `5 Gibt/s` has the unknown unit `Gibt/s` | did you mean `Gbit/s` or `GiB/s`?");
  CHECK(said(parse_duration("5 sec")) ==
        "E106 `5 sec` has the unknown unit `sec` | did you mean `s`?");
  CHECK(said(parse_duration("5 fortnights")) ==
        "E106 `5 fortnights` has the unknown unit `fortnights` | e.g. `5 ms`");
}

TEST_CASE("what is not a number") {
  CHECK(said(parse_bytes("")) == "E106 `` is not a size | e.g. `4 MiB`");
  CHECK(said(parse_bytes("MiB")) == "E106 `MiB` is not a size | e.g. `4 MiB`");
  CHECK(said(parse_duration("inf s")) == "E106 `inf s` is not a time | e.g. `5 ms`");
  CHECK(said(parse_number("nan")) == "E106 `nan` is not a plain number | e.g. `0.84`");
  CHECK(said(parse_bytes("1,000 MiB")) == "E106 `1,000 MiB` is not a size | e.g. `4 MiB`");
  CHECK(said(parse_bytes("1 000 MiB")) == "E106 `1 000 MiB` is not a size | e.g. `4 MiB`");
  CHECK(said(parse_whole_number("8.5")) == "E106 `8.5` is not a whole number | e.g. `8`");
  CHECK(said(parse_whole_number("-1")) == "E108 `-1` is negative | e.g. `8`");
  CHECK(said(parse_bytes("0.5 B")) == "E106 0.5 B is not a whole number of bytes | ");
}

TEST_CASE("a unit of the wrong kind") {
  CHECK(said(parse_rate("6.8 GB")) == "E107 6.8 GB is a size; a rate is needed | e.g. `6.8 GB/s`");
  CHECK(said(parse_bytes("6.8 GB/s")) ==
        "E107 6.8 GB/s is a rate; a size is needed | e.g. `6.8 GB`");
  CHECK(said(parse_bytes("25 Gbit/s")) ==
        "E107 25 Gbit/s is a rate; a size is needed | e.g. `4 MiB`");
  CHECK(said(parse_usd_per_hour("3 USD")) ==
        "E107 3 USD is an amount of money; a price per hour is needed | e.g. `3 USD/h`");
  CHECK(said(parse_duration("84 %")) ==
        "E107 84 % is a percentage; a time is needed | e.g. `5 ms`");
  CHECK(said(parse_number("5 ms")) ==
        "E107 5 ms is a time; a plain number is needed | e.g. `0.84`");
  CHECK(said(parse_whole_number("8 MiB")) ==
        "E107 8 MiB is a size; a whole number is needed | e.g. `8`");
}

TEST_CASE("numbers that no field can hold") {
  CHECK(said(parse_bytes("20000 PiB")) ==
        "E108 20000 PiB is too large a size | less than 16384 PiB");
  CHECK(said(parse_bytes("16384.5 PiB")) ==
        "E108 16384.5 PiB is too large a size | less than 16384 PiB");
  CHECK(said(parse_duration("1e999 s")) == "E108 1e999 s is too large or too small a number | ");
  CHECK(said(parse_rate("-1 GB/s")) == "E108 -1 GB/s is negative | ");
  CHECK(said(parse_whole_number("18446744073709551616")) ==
        "E108 18446744073709551616 is too large a whole number | ");
}

TEST_CASE("quantities for people") {
  CHECK(format_bytes(Bytes{0}) == "0 B");
  CHECK(format_bytes(1023_B) == "1023 B");
  CHECK(format_bytes(4_MiB) == "4 MiB");
  CHECK(format_bytes(1536_MiB) == "1.5 GiB");
  CHECK(format_bytes(Bytes{kGib - 1}) == "1 GiB"); // not 1024 MiB
  CHECK(format_rate(BytesPerSecond{6.8e9}) == "6.333 GiB/s");
  CHECK(format_rate(BytesPerSecond{20000.0 * 1125899906842624.0}) == "20000 PiB/s");
  CHECK(format_duration(Seconds{0}) == "0 s");
  CHECK(format_duration(Seconds{2e-6}) == "2 \u00B5s");
  CHECK(format_duration(Seconds{0.0125}) == "12.5 ms");
  CHECK(format_duration(Seconds{59}) == "59 s");
  CHECK(format_duration(Seconds{90}) == "1.5 min");
  CHECK(format_duration(Seconds{86400}) == "24 h");
  CHECK(format_duration(Seconds{-3}) == "-3 s");
  CHECK(format_count(Dimension::price_per_hour, 55.04) == "55.04 USD/h");
  CHECK(format_count(Dimension::number, 0.84) == "0.84");
}
