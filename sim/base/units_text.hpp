// Quantities as people write them: `4 MiB`, `6.8 GB/s`, `25 Gbit/s`, `80 us`, `84 %`, `55.04
// USD/h`.
//
// A number with a dimension needs its unit. Letters are read as written: `b` is never a byte, kB is
// 1000 and KiB is 1024 bytes. The space before the unit is optional. Nothing depends on the locale.
//
//   Parsed<Bytes> size = parse_bytes("4 MiB");
//   if (!size) report(size.problem().message, size.problem().hint);
#pragma once

#include "sim/base/diagnostics.hpp"
#include "sim/base/units.hpp"

#include <cassert>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace lustrum {

// Why a text is not the value needed: `6.8 GB is a size; a rate is needed`, `e.g. 6.8 GB/s`.
struct TextProblem {
  DiagnosticCode code{};
  std::string message;
  std::string hint;
};

// A value, or why there is none.
template <class T> class Parsed {
public:
  Parsed(T value) : result_(std::move(value)) {}
  Parsed(TextProblem problem) : result_(std::move(problem)) {}
  explicit operator bool() const { return std::holds_alternative<T>(result_); }
  const T& value() const { return std::get<T>(result_); }                       // \pre *this
  const TextProblem& problem() const { return std::get<TextProblem>(result_); } // \pre !*this

private:
  std::variant<T, TextProblem> result_;
};

enum class Dimension : std::uint8_t {
  number,
  size,
  time,
  rate,
  frequency,
  money,
  price_per_hour,
  price_per_gib_month,
};

std::string_view noun(Dimension dimension);               // `a size`
std::vector<std::string> unit_names(Dimension dimension); // `B`, `kB` ...; none for a number
std::string example(Dimension dimension);                 // `4 MiB`

// B, kB to PB, KiB to PiB. Fractions are rounded to whole bytes: 1.3 KiB is 1331 bytes.
Parsed<Bytes> parse_bytes(std::string_view text);
// Any size per second, and bit/s, kbit/s, Mbit/s, Gbit/s, Tbit/s or kbps, Mbps, Gbps, Tbps.
Parsed<BytesPerSecond> parse_rate(std::string_view text);
// ns, us or µs, ms, s, min, h, d.
Parsed<Seconds> parse_duration(std::string_view text);
// /s, IOPS, ops/s; with k or M before the two words.
Parsed<PerSecond> parse_frequency(std::string_view text);
Parsed<Usd> parse_usd(std::string_view text);
Parsed<UsdPerHour> parse_usd_per_hour(std::string_view text);
// USD/GiB-month, and USD/GB-month as vendors write it: AWS bills GiB under the name GB.
Parsed<UsdPerGibMonth> parse_usd_per_gib_month(std::string_view text);
// Without a unit, or a percentage: `84 %` is 0.84.
Parsed<double> parse_number(std::string_view text);
// Digits only, no sign, point or exponent.
Parsed<std::uint64_t> parse_whole_number(std::string_view text);

// For people, four significant digits: `4 MiB`, `6.333 GiB/s`, `1.5 min`. Never read back.
std::string format_bytes(Bytes size);
std::string format_rate(BytesPerSecond rate);
std::string format_duration(Seconds time);
// The same for a count in the base unit of any dimension: `3 USD/h`, `0.84`, `16000 IOPS`.
std::string format_count(Dimension dimension, double count);

} // namespace lustrum
