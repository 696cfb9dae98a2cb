#include "sim/base/units_text.hpp"

#include "sim/base/did_you_mean.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <system_error>

namespace lustrum {
namespace {

using enum DiagnosticCode;

// The base unit is `factor / divisor` times smaller; two whole numbers keep 2 us equal to 2e-6 s.
struct Unit {
  std::string_view name;
  Dimension dimension;
  std::uint64_t factor;
  std::uint64_t divisor = 1;
};

constexpr std::uint64_t kKilo = 1000;
constexpr std::uint64_t kMega = 1000 * kKilo;
constexpr std::uint64_t kGiga = 1000 * kMega;
constexpr std::uint64_t kTera = 1000 * kGiga;
constexpr std::uint64_t kPeta = 1000 * kTera;
constexpr std::uint64_t kPib = 1024 * kTib;
constexpr std::uint64_t kBits = 8;
constexpr std::uint64_t kMinute = 60;
constexpr std::uint64_t kHour = 60 * kMinute;
constexpr std::uint64_t kDay = 24 * kHour;
constexpr std::uint64_t kPercent = 100;

constexpr std::array kUnits{
    Unit{"B", Dimension::size, 1},
    Unit{"kB", Dimension::size, kKilo},
    Unit{"MB", Dimension::size, kMega},
    Unit{"GB", Dimension::size, kGiga},
    Unit{"TB", Dimension::size, kTera},
    Unit{"PB", Dimension::size, kPeta},
    Unit{"KiB", Dimension::size, kKib},
    Unit{"MiB", Dimension::size, kMib},
    Unit{"GiB", Dimension::size, kGib},
    Unit{"TiB", Dimension::size, kTib},
    Unit{"PiB", Dimension::size, kPib},
    Unit{"B/s", Dimension::rate, 1},
    Unit{"kB/s", Dimension::rate, kKilo},
    Unit{"MB/s", Dimension::rate, kMega},
    Unit{"GB/s", Dimension::rate, kGiga},
    Unit{"TB/s", Dimension::rate, kTera},
    Unit{"PB/s", Dimension::rate, kPeta},
    Unit{"KiB/s", Dimension::rate, kKib},
    Unit{"MiB/s", Dimension::rate, kMib},
    Unit{"GiB/s", Dimension::rate, kGib},
    Unit{"TiB/s", Dimension::rate, kTib},
    Unit{"PiB/s", Dimension::rate, kPib},
    Unit{"bit/s", Dimension::rate, 1, kBits},
    Unit{"kbit/s", Dimension::rate, kKilo, kBits},
    Unit{"Mbit/s", Dimension::rate, kMega, kBits},
    Unit{"Gbit/s", Dimension::rate, kGiga, kBits},
    Unit{"Tbit/s", Dimension::rate, kTera, kBits},
    Unit{"kbps", Dimension::rate, kKilo, kBits},
    Unit{"Mbps", Dimension::rate, kMega, kBits},
    Unit{"Gbps", Dimension::rate, kGiga, kBits},
    Unit{"Tbps", Dimension::rate, kTera, kBits},
    Unit{"ns", Dimension::time, 1, kGiga},
    Unit{"us", Dimension::time, 1, kMega},
    Unit{"\u00B5s", Dimension::time, 1, kMega}, // the micro sign
    Unit{"\u03BCs", Dimension::time, 1, kMega}, // the Greek letter, which looks the same
    Unit{"ms", Dimension::time, 1, kKilo},
    Unit{"s", Dimension::time, 1},
    Unit{"min", Dimension::time, kMinute},
    Unit{"h", Dimension::time, kHour},
    Unit{"d", Dimension::time, kDay},
    Unit{"/s", Dimension::frequency, 1},
    Unit{"IOPS", Dimension::frequency, 1},
    Unit{"kIOPS", Dimension::frequency, kKilo},
    Unit{"MIOPS", Dimension::frequency, kMega},
    Unit{"ops/s", Dimension::frequency, 1},
    Unit{"kops/s", Dimension::frequency, kKilo},
    Unit{"Mops/s", Dimension::frequency, kMega},
    Unit{"USD", Dimension::money, 1},
    Unit{"USD/h", Dimension::price_per_hour, 1},
    Unit{"USD/GiB-month", Dimension::price_per_gib_month, 1},
    Unit{"USD/GB-month", Dimension::price_per_gib_month, 1},
    Unit{"%", Dimension::number, 1, kPercent},
};

struct Described {
  Dimension dimension;
  std::string_view noun;
  std::string_view number; // of the example
  std::string_view unit;   // of the example
};

constexpr std::array kDescriptions{
    Described{Dimension::number, "a plain number", "0.84", ""},
    Described{Dimension::size, "a size", "4", "MiB"},
    Described{Dimension::time, "a time", "5", "ms"},
    Described{Dimension::rate, "a rate", "2600", "MiB/s"},
    Described{Dimension::frequency, "a frequency", "16000", "IOPS"},
    Described{Dimension::money, "an amount of money", "100", "USD"},
    Described{Dimension::price_per_hour, "a price per hour", "55.04", "USD/h"},
    Described{Dimension::price_per_gib_month, "a price per GiB-month", "0.145", "USD/GiB-month"},
};

const Described& description(Dimension dimension) {
  return kDescriptions.at(static_cast<std::size_t>(dimension));
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t";
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

// `6.8 GB` in its two parts.
struct Split {
  double number;
  std::string_view digits;
  std::string_view unit;
};

std::optional<Split> split(std::string_view text) {
  // from_chars also reads `inf` and `nan`, which nobody means.
  const std::size_t sign = text.starts_with('-') ? 1 : 0;
  if (text.size() == sign || (text[sign] != '.' && (text[sign] < '0' || text[sign] > '9')))
    return std::nullopt;
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const auto length = static_cast<std::size_t>(end - text.data());
  if (error == std::errc::result_out_of_range)
    number = std::numeric_limits<double>::infinity();
  else if (error != std::errc{})
    return std::nullopt;
  const std::string_view unit = trimmed(text.substr(length));
  if (!unit.empty() && std::string_view{"0123456789.,_'"}.find(unit.front()) != text.npos)
    return std::nullopt; // 1,000 or 1 000
  return Split{number, text.substr(0, length), unit};
}

const Unit* find_unit(std::string_view name) {
  const auto* const found =
      std::find_if(kUnits.begin(), kUnits.end(), [&](const Unit& u) { return u.name == name; });
  return found == kUnits.end() ? nullptr : &*found;
}

std::string eg(std::string_view digits, std::string_view unit) {
  return fmt::format("e.g. `{}{}{}`", digits, unit.empty() ? "" : " ", unit);
}

std::string eg(Dimension dimension) { return fmt::format("e.g. `{}`", example(dimension)); }

// The value as it would be with the right kind of unit: 6.8 GB -> 6.8 GB/s, and back.
std::string corrected(const Split& parts, Dimension needed) {
  const Dimension given = find_unit(parts.unit)->dimension;
  const std::string_view usual = description(needed).unit;
  if (given == Dimension::size && needed == Dimension::rate)
    return eg(parts.digits, fmt::format("{}/s", parts.unit));
  if (given == Dimension::rate && needed == Dimension::size) {
    const std::string_view size = parts.unit.substr(0, parts.unit.find('/'));
    if (find_unit(size) != nullptr) return eg(parts.digits, size);
  }
  const bool priced = given == Dimension::money || given == Dimension::price_per_hour ||
                      given == Dimension::price_per_gib_month;
  if (priced && usual.starts_with("USD")) return eg(parts.digits, usual);
  return eg(needed);
}

std::string unit_hint(std::string_view unit, Dimension needed) {
  const bool bits_or_bytes = unit.ends_with("b/s") || unit.ends_with("ib") || unit == "b" ||
                             (unit.size() == 2 && unit.ends_with('b'));
  if (bits_or_bytes && needed == Dimension::rate) return "`Gbit/s` counts bits, `GB/s` bytes";
  if (bits_or_bytes && needed == Dimension::size) return "a byte is written `B`, e.g. `4 MiB`";
  const std::string guess = did_you_mean(unit, unit_names(needed));
  return guess.empty() ? eg(needed) : guess;
}

// The parts of a text whose unit is of the dimension needed.
Parsed<Split> read(std::string_view raw, Dimension needed) {
  const std::string_view text = trimmed(raw);
  const std::optional<Split> parts = split(text);
  if (!parts)
    return TextProblem{not_a_value, fmt::format("`{}` is not {}", text, noun(needed)), eg(needed)};
  if (parts->unit.empty() && needed != Dimension::number)
    return TextProblem{
        not_a_value, fmt::format("{} has no unit", text),
        fmt::format("a unit is needed, {}", eg(parts->digits, description(needed).unit))};
  const Unit* unit = find_unit(parts->unit);
  if (unit == nullptr && !parts->unit.empty())
    return TextProblem{not_a_value,
                       fmt::format("`{}` has the unknown unit `{}`", text, parts->unit),
                       unit_hint(parts->unit, needed)};
  if (unit != nullptr && unit->dimension != needed)
    return TextProblem{
        wrong_unit,
        fmt::format("{} is {}; {} is needed", text,
                    unit->dimension == Dimension::number ? "a percentage" : noun(unit->dimension),
                    noun(needed)),
        corrected(*parts, needed)};
  if (!std::isfinite(parts->number))
    return TextProblem{
        out_of_range, fmt::format("{} is too large or too small a number", text), {}};
  if (needed != Dimension::number && text.starts_with('-'))
    return TextProblem{out_of_range, fmt::format("{} is negative", text), {}};
  return *parts;
}

template <class Q> Parsed<Q> parse_quantity(std::string_view text, Dimension dimension) {
  const Parsed<Split> parts = read(text, dimension);
  if (!parts) return parts.problem();
  const Unit* unit = find_unit(parts.value().unit);
  if (unit == nullptr) return Q{parts.value().number};
  return Q{parts.value().number * static_cast<double>(unit->factor) /
           static_cast<double>(unit->divisor)};
}

struct Step {
  double size;
  std::string_view name;
};

// The largest step that the count reaches, so that 1024 MiB reads 1 GiB. \pre steps descend
std::string in_steps(double count, std::span<const Step> steps) {
  constexpr double kFourDigits = 9999.5;
  constexpr double kLastDigit = 5e-5; // what rounding to four digits may add
  for (const Step& step : steps)
    if (std::fabs(count) >= step.size * (1 - kLastDigit) || &step == &steps.back())
      return std::fabs(count / step.size) < kFourDigits
                 ? fmt::format("{:.4g} {}", count / step.size, step.name)
                 : fmt::format("{:.0f} {}", count / step.size, step.name);
  return {};
}

std::string in_bytes(double count, std::string_view after) {
  constexpr std::array kSteps{
      Step{static_cast<double>(kPib), "PiB"}, Step{static_cast<double>(kTib), "TiB"},
      Step{static_cast<double>(kGib), "GiB"}, Step{static_cast<double>(kMib), "MiB"},
      Step{static_cast<double>(kKib), "KiB"}, Step{1, "B"}};
  return fmt::format("{}{}", in_steps(count, kSteps), after);
}

} // namespace

std::string_view noun(Dimension dimension) { return description(dimension).noun; }

std::vector<std::string> unit_names(Dimension dimension) {
  std::vector<std::string> names;
  for (const Unit& unit : kUnits)
    if (unit.dimension == dimension) names.emplace_back(unit.name);
  return names;
}

std::string example(Dimension dimension) {
  const Described& known = description(dimension);
  return fmt::format("{}{}{}", known.number, known.unit.empty() ? "" : " ", known.unit);
}

Parsed<Bytes> parse_bytes(std::string_view text) {
  const Parsed<Split> parts = read(text, Dimension::size);
  if (!parts) return parts.problem();
  const Unit* unit = find_unit(parts.value().unit);
  const std::string_view digits = parts.value().digits;
  const TextProblem too_large{out_of_range, fmt::format("{} is too large a size", trimmed(text)),
                              "less than 16384 PiB"};
  if (digits.find_first_not_of("0123456789") == std::string_view::npos) {
    std::uint64_t count = 0;
    const auto read_as = std::from_chars(digits.data(), digits.data() + digits.size(), count);
    std::uint64_t bytes = 0;
    if (read_as.ec != std::errc{} || __builtin_mul_overflow(count, unit->factor, &bytes))
      return too_large;
    return Bytes{bytes};
  }
  constexpr double kLimit = 18446744073709551616.0; // 2^64
  const double exact = parts.value().number * static_cast<double>(unit->factor);
  const double whole = std::floor(exact + 0.5);
  if (whole >= kLimit) return too_large;
  if (unit->factor == 1 && whole != exact)
    return TextProblem{
        not_a_value, fmt::format("{} is not a whole number of bytes", trimmed(text)), {}};
  return Bytes{static_cast<std::uint64_t>(whole)};
}

Parsed<BytesPerSecond> parse_rate(std::string_view text) {
  return parse_quantity<BytesPerSecond>(text, Dimension::rate);
}
Parsed<Seconds> parse_duration(std::string_view text) {
  return parse_quantity<Seconds>(text, Dimension::time);
}
Parsed<PerSecond> parse_frequency(std::string_view text) {
  return parse_quantity<PerSecond>(text, Dimension::frequency);
}
Parsed<Usd> parse_usd(std::string_view text) { return parse_quantity<Usd>(text, Dimension::money); }
Parsed<UsdPerHour> parse_usd_per_hour(std::string_view text) {
  return parse_quantity<UsdPerHour>(text, Dimension::price_per_hour);
}
Parsed<UsdPerGibMonth> parse_usd_per_gib_month(std::string_view text) {
  return parse_quantity<UsdPerGibMonth>(text, Dimension::price_per_gib_month);
}
Parsed<double> parse_number(std::string_view text) {
  return parse_quantity<double>(text, Dimension::number);
}

Parsed<std::uint64_t> parse_whole_number(std::string_view raw) {
  const std::string_view text = trimmed(raw);
  const std::optional<Split> parts = split(text);
  const Unit* unit = parts ? find_unit(parts->unit) : nullptr;
  if (unit != nullptr)
    return TextProblem{
        wrong_unit,
        fmt::format("{} is {}; a whole number is needed", text,
                    unit->dimension == Dimension::number ? "a percentage" : noun(unit->dimension)),
        "e.g. `8`"};
  constexpr std::string_view kDigits = "0123456789";
  if (text.size() > 1 && text.front() == '-' &&
      text.find_first_not_of(kDigits, 1) == std::string_view::npos)
    return TextProblem{out_of_range, fmt::format("`{}` is negative", text), "e.g. `8`"};
  if (text.empty() || text.find_first_not_of(kDigits) != std::string_view::npos)
    return TextProblem{not_a_value, fmt::format("`{}` is not a whole number", text), "e.g. `8`"};
  std::uint64_t number = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), number);
  if (result.ec != std::errc{})
    return TextProblem{out_of_range, fmt::format("{} is too large a whole number", text), {}};
  return number;
}

std::string format_bytes(Bytes size) { return in_bytes(size.as_double(), ""); }

std::string format_rate(BytesPerSecond rate) { return in_bytes(rate.count(), "/s"); }

std::string format_duration(Seconds time) {
  constexpr std::array kSteps{Step{static_cast<double>(kHour), "h"},
                              Step{static_cast<double>(kMinute), "min"},
                              Step{1, "s"},
                              Step{1e-3, "ms"},
                              Step{1e-6, "\u00B5s"},
                              Step{1e-9, "ns"}};
  if (time.count() == 0) return "0 s";
  return in_steps(time.count(), kSteps);
}

std::string format_count(Dimension dimension, double count) {
  switch (dimension) {
  case Dimension::number:
    return fmt::format("{}", count);
  case Dimension::size:
    return in_bytes(count, "");
  case Dimension::time:
    return format_duration(Seconds{count});
  case Dimension::rate:
    return in_bytes(count, "/s");
  default:
    return fmt::format("{} {}", count, description(dimension).unit);
  }
}

} // namespace lustrum
