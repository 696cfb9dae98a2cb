#include "models/lustre/client/copytool.hpp"

#include <algorithm>
#include <optional>

namespace lustrum::lustre {

using kernel::Task;

namespace {
// Data moves in pieces of this size: how finely bandwidth is shared, and how soon a cancel is seen.
// (lhsmtool_posix reads and writes 1 MiB at a time.)
constexpr Bytes kPiece{4 * kMib};
} // namespace

Copytool::Copytool(const Parts& parts, std::uint32_t index, JobIndex job,
                   const CopytoolSettings& settings)
    : parts_(parts), index_(index), data_(parts.files, parts.cache, job), settings_(settings) {
  if (settings.bandwidth.count() > 0)
    bandwidth_ = &parts.world.add_shared({"hsm_agent", "hsm_agent{}", index}, settings.bandwidth);
  if (settings.concurrent_files > 0)
    slots_ = &parts.world.add_slots({"hsm_agent_files", "hsm_agent{}.files", index},
                                    settings.concurrent_files);
}

Task Copytool::run(HsmCopy& copy) {
  std::optional<kernel::SlotHold> slot;
  if (slots_) slot.emplace(co_await slots_->acquire());
  if (copy.action == HsmAction::remove) {
    co_await parts_.archive.begin(ArchiveRequest::remove, Bytes{});
    co_return;
  }
  co_await parts_.world.delay(parts_.timer, settings_.file_overhead);
  co_await parts_.wire.call(copy.file, MetadataOperation::open);
  // The data comes into a volatile file, whose layout and the file's own are then swapped.
  if (copy.action == HsmAction::restore)
    co_await parts_.wire.call(copy.file, MetadataOperation::create);
  if (free_connections_.empty()) {
    const auto number = static_cast<std::uint32_t>(connections_.size());
    connections_.push_back(parts_.archive.connect(index_, number, bandwidth_));
    free_connections_.push_back(&connections_.back());
  }
  const kernel::Path* path = free_connections_.back();
  free_connections_.pop_back();
  if (copy.action == HsmAction::restore)
    co_await restore(copy, *path);
  else
    co_await archive(copy, *path);
  free_connections_.push_back(path);
}

bool Copytool::goes_on(HsmCopy& copy) const {
  copy.hung = stopped();
  if (!parts_.files.exists(copy.file)) copy.error = StorageError::no_entry; // unlinked meanwhile
  return !copy.hung && !copy.cancelled && copy.error == StorageError::none;
}

Task Copytool::restore(HsmCopy& copy, const kernel::Path& path) {
  const Bytes size = parts_.files.size(copy.file);
  co_await parts_.archive.begin(ArchiveRequest::get, size);
  Outcome outcome;
  for (Bytes at{}; at < size && goes_on(copy);) {
    const Bytes next = std::min(size, at + kPiece);
    co_await parts_.world.transfer(path, next - at);
    co_await data_.store(copy.file, {at, next}, outcome);
    copy.error = outcome.error;
    at = next;
  }
  if (!goes_on(copy)) co_return;
  co_await data_.flush(copy.file, outcome);
  copy.error = outcome.error;
}

Task Copytool::archive(HsmCopy& copy, const kernel::Path& path) {
  const Bytes size = parts_.files.size(copy.file);
  co_await parts_.archive.begin(ArchiveRequest::put, size);
  Outcome outcome;
  for (Bytes at{}; at < size && goes_on(copy);) {
    const Bytes next = std::min(size, at + kPiece);
    // The next piece is on its way while this one goes to the archive.
    co_await data_.fetch(copy.file, {at, next}, kPiece, outcome);
    copy.error = outcome.error;
    if (goes_on(copy)) co_await parts_.world.transfer(path, next - at);
    at = next;
  }
  goes_on(copy);
}

} // namespace lustrum::lustre
