// A Lustre client: llite on top (open files, read-ahead, copies to and from the application), LOV
// in the middle (layout: file extents to objects), MDC and OSC below.
//
// Follow a buffered read: Client::read -> Readahead::plan -> ObjectCache::start -> fetch_piece ->
// Osc::lock, Osc::bulk -> Oss::bulk -> Ost::access (the device) -> Fabric::path and World::transfer
// (the way back); meanwhile ObjectCache::wait holds the reader.
#pragma once

#include "models/lustre/client/client_state.hpp"
#include "models/lustre/client/metadata.hpp"
#include "models/lustre/client/object_cache.hpp"
#include "models/lustre/client/read_only_copies.hpp"
#include "models/lustre/client/writable_copies.hpp"
#include "models/lustre/policy/counters.hpp"
#include "models/lustre/policy/hybrid_io.hpp"
#include "models/lustre/policy/readahead.hpp"
#include "models/lustre/server/hsm_service.hpp"
#include "models/storage.hpp"

#include <memory>

namespace lustrum::lustre {

// What all clients of a file system share.
struct ClientParts {
  kernel::World& world;
  fabric::Fabric& fabric;
  FileTable& files;
  std::deque<Mds>& mds;
  std::deque<Ost>& osts;
  LockService& extent_locks;
  InodeLockService& inode_locks;
  ObjectSupply& supply;
  kernel::DelayStation& cpu;   // copies and checksums: nobody queues there
  kernel::DelayStation& timer; // pauses
  JobTotals& totals;
  HsmService* hsm = nullptr;        // without HSM
  const PccSettings* pcc = nullptr; // without PCC
  PccMarks* pcc_marks = nullptr;
  bool rpc_counters = true;
};

class Client : public LockHolder {
public:
  Client(const ClientParts& parts, ClientIndex index, const LustreTunables& tunables);

  kernel::Task open(Caller caller, FileIndex file, OpenMode mode, std::unique_ptr<OpenFile>& opened,
                    Outcome& outcome);
  kernel::Task read(OpenFile& file, Bytes offset, Bytes length, Outcome& outcome);
  kernel::Task write(OpenFile& file, Bytes offset, Bytes length, Outcome& outcome);
  kernel::Task lock_ahead(OpenFile& file, Bytes offset, Bytes length, Outcome& outcome);
  kernel::Task sync(OpenFile& file, Outcome& outcome);
  kernel::Task close(std::unique_ptr<OpenFile> file, Outcome& outcome);
  kernel::Task stat(Caller caller, FileIndex file, Outcome& outcome);
  kernel::Task truncate(Caller caller, FileIndex file, Bytes size, Outcome& outcome);
  kernel::Task remove(Caller caller, FileIndex file, Outcome& outcome);
  // Directories are numbers of `policy/namespace.hpp`.
  kernel::Task make_directory(Caller caller, std::uint32_t directory, Outcome& outcome);
  kernel::Task remove_directory(Caller caller, std::uint32_t directory, Outcome& outcome);
  kernel::Task rename(Caller caller, FileIndex file, std::uint32_t directory, Outcome& outcome);
  kernel::Task list(Caller caller, std::uint32_t directory, std::vector<FileIndex>& files,
                    Outcome& outcome);
  MetadataClient& metadata() { return metadata_; }
  const MetadataClient& metadata() const { return metadata_; }
  ReadaheadStats read_ahead_stats() const {
    ReadaheadStats stats = read_ahead_stats_;
    stats.read_but_discarded = objects_.discarded_unread_pages();
    return stats;
  }
  const LliteCounters& counters() const { return counters_; }
  ObjectCache& objects() { return objects_; }
  const ObjectCache& objects() const { return objects_; }
  // nullptr without PCC.
  const PccCache* pcc() const {
    return copies_ ? &copies_->cache() : writable_ ? &writable_->cache() : nullptr;
  }
  // What applications have written to the client's own disk.
  double pcc_written_bytes() const { return writable_ ? writable_->written_bytes() : 0; }
  bool keeps_files() const { return writable_.has_value(); }
  void drop_caches();

  // A hung client neither goes on nor answers callbacks until it is woken; on a dead one every call
  // fails, and what it had not written back is lost.
  ClientState& state() { return state_; }
  const ClientState& state() const { return state_; }

  // LockHolder
  void called_back(std::uint32_t object, LockId lock) override {
    objects_.called_back(object, lock);
  }
  Bytes written_end(std::uint32_t object) const override;
  bool responds() const override { return state_.runs(); }

private:
  struct File : OpenFile {
    using OpenFile::OpenFile;
    // Processes of a job are one group.
    DataUser user() const {
      return {caller().job, mode().group_lock ? caller().job.value() + 1 : 0};
    }
    Readahead readahead;
    std::uint64_t losses_seen = 0;
    std::vector<std::uint32_t> group_locked; // objects
  };
  // Counts a call and its time for llite.*.stats when it ends.
  class Timed {
  public:
    Timed(Client& client, LliteStat stat)
        : client_(client), stat_(stat), begin_(client.parts_.world.now()) {}
    ~Timed() { client_.counters_.add(stat_, elapsed()); }
    std::uint64_t elapsed() const { return microseconds(client_.parts_.world.now() - begin_); }
    Timed(const Timed&) = delete;
    Timed& operator=(const Timed&) = delete;

