// Numbers and texts of a result as people read them, the same in every format. A comma between
// thousands, a point before decimals, whatever the locale.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace lustrum::reports {

std::string whole(std::uint64_t count);        // `1,234,567`
std::string fixed(double value, int decimals); // `1,234.50`
std::string number(double value);              // four significant digits: `1,235`, `0.6667`, `2`
std::string percent(double pct, int decimals = 1); // `84.2 %`

// `$1,234.50`; small amounts with as many digits more as it takes to show two: `$0.0012`.
std::string money(double usd);
std::string money(double usd, int decimals);
int money_decimals(double usd); // those of money(usd)
// A unit price, with all its digits: `$21.957642`.
std::string price(double usd);

// `1 epoch`, `5 epochs`.
std::string counted(std::uint64_t count, std::string_view noun);

// Texts of a result may come from somebody else's file: `?` for control characters, a space for a
// line break.
std::string printable(std::string_view text);

} // namespace lustrum::reports
