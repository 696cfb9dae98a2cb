#include "sim/trace/operation_names.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <unordered_map>

namespace lustrum::trace {
namespace {

using enum OperationKind;

struct CallRow {
  OperationKind kind;
  std::string_view names; // separated by blanks
};

constexpr CallRow kCalls[] = {
    {open, "open open64 openat openat64 openat2 creat creat64 fopen fopen64 fdopen"},
    {close, "close fclose"},
    {read, "read pread pread64 readv preadv preadv64 preadv2 fread fread_unlocked"},
    {write, "write pwrite pwrite64 writev pwritev pwritev64 pwritev2 fwrite fwrite_unlocked"},
    {seek, "lseek lseek64 fseek fseeko fseeko64 rewind"},
    {stat,
     "stat stat64 fstat fstat64 lstat lstat64 fstatat newfstatat statx __xstat __xstat64 __fxstat "
     "__fxstat64 __lxstat __lxstat64 __fxstatat __fxstatat64 access faccessat "
     "faccessat2"},
    {unlink, "unlink unlinkat remove rmdir"},
    {rename, "rename renameat renameat2 link linkat symlink symlinkat"},
    {truncate, "ftruncate ftruncate64 truncate truncate64 fallocate posix_fallocate"},
    {mkdir, "mkdir mkdirat"},
    {readdir, "opendir fdopendir readdir readdir64 scandir getdents getdents64"},
    {sync, "fsync fdatasync sync msync syncfs fflush sync_file_range"},
    {mmap, "mmap mmap64"},
    {other_call,
     "fcntl fcntl64 dup dup2 dup3 pipe pipe2 munmap closedir rewinddir telldir seekdir ftell "
     "ftello chdir fchdir getcwd chmod fchmod chown fchown lchown mknod mkfifo readlink umask "
     "utime utimes flock ioctl fileno "
     "execve statfs fstatfs fadvise64 readlinkat fchmodat fchownat utimensat getxattr lgetxattr "
     "fgetxattr setxattr fsetxattr listxattr llistxattr mknodat inotify_add_watch"},
};

std::unordered_map<std::string_view, OperationKind> call_table() {
  std::unordered_map<std::string_view, OperationKind> table;
  for (const CallRow& row : kCalls) {
    std::string_view rest = row.names;
    while (!rest.empty()) {
      const std::size_t length = std::min(rest.find(' '), rest.size());
      table.emplace(rest.substr(0, length), row.kind);
      rest.remove_prefix(std::min(length + 1, rest.size()));
    }
  }
  return table;
}

} // namespace

std::string_view to_string(OperationKind kind) {
  constexpr std::array<std::string_view, 17> kNames{
      "open",   "close",      "read",      "write",     "seek",      "stat",
      "unlink", "rename",     "truncate",  "mkdir",     "readdir",   "sync",
      "mmap",   "other call", "data wait", "step span", "other span"};
  return kNames.at(static_cast<std::size_t>(kind));
}

std::optional<OperationKind> kind_of_call(std::string_view name) {
  static const std::unordered_map<std::string_view, OperationKind> kTable = call_table();
  const auto found = kTable.find(name);
  if (found == kTable.end()) return std::nullopt;
  return found->second;
}

OperationKind kind_of_span(std::string_view name) {
  if (name == "real_IO.iter" || name.ends_with("fetch.iter")) return span_wait;
  if (name.ends_with(".yield") || name == "compute" || name.ends_with(".compute")) return span_step;
  return span_other;
}

bool is_storage_path(std::string_view path) {
  constexpr std::string_view kFolders[] = {"/dev", "/proc", "/sys", "/run"};
  constexpr std::string_view kPrefixes[] = {
      "pipe:", "socket:", "anon_inode:", "/memfd:", "memfd:", "<", "["};
  constexpr std::string_view kWhole[] = {"", "stdin", "stdout", "stderr", "-"};
  for (const std::string_view folder : kFolders)
    if (path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/'))
      return false;
  const auto starts = [path](std::string_view prefix) { return path.starts_with(prefix); };
  return std::ranges::none_of(kPrefixes, starts) &&
         std::ranges::find(kWhole, path) == std::end(kWhole);
}

} // namespace lustrum::trace
