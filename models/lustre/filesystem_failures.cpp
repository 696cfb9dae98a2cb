// The failing half of Filesystem: targets that go and come back, clients that fall silent.
#include "models/lustre/filesystem.hpp"

#include <algorithm>

namespace lustrum::lustre {

// --- Targets ----------------------------------------------------------------------------------

std::vector<TargetIndex> Filesystem::targets() const {
  std::vector<TargetIndex> all;
  for (std::uint32_t m = 0; m < mdts(); ++m) all.emplace_back(MdtIndex{m});
  for (std::uint32_t t = 0; t < osts(); ++t) all.emplace_back(OstIndex{t});
  return all;
}

void Filesystem::fail_target(TargetIndex index) {
  target_at(index).fail();
  if (!index.is_mdt()) avoid_absent_osts();
}

void Filesystem::recover_target(TargetIndex index, const RecoveryReport& report) {
  target_at(index).recover();
  recoveries_[number_of(index)] = report;
  if (!index.is_mdt()) avoid_absent_osts();
}

void Filesystem::move_target(TargetIndex index, fabric::ServerNode server) {
  if (index.is_mdt())
    mds_[index.number()].move_to(mds_[server.index()]);
  else
    ost_[index.number()].move_to(oss_[server.index()]);
}

void Filesystem::lose_target(OstIndex ost) {
  target_at(ost).lose();
  avoid_absent_osts();
  for (std::uint32_t c = 0; c < clients(); ++c) evict(ClientIndex{c}, ost);
}

// Without any OST to choose from, creating a file would fail at once instead of waiting: then all
// remain.
void Filesystem::avoid_absent_osts() {
  const auto serves = [](const Ost& ost) { return ost.target().available(); };
  const bool any = std::ranges::any_of(ost_, serves);
  for (const Ost& ost : ost_) files_.space().set_active(ost.index(), serves(ost) || !any);
}

void Filesystem::set_target_speed(OstIndex ost, double share, bool degraded) {
  ost_[ost.value()].set_rate_factor(share);
  files_.space().set_degraded(ost, degraded);
}

// --- Clients ----------------------------------------------------------------------------------

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
  inode_locks_.client_back(client);
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

bool Filesystem::is_given_up(ClientIndex client, TargetIndex index) const {
  return target(index).has_given_up(client, silence_of(client));
}

kernel::Task Filesystem::expect_pings(ClientIndex client) {
  const std::uint32_t silence = silence_of(client);
  co_await world_.delay(*timer_, settings_.recovery.silence_limit());
  while (silence > 0 && silence_of(client) == silence) {
    bool all = true; // that serve or ever will
    for (const TargetIndex index : targets()) {
      if (target(index).lost() || is_given_up(client, index)) continue;
      if (target(index).available())
        evict(client, index);
      else
        all = false;
    }
    if (all) break;
    co_await world_.delay(*timer_, settings_.recovery.ping_interval);
  }
}

void Filesystem::evict(ClientIndex client, TargetIndex index) {
  const std::uint32_t silence = silence_of(client);
  Eviction& last = last_evictions_[client.value()];
  if (silence > 0 ? last.silence != silence : last.at != world_.now()) ++evictions_;
  last = {world_.now(), silence};
  target_at(index).evict(client, silence);
  Client& evicted = clients_[client.value()];
  if (index.is_mdt()) {
    MetadataClient& metadata = evicted.metadata();
    metadata.evicted_by(index.mdt());
    inode_locks_.evict(client, [&](Inode inode) { return metadata.mdt_of(inode) == index.mdt(); });
  } else {
    evicted.objects().evicted_by(index.ost());
    extent_locks_.evict(client,
                        [&](std::uint32_t object) { return files_.ost_of(object) == index.ost(); });
  }
}

void Filesystem::evict(ClientIndex client) {
  for (const TargetIndex index : targets())
    if (target(index).available()) evict(client, index);
}

} // namespace lustrum::lustre
