// The objects of all OSTs through one client's page cache: what osc and its extent locks do for
// llite. A page is here only while a lock covers it.
//
// Reading: start() sends RPCs for what is missing, wait() waits for the part that is wanted now.
// Writing: write() makes pages dirty under a PW lock and may block for dirty space; RPCs are sent
// when a chunk is full, when a writer waits for space, when a lock is called back, on sync, and for
// pages older than 30 s.
#pragma once

#include "models/lustre/client/osc.hpp"
#include "models/lustre/policy/file_table.hpp"
#include "models/lustre/policy/page_cache.hpp"

#include <deque>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

namespace lustrum::lustre {

// Of all clients together, by job.
using JobTotals = std::deque<IoTotals>;

// Who reads or writes an object: a job, and the group lock of the open file it comes through.
struct DataUser {
  DataUser(JobIndex of, std::uint32_t locked_by = 0) : job(of), group(locked_by) {} // NOLINT
  JobIndex job;
  std::uint32_t group; // 0: none
};

struct ObjectCacheSettings {
  Bytes rpc_size{4 * kMib};
  Bytes max_cached{};             // llite.max_cached_mb
  BytesPerSecond checksum_rate{}; // of one core of the client; 0: checksums are off
  Seconds flusher_period{5};      // Linux write-back looks so often for pages
  Seconds dirty_expire{30};       // that have been dirty for so long
  bool rpc_counters = true;       // FilesystemSettings::rpc_counters
};

class ObjectCache {
public:
  // `timer` and `cpu` are shared by all clients: nobody queues there.
  ObjectCache(kernel::World& world, fabric::Fabric& fabric, FileTable& files, std::deque<Ost>& osts,
              LockService& lock_service, ClientIndex client, ClientState& state,
              const LustreTunables& tunables, const ObjectCacheSettings& settings,
              kernel::DelayStation& timer, kernel::DelayStation& cpu, JobTotals& totals);

  Osc& osc_of(std::uint32_t object);
  // nullptr: nothing has been asked of that OST yet.
  const Osc* osc(OstIndex ost) const { return oscs_[ost.value()].get(); }
  const PageCache& pages() const { return cache_; }
  // On their way without anybody who waits for them: what max_read_ahead_mb limits.
  Bytes ahead_in_flight() const { return ahead_in_flight_; }
  Bytes rpc_size() const { return settings_.rpc_size; }
  // Pages read ahead and evicted before anybody read them.
  std::uint64_t discarded_unread_pages() const { return discarded_unread_pages_; }

  // What a reader who comes for the extent finds; marks what is here as read.
  struct Present {
    std::uint64_t hit_pages = 0; // fetched ahead of need, and wanted now
    std::uint64_t missing_pages = 0;
    bool all = true;
  };
  void look_up(std::uint32_t object, Extent extent, Present& found);
  // Sends for what of `extent` is neither here nor under way. `demand` is the part that somebody
  // waits for; the rest is read ahead.
  void start(DataUser user, std::uint32_t object, Extent extent, Extent demand);
  // Waits until the extent is here, sending for it if need be.
  kernel::Task wait(DataUser user, std::uint32_t object, Extent extent, Outcome& outcome);

  // Makes the bytes dirty. Pre: they lie in one chunk. `known_end`: where the object ends so far.
  kernel::Task write(DataUser user, std::uint32_t object, Extent extent, Bytes known_end,
                     Outcome& outcome);
  // Moves the extent between the server and the application's memory, past the page cache: all its
  // RPCs at once. Pages of it that are dirty here are written back first.
  kernel::Task transfer_direct(DataUser user, std::uint32_t object, Extent extent,
                               device::Operation operation, bool gpu, Outcome& outcome);

