// What the coordinator knows of an agent: it is sent an action on a file and is done with it some
// day, or is never heard of again.
#pragma once

#include "models/lustre/policy/hsm.hpp"
#include "models/storage.hpp"
#include "sim/kernel/world.hpp"

#include <vector>

namespace lustrum::lustre {

// An action while an agent is at it.
struct HsmCopy {
  FileIndex file{};
  HsmAction action = HsmAction::restore; // archive, restore or remove
  bool cancelled = false;                // the agent stops when it next looks
  bool hung = false;                     // the agent has stopped: nobody will tell
  std::uint32_t version = 0;             // of the content with which it began
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

  // A file whose only copy it had has been restored or unlinked.
  virtual void forget(FileIndex /*file*/) {}

  // The copytool dies or its node does: what it has begun hangs, and it gets nothing new.
  void stop() { stopped_ = true; }
  bool stopped() const { return stopped_; }

  // Actions that coordinators have sent to it and not heard of again.
  std::uint32_t active() const { return active_; }
  void add_active() { ++active_; }
  void remove_active(bool succeeded) {
    --active_;
    ++(succeeded ? succeeded_ : failed_);
  }
  std::uint64_t succeeded() const { return succeeded_; }
  std::uint64_t failed() const { return failed_; }

private:
  bool stopped_ = false;
  std::uint32_t active_ = 0;
  std::uint64_t succeeded_ = 0;
  std::uint64_t failed_ = 0;
};

// Which agents have the only copy of which files: their archives are their own (PCC-RW: an archive
// id for each client).
class KeptFiles {
public:
  // nullptr: the file is in the common archive, if in any.
  HsmAgent* agent(FileIndex file) const {
    return file.value() < agents_.size() ? agents_[file.value()] : nullptr;
  }
  void keep(FileIndex file, HsmAgent& agent) {
    if (file.value() >= agents_.size()) agents_.resize(file.value() + std::size_t{1});
    agents_[file.value()] = &agent;
  }
  void forget(FileIndex file) {
    HsmAgent* const keeper = agent(file);
    if (!keeper) return;
    agents_[file.value()] = nullptr;
    keeper->forget(file);
  }

private:
  std::vector<HsmAgent*> agents_; // [file], as far as any is kept
};

} // namespace lustrum::lustre
