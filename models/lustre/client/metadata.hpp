// What one client asks of the metadata servers (llite's namespace half, LMV, MDC), and what it
// remembers under inode locks. Each call costs the RPCs of the table in README.md: from a cold
// client to a warm one often none.
//
// Follow an open: MetadataClient::open -> walk (directories not looked up yet) -> Mdc::begin (slot,
// wire, Mds::serve) -> FileTable and InodeLockService, as the MDT would -> Mdc::end.
//
// Directories are numbers of `policy/namespace.hpp`. Calls fail as the application would see it:
// ENOENT, EEXIST, ENOTEMPTY, ENOSPC, EIO.
#pragma once

#include "models/lustre/client/inode_cache.hpp"
#include "models/lustre/client/mdc.hpp"
#include "models/lustre/client/object_cache.hpp"
#include "models/lustre/policy/file_table.hpp"
#include "models/lustre/policy/statahead.hpp"
#include "models/lustre/server/object_supply.hpp"
#include "models/storage.hpp"

#include <deque>
#include <memory>

namespace lustrum::lustre {

// mdt.*.dom_lock: whether an open brings the lock on data that lies on the MDT: not, if nobody is
// in its way, or waiting for who is.
enum class DomLock : std::uint8_t { never, trylock, always };

struct MetadataSettings {
  InodeCacheLimits locks;
  OpenCacheRule open_cache;
  StataheadLimits statahead;
  bool statahead_agl = true;
  bool statahead_fname = false;             // by names too
  std::uint32_t statahead_running_max = 16; // scans with statahead at a time
  // mdc.*.mdc_dom_min_repsize: room for a file's data in the reply to open.
  Bytes dom_reply{8 * kKib};
  bool dom_read_open = true; // mdt.*.dom_read_open
  DomLock dom_lock = DomLock::trylock;
  // ldlm.namespaces.*.early_lock_cancel: the client's own locks that its request would have called
  // back are cancelled inside it.
  bool early_lock_cancel = true;

  static MetadataSettings of(const LustreTunables& tunables);
};

// What all clients of a file system share.
struct MetadataParts {
  kernel::World& world;
  fabric::Fabric& fabric;
  FileTable& files;
  std::deque<Mds>& mds;
  ObjectSupply& supply;
  InodeLockService& inode_locks;
  LockService& extent_locks;
};

// Keeps whole files of its own, of which the MDT knows only that their data is not on the OSTs.
class FileKeeper {
public:
  FileKeeper() = default;
  virtual ~FileKeeper() = default;
  FileKeeper(const FileKeeper&) = delete;
  FileKeeper& operator=(const FileKeeper&) = delete;
  // The MDT has made this file without objects.
  virtual void created(FileIndex file) = 0;
};

class MetadataClient : public InodeLockHolder {
public:
  MetadataClient(const MetadataParts& parts, ObjectCache& objects, ClientIndex client,
                 ClientState& state, const LustreTunables& tunables,
                 const MetadataSettings& settings);

  // --- calls
  // `keeper`: whose the data of a file will be that this call creates; without: the OSTs'.
  kernel::Task open(Caller caller, FileIndex file, OpenMode mode, Outcome& outcome,
                    FileKeeper* keeper = nullptr);
  kernel::Task close(Caller caller, FileIndex file, Outcome& outcome);
  kernel::Task stat(Caller caller, FileIndex file, Outcome& outcome);
  kernel::Task unlink(Caller caller, FileIndex file, Outcome& outcome);
  // To a new name in the directory, its own or another one. A name that is there already is
  // unlinked by the caller first: names are numbers, and no two files have the same.
  kernel::Task rename(Caller caller, FileIndex file, std::uint32_t directory, Outcome& outcome);
  // chmod, utimes ...
  kernel::Task set_attributes(Caller caller, FileIndex file, Outcome& outcome);
  kernel::Task truncate(Caller caller, FileIndex file, Bytes size, Outcome& outcome);
  // A directory that has been planned.
  kernel::Task make_directory(Caller caller, std::uint32_t directory, Outcome& outcome);
  kernel::Task remove_directory(Caller caller, std::uint32_t directory, Outcome& outcome);
  // opendir, readdir, closedir: appends the files of the directory.
  kernel::Task list(Caller caller, std::uint32_t directory, std::vector<FileIndex>& files,
                    Outcome& outcome);
  kernel::Task statfs(Caller caller, Outcome& outcome);
  // The MDT's part of fsync.
  kernel::Task sync(Caller caller, FileIndex file, Outcome& outcome);

