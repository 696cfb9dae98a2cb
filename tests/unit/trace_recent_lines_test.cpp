// Hashes of lines, and which of them are still known.
#include "sim/trace/recent_lines.hpp"
#include "sim/trace/text_hash.hpp"

#include <doctest/doctest.h>

#include <bit>
#include <cstdint>
#include <set>
#include <string>

using namespace lustrum::trace;

// A good hash changes each of its 64 bits with probability 1/2: 32 on average, with a standard
// deviation of 4 for one text, and of 4 / sqrt(1600) = 0.1 for the mean of 1600.
TEST_CASE("trace text hash: each bit of a text changes half of the hash") {
  for (const std::size_t length : {5U, 31U, 32U, 33U, 64U, 200U}) {
    const std::string text(length, 'a');
    const std::uint64_t hash = text_hash(text);
    std::set<std::uint64_t> seen{hash};
    double changed = 0;
    for (std::size_t bit = 0; bit < 8 * length; ++bit) {
      std::string other = text;
      other[bit / 8] = static_cast<char>(other[bit / 8] ^ (1 << bit % 8));
      seen.insert(text_hash(other));
      changed += std::popcount(text_hash(other) ^ hash);
    }
    CHECK(seen.size() == 8 * length + 1);
    CHECK(changed / (8.0 * static_cast<double>(length)) == doctest::Approx(32).epsilon(0.1));
  }
}

TEST_CASE("trace text hash: texts of zeros differ by their length") {
  std::set<std::uint64_t> seen;
  for (std::size_t length = 0; length < 300; ++length)
    seen.insert(text_hash(std::string(length, '\0')));
  CHECK(seen.size() == 300);
}

// Two sets of 4 Mi lines each: a line is known for that many more, and forgotten after twice as
// many.
TEST_CASE("trace recent lines: known for 4 Mi lines at least, and not for ever") {
  constexpr std::uint64_t kWindow = std::uint64_t{4} << 20U;
  RecentLines lines;
  const auto hash = [](std::uint64_t line) { return (line + 1) * 0x9E37'79B9'7F4A'7C15; };
  for (std::uint64_t line = 0; line < 2 * kWindow; ++line)
    if (!lines.insert(hash(line))) FAIL("a new line was known");
  CHECK_FALSE(lines.insert(hash(2 * kWindow - 1)));
  CHECK_FALSE(lines.insert(hash(kWindow)));
  CHECK(lines.insert(hash(0)));
}
