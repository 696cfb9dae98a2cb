// Tasks: C++20 coroutines that visit stations. A task suspends at a station and is resumed by the
// world when its turn is over; it never blocks a thread and never wakes a SimGrid actor by itself.
//
//   Task read(World& world, Oss& oss, Bytes bytes) {
//     SlotHold thread = co_await oss.threads.acquire();
//     co_await oss.disk.serve(service_time(bytes));
//     co_await world.transfer(oss.path_to_client, bytes);
//   }
//
// A task is lazy: it runs when awaited, added to a TaskGroup or spawned in a World. Results travel
// through references that outlive the task. Frames come from a pool.
#pragma once

#include "sim/kernel/frame_pool.hpp"

#include <cassert>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <utility>

namespace lustrum::kernel {

class TaskGroup;

// What a task is called in messages, e.g. {"loader worker", 3}. `what` is a string literal.
struct TaskName {
  const char* what = "task";
  std::uint32_t index = 0;
};

// A node of the world's list of running root tasks.
struct TaskLink {
  TaskLink* previous = this;
  TaskLink* next = this;
  void insert_before(TaskLink& place) {
    previous = place.previous;
    next = &place;
    previous->next = this;
    place.previous = this;
  }
  void unlink() {
    previous->next = next;
    next->previous = previous;
  }
};

class [[nodiscard]] Task {
public:
  struct promise_type;
  using Handle = std::coroutine_handle<promise_type>;

  struct FinalAwaiter {
    bool await_ready() const noexcept { return false; }
    std::coroutine_handle<> await_suspend(Handle task) const noexcept;
    void await_resume() const noexcept {}
  };

  struct promise_type : TaskLink {
    Handle parent = nullptr;                    // the task that awaits this one; none for a root
    TaskGroup* group = nullptr;                 // of a root that belongs to a group
    TaskName name{};                            // of a root
    std::exception_ptr exception;               // what ended this task early
    std::exception_ptr* failure_sink = nullptr; // where a root leaves its exception

    Task get_return_object() { return Task{Handle::from_promise(*this)}; }
    std::suspend_always initial_suspend() noexcept { return {}; }
    FinalAwaiter final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { exception = std::current_exception(); }

    static void* operator new(std::size_t size) { return FramePool::allocate(size); }
    static void operator delete(void* frame, std::size_t size) { FramePool::release(frame, size); }
  };

  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;
  Task& operator=(Task&&) = delete;
  ~Task() {
    if (handle_) handle_.destroy();
  }

  // co_await task: runs it to its end, then goes on here.
  bool await_ready() const noexcept { return false; }
  Handle await_suspend(Handle parent) noexcept {
    handle_.promise().parent = parent;
    return handle_;
  }
  void await_resume() const {
    if (handle_.promise().exception) std::rethrow_exception(handle_.promise().exception);
  }

  // Gives the frame away; it then destroys itself when it ends.
  Handle release() { return std::exchange(handle_, nullptr); }

private:
  explicit Task(Handle handle) : handle_(handle) {}

  Handle handle_;
};

// Several tasks at once: add() starts each, all() waits for the last one.
//
//   TaskGroup reads(world);
//   for (const Piece& piece : pieces) reads.add(read(piece));
//   co_await reads.all();
//
// A group must not be destroyed before its tasks have ended.
class TaskGroup {
public:
  explicit TaskGroup(TaskLink& roots, std::exception_ptr& failure_sink)
      : roots_(roots), failure_sink_(failure_sink) {}
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;
  ~TaskGroup() { assert(running_ == 0); }

  // Runs the task until it first suspends.
  void add(Task task, TaskName name = {});

  struct AllAwaiter {
    TaskGroup& group;
    bool await_ready() const noexcept { return group.running_ == 0; }
    void await_suspend(Task::Handle task) const noexcept { group.waiter_ = task; }
    void await_resume() const noexcept {}
  };
  AllAwaiter all() { return {*this}; }

private:
  friend struct Task::FinalAwaiter;
  std::coroutine_handle<> child_done() noexcept {
    if (--running_ == 0 && waiter_) return std::exchange(waiter_, nullptr);
    return std::noop_coroutine();
  }

  TaskLink& roots_;
  std::exception_ptr& failure_sink_;
  std::uint32_t running_ = 0;
  Task::Handle waiter_ = nullptr;
};

inline std::coroutine_handle<> Task::FinalAwaiter::await_suspend(Handle task) const noexcept {
  promise_type& promise = task.promise();
  if (promise.parent) return promise.parent;
  promise.unlink();
  if (promise.exception && !*promise.failure_sink) *promise.failure_sink = promise.exception;
  TaskGroup* group = promise.group;
  task.destroy();
  if (group) return group->child_done();
  return std::noop_coroutine();
}

inline void TaskGroup::add(Task task, TaskName name) {
  Task::Handle handle = task.release();
  handle.promise().name = name;
  handle.promise().group = this;
  handle.promise().failure_sink = &failure_sink_;
  handle.promise().insert_before(roots_);
  ++running_;
  handle.resume();
}

// The root that a suspended task works for, to name it in messages.
inline const Task::promise_type& root_of(Task::Handle task) {
  while (task.promise().parent) task = task.promise().parent;
  return task.promise();
}

} // namespace lustrum::kernel
