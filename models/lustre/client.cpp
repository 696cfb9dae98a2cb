#include "models/lustre/client.hpp"

#include "models/lustre/stopwatch.hpp"

#include <algorithm>
#include <cassert>

namespace lustrum::lustre {

using kernel::Task;

Client::Client(kernel::World& world, fabric::Fabric& fabric, const FileTable& files,
               Servers servers, kernel::DelayStation& copy, ClientIndex index,
               const LustreTunables& tunables, IoTotals& totals)
    : world_(world), fabric_(fabric), files_(files), servers_(servers), index_(index),
      tunables_(tunables), limits_{Bytes{tunables.llite_max_read_ahead_whole_mb * kMib},
                                   Bytes{tunables.llite_max_read_ahead_per_file_mb * kMib},
                                   tunables.rpc_size()},
      totals_(totals), copy_(copy), oscs_(servers.ost.size()), locks_(world) {
  for (std::uint32_t m = 0; m < servers.mds.size(); ++m)
    mdcs_.emplace_back(world, fabric, servers.mds[m], index, MdtIndex{m}, tunables);
}

Osc& Client::osc_of(std::uint32_t object_number) {
  const OstIndex ost = files_.ost_of(object_number);
  std::unique_ptr<Osc>& osc = oscs_[ost.value()];
  if (!osc) {
    Ost& server = servers_.ost[ost.value()];
    osc = std::make_unique<Osc>(world_, fabric_, server, index_, ost, tunables_);
  }
  return *osc;
}

Mdc& Client::mdc_of(FileIndex file) { return mdcs_[files_.directory(file) % mdcs_.size()]; }

Task Client::open(Caller caller, FileIndex file, OpenMode mode, std::unique_ptr<OpenFile>& opened,
                  Outcome& outcome) {
  co_await mdc_of(file).call(MetadataOperation::open, outcome.time);
  opened = std::make_unique<File>(caller, file, mode);
  ++totals_.opens;
}

Task Client::close(std::unique_ptr<OpenFile> file, Outcome& outcome) {
  const FileIndex index = file->file();
  read_ahead_used_ -= static_cast<File&>(*file).readahead.ahead();
  file.reset();
  co_await mdc_of(index).call(MetadataOperation::close, outcome.time);
  ++totals_.closes;
}

Task Client::stat(FileIndex file, Outcome& outcome) {
  // The glimpses for the size are not sent: the MDT answers with its lazy size (see README.md).
  co_await mdc_of(file).call(MetadataOperation::getattr, outcome.time);
  ++totals_.stats;
}

void Client::start_block(File& file, const Readahead::Fetch& fetch) {
  // A stretch that begins here is not joined to what was fetched before.
  if (file.readahead.fetched_begin() == fetch.begin) file.blocks.clear();
  auto block = std::make_shared<Block>();
  block->begin = fetch.begin;
  block->end = fetch.end;
  file.blocks.push_back(block);
  world_.spawn(fetch_block(file.file(), fetch.begin, fetch.end - fetch.begin, block),
               {"client fetching", index_.value()});
}

Task Client::fetch_block(FileIndex file, Bytes offset, Bytes length, std::shared_ptr<Block> block) {
  co_await transfer_extent(file, offset, length, device::Operation::read, block->account);
  totals_.read_fetched += length;
  block->done = true;
  if (block->reader) world_.make_ready(block->reader);
}

Task Client::wait_for_blocks(File& file, Bytes end, TimeAccount& account) {
  const double start_s = world_.now().count();
  TimeAccount waited_for;
  while (!file.blocks.empty() && file.blocks.front()->begin < end) {
    const std::shared_ptr<Block> block = file.blocks.front();
    if (!block->done) {
      assert(!block->reader); // one read at a time on one open file
      co_await BlockAwaiter{*block};
      waited_for += block->account;
    }
    if (block->end > end) break; // the next read needs the rest of it
    file.blocks.pop_front();
  }
  account.add_split_as(waited_for, world_.now().count() - start_s, Cause::network);
}

Task Client::copy(Bytes length, TimeAccount& account) {
  Stopwatch watch(world_, account);
  co_await world_.delay(copy_, length / tunables_.client_copy_bandwidth);
  watch.lap(Cause::client_cpu);
}

Task Client::read(OpenFile& open_file, Bytes offset, Bytes length, Outcome& outcome) {
  File& file = static_cast<File&>(open_file);
  ++totals_.reads;
  totals_.read_asked += length;
  totals_.read_under_way += length;
  const Bytes ahead_before = file.readahead.ahead();
  const Bytes limit{tunables_.llite_max_read_ahead_mb * kMib};
  const Bytes budget = limit > read_ahead_used_ ? limit - read_ahead_used_ : Bytes{};
  const Readahead::Fetch fetch =
      file.readahead.plan(offset, length, files_.size(file.file()), limits_, budget);
  read_ahead_used_ = read_ahead_used_ - ahead_before + file.readahead.ahead();
  if (!fetch.empty()) start_block(file, fetch);
  co_await wait_for_blocks(file, offset + length, outcome.time);
  co_await copy(length, outcome.time);
  totals_.read_delivered += length;
  totals_.read_under_way -= length;
}

Task Client::write(OpenFile& file, Bytes offset, Bytes length, Outcome& outcome) {
  ++totals_.writes;
  totals_.write_asked += length;
  co_await copy(length, outcome.time);
  const double start_s = world_.now().count();
  TimeAccount moved;
  co_await transfer_extent(file.file(), offset, length, device::Operation::write, moved);
  outcome.time.add_split_as(moved, world_.now().count() - start_s, Cause::network);
  totals_.write_accepted += length;
  totals_.write_stored += length;
}

Task Client::transfer_extent(FileIndex file, Bytes offset, Bytes length,
                             device::Operation operation, TimeAccount& work) {
  std::vector<ObjectExtent> extents;
  files_.layout().map(offset, length, extents);
  if (extents.size() == 1) {
    const std::uint32_t object = files_.object_number(file, extents[0].object);
    co_await transfer_object(osc_of(object), object, extents[0], operation, work);
    co_return;
  }
  kernel::TaskGroup objects = world_.group();
  for (const ObjectExtent& extent : extents) {
    const std::uint32_t object = files_.object_number(file, extent.object);
    objects.add(transfer_object(osc_of(object), object, extent, operation, work),
                {"client object", index_.value()});
  }
  co_await objects.all();
}

Task Client::transfer_object(Osc& osc, std::uint32_t object, ObjectExtent extent,
                             device::Operation operation, TimeAccount& work) {
  if (locks_.state(object) != LockCache::State::granted) co_await osc.lock(locks_, object, work);
  const Bytes rpc = tunables_.rpc_size();
  const Bytes end = extent.offset + extent.length;
  if (extent.offset / rpc == (end - Bytes{1}) / rpc) {
    co_await osc.bulk(operation, extent.length, work);
    co_return;
  }
  kernel::TaskGroup rpcs = world_.group();
  for (Bytes at = extent.offset; at < end;) {
    // RPCs are aligned to their size within the object.
    const Bytes next = std::min(end, at - at % rpc + rpc);
    rpcs.add(osc.bulk(operation, next - at, work), {"client rpc", index_.value()});
    at = next;
  }
  co_await rpcs.all();
}

} // namespace lustrum::lustre
