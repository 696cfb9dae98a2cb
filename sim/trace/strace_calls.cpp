#include "sim/trace/strace_calls.hpp"

#include <algorithm>
#include <iterator>

namespace lustrum::trace {
namespace {

using enum FileArgument;

// Sorted by name.
constexpr SystemCall kCalls[] = {
    {"access", path},
    {"chdir", path},
    {"chmod", path},
    {"chown", path},
    {"close", descriptor},
    {"creat", path},
    {"execve", path},
    {"faccessat", folder_and_path},
    {"faccessat2", folder_and_path},
    {"fadvise64", descriptor},
    {"fallocate", descriptor, 0, 3},
    {"fchdir", descriptor},
    {"fchmod", descriptor},
    {"fchmodat", folder_and_path},
    {"fchown", descriptor},
    {"fchownat", folder_and_path},
    {"fdatasync", descriptor},
    {"fgetxattr", descriptor},
    {"flock", descriptor},
    {"fsetxattr", descriptor},
    {"fstat", descriptor},
    {"fstatfs", descriptor},
    {"fsync", descriptor},
    {"ftruncate", descriptor, 0, 1},
    {"getdents", descriptor, 0, 2},
    {"getdents64", descriptor, 0, 2},
    {"getxattr", path},
    {"lchown", path},
    {"lgetxattr", path},
    {"link", path},
    {"linkat", folder_and_path},
    {"listxattr", path},
    {"llistxattr", path},
    {"lseek", descriptor},
    {"lstat", path},
    {"mkdir", path},
    {"mkdirat", folder_and_path},
    {"mmap", descriptor, 4, 1, 5},
    {"newfstatat", folder_and_path},
    {"open", path},
    {"openat", folder_and_path},
    {"openat2", folder_and_path},
    {"pread64", descriptor, 0, 2, 3},
    {"preadv", descriptor, 0, -1, 3},
    {"preadv2", descriptor, 0, -1, 3},
    {"pwrite64", descriptor, 0, 2, 3},
    {"pwritev", descriptor, 0, -1, 3},
    {"pwritev2", descriptor, 0, -1, 3},
    {"read", descriptor, 0, 2},
    {"readlink", path},
    {"readlinkat", folder_and_path},
    {"readv", descriptor},
    {"rename", path},
    {"renameat", folder_and_path},
    {"renameat2", folder_and_path},
    {"rmdir", path},
    {"setxattr", path},
    {"stat", path},
    {"statfs", path},
    {"statx", folder_and_path},
    {"symlink", path, 1},
    {"symlinkat", folder_and_path, 1},
    {"sync_file_range", descriptor},
    {"syncfs", descriptor},
    {"truncate", path, 0, 1},
    {"unlink", path},
    {"unlinkat", folder_and_path},
    {"utimensat", folder_and_path},
    {"write", descriptor, 0, 2},
    {"writev", descriptor},
};

struct FlagRow {
  std::string_view name;
  std::int64_t bit;
};

// Values of x86-64 and arm64 Linux alike, but O_DIRECT and O_DIRECTORY: x86-64.
constexpr FlagRow kFlags[] = {
    {"O_WRONLY", 01},         {"O_RDWR", 02},          {"O_CREAT", 0100},
    {"O_EXCL", 0200},         {"O_TRUNC", 01000},      {"O_APPEND", 02000},
    {"O_NONBLOCK", 04000},    {"O_DSYNC", 010000},     {"O_DIRECT", 040000},
    {"O_DIRECTORY", 0200000}, {"O_NOFOLLOW", 0400000}, {"O_NOATIME", 01000000},
    {"O_CLOEXEC", 02000000},  {"O_SYNC", 04010000}};

} // namespace

const SystemCall* find_system_call(std::string_view name) {
  const auto* const found = std::ranges::lower_bound(kCalls, name, {}, &SystemCall::name);
  return found != std::end(kCalls) && found->name == name ? &*found : nullptr;
}

std::int64_t open_flags_of(std::string_view text) {
  std::int64_t flags = 0;
  while (!text.empty()) {
    const std::size_t length = std::min(text.find('|'), text.size());
    const auto* const row = std::ranges::find(kFlags, text.substr(0, length), &FlagRow::name);
    if (row != std::end(kFlags)) flags |= row->bit;
    text.remove_prefix(std::min(length + 1, text.size()));
  }
  return flags;
}

} // namespace lustrum::trace
