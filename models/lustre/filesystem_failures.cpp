// The failing half of Filesystem: targets that go and come back, clients that fall silent.
#include "models/lustre/filesystem.hpp"

#include <algorithm>

namespace lustrum::lustre {

void Filesystem::fail_target(OstIndex ost) {
  ost_[ost.value()].target().fail();
  OstSpace& space = files_.space();
  space.set_active(ost, false);
  // Without any OST to choose from, creating a file would fail at once instead of waiting.
  const auto serves = [](Ost& other) { return other.target().available(); };
  if (std::ranges::none_of(ost_, serves)) space.set_active(ost, true);
}

void Filesystem::recover_target(OstIndex ost) {
  Target& target = ost_[ost.value()].target();
  target.recover();
  if (!target.available()) return; // lost meanwhile
  for (Ost& other : ost_) files_.space().set_active(other.index(), other.target().available());
}

void Filesystem::lose_target(OstIndex ost) {
  fail_target(ost);
  ost_[ost.value()].target().lose();
  for (std::uint32_t c = 0; c < clients(); ++c) evict(ClientIndex{c}, ost);
}

void Filesystem::set_target_speed(OstIndex ost, double share, bool degraded) {
  ost_[ost.value()].set_rate_factor(share);
  files_.space().set_degraded(ost, degraded);
}

void Filesystem::hang(ClientIndex client) {
  if (!runs(client)) return;
  clients_[client.value()].state().hang();
  fall_silent(client);
}

void Filesystem::wake(ClientIndex client) {
  ClientState& state = clients_[client.value()].state();
  if (state.runs() || state.dead()) return;
  state.wake();
  extent_locks_.client_back(client);
}

void Filesystem::kill(ClientIndex client) {
  Client& killed = clients_[client.value()];
  if (killed.state().dead()) return;
  killed.state().die();
  for (const Ost& ost : ost_) killed.objects().evicted_by(ost.index());
  fall_silent(client);
}

void Filesystem::fall_silent(ClientIndex client) {
  extent_locks_.client_silent(client);
  world_.spawn(expect_pings(client), {"ping evictor", client.value()});
}

std::uint32_t Filesystem::silence_of(ClientIndex client) const {
  const ClientState& state = clients_[client.value()].state();
  return state.runs() ? 0 : state.silences();
}

bool Filesystem::is_given_up(ClientIndex client, OstIndex ost) const {
  return ost_[ost.value()].target().has_given_up(client, silence_of(client));
}

kernel::Task Filesystem::expect_pings(ClientIndex client) {
  const std::uint32_t silence = silence_of(client);
  co_await world_.delay(*timer_, settings_.recovery.silence_limit());
  while (silence > 0 && silence_of(client) == silence) {
    bool all = true; // that serve or ever will
    for (Ost& ost : ost_) {
      if (ost.target().lost() || is_given_up(client, ost.index())) continue;
      if (ost.target().available())
        evict(client, ost.index());
      else
        all = false;
    }
    if (all) break;
    co_await world_.delay(*timer_, settings_.recovery.ping_interval);
  }
}

void Filesystem::evict(ClientIndex client, OstIndex ost) {
  double& last_s = evicted_s_[client.value()];
  if (last_s != world_.now().count()) ++evictions_;
  last_s = world_.now().count();
  ost_[ost.value()].target().evict(client, silence_of(client));
  clients_[client.value()].objects().evicted_by(ost);
  extent_locks_.evict(client, [&](std::uint32_t object) { return files_.ost_of(object) == ost; });
}

void Filesystem::evict(ClientIndex client, MdtIndex mdt) {
  mds_[mdt.value()].target().evict(client, silence_of(client));
  MetadataClient& metadata = clients_[client.value()].metadata();
  metadata.evicted_by(mdt);
  inode_locks_.evict(client, [&](Inode inode) { return metadata.mdt_of(inode) == mdt; });
}

void Filesystem::evict(ClientIndex client) {
  for (Ost& ost : ost_)
    if (ost.target().available()) evict(client, ost.index());
}

} // namespace lustrum::lustre