  // --- for reads and writes
  // Calls `f` with the number of each object that the file has.
  template <class F> void for_each_object(FileIndex file, const F& f) const;
  // False after another client or a restore changed the layout: fetch_layout() first.
  bool has_layout(FileIndex file);
  kernel::Task fetch_layout(Caller caller, FileIndex file, Outcome& outcome);
  // Before the first write to a component.
  kernel::Task instantiate(Caller caller, FileIndex file, std::size_t component, Outcome& outcome);
  // All of the file lies on the MDT and its data has come with open or read: no RPC to read it.
  bool has_data(FileIndex file);
  // Data-on-MDT. Writes go through to the MDT; what others have cached is called back.
  kernel::Task read_on_mdt(Caller caller, FileIndex file, Bytes length, Outcome& outcome);
  kernel::Task write_on_mdt(Caller caller, FileIndex file, Bytes length, Outcome& outcome);

  // --- what happens to the client
  void drop_caches();
  // Locks on inodes of this MDT are gone.
  void evicted_by(MdtIndex mdt);
  void inode_called_back(Inode inode, LockId lock, InodeBits wanted) override;
  bool responds() const override { return state_.runs(); }

  // --- counts
  const PerOperation<std::uint64_t>& rpcs(MdtIndex mdt) const { return mdcs_[mdt.value()].rpcs(); }
  std::uint64_t rpcs(MetadataOperation operation) const;
  const StataheadStats& statahead_stats() const { return statahead_stats_; }
  std::uint64_t glimpses() const { return glimpses_; }
  std::uint64_t punches() const { return punches_; }
  std::size_t locks_held() const { return cache_.size(); }
  std::vector<std::uint32_t> locks_by_mdt() const;
  std::uint64_t glimpses_ahead() const { return glimpses_ahead_; } // AGL
  const Mdc& mdc(std::size_t mdt) const { return mdcs_[mdt]; }
  // Where an inode lies: who serves its operations and has its locks.
  MdtIndex mdt_of(Inode inode) const;

private:
  // Files of one directory that a process may stat one after the other: it has listed them, or has
  // begun to take them in the order of their names.
  struct Scan {
    std::uint32_t directory = 0;
    std::vector<FileIndex> files;
    std::vector<bool> arrived; // attributes
    std::uint32_t next = 0;    // entry that the process will ask for if it goes on
    Statahead policy;
    kernel::Signal arrival;
    TimeAccount spent; // of what was sent ahead: what a stat that waits for it waits for
    Scan(kernel::World& world, std::uint32_t listed, std::vector<FileIndex> entries)
        : directory(listed), files(std::move(entries)), arrived(files.size()),
          policy(static_cast<std::uint32_t>(files.size())), arrival(world) {}
  };

  // Stats of a process in one directory, each of the file that was made after the one before it:
  // names with a number at the end that goes up.
  struct NameRun {
    std::uint32_t directory = 0;
    std::uint32_t place = 0; // of the last
    std::uint32_t length = 0;
  };

  Seconds now() const { return parts_.world.now(); }
  Mdc& mdc(MdtIndex mdt) { return mdcs_[mdt.value()]; }
  Mdc& mdc(FileIndex file) { return mdc(parts_.files.mdt_of(file)); }

  bool knows_path(std::uint32_t directory);
  kernel::Task walk(std::uint32_t directory, Outcome& outcome, bool& found);
  kernel::Task look_up(std::uint32_t directory, Outcome& outcome, bool& found);

