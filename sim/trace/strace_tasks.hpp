// The tasks (threads) that strace follows, whose descriptors they share, and where those stand.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace lustrum::trace {

// What open(2) makes; shared by the descriptors that dup and fork make of it.
struct OpenDescription {
  std::string path;
  std::optional<std::uint64_t> position; // absent: unknown, as with O_APPEND
};

struct StraceTask {
  using Descriptors = std::map<std::int64_t, std::shared_ptr<OpenDescription>>;
  // A call that another task's line interrupted.
  struct Pending {
    std::string name;
    std::string text;
    std::int64_t time_ns = 0;
    bool child_seen = false; // of a fork: a line of the child came before its return
  };

  std::int64_t tid = 0;
  std::int64_t pid = 0;
  std::shared_ptr<Descriptors> descriptors;
  std::shared_ptr<std::string> folder; // working directory; empty: unknown
  std::optional<Pending> pending;
};

class StraceTasks {
public:
  // The task of a line. One not heard of before is the child of a fork that has not returned, else
  // one that strace was attached to. No tid: the first one, before it forked.
  StraceTask& of(std::optional<std::int64_t> tid);

  // A fork, vfork, clone or clone3 with these arguments returned the child's tid.
  void forked(StraceTask& parent, std::string_view arguments, std::int64_t child);

  void ended(std::optional<std::int64_t> tid);

  // Calls begun and neither resumed nor ended.
  std::uint64_t pending() const;

  static bool is_fork(std::string_view call);

private:
  StraceTask& add_child(StraceTask& parent, std::string_view arguments, std::int64_t tid);

  std::map<std::int64_t, StraceTask> tasks_;
  std::optional<std::int64_t> first_tid_; // of the task whose lines came without one
};

} // namespace lustrum::trace
