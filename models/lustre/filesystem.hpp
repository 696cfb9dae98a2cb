// A whole Lustre file system with its clients, as a Storage.
#pragma once

#include "models/lustre/client/client.hpp"
#include "models/lustre/client/copytool.hpp"
#include "models/lustre/policy/recovery.hpp"
#include "models/storage.hpp"
#include "sim/kernel/topology.hpp"

#include <array>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace lustrum::lustre {

struct HsmSettings {
  HsmServiceSettings service;
  CopytoolSettings agent; // each of them
  std::uint32_t agents = 1;
  bool agents_on_clients = false; // on the jobs' clients in turn; else on hosts of their own
  HsmPlacement placement = HsmPlacement::released; // of files that exist before the run
};

struct FilesystemSettings {
  fabric::FabricSettings fabric; // one client per host, one server per OSS
  OssSettings oss;
  std::uint32_t mdts = 1;
  MdsSettings mds;              // of one MDT
  Seconds object_transaction{}; // what an OST takes to make a group of objects
  Layout layout{{LayoutComponent{}}};
  Bytes import_chunk{};         // of files from an archive: FileTableSettings
  Bytes ost_capacity{};         // of each; 0: without end
  std::vector<double> ost_used; // share of each OST that is taken before the run; the rest: none
  LustreTunables tunables;
  std::optional<HsmSettings> hsm; // without: no archive
  std::optional<PccSettings> pcc; // without: no copies on clients
  RecoverySettings recovery;      // RecoverySettings::from(tunables), unless a test says otherwise
  bool rpc_counters = true; // of every client and OST: `osc.*.rpc_stats`; costs time and memory
  std::uint32_t jobs = 1;
  std::uint64_t seed = 0; // of the object allocator; of latencies of a tiered store

  // With an archive, or with clients that are agents for what they have written to disks of theirs.
  bool needs_hsm() const { return hsm || (pcc && pcc->mode == PccMode::read_write); }
};

// A recovery that has ended: what `recovery_status` tells of it.
struct RecoveryReport {
  Seconds mounted{};
  Seconds duration{};
  std::uint32_t clients = 0;   // that the target knew
  std::uint32_t completed = 0; // of those: back in time
  bool imperative = true;
};

class Filesystem : public Storage {
public:
  Filesystem(kernel::World& world, const FilesystemSettings& settings);

  DirectoryIndex place_directory(DirectoryIndex parent) override;
  FileIndex place_file(DirectoryIndex directory, Bytes size) override;
  DirectoryIndex reserve_directory(DirectoryIndex parent) override;
  FileIndex reserve_file(DirectoryIndex directory) override;
  Bytes file_size(FileIndex file) const override { return files_.size(file); }
  void drop_caches(ClientIndex client) override { clients_[client.value()].drop_caches(); }

  kernel::Task open(Caller caller, FileIndex file, OpenMode mode, std::unique_ptr<OpenFile>& opened,
                    Outcome& outcome) override {
    return client(caller).open(caller, file, mode, opened, outcome);
  }
  kernel::Task read(OpenFile& file, Bytes offset, Bytes length, Outcome& outcome) override {
    return client(file.caller()).read(file, offset, length, outcome);
  }
  kernel::Task write(OpenFile& file, Bytes offset, Bytes length, Outcome& outcome) override {
    return client(file.caller()).write(file, offset, length, outcome);
  }
  kernel::Task lock_ahead(OpenFile& file, Bytes offset, Bytes length, Outcome& outcome) override {
    return client(file.caller()).lock_ahead(file, offset, length, outcome);
  }
  kernel::Task sync(OpenFile& file, Outcome& outcome) override {
    return client(file.caller()).sync(file, outcome);
  }
  kernel::Task close(std::unique_ptr<OpenFile> file, Outcome& outcome) override {
    Client& client_of_file = client(file->caller());
    return client_of_file.close(std::move(file), outcome);
  }
  kernel::Task truncate(Caller caller, FileIndex file, Bytes size, Outcome& outcome) override;
  kernel::Task stat(Caller caller, FileIndex file, Outcome& outcome) override {
    return client(caller).stat(caller, file, outcome);
  }
  kernel::Task remove(Caller caller, FileIndex file, Outcome& outcome) override;
  kernel::Task make_directory(Caller caller, DirectoryIndex directory, Outcome& outcome) override;
  kernel::Task remove_directory(Caller caller, DirectoryIndex directory, Outcome& outcome) override;
  // To a new name in its own directory or another one. Not a call of all storages: no job asks.
  kernel::Task rename(Caller caller, FileIndex file, DirectoryIndex directory, Outcome& outcome);
  kernel::Task list(Caller caller, DirectoryIndex directory, std::vector<FileIndex>& files,
                    Outcome& outcome) override;
  IoTotals totals() const override;
  IoTotals totals(JobIndex job) const override { return totals_[job.value()]; }

