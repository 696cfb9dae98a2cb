#include "models/lustre/server/hsm_coordinator.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace lustrum::lustre {

using kernel::Task;

namespace {

constexpr InodeRequest kLayoutForRestore{
    .client = kServerItself, .mode = LockMode::ex, .bits = kLayoutBit};

// The first time after `now_s` on a clock that ticks every `period_s`.
double next_tick(double now_s, double period_s) {
  return (std::floor(now_s / period_s) + 1) * period_s;
}

} // namespace

HsmCoordinator::Action& HsmCoordinator::entry(std::uint32_t id) {
  assert(id - first_id_ < actions_.size());
  return actions_[id - first_id_];
}

void HsmCoordinator::forget_old() {
  while (!actions_.empty() && actions_.front().is_done() &&
         actions_.front().changed + settings_.grace_delay < parts_.world.now()) {
    actions_.pop_front();
    ++first_id_;
  }
}

HsmAnswer HsmCoordinator::add(HsmAction action, FileIndex file, std::uint32_t& id) {
  assert(action != HsmAction::release);
  if (const std::uint32_t other = under_way_.find(file.value()); other != kNone) {
    if (entry(other).copy.action != action) return HsmAnswer::busy;
    ++counts_.joined;
    id = other;
    return HsmAnswer::allowed;
  }
  const std::uint8_t flags = parts_.files.hsm_flags(file);
  if (const HsmAnswer answer = check(action, flags); answer != HsmAnswer::allowed) return answer;
  forget_old();
  id = first_id_ + static_cast<std::uint32_t>(actions_.size());
  Action& added = actions_.emplace_back();
  added.copy = {.file = file, .action = action};
  added.id = id;
  added.changed = parts_.world.now();
  under_way_.insert(file.value(), id);
  ++counts_.added;
  if (action != HsmAction::restore) {
    stand_in_line(added);
  } else if (parts_.inode_locks.is_free(Inode::file(file))) {
    added.layout = parts_.inode_locks.enqueue(Inode::file(file), kLayoutForRestore).lock.id;
    stand_in_line(added);
  } else {
    ++locking_;
    parts_.world.spawn(lock_layout(added), {"hsm action", id});
  }
  return HsmAnswer::allowed;
}

Task HsmCoordinator::lock_layout(Action& action) {
  const Inode inode = Inode::file(action.copy.file);
  InodeDecision lock = parts_.inode_locks.enqueue(inode, kLayoutForRestore);
  TimeAccount account; // whoever waits for the restore waits for this too
  if (lock.answer == LockAnswer::waits) co_await parts_.inode_locks.wait(inode, lock, account);
  --locking_;
  action.layout = lock.lock.id;
  if (action.copy.cancelled)
    end(action, HsmStatus::cancelled);
  else
    stand_in_line(action);
}

std::deque<std::uint32_t>& HsmCoordinator::queue_of(const Action& action) {
  return action.copy.action == HsmAction::restore ? restore_queue_ : other_queue_;
}

void HsmCoordinator::stand_in_line(Action& action) {
  queue_of(action).push_back(action.id);
  action.in_line = true;
  event();
}

void HsmCoordinator::leave_line(Action& action) {
  std::deque<std::uint32_t>& queue = queue_of(action);
  queue.erase(std::find(queue.begin(), queue.end(), action.id));
  action.in_line = false;
}

void HsmCoordinator::removed(FileIndex file) {
  if (is_under_way(file)) event();
}

void HsmCoordinator::written(FileIndex file) {
  const std::uint32_t id = under_way_.find(file.value());
  if (id != kNone) entry(id).file_changed = true;
}

bool HsmCoordinator::cancel(FileIndex file) {
  const std::uint32_t id = under_way_.find(file.value());
  if (id == kNone) return false;
  Action& action = entry(id);
  action.copy.cancelled = true;
  if (!action.in_line) return true; // its agent will see, or it is about to get its lock
  leave_line(action);
  end(action, HsmStatus::cancelled);
  return true;
}

void HsmCoordinator::event() {
  if (!(settings_.scan_interval.count() > 0)) return start_waiting();
  if (scan_pending_) return;
  scan_pending_ = true;
  parts_.world.spawn(scan(), {"hsm coordinator", 0});
}

Task HsmCoordinator::scan() {
  const double now_s = parts_.world.now().count();
  const double tick_s = next_tick(now_s, settings_.scan_interval.count());
  co_await parts_.world.delay(parts_.timer, Seconds{tick_s - now_s});
  scan_pending_ = false;
  start_waiting();
}

HsmAgent* HsmCoordinator::agent_for(FileIndex file) const {
  if (HsmAgent* only = parts_.kept.agent(file)) return only;
  HsmAgent* best = nullptr;
  for (HsmAgent* agent : agents_)
    if (!agent->stopped() && (!best || agent->active() < best->active())) best = agent;
  return best;
}

// The front, unless no copytool runs and only files that clients keep can be restored.
std::uint32_t HsmCoordinator::first_to_start(const std::deque<std::uint32_t>& queue) {
  for (const std::uint32_t id : queue) {
    const FileIndex file = entry(id).copy.file;
    if (!parts_.files.exists(file) || agent_for(file)) return id;
  }
  return kNone;
}

