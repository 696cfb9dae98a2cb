// What changes the namespace or an inode: each one MDS_REINT, and what follows from it.
#include "models/lustre/client/metadata.hpp"
#include "models/storage/stopwatch.hpp"

#include <algorithm>

namespace lustrum::lustre {

using kernel::Task;

namespace {

constexpr InodeBits kAllBits =
    kLookupBit | kUpdateBit | kOpenBit | kLayoutBit | kPermBit | kXattrBit | kDomBit;

} // namespace

// The entries of a directory change.
Task MetadataClient::revoke_listing(std::uint32_t listed, Outcome& outcome) {
  const Inode directory = Inode::directory(listed);
  cancel_own(directory, kUpdateBit);
  InodeLockService& locks = parts_.inode_locks;
  if (!locks.is_free(directory))
    co_await locks.revoke(directory, LockMode::cw, kUpdateBit, outcome.time);
}

// The same, and the inode that an entry names goes or changes its name.
Task MetadataClient::revoke_entry(std::uint32_t parent, Inode inode, Outcome& outcome) {
  const Inode directory = Inode::directory(parent);
  cancel_own(directory, kUpdateBit);
  cancel_own(inode, kAllBits);
  InodeLockService& locks = parts_.inode_locks;
  if (!locks.is_free(directory))
    co_await locks.revoke(directory, LockMode::cw, kUpdateBit, outcome.time);
  if (!locks.is_free(inode)) co_await locks.revoke(inode, LockMode::ex, kAllBits, outcome.time);
}

Task MetadataClient::unlink(Caller, FileIndex file, Outcome& outcome) {
  FileTable& files = parts_.files;
  bool found = true;
  if (!knows_path(files.directory(file))) co_await walk(files.directory(file), outcome, found);
  if (!found) co_return;
  Mdc& to = mdc(file);
  Mdc::Call call({.operation = MetadataOperation::unlink});
  co_await to.begin(call, outcome);
  if (!call.ok()) co_return;
  co_await revoke_entry(files.directory(file), Inode::file(file), outcome);
  if (files.exists(file)) {
    std::vector<std::uint32_t> objects;
    files.unlink(file, objects);
    for (const std::uint32_t object : objects) {
      objects_.discard(object, Bytes{}); // never to be written back
      parts_.supply.destroy(to.mds().index(), object);
    }
  } else {
    outcome.fail(StorageError::no_entry);
  }
  co_await to.end(call, outcome);
}

// The MDT with the name leads; those with the new name and with the inode do their part for it.
Task MetadataClient::rename(Caller, FileIndex file, std::uint32_t directory, Outcome& outcome) {
  FileTable& files = parts_.files;
  const Namespace& tree = files.tree();
  const std::uint32_t from = files.directory(file);
  bool found = true;
  if (!knows_path(from)) co_await walk(from, outcome, found);
  if (found && !knows_path(directory)) co_await walk(directory, outcome, found);
  if (!found) co_return;
  const DirectoryEntry entry{.is_directory = false, .index = file.value()};
  const MdtIndex lead = tree.mdt_of(from, entry);
  Mdc& to = mdc(lead);
  Mdc::Call call({.operation = from == directory ? MetadataOperation::rename
                                                 : MetadataOperation::rename_across});
  co_await to.begin(call, outcome);
  if (!call.ok()) co_return;
  co_await revoke_entry(from, Inode::file(file), outcome);
  if (from != directory) co_await revoke_listing(directory, outcome);
  // Somebody may have been faster while locks were called back.
  if (!files.exists(file) || files.directory(file) != from || !tree.exists(directory)) {
    outcome.fail(StorageError::no_entry);
  } else {
    std::vector<MdtIndex> others;
    for (const MdtIndex mdt : {tree.mdt_of(directory, entry), files.mdt_of(file)})
      if (mdt != lead && std::find(others.begin(), others.end(), mdt) == others.end())
        others.push_back(mdt);
    files.move(file, directory);
    co_await update_all(others, outcome);
  }
  co_await to.end(call, outcome);
}

// --- Attributes and size

Task MetadataClient::set_attributes(Caller, FileIndex file, Outcome& outcome) {
  FileTable& files = parts_.files;
  bool found = true;
  if (!knows_path(files.directory(file))) co_await walk(files.directory(file), outcome, found);
  if (found) co_await set_attributes_on_mdt(file, outcome, found);
}

Task MetadataClient::set_attributes_on_mdt(FileIndex file, Outcome& outcome, bool& done) {
  Mdc& to = mdc(file);
  Mdc::Call call({.operation = MetadataOperation::setattr});
  co_await to.begin(call, outcome);
  done = call.ok();
  if (!done) co_return;
  const Inode inode = Inode::file(file);
  constexpr InodeBits kChanged = kUpdateBit | kPermBit;
  cancel_own(inode, kChanged);
  if (!parts_.inode_locks.is_free(inode))
    co_await parts_.inode_locks.revoke(inode, LockMode::ex, kChanged, outcome.time);
  done = parts_.files.exists(file);
  if (!done) outcome.fail(StorageError::no_entry);
  co_await to.end(call, outcome);
  done = done && call.ok();
}

Task MetadataClient::truncate(Caller, FileIndex file, Bytes size, Outcome& outcome) {
  FileTable& files = parts_.files;
  bool done = true;
  if (!knows_path(files.directory(file))) co_await walk(files.directory(file), outcome, done);
  if (!done) co_return;
  co_await set_attributes_on_mdt(file, outcome, done);
  if (!done) co_return;
  files.set_size(file, size);
  std::vector<ObjectExtent> extents;
  if (size > Bytes{}) files.layout(file).map(Bytes{}, size, extents);
  Stopwatch watch(parts_.world, outcome.time);
  Outcome punched;
  kernel::TaskGroup punches = parts_.world.group();
  for_each_object(file, [&](std::uint32_t object) {
    Bytes end{};
    for (const ObjectExtent& extent : extents)
      if (!extent.on_mdt && files.object_number(file, extent.object) == object)
        end = extent.offset + extent.length;
    punches.add(punch_object(object, end, punched), {"punching", client_.value()});
  });
  co_await punches.all();
  watch.lap(Cause::metadata);
  outcome.fail(punched.error);
}

// OST_PUNCH. The OST takes the lock on what goes, as it does for a client without one.
Task MetadataClient::punch_object(std::uint32_t object, Bytes end, Outcome& outcome) {
  ++punches_;
  objects_.discard(object, end);
  Outcome call;
  co_await objects_.osc_of(object).call(RpcOpcode::ost_punch, Cause::metadata, call);
  outcome += call;
  if (!call.ok()) co_return; // the OST is gone, and nobody answers its callbacks
  LockService& locks = parts_.extent_locks;
  if (const ExtentResource* held = locks.resource(object); held && !held->empty()) {
    ExtentDecision decision;
    const ExtentRequest request{
        .client = kServerItself, .mode = LockMode::pw, .extent = {end, kToEnd}};
    co_await locks.enqueue(object, request, decision);
    locks.cancel(object, decision.lock.id);
  }
  parts_.files.truncate_object(object, end);
}

// --- Directories

Task MetadataClient::update_on(MdtIndex mdt, Outcome& outcome) {
  Mds& mds = parts_.mds[mdt.value()];
  Stopwatch watch(parts_.world, outcome.time);
  while (!mds.target().available()) {
    co_await mds.target().change();
    watch.lap(Cause::failure);
  }
  co_await parts_.fabric.metadata_latency();
  watch.lap(Cause::metadata);
  std::optional<kernel::SlotHold> no_thread;
  co_await mds.serve({.operation = MetadataOperation::update}, no_thread, outcome.time);
  watch.skip();
  co_await parts_.fabric.metadata_latency();
  watch.lap(Cause::metadata);
}

// The MDT of the directory has the others do their part: the one with its name, and those with its
// stripes.
Task MetadataClient::update_other_mdts(std::uint32_t directory, Outcome& outcome) {
  const Namespace& tree = parts_.files.tree();
  const MdtIndex here = tree.mdt(directory);
  std::vector<MdtIndex> others;
  const auto add = [&](MdtIndex mdt) {
    if (mdt != here && std::find(others.begin(), others.end(), mdt) == others.end())
      others.push_back(mdt);
  };
  add(tree.mdt_of(tree.parent(directory), {.is_directory = true, .index = directory}));
  for (std::uint32_t s = 0; s < tree.stripes(directory); ++s) add(tree.stripe_mdt(directory, s));
  co_await update_all(others, outcome);
}

Task MetadataClient::update_all(const std::vector<MdtIndex>& mdts, Outcome& outcome) {
  if (mdts.empty()) co_return;
  const double start_s = now().count();
  Outcome updated;
  kernel::TaskGroup updates = parts_.world.group();
  for (const MdtIndex mdt : mdts)
    updates.add(update_on(mdt, updated), {"updating mdt", mdt.value()});
  co_await updates.all();
  outcome.time.add_split_as(updated.time, now().count() - start_s, Cause::metadata);
}

Task MetadataClient::make_directory(Caller, std::uint32_t directory, Outcome& outcome) {
  Namespace& tree = parts_.files.tree();
  const std::uint32_t parent = tree.parent(directory);
  bool found = true;
  if (!knows_path(parent)) co_await walk(parent, outcome, found);
  if (!found) co_return;
  Mdc& to = mdc(tree.mdt(directory));
  Mdc::Call call({.operation = MetadataOperation::mkdir});
  co_await to.begin(call, outcome);
  if (!call.ok()) co_return;
  co_await revoke_entry(parent, Inode::directory(directory), outcome);
  if (tree.exists(directory)) {
    outcome.fail(StorageError::exists);
  } else {
    co_await update_other_mdts(directory, outcome);
    tree.create_directory(directory);
  }
  co_await to.end(call, outcome);
}

Task MetadataClient::remove_directory(Caller, std::uint32_t directory, Outcome& outcome) {
  Namespace& tree = parts_.files.tree();
  const std::uint32_t parent = tree.parent(directory);
  bool found = true;
  if (!knows_path(parent)) co_await walk(parent, outcome, found);
  if (!found) co_return;
  Mdc& to = mdc(tree.mdt(directory));
  Mdc::Call call({.operation = MetadataOperation::rmdir});
  co_await to.begin(call, outcome);
  if (!call.ok()) co_return;
  co_await revoke_entry(parent, Inode::directory(directory), outcome);
  if (!tree.exists(directory)) {
    outcome.fail(StorageError::no_entry);
  } else if (tree.entries(directory) > 0) {
    outcome.fail(StorageError::not_empty);
  } else {
    tree.remove_directory(directory);
    co_await update_other_mdts(directory, outcome);
  }
  co_await to.end(call, outcome);
}

// --- Layouts and data on the MDT

bool MetadataClient::has_layout(FileIndex file) { return holds(Inode::file(file), kLayoutBit); }

Task MetadataClient::fetch_layout(Caller, FileIndex file, Outcome& outcome) {
  const Inode inode = Inode::file(file);
  Mdc& to = mdc(file);
  Mdc::Call call({.operation = MetadataOperation::layout});
  co_await to.begin(call, outcome);
  if (!call.ok()) co_return;
  Asked lock = ask(inode, kLayoutBit, 0); // waits while the file is being restored
  if (lock.answer == LockAnswer::waits) co_await granted(inode, lock, outcome);
  co_await to.end(call, outcome);
  if (call.ok() && lock.answer == LockAnswer::granted) remember(inode, lock);
}

Task MetadataClient::instantiate(Caller, FileIndex file, std::size_t component, Outcome& outcome) {
  FileTable& files = parts_.files;
  const Inode inode = Inode::file(file);
  Mdc& to = mdc(file);
  Mdc::Call call({.operation = MetadataOperation::instantiate});
  co_await to.begin(call, outcome);
  if (!call.ok()) co_return;
  Asked lock;
  if (files.exists(file) && !files.instantiated(file, component)) {
    cancel_own(inode, kLayoutBit);
    if (!parts_.inode_locks.is_free(inode))
      co_await parts_.inode_locks.revoke(inode, LockMode::ex, kLayoutBit, outcome.time);
  }
  if (!files.exists(file)) { // perhaps unlinked while its layout was called back
    outcome.fail(StorageError::no_entry);
  } else {
    const bool fresh = !files.instantiated(file, component);
    const auto objects = files.instantiate(file, component, now());
    if (!objects)
      outcome.fail(StorageError::no_space);
    else if (fresh && !parts_.supply.try_take(to.mds().index(), *objects))
      co_await parts_.supply.take(to.mds().index(), *objects, outcome.time);
    lock = ask(inode, kLayoutBit, 0);
    if (lock.answer == LockAnswer::waits) co_await granted(inode, lock, outcome);
  }
  co_await to.end(call, outcome);
  if (call.ok() && lock.answer == LockAnswer::granted) remember(inode, lock);
}

bool MetadataClient::has_data(FileIndex file) {
  const HeldInode* held = cache_.use(Inode::file(file), now());
  return held && held->data;
}

Task MetadataClient::read_on_mdt(Caller, FileIndex file, Bytes length, Outcome& outcome) {
  const Inode inode = Inode::file(file);
  if (!holds(inode, kDomBit)) { // LDLM_ENQUEUE, with the cost of a getattr
    Mdc& to = mdc(file);
    Mdc::Call call({.operation = MetadataOperation::getattr});
    co_await to.begin(call, outcome);
    if (!call.ok()) co_return;
    Asked lock = ask(inode, kDomBit, 0);
    if (lock.answer == LockAnswer::waits) co_await granted(inode, lock, outcome);
    co_await to.end(call, outcome);
    if (!call.ok()) co_return;
    if (lock.answer == LockAnswer::granted) remember(inode, lock);
  }
  Mdc& to = mdc(file);
  Mdc::Call call({.operation = MetadataOperation::read, .to_client = length});
  co_await to.begin(call, outcome);
  if (!call.ok()) co_return;
  co_await to.end(call, outcome);
  HeldInode* held = cache_.use(inode, now());
  if (call.ok() && held && held->has(kDomBit) && length >= parts_.files.size(file))
    held->data = true;
}

Task MetadataClient::write_on_mdt(Caller, FileIndex file, Bytes length, Outcome& outcome) {
  const Inode inode = Inode::file(file);
  Mdc& to = mdc(file);
  Mdc::Call call({.operation = MetadataOperation::write, .to_server = length});
  co_await to.begin(call, outcome);
  if (!call.ok()) co_return;
  cancel_own(inode, kDomBit);
  if (!parts_.inode_locks.is_free(inode))
    co_await parts_.inode_locks.revoke(inode, LockMode::ex, kDomBit, outcome.time);
  co_await to.end(call, outcome);
}

Task MetadataClient::sync(Caller, FileIndex file, Outcome& outcome) {
  return mdc(file).call({.operation = MetadataOperation::sync}, outcome);
}

} // namespace lustrum::lustre