  private:
    Client& client_;
    LliteStat stat_;
    Seconds begin_;
  };
  // One call's bytes on their way through the totals.
  struct Accounted;

  // Waits while the client hangs; fails when it is dead.
  kernel::Task go_on(Outcome& call) { return state_.until_it_runs(call); }
  kernel::Task read_buffered(File& file, Extent extent, Outcome& outcome);
  // Sends for what the plan wants and is not here.
  void start(const File& file, const ReadaheadPlan& plan);
  void start_extent(const File& file, Extent extent, Extent demand);
  kernel::Task read_ahead(Caller caller, FileIndex file, OpenMode mode, Extent extent);
  // `fetched`: rises by the pages that had to come from a server and are read for the first time.
  ReadaheadPlan plan_read(File& file, Extent extent, bool mmap, std::uint64_t& fetched);
  kernel::Task wait_for(const File& file, Extent extent, Outcome& outcome);
  kernel::Task read_mapped(File& file, Extent extent, Outcome& outcome);
  kernel::Task write_to_servers(File& file, Extent extent, Outcome& call);
  kernel::Task write_buffered(File& file, Extent extent, Outcome& outcome);
  // Whether direct I/O of this extent begins or ends within a page that has more behind it. Before
  // Lustre 2.16 such a call fails; since, it goes through a buffer of the kernel.
  bool is_unaligned(const File& file, Extent extent) const;
  bool refuses(const File& file, Extent extent) const;
  // No page cache: O_DIRECT and GPUDirect move what is in the process' memory (unless it is
  // unaligned), hybrid I/O goes through buffers of the kernel.
  enum class Buffer : std::uint8_t { process, kernel };
  kernel::Task transfer_direct(File& file, Extent extent, device::Operation operation,
                               Buffer buffer, Outcome& outcome);
  // All stripes at once, or one after the other before Lustre 2.15.
  kernel::Task transfer_stripes(File& file, Extent extent, device::Operation operation,
                                Outcome& outcome);
  // All objects of the extent at once.
  kernel::Task transfer_parts(File& file, Extent extent, device::Operation operation,
                              Outcome& outcome);
  // A group lock covers all objects that the file may ever have, so all are made. Taken at open,
  // given up at close; processes of a job share one.
  kernel::Task lock_group(File& file, Outcome& outcome);
  std::uint64_t losses_of(FileIndex file) const;
  void report_losses(File& file, Outcome& call) const;
  kernel::Task sync_object(std::uint32_t object, Outcome& outcome);
  kernel::Task instantiate(File& file, Extent extent, Outcome& outcome);
  // What of the extent lies on the MDT.
  Bytes on_mdt(FileIndex file, Extent extent) const;
  // Reads or writes a file on the client's own disk; `done` is false when it is not there (any
  // more), or has no room.
  kernel::Task transfer_locally(const File& file, Extent extent, device::Operation operation,
                                bool& done, Outcome& outcome);
  // Its data is in an archive and must come back first.
  bool is_released(FileIndex file) const { return parts_.hsm && parts_.hsm->is_released(file); }
  // Puts a metadata call's outcome down.
  void settle(const Caller& caller, const Outcome& call, Outcome& outcome);
  void map(FileIndex file, Extent extent, std::vector<ObjectExtent>& out) const;
  // The CPU of one process: copying, checksumming.
  kernel::Task work(Seconds time, Outcome& outcome);
  // Copies between the page cache and the application, at most at `rate`.
  kernel::Task copy(Bytes bytes, BytesPerSecond rate, Outcome& outcome);
  IoTotals& totals(const OpenFile& file) { return parts_.totals[file.caller().job.value()]; }

  ClientParts parts_;
  ClientIndex index_;
  const LustreTunables& tunables_;
  ClientState state_;
  ObjectCache objects_;
  MetadataClient metadata_;
  std::optional<ReadOnlyCopies> copies_;   // PCC-RO
  std::optional<WritableCopies> writable_; // PCC-RW
  ReadaheadLimits limits_;
  HybridIoRule hybrid_;
  kernel::Path page_cache_path_; // of all processes' copies; without stations: no limit
  ReadaheadStats read_ahead_stats_;
  std::uint32_t read_ahead_workers_ = 0;
  std::vector<ObjectExtent> parts_scratch_; // never across an await
  std::vector<ObjectExtent> demand_scratch_;
  LliteCounters counters_;
};

} // namespace lustrum::lustre
