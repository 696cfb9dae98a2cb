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
  assert(bytes <= room());
  dirty_ += bytes;
  grant_ -= bytes;
  consumed_ += bytes;
}

void DirtyAccount::not_dirtied(Bytes bytes) {
  assert(bytes <= dirty_);
  dirty_ -= bytes;
  grant_ += bytes;
  consumed_ -= bytes;
}

void DirtyAccount::clean(Bytes bytes) {
  assert(bytes <= dirty_);
  dirty_ -= bytes;
}

void DirtyAccount::granted(Bytes bytes) { grant_ += bytes; }

Bytes DirtyAccount::return_all_but(Bytes kept) {
  if (grant_ <= kept) return Bytes{};
  const Bytes returned = grant_ - kept;
  grant_ = kept;
  returned_ += returned;
  return returned;
}

Bytes DirtyAccount::give_back() {
  const Bytes full_pipe = limits_.rpc_size * (limits_.rpcs_in_flight + std::uint64_t{1});
  return return_all_but(grant_ > full_pipe ? full_pipe : limits_.rpc_size);
}

Bytes DirtyAccount::forfeit() { return return_all_but({}); }

} // namespace lustrum::lustre
