// Words of our own format, shared by its reader and writer. The format: traces/FORMAT.md.
#pragma once

#include "sim/trace/record.hpp"

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace lustrum::trace {

constexpr std::string_view kNativeFirstLine = "lustrum trace 1";
constexpr std::string_view kNativeColumns =
    "columns\tthread\tstart\tduration\tkind\tname\tfile\toffset\trequested\treturned\tfd\tflags\t"
    "epoch\tstep";
constexpr std::size_t kNativeColumnCount = 13;
constexpr char kNativeAbsent = '-';

// In the order of OperationKind.
constexpr std::array<std::string_view, 17> kNativeKinds{
    "open",  "close",   "read", "write", "seek",  "stat", "unlink", "rename", "truncate",
    "mkdir", "readdir", "sync", "mmap",  "other", "wait", "step",   "span"};

std::optional<OperationKind> native_kind(std::string_view word);

// Backslash, tab, line breaks and other control bytes as \\ \t \n \r \xHH.
std::string native_escape(std::string_view text);
// nullopt for an escape that is none of these.
std::optional<std::string> native_unescape(std::string_view text);

} // namespace lustrum::trace
