// What the coordinator knows of an agent: it is sent an action on a file and is done with it some
// day, or is never heard of again.
#pragma once

#include "models/lustre/policy/hsm.hpp"
#include "models/storage.hpp"
#include "sim/kernel/world.hpp"

namespace lustrum::lustre {

// An action while an agent is at it.
struct HsmCopy {
  FileIndex file{};
  HsmAction action = HsmAction::restore; // archive, restore or remove
  bool cancelled = false;                // the agent stops when it next looks
  bool hung = false;                     // the agent has stopped: nobody will tell
  StorageError error = StorageError::none;
};

class HsmAgent {
public:
  HsmAgent() = default;
  virtual ~HsmAgent() = default;
  HsmAgent(const HsmAgent&) = delete;
  HsmAgent& operator=(const HsmAgent&) = delete;

  // One virtual call per action. A restore finds the file's objects with their space taken.
  virtual kernel::Task run(HsmCopy& copy) = 0;

  // The copytool dies or its node does: what it has begun hangs, and it gets nothing new.
  void stop() { stopped_ = true; }
  bool stopped() const { return stopped_; }

  // Actions that coordinators have sent to it and not heard of again.
  std::uint32_t active() const { return active_; }
  void add_active() { ++active_; }
  void remove_active() { --active_; }

private:
  bool stopped_ = false;
  std::uint32_t active_ = 0;
};

} // namespace lustrum::lustre