  const FilesystemSettings& settings() const { return settings_; }
  const std::deque<Client>& all_clients() const { return clients_; }
  const std::deque<Mds>& all_mds() const { return mds_; }
  const std::deque<Oss>& all_oss() const { return oss_; }
  const std::deque<Ost>& all_osts() const { return ost_; }

  std::vector<PccCache::Stats> pcc_stats() const; // of each client that has PCC
  // nullptr without HSM.
  HsmService* hsm() { return hsm_ ? &*hsm_ : nullptr; }
  const HsmService* hsm() const { return hsm_ ? &*hsm_ : nullptr; }
  const FileTable& files() const { return files_; }
  // The agent's copytool dies.
  void stop_agent(std::uint32_t agent) { agents_[agent].stop(); }
  // Places directories and files of the same names and sizes as those of another file system.
  void place_as(const Filesystem& other);
  // Takes no simulated time: what a preload before the run has brought. A file without room stays
  // released. Pre: it is.
  void make_resident(FileIndex file);

  // The most that all clients together can read, by max-flow over disks, servers and network, for a
  // run that reads `bytes` in all: burst credit counts as far as it reaches, and fills up during
  // the time in which the job does not read. Bytes beyond those that were there at the start are
  // taken as read again, from the servers' memory as far as that holds them. \pre the run writes
  // little of what it reads
  kernel::Topology::Cut read_bound(Bytes bytes, Seconds not_reading) const;
  // The same without any burst credit.
  kernel::Topology::Cut read_bound_of_baseline(Bytes bytes) const;
  // Files per second that the metadata servers can open and close in a run that opens this many.
  PerSecond open_close_bound(std::uint64_t opens) const;
  // Of OSTs on flash before a tiered store: what lies in each class now, and what was read and
  // written there.
  std::array<Bytes, tiering::kAccessTiers> stored_by_class() const;
  tiering::TieredUsage tiered_usage() const;

  // --- failures, in filesystem_failures.cpp; faults.hpp says when which happens
  std::uint32_t clients() const { return static_cast<std::uint32_t>(clients_.size()); }
  std::uint32_t job_clients() const { return settings_.fabric.clients; } // without HSM agents
  std::uint32_t osts() const { return static_cast<std::uint32_t>(ost_.size()); }
  std::uint32_t mdts() const { return static_cast<std::uint32_t>(mds_.size()); }
  std::uint32_t osss() const { return static_cast<std::uint32_t>(oss_.size()); }
  const Ost& ost(OstIndex ost) const { return ost_[ost.value()]; }
  Oss& oss(OssIndex oss) { return oss_[oss.value()]; }
  fabric::Fabric& fabric() { return fabric_; }
  const fabric::Fabric& fabric() const { return fabric_; }
  FileTable& files() { return files_; }
  kernel::DelayStation& timer() { return *timer_; }
  const LockService& extent_locks() const { return extent_locks_; }

  const Target& target(TargetIndex target) const {
    return target.is_mdt() ? mds_[target.number()].target() : ost_[target.number()].target();
  }
  // The target answers no more; new objects avoid an OST while any other serves.
  void fail_target(TargetIndex target);
  // It has recovered, and serves again, perhaps on another server.
  void recover_target(TargetIndex target, const RecoveryReport& report);
  // Of the target's last failure; none before it.
  const std::optional<RecoveryReport>& last_recovery(TargetIndex target) const {
    return recoveries_[number_of(target)];
  }
  void move_target(TargetIndex target, fabric::ServerNode server);
  const Mds& mds(MdtIndex mdt) const { return mds_[mdt.value()]; }
  // It is gone for good with all that lies on it: calls that need it fail.
  void lose_target(OstIndex ost);
  // Share of the device's rate; `degraded`: new objects avoid it.
  void set_target_speed(OstIndex ost, double share, bool degraded);

