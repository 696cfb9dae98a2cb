#include "sim/trace/strace_line.hpp"

#include "sim/trace/number_text.hpp"

#include <algorithm>

namespace lustrum::trace {
namespace {

constexpr int kSeconds = 9; // decimals of parse_time_ns
constexpr std::string_view kUnfinished = " <unfinished ...>";

bool is_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

void skip_blanks(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
}

// `[pid 12] ` or `12  ` in front of the time.
std::optional<std::int64_t> take_tid(std::string_view& text) {
  std::string_view rest = text;
  const bool bracketed = rest.starts_with("[pid");
  if (bracketed) rest.remove_prefix(4);
  skip_blanks(rest);
  std::size_t length = 0;
  while (length < rest.size() && is_digit(rest[length])) ++length;
  const std::optional<std::int64_t> tid = parse_integer(rest.substr(0, length));
  if (!tid) return std::nullopt;
  rest.remove_prefix(length);
  if (bracketed) {
    if (!rest.starts_with(']')) return std::nullopt;
    rest.remove_prefix(1);
  }
  if (!rest.starts_with(' ')) return std::nullopt; // a time: 12.345
  skip_blanks(rest);
  text = rest;
  return tid;
}

// Octal, hex and letter escapes of strace and C.
std::string unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    const char letter = text[++i];
    unsigned value = 0;
    if (letter == 'x') {
      constexpr std::string_view kHex = "0123456789abcdef";
      for (int n = 0; n < 2 && i + 1 < text.size(); ++n) {
        const std::size_t digit = kHex.find(text[i + 1]);
        if (digit == std::string_view::npos) break;
        value = value * 16 + static_cast<unsigned>(digit);
        ++i;
      }
      out += static_cast<char>(value);
    } else if (letter >= '0' && letter <= '7') {
      --i;
      for (int n = 0; n < 3 && i + 1 < text.size() && text[i + 1] >= '0' && text[i + 1] <= '7'; ++n)
        value = value * 8 + static_cast<unsigned>(text[++i] - '0');
      out += static_cast<char>(value);
    } else {
      constexpr std::string_view kLetters = "nrtvfa";
      constexpr std::string_view kMeanings = "\n\r\t\v\f\a";
      const std::size_t known = kLetters.find(letter);
      out += known == std::string_view::npos ? letter : kMeanings[known];
    }
  }
  return out;
}

// Splits `(a, b, ...)`; `end` is behind the closing parenthesis. False when it is not closed.
bool split_arguments(std::string_view text, std::vector<std::string_view>& out, std::size_t& end) {
  std::size_t begin = 1;
  int depth = 0;  // of ( [ {
  int angles = 0; // of the <...> behind a descriptor
  bool quoted = false;
  const auto push = [&](std::size_t stop) {
    std::string_view part = text.substr(begin, stop - begin);
    skip_blanks(part);
    while (part.ends_with(' ')) part.remove_suffix(1);
    if (!part.empty() || !out.empty()) out.push_back(part);
    begin = stop + 1;
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\') ++i;
      if (c == '"') quoted = false;
    } else if (angles > 0) {
      if (c == '<') ++angles;
      if (c == '>' && text[i - 1] != '-') --angles;
    } else if (c == '"') {
      quoted = true;
    } else if (c == '<' && i > 0 && is_name(text[i - 1])) {
      angles = 1;
    } else if (c == '(' || c == '[' || c == '{') {
      ++depth;
    } else if (c == ')' || c == ']' || c == '}') {
      if (--depth > 0) continue;
      push(i);
      end = i + 1;
      return c == ')';
    } else if (c == ',' && depth == 1) {
      push(i);
    }
  }
  return false;
}

} // namespace

