#include "sim/trace/text_hash.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace lustrum::trace {
namespace {

using Words = std::array<std::uint64_t, 4>;

// Digits of pi after the point: nothing up the sleeve.
constexpr Words kPi{0x243F6A8885A308D3, 0x13198A2E03707344, 0xA4093822299F31D0, 0x082EFA98EC4E6C89};

// Both halves of the product: each bit of it depends on many of both factors.
std::uint64_t fold(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = Wide{a} * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

} // namespace

// 32 bytes at a time, the last of them perhaps twice, in two chains that do not wait for each
// other.
std::uint64_t text_hash(std::string_view text) {
  std::uint64_t first = kPi[0];
  std::uint64_t second = kPi[1];
  const auto take = [&](const char* from) {
    Words words;
    std::memcpy(words.data(), from, sizeof(Words));
    first = fold(words[0] ^ first, words[1] ^ kPi[2]);
    second = fold(words[2] ^ second, words[3] ^ kPi[3]);
  };
  if (text.size() < sizeof(Words)) {
    std::array<char, sizeof(Words)> padded{};
    std::ranges::copy(text, padded.begin());
    take(padded.data());
  } else {
    const char* const last = text.data() + text.size() - sizeof(Words);
    for (const char* from = text.data(); from < last; from += sizeof(Words)) take(from);
    take(last);
  }
  return fold(fold(first ^ kPi[2], second ^ kPi[3]), text.size() ^ kPi[0]);
}

} // namespace lustrum::trace
