#include "reports/number_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace lustrum::reports {
namespace {

constexpr int kMostDecimals = 12;

std::string with_commas(std::string digits) {
  constexpr std::size_t kGroup = 3;
  const std::size_t first = digits.starts_with('-') ? 1 : 0;
  for (std::size_t at = std::min(digits.find('.'), digits.size()); at > first + kGroup;)
    digits.insert(at -= kGroup, 1, ',');
  return digits;
}

} // namespace

std::string whole(std::uint64_t count) { return with_commas(fmt::format("{}", count)); }

std::string fixed(double value, int decimals) {
  return with_commas(fmt::format("{:.{}f}", value, decimals));
}

std::string number(double value) {
  constexpr int kDigits = 4;
  int decimals = kDigits - 1;
  for (double rest = std::fabs(value); rest >= 10 && decimals > 0; rest /= 10) --decimals;
  for (double rest = std::fabs(value); rest > 0 && rest < 1 && decimals < kMostDecimals; rest *= 10)
    ++decimals;
  std::string text = fixed(value, decimals);
  if (decimals > 0) {
    text.erase(text.find_last_not_of('0') + 1);
    if (text.ends_with('.')) text.pop_back();
  }
  return text;
}

std::string percent(double pct, int decimals) { return fixed(pct, decimals) + " %"; }

int money_decimals(double usd) {
  constexpr double kTenCents = 0.1;
  int decimals = 2;
  for (double rest = std::fabs(usd); rest > 0 && rest < kTenCents && decimals < kMostDecimals;
       rest *= 10)
    ++decimals;
  return decimals;
}

std::string money(double usd, int decimals) { return "$" + fixed(usd, decimals); }
std::string money(double usd) { return money(usd, money_decimals(usd)); }

std::string price(double usd) {
  std::string text = money(usd, kMostDecimals);
  const std::size_t after_cents = text.find('.') + 3;
  text.erase(std::max(text.find_last_not_of('0') + 1, after_cents));
  return text;
}

std::string counted(std::uint64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", whole(count), noun, count == 1 ? "" : "s");
}

std::string printable(std::string_view text) {
  constexpr unsigned char kDelete = 0x7F;
  std::string out;
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    out += c == '\t' || c == '\n' ? ' ' : code < ' ' || code == kDelete ? '?' : c;
  }
  return out;
}

} // namespace lustrum::reports
