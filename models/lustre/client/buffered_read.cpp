// Reads of a client through its page cache: read-ahead, mmap.
#include "models/lustre/client/client.hpp"

#include <algorithm>

namespace lustrum::lustre {

using kernel::Task;

ReadaheadPlan Client::plan_read(File& file, Extent extent, bool mmap, std::uint64_t& fetched) {
  ObjectCache::Present present;
  parts_scratch_.clear();
  map(file.file(), extent, parts_scratch_);
  for (const ObjectExtent& part : parts_scratch_)
    objects_.look_up(parts_.files.object_number(file.file(), part.object),
                     {part.offset, part.offset + part.length}, present);
  fetched += present.all ? present.hit_pages : page_count(extent); // those on their way too
  const ReadRequest request{.offset = extent.begin,
                            .length = extent.length(),
                            .size = parts_.files.size(file.file()),
                            .hit_pages = present.hit_pages,
                            .missing_pages = present.missing_pages,
                            .all_present = present.all,
                            .mmap = mmap};
  const Bytes limit{tunables_.llite_max_read_ahead_mb * kMib};
  const Bytes used = objects_.ahead_in_flight();
  const Bytes left = limit > used ? limit - used : Bytes{};
  const ReadaheadPlan plan =
      file.readahead.plan(request, limits_, {left, read_ahead_workers_}, read_ahead_stats_);
  if (!present.all || plan.ahead_count > 0) start(file, plan);
  return plan;
}

void Client::start(const File& file, const ReadaheadPlan& plan) {
  Extent first = plan.demand;
  std::uint32_t n = 0;
  // What follows at once goes out with what was asked, in the same RPCs.
  if (!plan.async)
    for (; n < plan.ahead_count && plan.ahead[n].begin == first.end; ++n)
      first.end = plan.ahead[n].end;
  start_extent(file, first, plan.demand);
  for (; n < plan.ahead_count; ++n) {
    if (!plan.async) {
      start_extent(file, plan.ahead[n], {});
      continue;
    }
    ++read_ahead_workers_;
    parts_.world.spawn(read_ahead(file.caller(), file.file(), file.mode(), plan.ahead[n]),
                       {"client read-ahead worker", index_.value()});
  }
}

void Client::start_extent(const File& file, Extent extent, Extent demand) {
  const FileIndex index = file.file();
  demand_scratch_.clear();
  if (!demand.empty()) map(index, demand, demand_scratch_);
  parts_scratch_.clear();
  map(index, extent, parts_scratch_);
  for (const ObjectExtent& part : parts_scratch_) {
    Extent wanted{};
    for (const ObjectExtent& d : demand_scratch_)
      if (d.object == part.object) wanted = {d.offset, d.offset + d.length};
    objects_.start(file.user(), parts_.files.object_number(index, part.object),
                   {part.offset, part.offset + part.length}, wanted);
  }
}

Task Client::read_ahead(Caller caller, FileIndex index, OpenMode mode, Extent extent) {
  const File file(caller, index, mode);
  start_extent(file, extent, {});
  Outcome outcome; // nobody waits for it, and an error will meet the reader again
  co_await wait_for(file, extent, outcome);
  --read_ahead_workers_;
}

Task Client::wait_for(const File& file, Extent extent, Outcome& outcome) {
  std::vector<ObjectExtent> parts;
  map(file.file(), extent, parts);
  for (const ObjectExtent& part : parts)
    co_await objects_.wait(file.user(), parts_.files.object_number(file.file(), part.object),
                           {part.offset, part.offset + part.length}, outcome);
}

Task Client::read_buffered(File& file, Extent extent, Outcome& outcome) {
  IoTotals& totals = this->totals(file);
  const std::uint64_t misses = read_ahead_stats_.misses;
  std::uint64_t fetched = 0;
  plan_read(file, extent, false, fetched);
  if (read_ahead_stats_.misses == misses) {
    totals.read_cached += extent.length();
    counters_.add(LliteStat::cached_read_bytes, extent.length().count());
  }
  co_await wait_for(file, extent, outcome);
  if (outcome.ok()) co_await copy(extent.length(), tunables_.client_copy_bandwidth, outcome);
}

Task Client::read_mapped(File& file, Extent extent, Outcome& outcome) {
  // Page by page, as the application touches them; what is here costs only its faults.
  std::uint64_t faults = 0;
  std::uint64_t fetched = 0;
  const Bytes begin = extent.begin - extent.begin % kPageSize;
  for (Bytes at = begin; at < extent.end && outcome.ok(); at += kPageSize) {
    const Extent page{at, std::min(at + kPageSize, parts_.files.size(file.file()))};
    if (page.empty()) break; // cut off or removed meanwhile
    const std::uint64_t not_there = read_ahead_stats_.failed_to_fast_read;
    plan_read(file, page, true, fetched);
    ++faults;
    if (read_ahead_stats_.failed_to_fast_read == not_there) continue;
    co_await wait_for(file, page, outcome);
  }
  if (outcome.ok()) {
    counters_.add(LliteStat::page_fault, microseconds(tunables_.client_fault_time), faults);
    co_await work(tunables_.client_fault_time * static_cast<double>(faults) +
                      tunables_.client_page_fetch_time * static_cast<double>(fetched),
                  outcome);
  }
}

} // namespace lustrum::lustre
