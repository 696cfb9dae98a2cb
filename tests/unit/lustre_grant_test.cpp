// Dirty data and grant, from both sides.
#include "models/lustre/policy/dirty_account.hpp"
#include "models/lustre/policy/grant_pool.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <deque>

using namespace lustrum;
using namespace lustrum::lustre;

namespace {

using Verdict = DirtyAccount::Verdict;
constexpr DirtyLimits kLimits{
    .max_dirty = Bytes{2000 * kMib}, .rpc_size = Bytes{4 * kMib}, .rpcs_in_flight = 8};
const Seconds kNow{};

} // namespace

TEST_CASE("a client asks for grant for all that it may have dirty or in flight") {
  CHECK(kLimits.grant_wanted() == Bytes{2000 * kMib});
  DirtyLimits small = kLimits;
  small.max_dirty = Bytes{32 * kMib};
  CHECK(small.grant_wanted() == Bytes{9 * 4 * kMib});
}

TEST_CASE("a writer waits for max_dirty and for grant, while a write can bring it") {
  DirtyAccount account({.max_dirty = Bytes{8 * kMib}, .rpc_size = Bytes{4 * kMib}});
  CHECK(account.verdict(Bytes{kMib}, kNow) == Verdict::synchronous); // no grant, none will come
  account.granted(Bytes{6 * kMib});
  CHECK(account.room() == Bytes{6 * kMib});
  CHECK(account.verdict(Bytes{6 * kMib}, kNow) == Verdict::cached);
  account.dirtied(Bytes{6 * kMib});
  CHECK(account.verdict(Bytes{4096}, kNow) == Verdict::wait); // for grant
  CHECK(account.verdict(Bytes{4096}, Seconds{50}) == Verdict::synchronous);
  account.granted(Bytes{20 * kMib});
  CHECK(account.room() == Bytes{2 * kMib});
  CHECK(account.verdict(Bytes{3 * kMib}, kNow) == Verdict::wait); // for dirty space
  account.clean(Bytes{4 * kMib});
  CHECK(account.verdict(Bytes{3 * kMib}, kNow) == Verdict::cached);
  account.dirtied(Bytes{3 * kMib});
  account.not_dirtied(Bytes{kMib}); // it was dirty before
  CHECK((account.dirty() == Bytes{4 * kMib} && account.grant() == Bytes{18 * kMib}));
  CHECK(account.forfeit() == Bytes{18 * kMib});
  CHECK(account.consumed() + account.returned() == Bytes{26 * kMib});
  CHECK(account.verdict(Bytes{4096}, kNow) == Verdict::wait); // its dirty data is still on the way
}

TEST_CASE("an idle client keeps grant for a full pipe, then for one RPC") {
  DirtyAccount account(kLimits);
  account.granted(Bytes{100 * kMib});
  CHECK(account.give_back() == Bytes{64 * kMib}); // 36 stay: 8 RPCs and one more
  CHECK(account.give_back() == Bytes{32 * kMib});
  CHECK(account.give_back() == Bytes{});
  CHECK(account.grant() == Bytes{4 * kMib});
}

// L13: 10 GiB written at a = 4 GiB/s, drained at d = 1 GiB/s, D = max_dirty 2000 MiB. Dirty data
// grows at a - d: the writer first blocks at D/(a - d) = 0.651 s. write() returns when all but D is
// drained, (10 GiB - D)/d = 8.047 s, and fsync when all is: 10 s. One RPC at a time, so each time
// is off by up to one: 4 ms.
TEST_CASE("L13: a buffered write of 10 GiB blocks, returns and is synced when it must") {
  const BytesPerSecond app{4.0 * kGib};
  const BytesPerSecond drain{1.0 * kGib};
  const Bytes piece{256 * kKib};
  const Bytes rpc = kLimits.rpc_size;
  DirtyAccount account(kLimits);
  account.granted(kLimits.grant_wanted());
  double now = 0;
  double blocked_at = 0;
  double rpc_back = -1; // < 0: none in flight
  double server_free = 0;
  const auto send = [&] {
    if (rpc_back >= 0 || account.dirty() < rpc) return;
    rpc_back = std::max(now, server_free) + (rpc / drain).count();
  };
  const auto receive = [&] {
    server_free = rpc_back;
    rpc_back = -1;
    account.clean(rpc);
    account.granted(rpc);
    send();
  };
  for (Bytes written; written < Bytes{10 * kGib};) {
    if (account.verdict(piece, kNow) == Verdict::cached) {
      now += (piece / app).count();
      while (rpc_back >= 0 && rpc_back <= now) receive();
      account.dirtied(piece);
      written += piece;
      send();
    } else {
      REQUIRE(account.verdict(piece, kNow) == Verdict::wait);
      if (blocked_at == 0) blocked_at = now;
      now = rpc_back;
      receive();
    }
  }
  const double returned_at = now;
  while (account.dirty() > Bytes{}) receive();
  constexpr double kOneRpc = 4.0 / 1024;
  CHECK(blocked_at == doctest::Approx(2000.0 / 3072).epsilon(0.01));
  CHECK(std::abs(returned_at - (10240.0 - 2000.0) / 1024) <= 2 * kOneRpc);
  CHECK(std::abs(server_free - 10.0) <= 2 * kOneRpc);
}

