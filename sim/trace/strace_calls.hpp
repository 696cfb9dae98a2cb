// Which system calls are about files, and where in their arguments the file, size and offset are.
#pragma once

#include <cstdint>
#include <string_view>

namespace lustrum::trace {

enum class FileArgument : std::uint8_t { descriptor, path, folder_and_path };

struct SystemCall {
  std::string_view name;
  FileArgument by = FileArgument::descriptor;
  int file = 0;    // position of the (first) argument that names the file
  int size = -1;   // of the one that asks for bytes; -1: none
  int offset = -1; // of the one that gives an offset
};

// nullptr for a call that is about no file.
const SystemCall* find_system_call(std::string_view name);

// The bits of Linux of `O_RDONLY|O_APPEND|...`; names that say nothing about I/O are left out.
std::int64_t open_flags_of(std::string_view text);

} // namespace lustrum::trace