  bool runs(ClientIndex client) const { return clients_[client.value()].state().runs(); }
  // From now on the client says nothing; it is evicted once a lock callback to it or its pings time
  // out. wake() lets it go on.
  void hang(ClientIndex client);
  void wake(ClientIndex client);
  void kill(ClientIndex client);
  // The client loses what it holds on the target: locks, pages, data not yet written back. Calls of
  // it that are under way there fail.
  void evict(ClientIndex client, TargetIndex target);
  // On every target that serves; one that does not will miss it at the end of its recovery.
  void evict(ClientIndex client);
  // How often a client was evicted: by several targets at once, or in one silence, counts once.
  std::uint64_t evictions() const { return evictions_; }
  std::optional<Seconds> last_eviction(ClientIndex client) const {
    const Seconds at = last_evictions_[client.value()].at;
    return at < Seconds{} ? std::nullopt : std::optional(at);
  }
  // The target has evicted the client for its present silence, and will not wait for it.
  bool is_given_up(ClientIndex client, TargetIndex target) const;

  // Conservation: what the OSTs read and wrote is what clients fetched. Empty when all holds.
  std::vector<std::string> check_laws() const;

private:
  struct Eviction {
    Seconds at{-1};
    std::uint32_t silence = 0; // in which; 0: it was not silent
  };
  // Of all MDTs and OSTs, those first.
  std::size_t number_of(TargetIndex target) const {
    return target.is_mdt() ? target.number() : mds_.size() + target.number();
  }
  Client& client(const Caller& caller) { return clients_[caller.client.value()]; }
  void add_agents();
  void discard_on_agents(std::uint32_t object);
  kernel::Task unlink_by_agent(FileIndex file, Outcome& outcome);
  // Which silence the client is in; 0: it runs.
  std::uint32_t silence_of(ClientIndex client) const;
  Target& target_at(TargetIndex target) {
    return const_cast<Target&>(std::as_const(*this).target(target));
  }
  // Of all MDTs and OSTs, those first.
  std::vector<TargetIndex> targets() const;
  void avoid_absent_osts();
  kernel::Task expect_pings(ClientIndex client);
  void fall_silent(ClientIndex client);
  void fill_osts();
  // Share of so many bytes read that the disks must deliver.
  double missed_of(Bytes bytes) const;
  double missed_by_memory(Bytes bytes) const;
  // Of one OST, in bytes read from it, memory included.
  struct OstRate {
    BytesPerSecond rate;
    std::string_view part; // what limits it
  };
  OstRate ost_rate(Bytes bytes, BytesPerSecond disk) const;
  kernel::Topology::Cut cut_with(BytesPerSecond network, const OstRate& ost) const;

  kernel::World& world_;
  FilesystemSettings settings_;
  std::vector<std::optional<RecoveryReport>> recoveries_; // [number_of(target)]
  FileTable files_;
  // Directories as jobs number them; the first is the root, and some are yet to be made.
  std::vector<std::uint32_t> directories_;
  fabric::Fabric fabric_;
  LockService extent_locks_;
  InodeLockService inode_locks_;
  kernel::DelayStation* timer_ = nullptr;
  std::deque<Mds> mds_;
  std::deque<Oss> oss_;
  std::deque<Ost> ost_;
  std::optional<ObjectSupply> supply_; // once there are OSTs
  JobTotals totals_;
  double placed_bytes_ = 0; // of files that existed before the run
  std::optional<HsmService> hsm_;
  PccMarks pcc_marks_;
  std::deque<Client> clients_; // the jobs' first, then those of HSM agents
  std::deque<Copytool> agents_;
  std::vector<Eviction> last_evictions_; // [client]
  std::uint64_t evictions_ = 0;
};

} // namespace lustrum::lustre
