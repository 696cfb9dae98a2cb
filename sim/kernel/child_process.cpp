#include "sim/kernel/child_process.hpp"

#include "sim/base/input_error.hpp"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string_view>
#include <system_error>

namespace lustrum::kernel {

namespace {

constexpr int kExitBadInput = 2;
constexpr int kExitUnfinished = 3;

void write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) ::_exit(kExitUnfinished);
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

std::string read_all(int fd) {
  std::string text;
  std::array<char, 1 << 16> buffer{};
  for (;;) {
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

[[noreturn]] void run_child(const std::function<std::string()>& body, int fd) {
  int exit_code = 0;
  std::string output;
  try {
    output = body();
  } catch (const InputError& e) {
    exit_code = kExitBadInput;
    output = e.what();
  } catch (const std::exception& e) {
    exit_code = kExitUnfinished;
    output = e.what();
  }
  write_all(fd, output);
  std::fflush(nullptr);
  // No destructors: SimGrid's engine does not outlive its actors gracefully, and the parent has
  // all.
  ::_exit(exit_code);
}

} // namespace

ChildOutcome run_in_child(const std::function<std::string()>& body) {
  std::fflush(nullptr); // or the child would print what is buffered once more
  std::array<int, 2> pipe_fds{};
  if (::pipe(pipe_fds.data()) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
  const pid_t child = ::fork();
  if (child < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (child == 0) {
    ::close(pipe_fds[0]);
    run_child(body, pipe_fds[1]);
  }
  ::close(pipe_fds[1]);
  ChildOutcome outcome;
  outcome.output = read_all(pipe_fds[0]);
  ::close(pipe_fds[0]);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status)) {
    outcome.exit_code = WEXITSTATUS(status);
  } else {
    outcome.exit_code = kExitUnfinished;
    outcome.output = fmt::format("the simulation was ended by signal {}: this is a bug of Lustrum",
                                 WIFSIGNALED(status) ? WTERMSIG(status) : 0);
  }
  return outcome;
}

} // namespace lustrum::kernel