  // Group locks (mode GROUP, on the whole object): users that name the group read and write under
  // it. All others, of this client too, ask the server, which lets them wait until the last of the
  // group has unlocked. Locking again counts. A user whose group lock was lost with an eviction
  // gets errors: to wait for a new one, with those of other objects in hand, could be for ever.
  kernel::Task lock_group(std::uint32_t object, std::uint32_t group, Outcome& outcome);
  // Nothing when it is not held: lost with an eviction, or never got.
  void unlock_group(std::uint32_t object, std::uint32_t group);
  // LDLM_ENQUEUE of exactly these bytes, for writing, of which nobody else is told; refused if that
  // meets a lock in use elsewhere.
  kernel::Task lock_ahead(DataUser user, std::uint32_t object, Extent extent);

  // Writes back what is dirty of the object and waits for it.
  kernel::Task flush(std::uint32_t object, bool high_priority, Outcome& outcome);
  // How often data of the object was lost: each open file reports what is new to it with fsync.
  std::uint32_t losses(std::uint32_t object) const;
  bool has_losses() const { return lost_bytes_ > 0; }
  // Forgets the pages of an object that is removed or truncated from `from` on, dirty ones too.
  void discard(std::uint32_t object, Bytes from);

  // LDLM_BL_CALLBACK: nobody uses the lock any more; what it covers is written back, its pages are
  // dropped, and it is cancelled, once its present users are done.
  void called_back(std::uint32_t object, LockId lock);
  void release(Osc& osc, ClientLocks::Handle lock);
  // Locks and pages of an OST are gone; dirty pages are lost. Locks in use go with their last user.
  void evicted_by(OstIndex ost);
  // All clean pages.
  void drop_clean();

  // Bytes made dirty so far, in whole pages; each is then stored, lost, discarded or still here.
  double dirtied_bytes() const { return dirtied_bytes_; }
  double lost_bytes() const { return lost_bytes_; }
  double direct_written_bytes() const { return direct_written_bytes_; }
  double discarded_bytes() const { return discarded_bytes_; }
  double resent_bytes() const;
  Bytes unstored_bytes() const;

private:
  // An RPC that fetches pages, and who waits for it. Entries are used again.
  struct Fetch {
    Outcome outcome;
    std::uint32_t readers = 0; // that will look at the outcome
    Bytes ahead{};             // of its bytes: read ahead of need
    bool done = true;
    bool locked = false; // else it may wait for whoever has the lock
    std::vector<kernel::Task::Handle> waiting;
  };
  struct FetchAwaiter {
    Fetch& fetch;
    bool await_ready() const noexcept { return false; }
    void await_suspend(kernel::Task::Handle task) const { fetch.waiting.push_back(task); }
    void await_resume() const noexcept {}
  };
  // A write RPC under way. Entries are used again.
  struct WriteBack {
    PageCache::WriteRpc rpc;
    std::uint32_t object = 0;
    JobIndex job{};
    std::uint32_t evictions = 0; // before the pages were taken
    bool high_priority = false;
  };
  struct ObjectWrites {
    std::uint32_t in_flight = 0;
    Bytes begin{UINT64_MAX}; // where dirty pages may be
    Bytes end{};
    JobIndex job{}; // who wrote last
    std::uint32_t losses = 0;
  };
  struct DirtyMark {
    double since_s = 0;
    std::uint32_t object = 0;
    Bytes chunk{};
  };

  std::uint32_t new_fetch();
  void fetch(DataUser user, std::uint32_t object, Extent piece, Extent demand);
  // `lock`: in use for it; without: it asks for one.
  kernel::Task fetch_piece(DataUser user, std::uint32_t object, Extent piece, std::uint32_t id,
                           std::optional<ClientLocks::Handle> lock);
  // Whether a fetch that lookup_ has found may wait for the group lock of this user.
  bool must_read_past(DataUser user, std::uint32_t object);
  // Reads under the user's group lock what another fetch has promised to bring.
  kernel::Task read_past(DataUser user, std::uint32_t object, Extent extent, Outcome& outcome);
  void finish_fetch(std::uint32_t object, Extent piece, std::uint32_t id);
  void forget_fetch(std::uint32_t id);
  void leave(std::uint32_t id); // a reader of the fetch
  void note_fetched(const Outcome& fetched, double since_s, Outcome& outcome) const;