  // The MDT's part of a request for a lock, and the client's when the reply has come. A lock that
  // the client has already stays as it is.
  struct Asked : InodeDecision {
    bool had_it = false;
  };
  Asked ask(Inode inode, InodeBits bits, InodeBits try_bits);
  kernel::Task granted(Inode inode, InodeDecision& decision, Outcome& outcome);
  // nullptr: the lock was called back meanwhile.
  HeldInode* remember(Inode inode, const Asked& lock);
  // Early lock cancel: bits that the client's own request would have called back.
  void cancel_own(Inode inode, InodeBits bits);
  void keep_rest(Inode inode, const HeldInode& held, InodeBits wanted);
  void forget(const HeldInode& held);
  bool holds(Inode inode, InodeBits bits);
  kernel::Task close_kept(FileIndex file);

  kernel::Task open_file(FileIndex file, OpenMode mode, FileKeeper* keeper, Outcome& outcome,
                         StorageError& error);
  kernel::Task create_on_mdt(FileIndex file, OpenMode mode, FileKeeper* keeper, Outcome& outcome,
                             StorageError& error);
  bool lies_on_mdt(FileIndex file) const; // all of its data
  bool fits_reply(FileIndex file) const;
  kernel::Task revoke_listing(std::uint32_t listed, Outcome& outcome);
  kernel::Task revoke_entry(std::uint32_t parent, Inode inode, Outcome& outcome);
  kernel::Task set_attributes_on_mdt(FileIndex file, Outcome& outcome, bool& done);
  kernel::Task update_other_mdts(std::uint32_t directory, Outcome& outcome);
  kernel::Task update_all(const std::vector<MdtIndex>& mdts, Outcome& outcome);
  kernel::Task update_on(MdtIndex mdt, Outcome& outcome);

  kernel::Task read_stripe(std::uint32_t directory, std::uint32_t stripe, Outcome& outcome,
                           bool& found);
  std::shared_ptr<Scan> scan_of(const Caller& caller, FileIndex file, std::uint32_t& entry);
  bool may_scan(const Caller& caller);
  void follow_names(const Caller& caller, FileIndex file);
  kernel::Task prefetch(std::shared_ptr<Scan> scan, std::uint32_t first, std::uint32_t count);
  kernel::Task prefetch_on(MdtIndex mdt, std::shared_ptr<Scan> scan, std::uint32_t first,
                           std::uint32_t count);
  kernel::Task glimpse(FileIndex file, Outcome& outcome);
  kernel::Task glimpse_later(std::shared_ptr<Scan> scan, FileIndex file);
  kernel::Task glimpse_object(std::uint32_t object, Outcome& outcome);
  kernel::Task ask_writers(std::uint32_t object);
  bool knows_size(std::uint32_t object);
  kernel::Task punch_object(std::uint32_t object, Bytes end, Outcome& outcome);

  MetadataParts parts_;
  ObjectCache& objects_;
  ClientIndex client_;
  ClientState& state_;
  MetadataSettings settings_;
  std::deque<Mdc> mdcs_;
  InodeCache cache_;
  std::vector<std::uint32_t> looking_up_; // directories
  kernel::Signal looked_up_;
  std::vector<std::shared_ptr<Scan>> scans_; // [process]
  std::vector<NameRun> name_runs_;           // [process]
  StataheadStats statahead_stats_;
  std::vector<std::uint32_t> glimpsing_; // objects
  kernel::Signal glimpsed_;
  Seconds statfs_until_{-1};
  std::uint64_t glimpses_ = 0;
  std::uint64_t glimpses_ahead_ = 0;
  std::uint64_t punches_ = 0;
  std::vector<HeldInode> unneeded_; // scratch
  // Called back before the reply with the lock was here.
  std::vector<std::pair<Inode, LockId>> called_back_early_;
};

template <class F> void MetadataClient::for_each_object(FileIndex file, const F& f) const {
  const FileTable& files = parts_.files;
  const Layout& layout = files.layout(file);
  for (std::size_t c = 0; c < layout.components().size(); ++c) {
    if (!files.instantiated(file, c)) continue;
    for (std::uint32_t k = 0; k < layout.components()[c].objects(); ++k)
      f(files.object_number(file, layout.first_object(c) + k));
  }
}

} // namespace lustrum::lustre
