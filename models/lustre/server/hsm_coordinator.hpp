// The HSM coordinator of one MDT: a queue of actions, of which `max_requests` are with agents at a
// time, and a list of those that are done.
//
//   std::uint32_t id = 0;
//   if (coordinator.add(HsmAction::restore, file, id) == HsmAnswer::allowed)
//     co_await coordinator.done(id);
//
// An action on a file that has the same one under way joins it. Restores wait in line with the
// others, but one of each scan is a restore if any waits.
// Source: Lustre 2.15 lustre/mdt/mdt_coordinator.c, mdt_hsm_cdt_client.c; Lustre manual, HSM.
#pragma once

#include "models/lustre/policy/hsm_versions.hpp"
#include "models/lustre/server/hsm_agent.hpp"
#include "models/lustre/server/inode_lock_service.hpp"
#include "models/lustre/server/mds_wire.hpp"
#include "sim/base/hash_index.hpp"

#include <deque>
#include <optional>
#include <vector>

namespace lustrum::lustre {

struct HsmCoordinatorSettings {
  std::uint32_t max_requests = 3; // hsm.max_requests
  // The thread looks for waiting actions so often when something has happened: it sleeps a second
  // in between. 0: at once.
  Seconds scan_interval{1};
  Seconds loop_period{10};              // hsm.loop_period: how often it looks for what timed out
  Seconds grace_delay{60};              // hsm.grace_delay: how long the list keeps what is done
  Seconds active_request_timeout{3600}; // hsm.active_request_timeout
  bool no_retry = true;                 // hsm.policy NRA: what failed is not tried again
};

enum class HsmStatus : std::uint8_t { waiting, started, succeed, failed, cancelled };

// Space of restores, which the coordinator does not know about.
class HsmRoom {
public:
  virtual ~HsmRoom() = default;
  // Gives the file its objects, or a reason why not.
  virtual kernel::Task allot(FileIndex file, StorageError& error) = 0;
  // A restore came to nothing: takes them away.
  virtual void drop(FileIndex file) = 0;
};

class HsmCoordinator {
public:
  // A line of hsm.actions.
  struct Row {
    FileIndex file{};
    HsmAction action{};
    HsmStatus status{};
    Seconds changed{};
  };
  struct Counts {
    std::uint64_t added = 0; // without those that joined another
    std::uint64_t joined = 0;
    std::uint64_t succeeded = 0;
    std::uint64_t failed = 0;
    std::uint64_t cancelled = 0;
    std::uint64_t retried = 0;
    std::uint64_t restored = 0; // of the succeeded
    std::uint64_t archived = 0;
    Bytes restored_bytes{};
    Bytes archived_bytes{};
  };

  struct Parts {
    kernel::World& world;
    FileTable& files;
    InodeLockService& inode_locks;
    MdsWire& wire;
    HsmRoom& room;
    KeptFiles& kept;
    HsmVersions& versions;
    kernel::DelayStation& timer;
  };

  HsmCoordinator(const Parts& parts, const HsmCoordinatorSettings& settings)
      : parts_(parts), settings_(settings), idle_(parts.world) {}

  void add_agent(HsmAgent& agent) { agents_.push_back(&agent); }

  // A request has arrived. Allowed: `id` is that of the action, new or joined. A restore takes the
  // file's layout lock in mode EX until it is done, and stands in line once it has it.
  // \pre action is not release, which needs no coordinator
  HsmAnswer add(HsmAction action, FileIndex file, std::uint32_t& id);
  bool is_under_way(FileIndex file) const { return under_way_.find(file.value()) != kNone; }
  // The file has been written to: an archive that is at it fails.
  void written(FileIndex file);
  // The file has been unlinked: what waits in line for it fails, and needs no agent for that.
  void removed(FileIndex file);
  // `lfs hsm_cancel`. False: nothing is under way for the file.
  bool cancel(FileIndex file);

  struct Action;
  struct DoneAwaiter {
    Action& action;
    bool await_ready() const noexcept;
    void await_suspend(kernel::Task::Handle task) const;
    // Why it came to nothing; none when it succeeded.
    StorageError await_resume() const noexcept;
  };
  DoneAwaiter done(std::uint32_t id) { return {entry(id)}; }

  const std::vector<HsmAgent*>& agents() const { return agents_; }
  std::uint32_t active() const { return active_; }
  std::size_t waiting() const { return restore_queue_.size() + other_queue_.size() + locking_; }
  // Until nothing waits and nothing is active.
  kernel::Task idle();
  // hsm.actions: those under way and those done no longer than grace_delay ago.
  std::vector<Row> actions() const;
  const Counts& counts() const { return counts_; }

private:
  static constexpr std::uint32_t kNone = HashIndex<std::uint64_t>::kNone;

  Action& entry(std::uint32_t id);
  void forget_old();
  kernel::Task lock_layout(Action& action);
  std::deque<std::uint32_t>& queue_of(const Action& action);
  void stand_in_line(Action& action);
  void leave_line(Action& action);
  // Something has happened that may let an action start.
  void event();
  kernel::Task scan();
  void start_waiting();
  std::uint32_t first_to_start(const std::deque<std::uint32_t>& queue);
  HsmAgent* agent_for(FileIndex file) const; // nullptr: none runs
  void start(Action& action, HsmAgent& agent);
  kernel::Task run(Action& action, HsmAgent& agent);
  void finish(Action& action);
  void end(Action& action, HsmStatus status);

  Parts parts_;
  HsmCoordinatorSettings settings_;
  std::vector<HsmAgent*> agents_;
  std::deque<Action> actions_; // from the first that is not forgotten
  std::uint32_t first_id_ = 0;
  HashIndex<std::uint64_t> under_way_; // file -> id
  // Ids in order of arrival.
  std::deque<std::uint32_t> restore_queue_;
  std::deque<std::uint32_t> other_queue_;
  std::size_t locking_ = 0; // restores that wait for a layout lock
  std::uint32_t active_ = 0;
  bool scan_pending_ = false;
  kernel::Signal idle_;
  Counts counts_;
};

struct HsmCoordinator::Action {
  HsmCopy copy;
  std::uint32_t id = 0;
  HsmStatus status = HsmStatus::waiting;
  Seconds changed{};
  bool file_changed = false; // written to while being archived
  bool in_line = false;
  std::optional<LockId> layout{}; // the lock that it holds
  std::vector<kernel::Task::Handle> waiters{};

  bool is_done() const { return status != HsmStatus::waiting && status != HsmStatus::started; }
};

inline bool HsmCoordinator::DoneAwaiter::await_ready() const noexcept { return action.is_done(); }
inline void HsmCoordinator::DoneAwaiter::await_suspend(kernel::Task::Handle task) const {
  action.waiters.push_back(task);
}
inline StorageError HsmCoordinator::DoneAwaiter::await_resume() const noexcept {
  return action.copy.error;
}

} // namespace lustrum::lustre