std::string_view parse_strace_line(std::string_view line, StraceLine& out, std::size_t& at) {
  out = {};
  std::string_view text = line;
  while (text.ends_with('\r') || text.ends_with(' ')) text.remove_suffix(1);
  skip_blanks(text);
  const auto here = [&] { return static_cast<std::size_t>(text.data() - line.data()); };
  out.tid = take_tid(text);
  at = here();
  const std::size_t time_length = text.find(' ');
  const auto time = parse_time_ns(text.substr(0, time_length), kSeconds);
  if (!time || time_length == std::string_view::npos) return "no time in seconds since 1970 (-ttt)";
  out.time_ns = *time;
  text.remove_prefix(time_length);
  skip_blanks(text);
  at = here();
  if (text.starts_with("+++ ") || text.starts_with("--- ")) {
    out.kind = text.starts_with("+++ ") ? StraceLine::Kind::exit : StraceLine::Kind::signal;
    return text.ends_with("+++") || text.ends_with("---") ? "" : "cut off";
  }
  constexpr std::string_view kResumed = " resumed>";
  if (text.starts_with("<... ")) {
    text.remove_prefix(5);
    const std::size_t length = text.find(kResumed);
    if (length == std::string_view::npos) return "`<...` without `resumed>`";
    out.kind = StraceLine::Kind::resumed;
    out.name = text.substr(0, length);
    out.rest = text.substr(length + kResumed.size());
    return {};
  }
  std::size_t length = 0;
  while (length < text.size() && is_name(text[length])) ++length;
  out.name = text.substr(0, length);
  out.rest = text.substr(length);
  if (out.name.empty() || !out.rest.starts_with('(')) return "no system call";
  if (!out.rest.ends_with(kUnfinished)) return {};
  out.kind = StraceLine::Kind::unfinished;
  out.rest.remove_suffix(kUnfinished.size());
  return {};
}

std::string_view parse_strace_call(std::string_view text, StraceCall& out, std::size_t& at) {
  out = {};
  at = text.size();
  std::size_t end = 0;
  if (!split_arguments(text, out.arguments, end)) return "cut off in its arguments";
  std::string_view rest = text.substr(end);
  const auto here = [&] { return static_cast<std::size_t>(rest.data() - text.data()); };
  skip_blanks(rest);
  at = here();
  if (!rest.starts_with("= ")) return "no `=` behind the arguments";
  rest.remove_prefix(2);
  at = here();
  std::size_t length = 0;
  while (length < rest.size() && rest[length] != ' ' && rest[length] != '<') ++length;
  const std::string_view value = rest.substr(0, length);
  rest.remove_prefix(length);
  if (value != "?") {
    out.returned = parse_integer(value);
    // Addresses beyond 2^63 and the like: it returned, nobody asks what.
    if (!out.returned && !value.starts_with("0x")) return "no returned value";
    if (!out.returned) out.returned = 0;
  }
  if (rest.starts_with('<')) {
    const std::size_t close = std::min(rest.rfind("> <"), rest.rfind('>'));
    if (close == std::string_view::npos) return "cut off in the returned path";
    out.returned_path = rest.substr(1, close - 1);
    rest.remove_prefix(close + 1);
  }
  if (!rest.ends_with('>')) return {};
  const std::size_t open = rest.rfind('<');
  if (open == std::string_view::npos) return {};
  out.duration_ns = parse_time_ns(rest.substr(open + 1, rest.size() - open - 2), kSeconds);
  return {};
}

std::optional<StraceDescriptor> parse_descriptor(std::string_view argument) {
  constexpr std::int64_t kWorkingDirectory = -100; // AT_FDCWD of Linux
  StraceDescriptor out;
  const std::size_t open = argument.find('<');
  const std::string_view number = argument.substr(0, open);
  if (number == "AT_FDCWD") {
    out.fd = kWorkingDirectory;
  } else {
    const std::optional<std::int64_t> fd = parse_integer(number);
    if (!fd) return std::nullopt;
    out.fd = *fd;
  }
  if (open == std::string_view::npos || !argument.ends_with('>')) return out;
  std::string_view path = argument.substr(open + 1, argument.size() - open - 2);
  constexpr std::string_view kDeleted = " (deleted)";
  if (path.ends_with(kDeleted)) path.remove_suffix(kDeleted.size());
  if (path.ends_with('>')) path = path.substr(0, path.find('<')); // -yy: <char 1:3>
  out.path = unescape(path);
  return out;
}

std::optional<std::string> parse_quoted(std::string_view argument) {
  if (argument.size() < 2 || argument.front() != '"' || argument.back() != '"') return std::nullopt;
  return unescape(argument.substr(1, argument.size() - 2));
}

} // namespace lustrum::trace
