// A Lustre client: llite above (open files, read-ahead, copy to the caller), LOV in the middle
// (layout: file extents to objects), MDC and OSC below.
//
// Follow a read: Client::read -> Readahead::plan -> start_block -> fetch_block ->
// transfer_extent (Layout::map) -> transfer_object -> Osc::lock, Osc::bulk -> Oss::bulk ->
// Ost::access (the device) -> Fabric::path and World::transfer (the way back).
#pragma once

#include "models/lustre/file_table.hpp"
#include "models/lustre/mdc.hpp"
#include "models/lustre/osc.hpp"
#include "models/lustre/policy/readahead.hpp"
#include "models/storage.hpp"

#include <deque>
#include <memory>

namespace lustrum::lustre {

class Client {
public:
  struct Servers {
    std::deque<Mds>& mds;
    std::deque<Ost>& ost;
  };

  // `copy` is shared by all clients: nobody queues there.
  Client(kernel::World& world, fabric::Fabric& fabric, const FileTable& files, Servers servers,
         kernel::DelayStation& copy, ClientIndex index, const LustreTunables& tunables,
         IoTotals& totals);

  kernel::Task open(Caller caller, FileIndex file, OpenMode mode, std::unique_ptr<OpenFile>& opened,
                    Outcome& outcome);
  kernel::Task read(OpenFile& file, Bytes offset, Bytes length, Outcome& outcome);
  kernel::Task write(OpenFile& file, Bytes offset, Bytes length, Outcome& outcome);
  kernel::Task close(std::unique_ptr<OpenFile> file, Outcome& outcome);
  kernel::Task stat(FileIndex file, Outcome& outcome);

private:
  // Bytes on their way from the servers into the page cache: what one plan of the read-ahead asked
  // for. Shared by the file and the task that fetches it, since a file may be closed before.
  struct Block {
    Bytes begin{};
    Bytes end{};
    bool done = false;
    TimeAccount account;
    kernel::Task::Handle reader = nullptr;
  };
  struct File : OpenFile {
    using OpenFile::OpenFile;
    Readahead readahead;
    std::deque<std::shared_ptr<Block>> blocks; // in file order, not yet read past
  };
  // Lets the reader of a file wait for a block.
  struct BlockAwaiter {
    Block& block;
    bool await_ready() const noexcept { return block.done; }
    void await_suspend(kernel::Task::Handle task) const { block.reader = task; }
    void await_resume() const noexcept {}
  };

  void start_block(File& file, const Readahead::Fetch& fetch);
  // Waits until [.., end) of the file's present stretch is here.
  kernel::Task wait_for_blocks(File& file, Bytes end, TimeAccount& account);
  kernel::Task copy(Bytes length, TimeAccount& account);
  kernel::Task fetch_block(FileIndex file, Bytes offset, Bytes length,
                           std::shared_ptr<Block> block);
  // Moves an extent between client and servers, all its objects and RPCs in parallel. `work` gets
  // the sum over them, more than what elapses: whoever waits splits his own time as this.
  kernel::Task transfer_extent(FileIndex file, Bytes offset, Bytes length,
                               device::Operation operation, TimeAccount& work);
  kernel::Task transfer_object(Osc& osc, std::uint32_t object, ObjectExtent extent,
                               device::Operation operation, TimeAccount& work);
  Mdc& mdc_of(FileIndex file);
  Osc& osc_of(std::uint32_t object_number);

  kernel::World& world_;
  fabric::Fabric& fabric_;
  const FileTable& files_;
  Servers servers_;
  ClientIndex index_;
  LustreTunables tunables_;
  ReadaheadLimits limits_;
  IoTotals& totals_;
  kernel::DelayStation& copy_;
  std::deque<Mdc> mdcs_;
  std::vector<std::unique_ptr<Osc>> oscs_; // [OST], made at first use
  LockCache locks_;
  Bytes read_ahead_used_{};
};

} // namespace lustrum::lustre
