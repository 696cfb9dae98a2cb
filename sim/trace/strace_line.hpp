// One line of strace as its parts. Views into the line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lustrum::trace {

struct StraceLine {
  enum class Kind : std::uint8_t { call, unfinished, resumed, exit, signal };

  Kind kind = Kind::call;
  std::optional<std::int64_t> tid; // absent: the only one so far, when strace writes to a terminal
  std::int64_t time_ns = 0;        // since 1970
  std::string_view name;           // of the call
  // call: `(...) = 0 <0.1>`; unfinished: its beginning, with the parenthesis; resumed: its rest.
  std::string_view rest;
};

// Returns what is wrong with the line, or an empty text; `at` is where, in bytes.
std::string_view parse_strace_line(std::string_view line, StraceLine& out, std::size_t& at);

struct StraceCall {
  std::vector<std::string_view> arguments;
  std::optional<std::int64_t> returned; // absent for `?`
  std::string_view returned_path;       // of `3</path>`
  std::optional<std::int64_t> duration_ns;
};

// Of `(...) = RET <DURATION>`; the same convention.
std::string_view parse_strace_call(std::string_view text, StraceCall& out, std::size_t& at);

// A descriptor argument, `3</path>`, `AT_FDCWD</path>` (then fd is -100), or a bare number.
struct StraceDescriptor {
  std::int64_t fd = -1;
  std::string path; // unescaped; empty without -y
};
std::optional<StraceDescriptor> parse_descriptor(std::string_view argument);

// The text of `"..."` with its escapes resolved; nullopt when it is no string, or cut by strace.
std::optional<std::string> parse_quoted(std::string_view argument);

} // namespace lustrum::trace
