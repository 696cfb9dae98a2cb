#include "models/lustre/server/hsm_service.hpp"

#include "models/storage/stopwatch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cassert>

namespace lustrum::lustre {

using kernel::Task;

HsmService::HsmService(const Parts& parts, const HsmServiceSettings& settings)
    : parts_(parts), settings_(settings), wire_(parts.fabric, parts.files, parts.mds),
      archive_(parts.world, settings.archive),
      timer_(parts.world.add_delay({"hsm_timer", "hsm_timer"})), round_over_(parts.world),
      repository_({.world = parts_.world,
                   .files = parts_.files,
                   .wire = wire_,
                   .archive = archive_,
                   .versions = versions_,
                   .hsm = *this,
                   .timer = timer_,
                   .unlink = parts_.unlink},
                  settings.repository) {
  const HsmCoordinator::Parts shared{.world = parts.world,
                                     .files = parts.files,
                                     .inode_locks = parts.inode_locks,
                                     .wire = wire_,
                                     .room = *this,
                                     .kept = kept_,
                                     .versions = versions_,
                                     .timer = timer_};
  for (std::size_t mdt = 0; mdt < parts.mds.size(); ++mdt)
    coordinators_.emplace_back(shared, settings.coordinator);
}

void HsmService::add_agent(HsmAgent& agent) {
  for (HsmCoordinator& coordinator : coordinators_) coordinator.add_agent(agent);
}

HsmService::Use& HsmService::use(FileIndex file) {
  if (file.value() >= uses_.size()) uses_.resize(file.value() + std::size_t{1});
  return uses_[file.value()];
}

void HsmService::opened(FileIndex file) {
  Use& of = use(file);
  ++of.open;
  of.last_access_s = parts_.world.now().count();
  repository_.opened(file);
}

void HsmService::closed(FileIndex file) {
  if (--use(file).open == 0) repository_.closed(file);
}

void HsmService::written(FileIndex file) {
  versions_.changed(file);
  parts_.files.set_hsm_flags(file, lustre::written(parts_.files.hsm_flags(file)));
  coordinator(file).written(file);
}

void HsmService::removed(FileIndex file) {
  kept_.forget(file);
  coordinator(file).removed(file);
  repository_.removed(file);
}

// --- Restoring --------------------------------------------------------------------------------

Task HsmService::restore(FileIndex file, Outcome& outcome) {
  Stopwatch watch(parts_.world, outcome.time);
  ++counts_.waited;
  // A file that is released again before its reader comes to it is restored again.
  while (is_released(file) && outcome.ok()) {
    co_await wire_.one_way();
    co_await wire_.serve(file, MetadataOperation::setattr); // MDS_HSM_REQUEST
    if (!is_released(file)) break;
    if (!parts_.files.exists(file)) {
      outcome.fail(StorageError::no_entry);
      break;
    }
    HsmCoordinator& mdt = coordinator(file);
    std::uint32_t id = 0;
    const bool refused = mdt.add(HsmAction::restore, file, id) != HsmAnswer::allowed;
    if (refused || settings_.non_blocking_restore) {
      outcome.fail(StorageError::no_data);
    } else {
      const StorageError error = co_await mdt.done(id);
      if (error != StorageError::none) outcome.fail(error);
    }
  }
  // The reader goes on by asking for the new layout.
  watch.lap(Cause::restore);
}

Task HsmService::request(HsmAction action, FileIndex file, HsmAnswer& answer) {
  if (action == HsmAction::release) {
    co_await release(file, answer);
    co_return;
  }
  co_await wire_.one_way();
  co_await wire_.serve(file, MetadataOperation::setattr); // MDS_HSM_REQUEST
  std::uint32_t id = 0;
  answer = coordinator(file).add(action, file, id);
  co_await wire_.one_way();
}

Task HsmService::archive(FileIndex file, StorageError& error) {
  co_await wire_.one_way();
  co_await wire_.serve(file, MetadataOperation::setattr); // MDS_HSM_REQUEST
  error = StorageError::io;
  if (!parts_.files.exists(file)) co_return;
  std::uint32_t id = 0;
  HsmCoordinator& mdt = coordinator(file);
  const HsmAnswer answer = mdt.add(HsmAction::archive, file, id);
  if (answer == HsmAnswer::allowed) error = co_await mdt.done(id);
  if (answer == HsmAnswer::nothing_to_do) error = StorageError::none;
}

Task HsmService::submit(const std::vector<FileIndex>& files, std::size_t& next) {
  while (next < files.size()) {
    HsmAnswer answer = HsmAnswer::allowed;
    co_await request(HsmAction::restore, files[next++], answer);
  }
}

Task HsmService::preload(const std::vector<FileIndex>& files, std::uint32_t processes,
                         Preload& result) {
  std::size_t next = 0;
  kernel::TaskGroup group = parts_.world.group();
  for (std::uint32_t p = 0; p < processes; ++p)
    group.add(submit(files, next), {"lfs hsm_restore", p});
  co_await group.all();
  result.requested = files.size();
  result.registered = parts_.world.now();
  co_await idle();
  result.done = parts_.world.now();
}

Task HsmService::idle() {
  for (HsmCoordinator& coordinator : coordinators_) co_await coordinator.idle();
}

// --- Room on the OSTs -------------------------------------------------------------------------

Bytes HsmService::used() const {
  const OstSpace& space = parts_.files.space();
  Bytes sum{};
  for (std::uint32_t t = 0; t < space.osts(); ++t) sum += space.used(OstIndex{t});
  return sum;
}

Bytes HsmService::capacity() const {
  const OstSpace& space = parts_.files.space();
  Bytes sum{};
  for (std::uint32_t t = 0; t < space.osts(); ++t) sum += space.total(OstIndex{t});
  return sum;
}

Task HsmService::allot(FileIndex file, StorageError& error) {
  use(file).last_access_s = parts_.world.now().count(); // what comes in is not the next to go
  bool allotted = parts_.files.instantiate_whole(file, parts_.world.now());
  while (!allotted && settings_.release.high_watermark > 0) {
    // Full before the watermark was reached (OSTs fill up unevenly), or faster than files go.
    const std::uint64_t released_before = counts_.released;
    check_watermark(parts_.files.size(file));
    co_await round_over_.wait();
    allotted = parts_.files.instantiate_whole(file, parts_.world.now());
    if (counts_.released == released_before) break;
  }
  if (allotted) {
    co_await take_objects(file);
  } else {
    ++counts_.no_room;
    error = StorageError::no_space;
  }
  if (settings_.release.high_watermark > 0) check_watermark({});
}

void HsmService::drop(FileIndex file) { destroy_objects(file); }

void HsmService::destroy_objects(FileIndex file) {
  objects_.clear();
  parts_.files.take_objects(file, objects_);
  for (const std::uint32_t object : objects_) {
    parts_.discard(object);
    parts_.supply.destroy(parts_.files.mdt_of(file), object);
  }
}

// Of what the OSTs have made ahead.
Task HsmService::take_objects(FileIndex file) {
  FileTable& files = parts_.files;
  TimeAccount account; // a part of the restore
  for (std::size_t c = 0; c < files.layout(file).components().size(); ++c) {
    if (!files.instantiated(file, c)) continue;
    const auto objects = files.instantiate(file, c, parts_.world.now());
    co_await parts_.supply.take(files.mdt_of(file), *objects, account);
  }
}

void HsmService::check_watermark(Bytes at_least) {
  if (releasing_) return;
  const Bytes wanted = std::max(at_least, excess(settings_.release, used(), capacity()));
  if (wanted == Bytes{}) return;
  releasing_ = true;
  parts_.world.spawn(release_files(wanted), {"hsm policy engine", 0});
}

Task HsmService::release_files(Bytes wanted) {
  std::vector<tiering::FileAge> candidates;
  for (std::uint32_t f = 0; f < parts_.files.files(); ++f) {
    const FileIndex file{f};
    if (!parts_.files.exists(file)) continue;
    const Use of = f < uses_.size() ? uses_[f] : Use{};
    const std::uint8_t flags = parts_.files.hsm_flags(file);
    if (check(HsmAction::release, flags, of.open > 0) == HsmAnswer::allowed)
      candidates.push_back(
          {.file = file, .bytes = parts_.files.size(file), .accessed = Seconds{of.last_access_s}});
  }
  const std::vector<FileIndex> chosen =
      choose_releases(settings_.release, parts_.world.now(), wanted, std::move(candidates));
  for (const FileIndex file : chosen) {
    HsmAnswer answer = HsmAnswer::allowed;
    co_await release(file, answer);
  }
  releasing_ = false;
  round_over_.notify();
}

Task HsmService::release_unused() {
  if (releasing_) co_return;
  releasing_ = true;
  co_await release_files(Bytes{UINT64_MAX});
}

Task HsmService::revoke_layout(FileIndex file) {
  TimeAccount account;
  co_await parts_.inode_locks.revoke(Inode::file(file), LockMode::ex, kLayoutBit, account);
}

void HsmService::give_up_data(FileIndex file) {
  const std::uint8_t flags = parts_.files.hsm_flags(file);
  if (!versions_.is_newest(file)) ++unsafe_releases_;
  parts_.files.set_hsm_flags(file, finished(HsmAction::release, flags));
  destroy_objects(file);
}

void HsmService::copy_lost(FileIndex file) {
  versions_.forget(file);
  parts_.files.set_hsm_flags(file, parts_.files.hsm_flags(file) | hsm::kLost);
}

Task HsmService::invalidate(FileIndex file, bool& conflict) {
  constexpr Seconds kAgain{1}; // while it is open: assumed
  co_await wire_.call(file, MetadataOperation::setattr);
  while (parts_.files.exists(file)) {
    if (!is_released(file)) co_await revoke_layout(file);
    if (!parts_.files.exists(file)) break;
    conflict = versions_.is_changed(file);
    if (conflict) break;
    if (!is_open(file) && !coordinator(file).is_under_way(file)) {
      versions_.changed(file);
      versions_.imported(file, parts_.files.size(file));
      if (!is_released(file)) give_up_data(file);
      break;
    }
    co_await parts_.world.delay(timer_, kAgain);
  }
}

Task HsmService::release(FileIndex file, HsmAnswer& answer) {
  // A lease on the file (open), the close that gives its data up, and the layout called back.
  co_await wire_.call(file, MetadataOperation::open);
  co_await wire_.one_way();
  co_await wire_.serve(file, MetadataOperation::close);
  co_await revoke_layout(file);
  const std::uint8_t flags = parts_.files.hsm_flags(file);
  answer = parts_.files.exists(file) ? check(HsmAction::release, flags, use(file).open > 0)
                                     : HsmAnswer::nothing_to_do;
  if (answer == HsmAnswer::allowed && coordinator(file).is_under_way(file))
    answer = HsmAnswer::busy;
  if (answer == HsmAnswer::allowed) {
    ++counts_.released;
    counts_.released_bytes += parts_.files.size(file);
    give_up_data(file);
  }
  co_await wire_.one_way();
}

// --- What is reported -------------------------------------------------------------------------

std::vector<HsmService::StateRow> HsmService::states() const {
  std::array<StateRow, 256> by_flags; // NOLINT: of a byte
  for (std::uint32_t f = 0; f < parts_.files.files(); ++f) {
    const FileIndex file{f};
    if (!parts_.files.exists(file)) continue;
    StateRow& row = by_flags[parts_.files.hsm_flags(file)];
    ++row.files;
    row.bytes += parts_.files.size(file);
  }
  std::vector<StateRow> rows;
  for (std::size_t flags = 0; flags < by_flags.size(); ++flags) {
    if (by_flags[flags].files == 0) continue;
    rows.push_back(by_flags[flags]);
    rows.back().state = hsm_state_words(static_cast<std::uint8_t>(flags));
  }
  return rows;
}

HsmCoordinator::Counts HsmService::actions() const {
  HsmCoordinator::Counts sum;
  for (const HsmCoordinator& coordinator : coordinators_) {
    const HsmCoordinator::Counts& one = coordinator.counts();
    sum.added += one.added;
    sum.joined += one.joined;
    sum.succeeded += one.succeeded;
    sum.failed += one.failed;
    sum.cancelled += one.cancelled;
    sum.retried += one.retried;
    sum.restored += one.restored;
    sum.archived += one.archived;
    sum.restored_bytes += one.restored_bytes;
    sum.archived_bytes += one.archived_bytes;
  }
  return sum;
}

std::vector<std::string> HsmService::check_laws() const {
  std::uint64_t lost = unsafe_releases_;
  for (std::uint32_t f = 0; f < parts_.files.files(); ++f) {
    const FileIndex file{f};
    const bool given_up = parts_.files.exists(file) && is_released(file) && !kept_.agent(file);
    const bool says_so = (parts_.files.hsm_flags(file) & hsm::kLost) != 0;
    if (given_up && !says_so && !versions_.is_newest(file)) ++lost;
  }
  if (lost == 0) return {};
  return {fmt::format("what is released is in the archive as it was last: {} files are not", lost)};
}

} // namespace lustrum::lustre
