#include "sim/trace/offset_tracker.hpp"

namespace lustrum::trace {

void OffsetTracker::follow(Record& record) {
  constexpr std::uint64_t kByFile = std::uint64_t{1} << 32;
  constexpr std::uint32_t kAppend = 02000; // O_APPEND of Linux
  const bool moves_data = record.kind == OperationKind::read || record.kind == OperationKind::write;
  if (is_span(record.kind) || (record.failed && !moves_data)) return;
  if (record.fd < 0 && record.file == kNoIndex) return;
  const std::uint64_t key =
      record.fd >= 0 ? static_cast<std::uint64_t>(record.fd) : kByFile | record.file;
  switch (record.kind) {
  case OperationKind::open:
    positions_[key] = {record.file, (record.open_flags & kAppend) != 0 ? kUnknownOffset : 0};
    return;
  case OperationKind::close:
    positions_.erase(key);
    return;
  case OperationKind::seek:
    positions_[key] = {record.file, record.offset};
    return;
  case OperationKind::read:
  case OperationKind::write:
    break;
  default:
    return;
  }
  if (record.offset != kUnknownOffset) return; // positional calls leave the descriptor alone
  const auto found = positions_.find(key);
  // A descriptor that meanwhile stands for another file was reopened unseen.
  if (found == positions_.end() || found->second.file != record.file) return;
  record.offset = found->second.offset;
  if (record.returned == kNoReturn) found->second.offset = kUnknownOffset;
  if (found->second.offset != kUnknownOffset) found->second.offset += record.bytes_moved();
}

} // namespace lustrum::trace
