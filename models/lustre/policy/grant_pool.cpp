#include "models/lustre/policy/grant_pool.hpp"

#include <algorithm>

namespace lustrum::lustre {

namespace {
constexpr std::uint64_t kPart = 8; // a grant is at most this part of what is left
} // namespace

void GrantPool::give(DirtyAccount& account, Bytes most) {
  const Bytes wanted = account.limits().grant_wanted();
  // Dirty data counts as grant held: its space is set aside.
  const Bytes held = account.grant() + account.dirty();
  if (wanted <= held) return;
  Bytes grant = std::min(wanted - held, most);
  grant -= grant % settings_.block;
  account.granted(grant);
  granted_ += grant;
  given_ += grant;
}

void GrantPool::join(ClientIndex client, DirtyAccount& account, Bytes free, Seconds now) {
  if (client.value() >= members_.size()) members_.resize(client.value() + std::size_t{1});
  members_[client.value()] = {&account, now + settings_.idle};
  if (settings_.idle > Seconds{}) next_idle_ = std::min(next_idle_, now + settings_.idle);
  give(account, left(free) / (kPart * settings_.clients));
}

void GrantPool::renew(ClientIndex client, Bytes free, Seconds now) {
  Member& member = members_[client.value()];
  member.idle_at = now + settings_.idle;
  give(*member.account, std::min(left(free) / kPart, settings_.chunk));
}

void GrantPool::forget(ClientIndex client) {
  if (!has(client)) return;
  granted_ -= members_[client.value()].account->forfeit();
  members_[client.value()].account = nullptr;
}

void GrantPool::scan_idle(Seconds now) {
  next_idle_ = Seconds{kNever};
  for (Member& member : members_) {
    if (!member.account) continue;
    while (now >= member.idle_at) {
      granted_ -= member.account->give_back();
      member.idle_at += settings_.idle;
    }
    next_idle_ = std::min(next_idle_, member.idle_at);
  }
}

} // namespace lustrum::lustre
