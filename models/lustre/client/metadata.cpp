// Names, locks, open and close.
#include "models/lustre/client/metadata.hpp"

#include "models/storage/stopwatch.hpp"

#include <algorithm>

namespace lustrum::lustre {

using kernel::Task;

namespace {

// Locks given up at once when there are too many.
constexpr std::size_t kCancelsAtOnce = 16;

DomLock dom_lock_of(std::string_view name) {
  if (name == "never") return DomLock::never;
  return name == "always" ? DomLock::always : DomLock::trylock;
}

} // namespace

MetadataSettings MetadataSettings::of(const LustreTunables& tunables) {
  constexpr double kMillisecond = 1e-3;
  return {
      .locks = {.max_locks = tunables.ldlm_lru_size, .max_age = tunables.ldlm_lru_max_age},
      .open_cache = {.threshold_count = tunables.llite_opencache_threshold_count,
                     .threshold = Seconds{kMillisecond * tunables.llite_opencache_threshold_ms}},
      .statahead = {.max = tunables.llite_statahead_max,
                    .start = tunables.llite_statahead_min,
                    .batch = std::max(1U, tunables.llite_statahead_batch_max)},
      .statahead_agl = tunables.llite_statahead_agl,
      .statahead_fname = tunables.llite_enable_statahead_fname,
      .statahead_running_max = tunables.llite_statahead_running_max,
      .dom_reply = Bytes{tunables.mdc_dom_min_repsize},
      .dom_read_open = tunables.mdt_dom_read_open,
      .dom_lock = dom_lock_of(tunables.mdt_dom_lock),
      .early_lock_cancel = tunables.ldlm_early_lock_cancel};
}

MetadataClient::MetadataClient(const MetadataParts& parts, ObjectCache& objects, ClientIndex client,
                               ClientState& state, const LustreTunables& tunables,
                               const MetadataSettings& settings)
    : parts_(parts), objects_(objects), client_(client), state_(state), settings_(settings),
      cache_(settings.locks), looked_up_(parts.world), glimpsed_(parts.world) {
  for (Mds& mds : parts.mds)
    mdcs_.emplace_back(parts.world, parts.fabric, mds, client, state, tunables);
}

std::vector<std::uint32_t> MetadataClient::locks_by_mdt() const {
  std::vector<std::uint32_t> locks(mdcs_.size());
  cache_.for_each([&](Inode inode) { ++locks[mdt_of(inode).value()]; });
  return locks;
}

MdtIndex MetadataClient::mdt_of(Inode inode) const {
  if (!inode.is_directory()) return parts_.files.mdt_of(FileIndex{inode.index()});
  return parts_.files.tree().mdt(inode == Inode::directory(kRoot) ? kRoot : inode.index());
}

std::uint64_t MetadataClient::rpcs(MetadataOperation operation) const {
  std::uint64_t sum = 0;
  for (const Mdc& mdc : mdcs_) sum += mdc.rpcs()[number(operation)];
  return sum;
}

// --- Locks

MetadataClient::Asked MetadataClient::ask(Inode inode, InodeBits bits, InodeBits try_bits) {
  if (const HeldInode* held = cache_.use(inode, now())) {
    if (held->has(bits | try_bits))
      return {{LockAnswer::granted, {.id = held->lock, .client = client_, .bits = held->bits}},
              true};
    try_bits |= held->bits;
  }
  return {parts_.inode_locks.enqueue(
      inode, {.client = client_, .mode = LockMode::pr, .bits = bits, .try_bits = try_bits})};
}

Task MetadataClient::granted(Inode inode, InodeDecision& decision, Outcome& outcome) {
  return parts_.inode_locks.wait(inode, decision, outcome.time);
}

HeldInode* MetadataClient::remember(Inode inode, const Asked& lock) {
  if (lock.had_it) return cache_.use(inode, now());
  // While the client was silent the lock may have been called back or taken away.
  if (state_.silences() > 0 && !parts_.inode_locks.has(inode, lock.lock.id)) return nullptr;
  if (std::erase(called_back_early_, std::pair{inode, lock.lock.id}) > 0) return nullptr;
  const HeldInode before = cache_.remove(inode);
  if (before.bits != 0) parts_.inode_locks.cancel(inode, before.lock);
  unneeded_.clear();
  cache_.take_unneeded(now(), kCancelsAtOnce, unneeded_);
  for (const HeldInode& held : unneeded_) forget(held);
  HeldInode& held = cache_.add(inode, lock.lock, now());
  held.opens = before.opens;
  held.pages = before.pages && held.has(kUpdateBit);
  held.data = before.data && held.has(kDomBit);
  return &held;
}

void MetadataClient::forget(const HeldInode& held) {
  const Inode inode = Inode::from_key(held.key);
  parts_.inode_locks.cancel(inode, held.lock);
  if (held.has(kOpenBit))
    parts_.world.spawn(close_kept(FileIndex{inode.index()}), {"closing", client_.value()});
}

void MetadataClient::cancel_own(Inode inode, InodeBits bits) {
  if (!settings_.early_lock_cancel) return; // the MDT will call back
  const HeldInode held = cache_.remove(inode);
  if (held.bits == 0) return;
  keep_rest(inode, held, bits);
  parts_.inode_locks.cancel(inode, held.lock);
}

// Lock conversion (2.12+): the lock stays with the bits that nobody wants.
void MetadataClient::keep_rest(Inode inode, const HeldInode& held, InodeBits wanted) {
  const auto rest = static_cast<InodeBits>(held.bits & ~wanted);
  if ((wanted & kOpenBit) != 0 && held.has(kOpenBit))
    parts_.world.spawn(close_kept(FileIndex{inode.index()}), {"closing", client_.value()});
  if (rest == 0) return;
  const InodeDecision decision = parts_.inode_locks.enqueue(
      inode, {.client = client_, .mode = LockMode::pr, .bits = 0, .try_bits = rest});
  if (decision.answer != LockAnswer::granted) return;
  HeldInode& kept = cache_.add(inode, decision.lock, held.used);
  kept.opens = held.opens;
  kept.pages = held.pages && kept.has(kUpdateBit);
  kept.data = held.data && kept.has(kDomBit);
}

bool MetadataClient::holds(Inode inode, InodeBits bits) {
  const HeldInode* held = cache_.use(inode, now());
  return held && held->has(bits);
}

void MetadataClient::inode_called_back(Inode inode, LockId lock, InodeBits wanted) {
  const HeldInode* held = cache_.peek(inode);
  if (!held || held->lock != lock) { // given up meanwhile, or not here yet
    if (parts_.inode_locks.has(inode, lock)) called_back_early_.emplace_back(inode, lock);
    return;
  }
  keep_rest(inode, cache_.remove(inode), wanted);
}

// The close of a file that was kept open under its OPEN lock.
Task MetadataClient::close_kept(FileIndex file) {
  Outcome outcome;
  co_await mdc(file).call({.operation = MetadataOperation::close}, outcome);
}

void MetadataClient::drop_caches() {
  unneeded_.clear();
  cache_.take_if([](Inode) { return true; }, unneeded_);
  for (const HeldInode& held : unneeded_)
    parts_.inode_locks.cancel(Inode::from_key(held.key), held.lock);
  scans_.clear();
  statfs_until_ = Seconds{-1};
}

void MetadataClient::evicted_by(MdtIndex mdt) {
  unneeded_.clear(); // the MDT has dropped them already
  cache_.take_if([&](Inode inode) { return mdt_of(inode) == mdt; }, unneeded_);
  std::erase_if(called_back_early_, [&](const auto& lock) { return mdt_of(lock.first) == mdt; });
}

// --- Names

bool MetadataClient::knows_path(std::uint32_t directory) {
  const Namespace& tree = parts_.files.tree();
  for (; directory != kRoot; directory = tree.parent(directory))
    if (!holds(Inode::directory(directory), kLookupBit)) return false;
  return true;
}

// Looks up what of the path the client does not know, from the root down.
Task MetadataClient::walk(std::uint32_t directory, Outcome& outcome, bool& found) {
  std::vector<std::uint32_t> path;
  for (std::uint32_t d = directory; d != kRoot; d = parts_.files.tree().parent(d))
    path.push_back(d);
  found = true;
  for (auto d = path.rbegin(); d != path.rend() && found; ++d)
    if (!holds(Inode::directory(*d), kLookupBit)) co_await look_up(*d, outcome, found);
}

Task MetadataClient::look_up(std::uint32_t directory, Outcome& outcome, bool& found) {
  const Namespace& tree = parts_.files.tree();
  const auto under_way = [&] {
    return std::find(looking_up_.begin(), looking_up_.end(), directory);
  };
  // One process looks a name up, the others wait for it.
  while (under_way() != looking_up_.end()) {
    Stopwatch watch(parts_.world, outcome.time);
    co_await looked_up_.wait();
    watch.lap(Cause::metadata);
    if (holds(Inode::directory(directory), kLookupBit)) co_return;
  }
  looking_up_.push_back(directory);
  const MdtIndex named_on =
      tree.mdt_of(tree.parent(directory), {.is_directory = true, .index = directory});
  if (tree.mdt(directory) != named_on) // remote: the name's MDT knows only where to ask
    co_await mdc(named_on).call({.operation = MetadataOperation::lookup}, outcome);
  Mdc& to = mdc(tree.mdt(directory));
  Mdc::Call call({.operation = MetadataOperation::lookup});
  co_await to.begin(call, outcome);
  if (call.ok()) {
    found = tree.exists(directory);
    Asked lock;
    if (found) {
      lock = ask(Inode::directory(directory), kLookupBit | kPermBit, 0);
      if (lock.answer == LockAnswer::waits)
        co_await granted(Inode::directory(directory), lock, outcome);
    }
    co_await to.end(call, outcome);
    if (call.ok() && lock.answer == LockAnswer::granted)
      remember(Inode::directory(directory), lock);
    if (!found) outcome.fail(StorageError::no_entry);
  }
  found = found && call.ok();
  looking_up_.erase(under_way());
  looked_up_.notify();
}

// --- Open and close

bool MetadataClient::lies_on_mdt(FileIndex file) const {
  const LayoutComponent& first = parts_.files.layout(file).components().front();
  return first.on_mdt && parts_.files.size(file) <= first.end;
}

bool MetadataClient::fits_reply(FileIndex file) const {
  return settings_.dom_read_open && lies_on_mdt(file) &&
         parts_.files.size(file) <= settings_.dom_reply;
}

Task MetadataClient::open(Caller caller, FileIndex file, OpenMode mode, Outcome& outcome,
                          FileKeeper* keeper) {
  const std::uint32_t directory = parts_.files.directory(file);
  if (!knows_path(directory)) {
    bool found = true;
    co_await walk(directory, outcome, found);
    if (!found) co_return;
  }
  if (!mode.write && holds(Inode::file(file), kOpenBit)) co_return; // kept open
  StorageError error = StorageError::none;
  co_await open_file(file, mode, keeper, outcome, error);
  if (error == StorageError::none && mode.truncate && parts_.files.size(file) > Bytes{})
    co_await truncate(caller, file, Bytes{}, outcome);
}

Task MetadataClient::open_file(FileIndex file, OpenMode mode, FileKeeper* keeper, Outcome& outcome,
                               StorageError& error) {
  FileTable& files = parts_.files;
  const Inode inode = Inode::file(file);
  const bool creates = mode.create && !files.exists(file);
  Mdc& to = mdc(file);
  Mdc::Call call({.operation = creates ? MetadataOperation::create : MetadataOperation::open});
  co_await to.begin(call, outcome);
  if (!call.ok()) {
    error = call.error();
    co_return;
  }
  if (!files.exists(file)) {
    if (mode.create)
      co_await create_on_mdt(file, mode, keeper, outcome, error);
    else
      error = StorageError::no_entry;
  }
  Asked lock;
  OpenHistory opens;
  bool with_data = false;
  if (error == StorageError::none) {
    HeldInode* held = cache_.use(inode, now());
    if (held) opens = held->opens;
    const bool keep = opens.opened(now(), settings_.open_cache) && !mode.write;
    if (held) held->opens = opens;
    const DomLock dom = !mode.write && lies_on_mdt(file) ? settings_.dom_lock : DomLock::never;
    // Nobody waits for a layout here: an open goes on while the file is being restored.
    const auto welcome = static_cast<InodeBits>(kLayoutBit | (mode.write ? 0 : kUpdateBit) |
                                                (dom == DomLock::trylock ? kDomBit : 0));
    const auto needed = static_cast<InodeBits>(kLookupBit | (keep ? kOpenBit : 0) |
                                               (dom == DomLock::always ? kDomBit : 0));
    lock = ask(inode, needed, welcome);
    if (lock.answer == LockAnswer::waits) co_await granted(inode, lock, outcome);
    with_data = fits_reply(file) && (lock.lock.bits & kDomBit) != 0;
    if (with_data) call.request.to_client = files.size(file);
  }
  co_await to.end(call, outcome);
  if (!call.ok()) error = call.error();
  if (error == StorageError::none && lock.answer == LockAnswer::granted) {
    if (HeldInode* held = remember(inode, lock)) {
      held->opens = opens;
      if (with_data) held->data = held->has(kDomBit);
    }
  }
  outcome.fail(error);
}

// On the MDT: the name, the inode, objects from the pools.
Task MetadataClient::create_on_mdt(FileIndex file, OpenMode mode, FileKeeper* keeper,
                                   Outcome& outcome, StorageError& error) {
  FileTable& files = parts_.files;
  const Inode parent = Inode::directory(files.directory(file));
  cancel_own(parent, kUpdateBit);
  if (!parts_.inode_locks.is_free(parent))
    co_await parts_.inode_locks.revoke(parent, LockMode::cw, kUpdateBit, outcome.time);
  if (files.exists(file)) co_return; // another client's create came first
  if (!files.tree().exists(files.directory(file))) {
    error = StorageError::no_entry;
    co_return;
  }
  if (keeper) {
    files.create_released(file);
    keeper->created(file);
    co_return;
  }
  if (!files.create(file, now(), mode.append)) {
    error = StorageError::no_space;
    co_return;
  }
  const std::optional<FileTable::Objects> objects = files.instantiate(file, 0, now());
  const MdtIndex mdt = files.mdt_of(file);
  if (!parts_.supply.try_take(mdt, *objects))
    co_await parts_.supply.take(mdt, *objects, outcome.time);
}

Task MetadataClient::close(Caller, FileIndex file, Outcome& outcome) {
  HeldInode* held = cache_.use(Inode::file(file), now());
  if (held) held->opens.closed(now());
  if (held && held->has(kOpenBit)) co_return;
  co_await mdc(file).call({.operation = MetadataOperation::close}, outcome);
}

} // namespace lustrum::lustre
