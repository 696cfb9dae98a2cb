// Numbers of text traces, exactly or not at all.
#pragma once

#include "sim/trace/event.hpp"

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace lustrum::trace {

// All of the text, decimal or with 0x in front; nullopt where it is none or too large.
inline std::optional<std::int64_t> parse_integer(std::string_view text) {
  const bool is_hex = text.starts_with("0x");
  if (is_hex) text.remove_prefix(2);
  std::int64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value, is_hex ? 16 : 10);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

// A time without sign, `12` or `12.345`, in units of 10^decimals nanoseconds (9: seconds). What is
// smaller than a nanosecond is dropped. At most kLatestNs.
inline std::optional<std::int64_t> parse_time_ns(std::string_view text, int decimals) {
  const std::size_t point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  std::string_view fraction = point == std::string_view::npos ? "" : text.substr(point + 1);
  if (whole.empty() || whole.front() == '-') return std::nullopt;
  const std::optional<std::int64_t> units = parse_integer(whole);
  if (!units || *units < 0 || whole.starts_with("0x")) return std::nullopt;
  std::int64_t scale = 1;
  for (int i = 0; i < decimals; ++i) scale *= 10;
  if (*units > kLatestNs / scale) return std::nullopt;
  std::int64_t ns = *units * scale;
  for (const char digit : fraction) {
    if (digit < '0' || digit > '9') return std::nullopt;
    scale /= 10;
    ns += (digit - '0') * scale;
  }
  return ns <= kLatestNs ? std::optional{ns} : std::nullopt;
}

} // namespace lustrum::trace