void HsmCoordinator::start_waiting() {
  bool restore_started = false;
  while (active_ < settings_.max_requests) {
    const std::uint32_t restore = first_to_start(restore_queue_);
    const std::uint32_t other = first_to_start(other_queue_);
    if (restore == kNone && other == kNone) return; // perhaps until an agent registers
    const bool last_place = active_ + 1 == settings_.max_requests;
    const bool is_restore =
        restore != kNone && (other == kNone || restore < other || (last_place && !restore_started));
    Action& action = entry(is_restore ? restore : other);
    leave_line(action);
    if (!parts_.files.exists(action.copy.file)) {
      action.copy.error = StorageError::no_entry;
      end(action, HsmStatus::failed);
      continue;
    }
    restore_started = restore_started || is_restore;
    start(action, *agent_for(action.copy.file));
  }
}

void HsmCoordinator::start(Action& action, HsmAgent& agent) {
  HsmCopy& copy = action.copy;
  action.status = HsmStatus::started;
  action.changed = parts_.world.now();
  copy.version = parts_.versions.current(copy.file);
  parts_.files.set_hsm_flags(copy.file, begun(copy.action, parts_.files.hsm_flags(copy.file)));
  ++active_;
  agent.add_active();
  parts_.world.spawn(run(action, agent), {"hsm action", action.id});
}

Task HsmCoordinator::run(Action& action, HsmAgent& agent) {
  HsmCopy& copy = action.copy;
  // Unlinked while the restore waited for the layout lock.
  if (!parts_.files.exists(copy.file)) copy.error = StorageError::no_entry;
  if (copy.action == HsmAction::restore && copy.error == StorageError::none)
    co_await parts_.room.allot(copy.file, copy.error);
  co_await parts_.wire.one_way(); // HSM_COPYTOOL
  if (copy.error == StorageError::none) co_await agent.run(copy);
  if (copy.hung) {
    const double late_s = (parts_.world.now() + settings_.active_request_timeout).count();
    const double seen_s = next_tick(late_s, settings_.loop_period.count());
    co_await parts_.world.delay(parts_.timer, Seconds{seen_s} - parts_.world.now());
  } else {
    co_await parts_.wire.one_way();                                    // HSM_PROGRESS, the last
    co_await parts_.wire.serve(copy.file, MetadataOperation::setattr); // layouts swapped, flags set
  }
  agent.remove_active(copy.error == StorageError::none && !copy.hung && !copy.cancelled);
  --active_;
  finish(action);
}

void HsmCoordinator::finish(Action& action) {
  HsmCopy& copy = action.copy;
  const bool given_up_by_all = copy.cancelled || copy.hung;
  const bool stale = copy.action == HsmAction::archive && action.file_changed;
  if ((given_up_by_all || stale) && copy.error == StorageError::none) copy.error = StorageError::io;
  // Nobody unlinks a file while its layout is locked; others may be gone.
  if (!parts_.files.exists(copy.file)) {
    copy.error = StorageError::no_entry;
    return end(action, HsmStatus::failed);
  }
  const std::uint8_t flags = parts_.files.hsm_flags(copy.file);
  if (copy.error == StorageError::none) {
    parts_.files.set_hsm_flags(copy.file, finished(copy.action, flags));
    const Bytes size = parts_.files.size(copy.file);
    if (copy.action == HsmAction::restore) {
      ++counts_.restored;
      counts_.restored_bytes += size;
      if (parts_.kept.agent(copy.file)) { // which does not keep it beside the OSTs
        parts_.files.set_hsm_flags(copy.file, 0);
        parts_.kept.forget(copy.file);
      }
    } else if (copy.action == HsmAction::archive) {
      ++counts_.archived;
      counts_.archived_bytes += size;
      parts_.versions.archived(copy.file, copy.version, size);
    } else if (copy.action == HsmAction::remove) {
      parts_.versions.forget(copy.file);
    }
    return end(action, HsmStatus::succeed);
  }
  parts_.files.set_hsm_flags(copy.file, given_up(copy.action, flags));
  if (copy.action == HsmAction::restore) parts_.room.drop(copy.file);
  if (settings_.no_retry || given_up_by_all || copy.error != StorageError::io)
    return end(action, given_up_by_all ? HsmStatus::cancelled : HsmStatus::failed);
  // To the end of the line.
  ++counts_.retried;
  copy = {.file = copy.file, .action = copy.action};
  action.file_changed = false;
  action.status = HsmStatus::waiting;
  action.changed = parts_.world.now();
  stand_in_line(action);
}

void HsmCoordinator::end(Action& action, HsmStatus status) {
  if (status == HsmStatus::cancelled && action.copy.error == StorageError::none)
    action.copy.error = StorageError::io;
  action.status = status;
  action.changed = parts_.world.now();
  ++(status == HsmStatus::succeed     ? counts_.succeeded
     : status == HsmStatus::cancelled ? counts_.cancelled
                                      : counts_.failed);
  under_way_.erase(action.copy.file.value());
  if (action.layout) parts_.inode_locks.cancel(Inode::file(action.copy.file), *action.layout);
  for (const Task::Handle waiter : action.waiters) parts_.world.make_ready(waiter);
  action.waiters.clear();
  if (!restore_queue_.empty() || !other_queue_.empty()) event();
  if (waiting() == 0 && active_ == 0) idle_.notify();
}

Task HsmCoordinator::idle() {
  while (waiting() > 0 || active_ > 0) co_await idle_.wait();
}

std::vector<HsmCoordinator::Row> HsmCoordinator::actions() const {
  std::vector<Row> rows;
  for (const Action& action : actions_)
    if (!action.is_done() || action.changed + settings_.grace_delay >= parts_.world.now())
      rows.push_back({action.copy.file, action.copy.action, action.status, action.changed});
  return rows;
}

} // namespace lustrum::lustre
