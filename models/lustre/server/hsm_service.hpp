// HSM of a file system, as clients and commands meet it: released files are restored when they are
// read or written, `lfs hsm_*` commands are queued, and a policy engine releases files when the
// OSTs fill up.
//
//   if (hsm.is_released(file)) co_await hsm.restore(file, outcome); // in a read
//
// Follow a restore: HsmService::restore -> HsmCoordinator::add, run -> Copytool::run (ArchiveStore,
// then the OSTs by way of the agent's client) -> HsmCoordinator::finish -> back in restore.
#pragma once

#include "models/lustre/policy/hsm_release.hpp"
#include "models/lustre/server/archive_store.hpp"
#include "models/lustre/server/data_repository.hpp"
#include "models/lustre/server/hsm_coordinator.hpp"
#include "models/lustre/server/object_supply.hpp"

#include <functional>

namespace lustrum::lustre {

// Where the files are that exist before the run.
enum class HsmPlacement : std::uint8_t {
  resident, // HSM knows nothing of them
  archived, // on the OSTs and in the archive
  released, // in the archive only
};

struct HsmServiceSettings {
  HsmCoordinatorSettings coordinator; // of each MDT
  ArchiveSettings archive;
  ReleaseRule release;
  DataRepositorySettings repository;
  // hsm.policy NBR: a read of a released file fails with ENODATA; it is restored all the same.
  bool non_blocking_restore = false;
};

class HsmService : private HsmRoom {
public:
  struct Parts {
    kernel::World& world;
    fabric::Fabric& fabric;
    FileTable& files;
    std::deque<Mds>& mds;
    InodeLockService& inode_locks;
    ObjectSupply& supply;
    // Agents forget what they have cached of an object that nobody will write back.
    std::function<void(std::uint32_t object)> discard;
    // `rm` on a host of the service.
    std::function<kernel::Task(FileIndex, Outcome&)> unlink;
  };
  // What lies where, by the words of hsm_state.
  struct StateRow {
    std::string state; // empty: HSM knows nothing of these
    std::uint64_t files = 0;
    Bytes bytes{};
  };
  struct Counts {
    std::uint64_t waited = 0; // reads and writes that waited for a restore
    std::uint64_t released = 0;
    Bytes released_bytes{};
    std::uint64_t no_room = 0; // restores that failed with ENOSPC
  };
  struct Preload {
    std::uint64_t requested = 0;
    Seconds registered{}; // when the last request had been taken
    Seconds done{};       // when nothing was under way any more
  };

  HsmService(const Parts& parts, const HsmServiceSettings& settings);

  ArchiveStore& archive() { return archive_; }
  const ArchiveStore& archive() const { return archive_; }
  MdsWire& wire() { return wire_; }
  KeptFiles& kept() { return kept_; }
  HsmVersions& versions() { return versions_; }
  const HsmVersions& versions() const { return versions_; }
  const DataRepository& repository() const { return repository_; }
  // Lets the repository do what it does by itself. Not on a copy of the file system.
  void start_repository() { repository_.start(); }
  void add_agent(HsmAgent& agent);
  HsmCoordinator& coordinator(FileIndex file) {
    return coordinators_[parts_.files.mdt_of(file).value()];
  }

  const HsmCoordinator& coordinator(MdtIndex mdt) const { return coordinators_[mdt.value()]; }

  // --- for clients: on their way to a file's data
  bool is_released(FileIndex file) const {
    return (parts_.files.hsm_flags(file) & hsm::kReleased) != 0;
  }
  // A read, write or truncate of a released file: waits until its data is here.
  kernel::Task restore(FileIndex file, Outcome& outcome);
  void opened(FileIndex file);
  void closed(FileIndex file);
  bool is_open(FileIndex file) const {
    return file.value() < uses_.size() && uses_[file.value()].open > 0;
  }
  // Created, written to or truncated. \pre not released
  void written(FileIndex file);
  // Unlinked.
  void removed(FileIndex file);

  // --- commands
  // `lfs hsm_archive`, `hsm_restore`, `hsm_remove` of one file: returns when the request has been
  // taken, or refused.
  kernel::Task request(HsmAction action, FileIndex file, HsmAnswer& answer);
  // `lfs hsm_release`: returns when the file is released, or cannot be.
  kernel::Task release(FileIndex file, HsmAnswer& answer);
  // `lfs hsm_archive`, then waits until it is done.
  kernel::Task archive(FileIndex file, StorageError& error);
  // Its object has changed: what the file system has of it is given up, once nobody has it open.
  // Conflict: it has been changed here meanwhile, and stays.
  kernel::Task invalidate(FileIndex file, bool& conflict);
  // Its object has been deleted: a release would lose its data, a restore finds nothing.
  void copy_lost(FileIndex file);
  // A release task: all files that were not used for the rule's min_age.
  kernel::Task release_unused();
  // `... | xargs -P <processes> -n 1 lfs hsm_restore`, then waits until nothing is under way.
  kernel::Task preload(const std::vector<FileIndex>& files, std::uint32_t processes,
                       Preload& result);
  kernel::Task idle();

  // --- what is reported
  std::vector<StateRow> states() const; // in the order of their flags
  HsmCoordinator::Counts actions() const;
  const Counts& counts() const { return counts_; }
  // Nothing that was written is lost by a release. Empty when all holds.
  std::vector<std::string> check_laws() const;

private:
  struct Use {
    double last_access_s = 0;
    std::uint32_t open = 0;
  };
  Use& use(FileIndex file);
  kernel::Task submit(const std::vector<FileIndex>& files, std::size_t& next);

  // HsmRoom
  kernel::Task allot(FileIndex file, StorageError& error) override;
  void drop(FileIndex file) override;

  kernel::Task take_objects(FileIndex file);
  void destroy_objects(FileIndex file);
  Bytes used() const;
  Bytes capacity() const;
  void check_watermark(Bytes at_least);
  kernel::Task release_files(Bytes wanted);
  kernel::Task revoke_layout(FileIndex file);
  void give_up_data(FileIndex file);

  Parts parts_;
  HsmServiceSettings settings_;
  MdsWire wire_;
  ArchiveStore archive_;
  KeptFiles kept_;
  HsmVersions versions_;
  kernel::DelayStation& timer_;
  std::deque<HsmCoordinator> coordinators_; // [MDT]
  std::vector<Use> uses_;                   // [file], as far as any was used
  bool releasing_ = false;
  std::uint64_t unsafe_releases_ = 0;
  kernel::Signal round_over_;
  std::vector<std::uint32_t> objects_; // scratch
  Counts counts_;
  DataRepository repository_;
};

} // namespace lustrum::lustre
