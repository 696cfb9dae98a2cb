#include "sim/trace/strace_tasks.hpp"

#include <algorithm>

namespace lustrum::trace {
namespace {

constexpr std::int64_t kFirst = 0; // stands for a tid that strace has not told yet

StraceTask lone_task(std::int64_t tid) {
  StraceTask task;
  task.tid = tid;
  task.pid = tid;
  task.descriptors = std::make_shared<StraceTask::Descriptors>();
  task.folder = std::make_shared<std::string>();
  return task;
}

} // namespace

bool StraceTasks::is_fork(std::string_view call) {
  return call == "clone" || call == "clone3" || call == "fork" || call == "vfork";
}

StraceTask& StraceTasks::of(std::optional<std::int64_t> tid) {
  const std::int64_t key = !tid || tid == first_tid_ ? kFirst : *tid;
  const auto found = tasks_.find(key);
  if (found != tasks_.end()) return found->second;
  if (tid) {
    for (auto& [other, task] : tasks_) {
      if (!task.pending || task.pending->child_seen || !is_fork(task.pending->name)) continue;
      task.pending->child_seen = true;
      return add_child(task, task.pending->text, *tid);
    }
    // The lines of the first task get its tid from its first fork on.
    if (!first_tid_ && tasks_.contains(kFirst)) {
      first_tid_ = tid;
      return tasks_.at(kFirst);
    }
  }
  return tasks_.emplace(key, lone_task(key)).first->second;
}

void StraceTasks::forked(StraceTask& parent, std::string_view arguments, std::int64_t child) {
  if (!tasks_.contains(child)) add_child(parent, arguments, child);
}

StraceTask& StraceTasks::add_child(StraceTask& parent, std::string_view arguments,
                                   std::int64_t tid) {
  StraceTask child = lone_task(tid);
  const auto has = [arguments](std::string_view flag) {
    return arguments.find(flag) != std::string_view::npos;
  };
  if (has("CLONE_THREAD")) child.pid = parent.pid;
  if (has("CLONE_FILES"))
    child.descriptors = parent.descriptors;
  else
    *child.descriptors = *parent.descriptors;
  if (has("CLONE_FS"))
    child.folder = parent.folder;
  else
    *child.folder = *parent.folder;
  return tasks_.insert_or_assign(tid, std::move(child)).first->second;
}

void StraceTasks::ended(std::optional<std::int64_t> tid) {
  if (tid && tid != first_tid_) tasks_.erase(*tid);
}

std::uint64_t StraceTasks::pending() const {
  return static_cast<std::uint64_t>(std::ranges::count_if(
      tasks_, [](const auto& entry) { return entry.second.pending.has_value(); }));
}

} // namespace lustrum::trace