  kernel::Task direct_rpc(Osc& osc, BulkRequest request, Outcome& outcome);
  // For a write of a part of the page, under its lock.
  kernel::Task read_page(JobIndex job, Osc& osc, std::uint32_t object, Bytes page,
                         Outcome& outcome);
  // Under the lock that covers it.
  kernel::Task write_locked(JobIndex job, Osc& osc, std::uint32_t object, Extent extent,
                            Outcome& outcome);
  // Waits for room for so many more dirty bytes and claims it. What it claims may be less, or
  // nothing: the rest must be written synchronously.
  kernel::Task reserve(Osc& osc, Bytes bytes, Bytes& claimed, Outcome& outcome);
  void make_dirty(JobIndex job, Osc& osc, std::uint32_t object, Extent extent);
  kernel::Task write_through(JobIndex job, Osc& osc, std::uint32_t object, Extent extent,
                             Outcome& outcome);
  // Free space of the OST. Dirty data has taken its own already.
  Bytes free_space(const Osc& osc) const { return files_.space().available(osc.ost().index()); }
  // Begins to write one chunk back; false when nothing of it is dirty.
  bool send(std::uint32_t object, Extent extent, bool high_priority);
  bool send_oldest(OstIndex ost);
  kernel::Task write_back(std::uint32_t id);
  void note_lost(Bytes bytes, JobIndex job);
  kernel::Task flush_old_pages();

  // A lock that is here already, in use once more.
  std::optional<ClientLocks::Handle> held_lock(Osc& osc, std::uint32_t object, LockMode mode,
                                               const LockExtent& extent, DataUser user);
  // Before one is asked for. False if the user has lost its group lock: the outcome fails.
  bool may_ask(Osc& osc, std::uint32_t object, DataUser user, Outcome& outcome);
  void release_unshared(Osc& osc, ClientLocks::Handle lock);
  void give_up(Osc& osc, ClientLocks::Handle lock);
  kernel::Task give_up_task(Osc& osc, ClientLocks::Handle lock);
  void cancel_unneeded(Osc& osc);
  // The client's pass over the data of an RPC.
  kernel::Task sum_up(Bytes bytes, Outcome& outcome);
  Bytes chunk_begin(Bytes offset) const { return offset - offset % settings_.rpc_size; }

  kernel::World& world_;
  fabric::Fabric& fabric_;
  FileTable& files_;
  std::deque<Ost>& osts_;
  LockService& lock_service_;
  ClientIndex client_;
  ClientState& state_;
  const LustreTunables& tunables_;
  ObjectCacheSettings settings_;
  JobTotals& totals_;
  PageCache cache_;
  PageCache::Lookup lookup_;               // scratch, never across an await
  std::vector<std::unique_ptr<Osc>> oscs_; // [OST], made at first use
  std::deque<Fetch> fetches_;
  std::vector<std::uint32_t> free_fetches_;
  std::deque<WriteBack> write_backs_;
  std::vector<std::uint32_t> free_write_backs_;
  std::unordered_map<std::uint32_t, ObjectWrites> writes_; // by object; never walked
  kernel::Ring<DirtyMark> dirty_marks_;
  bool flusher_runs_ = false;
  kernel::Signal written_; // an object has no write under way any more
  kernel::DelayStation& timer_;
  kernel::DelayStation& cpu_;
  struct GroupLock {
    std::uint32_t group = 0;
    std::uint32_t holders = 0; // open files, some of which may still wait for it
    std::optional<ClientLocks::Handle> lock{};
  };
  GroupLock* group_lock(std::uint32_t object, std::uint32_t group);
  // By object, of all groups that this client has asked for; never walked.
  std::unordered_map<std::uint32_t, std::vector<GroupLock>> group_locks_;
  std::vector<ClientLocks::Handle> unneeded_; // scratch
  Bytes ahead_in_flight_{};
  std::uint64_t discarded_unread_pages_ = 0;
  double dirtied_bytes_ = 0;
  double lost_bytes_ = 0;
  double direct_written_bytes_ = 0;
  double discarded_bytes_ = 0;
  TimeAccount last_write_back_; // what the last one spent its time on
};

} // namespace lustrum::lustre
