#include "sim/trace/native_format.hpp"

#include <algorithm>

namespace lustrum::trace {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";

} // namespace

std::optional<OperationKind> native_kind(std::string_view word) {
  const auto* const found = std::ranges::find(kNativeKinds, word);
  if (found == kNativeKinds.end()) return std::nullopt;
  return static_cast<OperationKind>(found - kNativeKinds.begin());
}

std::string native_escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (byte < 0x20 || byte == 0x7f) {
      out += "\\x";
      out += kHex[byte >> 4U];
      out += kHex[byte & 15U];
    } else {
      out += c;
    }
  }
  return out;
}

std::optional<std::string> native_unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
      continue;
    }
    if (++i == text.size()) return std::nullopt;
    constexpr std::string_view kLetters = "\\tnr";
    constexpr std::string_view kMeanings = "\\\t\n\r";
    if (const std::size_t letter = kLetters.find(text[i]); letter != std::string_view::npos) {
      out += kMeanings[letter];
      continue;
    }
    if (text[i] != 'x' || i + 2 >= text.size()) return std::nullopt;
    const std::size_t high = kHex.find(text[i + 1]);
    const std::size_t low = kHex.find(text[i + 2]);
    if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

} // namespace lustrum::trace