TEST_CASE("an OST grants an eighth of what is left at most, and nothing when it is full") {
  constexpr ClientIndex kA{0};
  constexpr ClientIndex kB{5};
  DirtyAccount a(kLimits);
  DirtyAccount b(kLimits);
  GrantPool pool({.clients = 2, .chunk = Bytes{8 * kMib}});
  const Bytes free{32 * kMib};
  pool.join(kA, a, free, kNow); // a share of an eighth
  CHECK(a.grant() == Bytes{2 * kMib});
  pool.join(kB, b, free, kNow);
  CHECK(b.grant() == Bytes{30 * kMib / 16});
  pool.renew(kB, free, kNow);
  const Bytes more = (free - Bytes{2 * kMib} - Bytes{30 * kMib / 16}) / 8;
  CHECK(b.grant() == Bytes{30 * kMib / 16} + more - more % kPageSize);
  CHECK(pool.left(free) == free - a.grant() - b.grant());
  CHECK(pool.granted() == a.grant() + b.grant());
  const Bytes held = a.grant();
  pool.renew(kA, pool.granted(), kNow); // nothing is left
  CHECK(a.grant() == held);
  pool.forget(kA);
  CHECK(a.grant() == Bytes{});
  CHECK(a.returned() == held);
  CHECK(pool.granted() == b.grant());
}

TEST_CASE("a large OST grants all that is wanted at first, then one chunk at a time") {
  DirtyAccount account(kLimits);
  GrantPool pool({.clients = 64, .chunk = Bytes{8 * kMib}});
  pool.join(ClientIndex{0}, account, Bytes{kTib}, kNow);
  CHECK(account.grant() == kLimits.grant_wanted());
  account.dirtied(Bytes{100 * kMib});
  pool.used(Bytes{100 * kMib});
  pool.renew(ClientIndex{0}, Bytes{kTib}, kNow); // what is dirty is not wanted again
  CHECK(account.grant() == Bytes{1900 * kMib});
  account.clean(Bytes{100 * kMib});
  pool.renew(ClientIndex{0}, Bytes{kTib}, kNow);
  CHECK(account.grant() == Bytes{1908 * kMib});
}

TEST_CASE("a client that has not written for 1200 s returns grant, unless that is off") {
  DirtyAccount idle(kLimits);
  DirtyAccount busy(kLimits);
  GrantPool pool({.clients = 2});
  pool.join(ClientIndex{0}, idle, Bytes{kTib}, kNow);
  pool.join(ClientIndex{1}, busy, Bytes{kTib}, kNow);
  pool.collect_idle(Seconds{1199});
  CHECK(idle.grant() == kLimits.grant_wanted());
  pool.renew(ClientIndex{1}, Bytes{kTib}, Seconds{1199});
  pool.collect_idle(Seconds{1201});
  CHECK(idle.grant() == Bytes{36 * kMib});
  CHECK(busy.grant() == kLimits.grant_wanted());
  pool.collect_idle(Seconds{2500});
  CHECK(idle.grant() == Bytes{4 * kMib});
  CHECK(busy.grant() == Bytes{36 * kMib});
  CHECK(pool.granted() == Bytes{40 * kMib});

  DirtyAccount kept(kLimits);
  GrantPool never({.idle = {}});
  never.join(ClientIndex{0}, kept, Bytes{kTib}, kNow);
  never.collect_idle(Seconds{1e6});
  CHECK(kept.grant() == kLimits.grant_wanted());
}

// Against what an OST's free space must do when dirty data takes its space at once: what clients
// hold of grant never exceeds it, so a cached write never fails for want of space.
TEST_CASE("property: what clients may still cache never exceeds the free space of the OST") {
  CHECK(rc::check([] {
    constexpr std::uint32_t kClients = 4;
    Bytes free{*rc::gen::inRange<std::uint64_t>(0, 200) * kMib};
    GrantPool pool({.clients = kClients, .chunk = Bytes{8 * kMib}});
    std::deque<DirtyAccount> accounts;
    for (std::uint32_t i = 0; i < kClients; ++i) accounts.emplace_back(kLimits);
    double now_s = 0;
    for (int step = 0; step < 200; ++step) {
      const ClientIndex client{*rc::gen::inRange<std::uint32_t>(0, kClients)};
      DirtyAccount& account = accounts[client.value()];
      const Bytes some{*rc::gen::inRange<std::uint64_t>(0, 16) * kMib};
      now_s += 100.0 * *rc::gen::inRange(0, 10);
      pool.collect_idle(Seconds{now_s});
      if (!pool.has(client)) pool.join(client, account, free, Seconds{now_s});
      switch (*rc::gen::inRange(0, 5)) {
      case 0: {
        const Bytes bytes = std::min(some, account.room());
        account.dirtied(bytes);
        pool.used(bytes);
        free -= bytes;
        break;
      }
      case 1:
        account.clean(std::min(some, account.dirty()));
        break;
      case 2: { // a direct write: only what nobody has been promised
        const Bytes bytes = std::min(some, pool.left(free));
        free -= bytes;
        break;
      }
      case 3: {
        const Bytes left = pool.left(free);
        const Bytes before = account.grant();
        pool.renew(client, free, Seconds{now_s});
        RC_ASSERT(account.grant() - before <= std::min(left / 8, Bytes{8 * kMib}));
        break;
      }
      default:
        pool.forget(client);
      }
      Bytes held;
      Bytes gone;
      for (const DirtyAccount& one : accounts) {
        held += one.grant();
        gone += one.consumed() + one.returned();
      }
      RC_ASSERT(pool.granted() == held);
      RC_ASSERT(pool.given() == held + gone);
      RC_ASSERT(held <= free);
    }
  }));
}
