// Attributes: stat with its glimpses, readdir, statahead, statfs.
#include "models/lustre/client/metadata.hpp"
#include "models/storage/stopwatch.hpp"

#include <algorithm>

namespace lustrum::lustre {

using kernel::Task;

namespace {

// Source: Lustre manual, llite.*.statfs_max_age (formerly OBD_STATFS_CACHE_SECONDS).
constexpr Seconds kStatfsAge{1};
constexpr Bytes kReadPage{kMib}; // most that one MDS_READPAGE asks for
constexpr LockExtent kWholeObject{};

} // namespace

Task MetadataClient::stat(Caller caller, FileIndex file, Outcome& outcome) {
  FileTable& files = parts_.files;
  const Inode inode = Inode::file(file);
  bool found = true;
  if (!knows_path(files.directory(file))) co_await walk(files.directory(file), outcome, found);
  if (!found) co_return;
  const bool scanning = caller.process < scans_.size() && scans_[caller.process] &&
                        scans_[caller.process]->directory == files.directory(file);
  if (settings_.statahead_fname && !scanning) follow_names(caller, file);
  std::uint32_t entry = 0;
  const std::shared_ptr<Scan> scan = scan_of(caller, file, entry);
  if (scan) {
    const double asked_s = now().count();
    while (!scan->arrived[entry]) co_await scan->arrival.wait();
    outcome.time.add_split_as(scan->spent, now().count() - asked_s, Cause::metadata);
  }
  if (!holds(inode, kLookupBit | kUpdateBit)) {
    Mdc& to = mdc(file);
    Mdc::Call call({.operation = MetadataOperation::getattr});
    co_await to.begin(call, outcome);
    if (!call.ok()) co_return;
    Asked lock;
    found = files.exists(file);
    if (found) {
      lock = ask(inode, kLookupBit, kUpdateBit | kPermBit);
      if (lock.answer == LockAnswer::waits) co_await granted(inode, lock, outcome);
    } else {
      outcome.fail(StorageError::no_entry);
    }
    co_await to.end(call, outcome);
    if (!call.ok()) co_return;
    if (lock.answer == LockAnswer::granted) remember(inode, lock);
  }
  if (!found) co_return;
  if (!scan) co_return co_await glimpse(file, outcome);
  // The size is on its way too. How soon is decided by all that was sent ahead.
  const double known_s = now().count();
  Outcome glimpsed;
  co_await glimpse(file, glimpsed);
  outcome.time.add_split_as(scan->spent, now().count() - known_s, Cause::lock);
  outcome.fail(glimpsed.error);
}

// --- Glimpses: the size of a file is with its OSTs, or with the client that writes it.

bool MetadataClient::knows_size(std::uint32_t object) {
  return objects_.osc_of(object).locks().match(object, LockMode::pr, kWholeObject).has_value();
}

Task MetadataClient::glimpse(FileIndex file, Outcome& outcome) {
  std::uint32_t unknown = 0;
  std::uint32_t first = 0;
  if (!parts_.files.exists(file)) co_return;
  for_each_object(file, [&](std::uint32_t object) {
    if (!knows_size(object) && unknown++ == 0) first = object;
  });
  if (unknown == 0) co_return;
  if (unknown == 1) {
    co_await glimpse_object(first, outcome);
    co_return;
  }
  const double start_s = now().count();
  Outcome glimpsed;
  kernel::TaskGroup objects = parts_.world.group();
  for_each_object(file, [&](std::uint32_t object) {
    if (!knows_size(object))
      objects.add(glimpse_object(object, glimpsed), {"glimpsing", client_.value()});
  });
  co_await objects.all();
  outcome.time.add_split_as(glimpsed.time, now().count() - start_s, Cause::lock);
  outcome.fail(glimpsed.error);
}

Task MetadataClient::glimpse_object(std::uint32_t object, Outcome& outcome) {
  Outcome call; // an error from before is none of this one
  Stopwatch watch(parts_.world, call.time);
  const auto under_way = [&] { return std::find(glimpsing_.begin(), glimpsing_.end(), object); };
  while (under_way() != glimpsing_.end()) {
    co_await glimpsed_.wait();
    watch.lap(Cause::lock);
    if (knows_size(object)) {
      outcome += call;
      co_return;
    }
  }
  glimpsing_.push_back(object);
  Osc& osc = objects_.osc_of(object);
  Target& target = osc.ost().target();
  ++glimpses_;
  for (bool answered = false; !answered;) {
    if (!osc.connected()) {
      co_await osc.until_connected(call);
      watch.skip();
      if (!call.ok()) break;
    }
    const std::uint32_t boot = target.boot();
    const std::uint32_t evictions = target.evictions(client_);
    co_await parts_.fabric.latency();
    watch.lap(Cause::lock);
    co_await osc.ost().oss().serve_small(call.time, Cause::lock);
    watch.skip();
    ExtentDecision decision;
    const ExtentRequest request{.client = client_, .mode = LockMode::pr, .kind = LockKind::glimpse};
    co_await parts_.extent_locks.enqueue(object, request, decision);
    if (decision.answer != LockAnswer::granted) co_await ask_writers(object);
    co_await parts_.fabric.latency();
    watch.lap(Cause::lock);
    answered = target.boot() == boot;
    if (!state_.runs()) co_await state_.until_it_runs(call);
    watch.skip();
    if (!call.ok()) break; // it is dead: what it holds goes with its eviction
    if (decision.answer != LockAnswer::granted) continue;
    // As the server knows it now: it may be called back or taken away.
    const ExtentLock* lock = parts_.extent_locks.find(object, decision.lock.id);
    if (lock && answered && target.evictions(client_) == evictions)
      objects_.release(osc, osc.locks().add(object, *lock));
    else
      parts_.extent_locks.cancel(object, decision.lock.id);
  }
  outcome += call;
  glimpsing_.erase(under_way());
  glimpsed_.notify();
}

// LDLM_GL_CALLBACK to whoever may have written further than the OST knows.
Task MetadataClient::ask_writers(std::uint32_t object) {
  std::vector<ExtentLock> holders;
  parts_.extent_locks.glimpse_holders(object, parts_.files.object_space(object), holders);
  if (holders.empty()) co_return;
  co_await parts_.fabric.latency();
  co_await parts_.fabric.latency();
}

// --- Directories

Task MetadataClient::list(Caller caller, std::uint32_t directory, std::vector<FileIndex>& files,
                          Outcome& outcome) {
  const Namespace& tree = parts_.files.tree();
  bool found = true;
  if (!knows_path(directory)) co_await walk(directory, outcome, found);
  if (!found) co_return;
  HeldInode* held = cache_.use(Inode::directory(directory), now());
  if (!held || !held->pages) {
    for (std::uint32_t s = 0; s < tree.stripes(directory) && found; ++s)
      co_await read_stripe(directory, s, outcome, found);
    if (!found) co_return;
  }
  std::vector<FileIndex> entries;
  for (std::size_t n = 0; n < tree.entries(directory); ++n)
    if (const DirectoryEntry entry = tree.entry(directory, n); !entry.is_directory)
      entries.emplace_back(entry.index);
  files.insert(files.end(), entries.begin(), entries.end());
  if (settings_.statahead.max == 0) co_return;
  if (!may_scan(caller)) co_return;
  scans_[caller.process] = std::make_shared<Scan>(parts_.world, directory, std::move(entries));
}

// IT_READDIR and the pages of one stripe. The lock on the first stripe stands for all.
Task MetadataClient::read_stripe(std::uint32_t directory, std::uint32_t stripe, Outcome& outcome,
                                 bool& found) {
  const Namespace& tree = parts_.files.tree();
  const Inode inode = Inode::directory(directory);
  Mdc& to = mdc(tree.stripe_mdt(directory, stripe));
  Mdc::Call call({.operation = MetadataOperation::readdir});
  co_await to.begin(call, outcome);
  found = call.ok();
  if (!found) co_return;
  Asked lock;
  found = tree.exists(directory) || directory == kRoot;
  if (!found) outcome.fail(StorageError::no_entry);
  if (found && stripe == 0) {
    lock = ask(inode, kUpdateBit, 0);
    if (lock.answer == LockAnswer::waits) co_await granted(inode, lock, outcome);
  }
  co_await to.end(call, outcome);
  found = found && call.ok();
  if (!found) co_return;
  if (lock.answer == LockAnswer::granted) remember(inode, lock);
  Bytes left = tree.readdir_bytes(directory, stripe);
  do { // an empty directory has a page too
    const Bytes page = std::min(left, kReadPage);
    co_await to.call({.operation = MetadataOperation::readpage,
                      .work = page.as_double() / kReadPage.as_double(),
                      .to_client = page},
                     outcome);
    left -= page;
  } while (left > Bytes{});
  HeldInode* held = cache_.use(inode, now());
  if (held && held->has(kUpdateBit)) held->pages = stripe + 1 == tree.stripes(directory);
}

// --- Statahead

// Whether this process may run ahead: only so many do at a time. It has no scan from then on.
bool MetadataClient::may_scan(const Caller& caller) {
  if (scans_.size() <= caller.process) scans_.resize(caller.process + std::size_t{1});
  scans_[caller.process].reset();
  const auto running = std::count_if(scans_.begin(), scans_.end(), [](const auto& s) { return s; });
  return static_cast<std::size_t>(running) < settings_.statahead_running_max;
}

// Statahead by names: after enough stats in a row, the files with the next names are foreseen.
void MetadataClient::follow_names(const Caller& caller, FileIndex file) {
  constexpr std::uint32_t kEnough = 4; // LSA_FN_MATCH_HIT
  const FileTable& files = parts_.files;
  if (!files.exists(file)) return;
  if (name_runs_.size() <= caller.process) name_runs_.resize(caller.process + std::size_t{1});
  NameRun& run = name_runs_[caller.process];
  const std::uint32_t place = files.place(file);
  const bool goes_on =
      run.length > 0 && run.directory == files.directory(file) && place == run.place + 1;
  run = {files.directory(file), place, goes_on ? run.length + 1 : 1};
  if (run.length <= kEnough || !may_scan(caller)) return;
  std::vector<FileIndex> next{file};
  files.tree().files_after(run.directory, place, SIZE_MAX, next);
  if (next.size() < 2) return;
  scans_[caller.process] = std::make_shared<Scan>(parts_.world, run.directory, std::move(next));
  ++statahead_stats_.fname_total;
  run.length = 0;
}

// If this stat is one of a scan that runs ahead of it: the scan and the entry to wait for.
std::shared_ptr<MetadataClient::Scan> MetadataClient::scan_of(const Caller& caller, FileIndex file,
                                                              std::uint32_t& entry) {
  if (caller.process >= scans_.size() || !scans_[caller.process]) return nullptr;
  const std::shared_ptr<Scan> scan = scans_[caller.process];
  if (scan->directory != parts_.files.directory(file)) return nullptr;
  const auto expected = scan->files.begin() + scan->next;
  constexpr std::ptrdiff_t kNearby = 64; // entries that the process may have left out
  const auto last = expected + std::min(kNearby, scan->files.end() - expected);
  const auto at = std::find(expected, last, file);
  if (at == last) return nullptr;
  entry = static_cast<std::uint32_t>(at - scan->files.begin());
  scan->next = entry + 1;
  if (scan->next == scan->files.size()) scans_[caller.process].reset();
  const Statahead::Plan plan = scan->policy.stat(entry, settings_.statahead, statahead_stats_);
  const std::uint32_t end = plan.first + plan.count;
  for (std::uint32_t from = plan.first; from < end; from += settings_.statahead.batch)
    parts_.world.spawn(prefetch(scan, from, std::min(settings_.statahead.batch, end - from)),
                       {"statahead", client_.value()});
  return plan.foreseen ? scan : nullptr;
}

// One RPC of statahead; one per MDT where the directory is striped, or files have been renamed.
Task MetadataClient::prefetch(std::shared_ptr<Scan> scan, std::uint32_t first,
                              std::uint32_t count) {
  const FileTable& files = parts_.files;
  const MdtIndex mdt = files.mdt_of(scan->files[first]);
  const auto begin = scan->files.begin() + first;
  const bool on_one_mdt =
      std::all_of(begin, begin + count, [&](FileIndex file) { return files.mdt_of(file) == mdt; });
  if (on_one_mdt) {
    co_await prefetch_on(mdt, scan, first, count);
  } else {
    kernel::TaskGroup parts = parts_.world.group();
    for (std::uint32_t m = 0; m < mdcs_.size(); ++m)
      parts.add(prefetch_on(MdtIndex{m}, scan, first, count), {"statahead", client_.value()});
    co_await parts.all();
  }
}

Task MetadataClient::prefetch_on(MdtIndex mdt, std::shared_ptr<Scan> scan, std::uint32_t first,
                                 std::uint32_t count) {
  const FileTable& files = parts_.files;
  std::vector<std::pair<std::uint32_t, Asked>> entries;
  for (std::uint32_t i = first; i < first + count; ++i)
    if (files.mdt_of(scan->files[i]) == mdt) entries.push_back({i, {}});
  if (entries.empty()) co_return;
  Outcome outcome;
  const bool batched = settings_.statahead.batch > 1;
  Mdc& to = mdc(mdt);
  Mdc::Call call(
      {.operation = batched ? MetadataOperation::getattr_batch : MetadataOperation::getattr,
       .work = static_cast<double>(entries.size()),
       .count = static_cast<std::uint32_t>(entries.size())});
  co_await to.begin(call, outcome);
  if (call.ok()) {
    for (auto& [entry, lock] : entries)
      // Whoever is in the way keeps his lock: this is only a guess.
      if (files.exists(scan->files[entry]))
        lock = ask(Inode::file(scan->files[entry]), 0, kLookupBit | kUpdateBit | kPermBit);
    co_await to.end(call, outcome);
  }
  scan->spent += outcome.time;
  for (const auto& [entry, lock] : entries) {
    const FileIndex file = scan->files[entry];
    scan->arrived[entry] = true;
    if (!call.ok() || lock.answer != LockAnswer::granted) continue;
    remember(Inode::file(file), lock);
    if (settings_.statahead_agl)
      parts_.world.spawn(glimpse_later(scan, file), {"glimpsing ahead", client_.value()});
  }
  scan->arrival.notify();
}

// AGL: the size is asked for before anybody waits for it.
Task MetadataClient::glimpse_later(std::shared_ptr<Scan> scan, FileIndex file) {
  ++glimpses_ahead_;
  Outcome outcome;
  co_await glimpse(file, outcome);
  scan->spent += outcome.time;
}

Task MetadataClient::statfs(Caller, Outcome& outcome) {
  if (now() < statfs_until_) co_return;
  co_await mdcs_.front().call({.operation = MetadataOperation::statfs}, outcome);
  statfs_until_ = now() + kStatfsAge;
}

} // namespace lustrum::lustre
