#include "models/lustre/policy/dirty_account.hpp"

#include <algorithm>

namespace lustrum::lustre {

Bytes DirtyAccount::room() const {
  const Bytes space = limits_.max_dirty > dirty_ ? limits_.max_dirty - dirty_ : Bytes{};
  const Bytes room = std::min(space, grant_);
  return room - room % kPageSize;
}

DirtyAccount::Verdict DirtyAccount::verdict(Bytes bytes, Seconds waited) const {
  if (limits_.max_dirty < kPageSize) return Verdict::synchronous;
  if (bytes <= room()) return Verdict::cached;
  if (waited >= limits_.patience) return Verdict::synchronous;
  // Only a write that comes back brings space or grant; without dirty data there is none.
  return dirty_ == Bytes{} ? Verdict::synchronous : Verdict::wait;
}

void DirtyAccount::dirtied(Bytes bytes) {
  assert(bytes <= grant_ && dirty_ + bytes <= limits_.max_dirty);
  dirty_ += bytes;
  grant_ -= bytes;
}

void DirtyAccount::sent(Bytes bytes) {
  in_flight_ += bytes;
  assert(in_flight_ <= dirty_);
}

void DirtyAccount::completed(Bytes bytes, Bytes granted) {
  in_flight_ -= bytes;
  dirty_ -= bytes;
  grant_ += granted;
}

void DirtyAccount::dropped(Bytes bytes) {
  dirty_ -= bytes;
  assert(in_flight_ <= dirty_);
  grant_ += bytes;
}

Bytes DirtyAccount::give_back() {
  const Bytes full_pipe = limits_.rpc_size * (limits_.rpcs_in_flight + std::uint64_t{1});
  const Bytes kept = grant_ > full_pipe ? full_pipe : limits_.rpc_size;
  if (grant_ <= kept) return Bytes{};
  const Bytes returned = grant_ - kept;
  grant_ = kept;
  return returned;
}

void DirtyAccount::evicted() { dirty_ = grant_ = in_flight_ = Bytes{}; }

} // namespace lustrum::lustre
