#include "sim/base/parameter_value.hpp"

#include "sim/base/did_you_mean.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <cstddef>
#include <type_traits>
#include <utility>

namespace lustrum {
namespace {

using enum DiagnosticCode;
using Problem = std::optional<TextProblem>;

template <class T> constexpr bool kIsFigure = false;
template <class T> constexpr bool kIsFigure<Figure<T>> = true;

template <class T> constexpr ValueType kTypeOf = {};
template <> constexpr ValueType kTypeOf<bool> = {ValueKind::boolean};
template <> constexpr ValueType kTypeOf<std::uint32_t> = {ValueKind::whole_number};
template <> constexpr ValueType kTypeOf<std::uint64_t> = {ValueKind::whole_number};
template <> constexpr ValueType kTypeOf<std::string> = {ValueKind::text};
template <> constexpr ValueType kTypeOf<std::vector<std::string>> = {ValueKind::text_list};
template <> constexpr ValueType kTypeOf<double> = {ValueKind::quantity, Dimension::number};
template <> constexpr ValueType kTypeOf<Bytes> = {ValueKind::quantity, Dimension::size};
template <> constexpr ValueType kTypeOf<Seconds> = {ValueKind::quantity, Dimension::time};
template <> constexpr ValueType kTypeOf<BytesPerSecond> = {ValueKind::quantity, Dimension::rate};
template <> constexpr ValueType kTypeOf<PerSecond> = {ValueKind::quantity, Dimension::frequency};
template <> constexpr ValueType kTypeOf<Usd> = {ValueKind::quantity, Dimension::money};
template <>
constexpr ValueType kTypeOf<UsdPerHour> = {ValueKind::quantity, Dimension::price_per_hour};
template <>
constexpr ValueType kTypeOf<UsdPerGibMonth> = {ValueKind::quantity, Dimension::price_per_gib_month};
template <> constexpr ValueType kTypeOf<Spread> = {ValueKind::spread, Dimension::time};
template <class T>
constexpr ValueType kTypeOf<Figure<T>> = {kTypeOf<T>.kind, kTypeOf<T>.dimension, true};

Parsed<Bytes> parse_text(std::string_view text, const Bytes&) { return parse_bytes(text); }
Parsed<Seconds> parse_text(std::string_view text, const Seconds&) { return parse_duration(text); }
Parsed<BytesPerSecond> parse_text(std::string_view text, const BytesPerSecond&) {
  return parse_rate(text);
}
Parsed<PerSecond> parse_text(std::string_view text, const PerSecond&) {
  return parse_frequency(text);
}
Parsed<Usd> parse_text(std::string_view text, const Usd&) { return parse_usd(text); }
Parsed<UsdPerHour> parse_text(std::string_view text, const UsdPerHour&) {
  return parse_usd_per_hour(text);
}
Parsed<UsdPerGibMonth> parse_text(std::string_view text, const UsdPerGibMonth&) {
  return parse_usd_per_gib_month(text);
}

double base_count(const Bytes& bytes) { return bytes.as_double(); }
template <class Tag> double base_count(const Quantity<Tag>& quantity) { return quantity.count(); }
double base_count(double number) { return number; }

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t";
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

std::string count_text(const ValueType& type, double count) {
  if (type.kind == ValueKind::whole_number) return fmt::format("{:.0f}", count);
  return format_count(type.dimension, count);
}

std::string range_between(const ValueType& type, double min, double max) {
  if (std::isfinite(min) && std::isfinite(max))
    return fmt::format("between {} and {}", count_text(type, min), count_text(type, max));
  if (std::isfinite(min)) return fmt::format("at least {}", count_text(type, min));
  if (std::isfinite(max)) return fmt::format("at most {}", count_text(type, max));
  return {};
}

Problem check_range(const Parameter& parameter, const ValueType& type, double count,
                    std::string_view text) {
  if (count >= parameter.min && count <= parameter.max) return std::nullopt;
  return TextProblem{out_of_range, fmt::format("{} is out of range", trimmed(text)),
                     fmt::format("must be {}", range_between(type, parameter.min, parameter.max))};
}

// `[a, b]` or `{k: v}` without the brackets, cut at the commas; nothing when not so bracketed.
std::optional<std::vector<std::string_view>> bracketed(std::string_view text, char open,
                                                       char close) {
  text = trimmed(text);
  if (!text.starts_with(open) || !text.ends_with(close)) return std::nullopt;
  text = trimmed(text.substr(1, text.size() - 2));
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    parts.push_back(trimmed(text.substr(0, comma)));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return parts;
}

Problem assign(const Parameter&, bool& field, std::string_view text) {
  // 1 and 0 as `lctl` has them.
  constexpr std::array kTrue{"true", "True", "TRUE", "1"};
  constexpr std::array kFalse{"false", "False", "FALSE", "0"};
  const bool yes = std::find(kTrue.begin(), kTrue.end(), text) != kTrue.end();
  if (!yes && std::find(kFalse.begin(), kFalse.end(), text) == kFalse.end())
    return TextProblem{not_a_value, fmt::format("`{}` is neither `true` nor `false`", text), {}};
  field = yes;
  return std::nullopt;
}

Parsed<std::uint64_t> whole_in_range(const Parameter& parameter, std::string_view text,
                                     std::uint64_t limit) {
  Parsed<std::uint64_t> number = parse_whole_number(text);
  if (!number) return number;
  const ValueType type = kTypeOf<std::uint64_t>;
  if (auto problem = check_range(parameter, type, static_cast<double>(number.value()), text))
    return *problem;
  if (number.value() > limit)
    return TextProblem{out_of_range, fmt::format("{} is out of range", trimmed(text)),
                       fmt::format("must be at most {}", limit)};
  return number;
}

Problem assign(const Parameter& parameter, std::uint32_t& field, std::string_view text) {
  const auto number = whole_in_range(parameter, text, std::numeric_limits<std::uint32_t>::max());
  if (!number) return number.problem();
  field = static_cast<std::uint32_t>(number.value());
  return std::nullopt;
}

Problem assign(const Parameter& parameter, std::uint64_t& field, std::string_view text) {
  const auto number = whole_in_range(parameter, text, std::numeric_limits<std::uint64_t>::max());
  if (!number) return number.problem();
  field = number.value();
  return std::nullopt;
}

template <class T>
Problem assign_quantity(const Parameter& parameter, T& field, const Parsed<T>& parsed,
                        std::string_view text) {
  if (!parsed) return parsed.problem();
  if (auto problem = check_range(parameter, kTypeOf<T>, base_count(parsed.value()), text))
    return problem;
  field = parsed.value();
  return std::nullopt;
}

Problem assign(const Parameter& parameter, double& field, std::string_view text) {
  return assign_quantity(parameter, field, parse_number(text), text);
}

Problem assign(const Parameter& parameter, Bytes& field, std::string_view text) {
  return assign_quantity(parameter, field, parse_text(text, field), text);
}

template <class Tag>
Problem assign(const Parameter& parameter, Quantity<Tag>& field, std::string_view text) {
  return assign_quantity(parameter, field, parse_text(text, field), text);
}

Problem assign(const Parameter& parameter, std::string& field, std::string_view text) {
  if (auto problem = check_choice(parameter.choices, text)) return problem;
  field = text;
  return std::nullopt;
}

Problem assign(const Parameter& parameter, std::vector<std::string>& field, std::string_view text) {
  const auto parts = bracketed(text, '[', ']');
  if (!parts) return TextProblem{wrong_shape, "must be a list", fmt::format("e.g. `[{}]`", text)};
  for (const std::string_view part : *parts)
    if (auto problem = check_choice(parameter.choices, part)) return problem;
  field.assign(parts->begin(), parts->end());
  return std::nullopt;
}

Problem assign_half(const Parameter& parameter, Spread& field, std::string_view half,
                    std::string_view text) {
  if (half == "mean") return assign(parameter, field.mean, text);
  const Parsed<Seconds> parsed = parse_duration(text);
  if (!parsed) return parsed.problem();
  field.stdev = parsed.value();
  return std::nullopt;
}

Problem assign(const Parameter& parameter, Spread& field, std::string_view text) {
  const auto parts = bracketed(text, '{', '}');
  Spread spread;
  if (!parts) {
    if (auto problem = assign(parameter, spread.mean, text)) return problem;
    field = spread;
    return std::nullopt;
  }
  bool has_mean = false;
  for (const std::string_view part : *parts) {
    const std::size_t colon = std::min(part.find(':'), part.size());
    const std::string_view half = trimmed(part.substr(0, colon));
    const std::string_view value = trimmed(part.substr(std::min(colon + 1, part.size())));
    if (half != "mean" && half != "stdev")
      return TextProblem{unknown_key, fmt::format("unknown key `{}`", half), "`mean` or `stdev`"};
    if (auto problem = assign_half(parameter, spread, half, value)) return problem;
    has_mean = has_mean || half == "mean";
  }
  if (!has_mean) return TextProblem{missing_key, "missing key `mean`", "e.g. `5 ms`"};
  field = spread;
  return std::nullopt;
}

template <class T>
Problem assign(const Parameter& parameter, Figure<T>& field, std::string_view text) {
  return assign(parameter, field.value, text);
}

} // namespace

ValueType value_type(const FieldRef& field) {
  return std::visit([](auto* pointer) { return kTypeOf<std::remove_pointer_t<decltype(pointer)>>; },
                    field);
}

ValueType value_type(const Parameter& parameter) {
  // Only the type of the reference is looked at: any storage as large as an owner does.
  constexpr std::size_t kLargestOwner = 65536;
  alignas(std::max_align_t) static std::array<std::byte, kLargestOwner> nobody{};
  return value_type(parameter.field(nobody.data()));
}

std::string_view noun(const ValueType& type) {
  switch (type.kind) {
  case ValueKind::boolean:
    return "`true` or `false`";
  case ValueKind::whole_number:
    return "a whole number";
  case ValueKind::text:
    return "a text";
  case ValueKind::text_list:
    return "a list";
  case ValueKind::quantity:
  case ValueKind::spread:
    break;
  }
  return noun(type.dimension);
}

std::string example(const Parameter& parameter) {
  const ValueType type = value_type(parameter);
  if (!parameter.choices.empty() && type.kind == ValueKind::text)
    return std::string{parameter.choices.front()};
  switch (type.kind) {
  case ValueKind::boolean:
    return "true";
  case ValueKind::whole_number: {
    constexpr double kUsual = 8;
    return fmt::format("{:.0f}", std::clamp(kUsual, parameter.min, parameter.max));
  }
  case ValueKind::text:
    return "some text";
  case ValueKind::text_list:
    return "[a, b]";
  case ValueKind::quantity:
  case ValueKind::spread:
    break;
  }
  return example(type.dimension);
}

std::string range_text(const Parameter& parameter) {
  const ValueType type = value_type(parameter);
  const bool counts = type.kind == ValueKind::whole_number || type.kind == ValueKind::quantity ||
                      type.kind == ValueKind::spread;
  return counts ? range_between(type, parameter.min, parameter.max) : std::string{};
}

std::string choices_text(const std::vector<std::string_view>& choices) {
  return choices.empty() ? "" : fmt::format("one of `{}`", fmt::join(choices, "`, `"));
}

std::optional<TextProblem> set_value(const Parameter& parameter, void* owner,
                                     std::string_view text) {
  return std::visit([&](auto* field) { return assign(parameter, *field, text); },
                    parameter.field(owner));
}

std::optional<TextProblem> set_spread(const Parameter& parameter, void* owner,
                                      std::string_view half, std::string_view text) {
  const FieldRef field = parameter.field(owner);
  if (Spread* const* plain = std::get_if<Spread*>(&field))
    return assign_half(parameter, **plain, half, text);
  return assign_half(parameter, std::get<Figure<Spread>*>(field)->value, half, text);
}

void set_list(const Parameter& parameter, void* owner, std::vector<std::string> items) {
  *std::get<std::vector<std::string>*>(parameter.field(owner)) = std::move(items);
}

std::optional<TextProblem> check_choice(const std::vector<std::string_view>& choices,
                                        std::string_view text) {
  if (choices.empty() || std::find(choices.begin(), choices.end(), text) != choices.end())
    return std::nullopt;
  const std::string guess = did_you_mean(text, {choices.begin(), choices.end()});
  return TextProblem{not_a_choice, fmt::format("`{}` is not one of the choices", text),
                     guess.empty() ? choices_text(choices) : guess};
}

void set_provenance(const Parameter& parameter, void* owner, Provenance provenance) {
  std::visit(
      [&](auto* field) {
        using Field = std::remove_pointer_t<decltype(field)>;
        if constexpr (kIsFigure<Field>)
          field->provenance = std::move(provenance);
        else
          assert(false && "only a figure has a provenance");
      },
      parameter.field(owner));
}

std::optional<TextProblem> check_date(std::string_view text) {
  constexpr std::string_view kPattern = "dddd-dd-dd";
  constexpr std::size_t kMonthOnly = 7;
  const auto number = [&](std::size_t at) { return (text[at] - '0') * 10 + (text[at + 1] - '0'); };
  bool good = text.size() == kMonthOnly || text.size() == kPattern.size();
  for (std::size_t i = 0; good && i < text.size(); ++i)
    good = kPattern[i] == 'd' ? text[i] >= '0' && text[i] <= '9' : text[i] == '-';
  if (good) {
    constexpr std::array kDays{0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    constexpr std::size_t kMonthAt = 5;
    constexpr std::size_t kDayAt = 8;
    const auto month = static_cast<std::size_t>(number(kMonthAt));
    good = month >= 1 && month < kDays.size();
    if (good && text.size() > kMonthOnly)
      good = number(kDayAt) >= 1 && number(kDayAt) <= kDays.at(month);
  }
  if (good) return std::nullopt;
  return TextProblem{not_a_value, fmt::format("`{}` is not a date", text),
                     "written as `2026-07` or `2026-07-28`"};
}

} // namespace lustrum
