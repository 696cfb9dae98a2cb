// What names mean: calls of POSIX and STDIO, spans of training loops, paths that are no storage.
#pragma once

#include "sim/trace/record.hpp"

#include <optional>
#include <string_view>

namespace lustrum::trace {

// The kind of a call by its libc name; nullopt for one not in our table.
std::optional<OperationKind> kind_of_call(std::string_view name);

// The kind of an application's span: `….iter` of a fetch loop waits, `….yield` and `compute` step.
OperationKind kind_of_span(std::string_view name);

// False for kernel and memory file systems, pipes, sockets and standard streams.
bool is_storage_path(std::string_view path);

} // namespace lustrum::trace
