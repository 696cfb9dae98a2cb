// Dirty data and grant, from both sides.
#include "models/lustre/policy/dirty_account.hpp"
#include "models/lustre/policy/grant_pool.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <array>
#include <cmath>

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
  account.sent(Bytes{4 * kMib});
  CHECK(account.room() == Bytes{2 * kMib}); // sent is still dirty
  account.completed(Bytes{4 * kMib}, Bytes{});
  CHECK(account.verdict(Bytes{3 * kMib}, kNow) == Verdict::cached);
  account.dropped(Bytes{2 * kMib});
  CHECK((account.dirty() == Bytes{} && account.grant() == Bytes{22 * kMib}));
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
    account.sent(rpc);
    rpc_back = std::max(now, server_free) + (rpc / drain).count();
  };
  const auto receive = [&] {
    server_free = rpc_back;
    rpc_back = -1;
    account.completed(rpc, rpc);
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
  GrantPool pool({.capacity = Bytes{32 * kMib}, .chunk = Bytes{8 * kMib}});
  const ClientIndex a{0};
  const ClientIndex b{5};
  CHECK(pool.request(a, kLimits.grant_wanted()) == Bytes{4 * kMib});
  CHECK(pool.request(b, kLimits.grant_wanted()) == Bytes{kMib * 7 / 2});
  CHECK(pool.request(a, Bytes{4 * kMib}) == Bytes{}); // has what it wants
  CHECK(pool.left() == Bytes{kMib * 49 / 2});
  REQUIRE(pool.write_ungranted(pool.left()));
  CHECK(pool.request(a, kLimits.grant_wanted()) == Bytes{});
  CHECK(!pool.write_ungranted(Bytes{4096}));
  // What was granted before can still be written.
  pool.write_granted(b, Bytes{kMib});
  pool.committed(pool.pending(), pool.pending());
  CHECK(pool.free_space() == Bytes{kMib * 13 / 2});
  pool.forget(a);
  CHECK(pool.left() == Bytes{4 * kMib});
}

TEST_CASE("a large OST grants one chunk at a time") {
  GrantPool pool({.capacity = Bytes{kTib}, .chunk = Bytes{8 * kMib}});
  CHECK(pool.request(ClientIndex{0}, kLimits.grant_wanted()) == Bytes{8 * kMib});
  CHECK(pool.request(ClientIndex{0}, Bytes{10 * kMib}) == Bytes{2 * kMib});
}

TEST_CASE("property: what clients may cache never exceeds the free space of the OST") {
  CHECK(rc::check([] {
    const Bytes capacity{*rc::gen::inRange<std::uint64_t>(0, 200) * kMib};
    const Bytes reserved{capacity / 50};
    GrantPool pool({.capacity = capacity, .reserved = reserved, .chunk = Bytes{8 * kMib}});
    std::array<Bytes, 4> held{};
    Bytes used;
    for (int step = 0; step < 200; ++step) {
      const auto c = *rc::gen::inRange<std::uint32_t>(0, 4);
      const ClientIndex client{c};
      const Bytes some{*rc::gen::inRange<std::uint64_t>(0, 16) * kMib};
      switch (*rc::gen::inRange(0, 6)) {
      case 0:
      case 1: {
        const Bytes left = pool.left();
        const Bytes got = pool.request(client, kLimits.grant_wanted());
        RC_ASSERT(got <= left / 8 && got <= Bytes{8 * kMib});
        held.at(c) += got;
        break;
      }
      case 2: {
        const Bytes bytes = std::min(some, held.at(c));
        pool.write_granted(client, bytes);
        held.at(c) -= bytes;
        break;
      }
      case 3: {
        const Bytes left = pool.left();
        RC_ASSERT(pool.write_ungranted(some) == (some <= left));
        break;
      }
      case 4: {
        const Bytes bytes = std::min(some, pool.pending());
        pool.committed(bytes, bytes / 2);
        used += bytes / 2;
        break;
      }
      default:
        pool.forget(client);
        held.at(c) = Bytes{};
      }
      Bytes granted;
      for (std::uint32_t i = 0; i < held.size(); ++i) {
        RC_ASSERT(pool.granted_to(ClientIndex{i}) == held.at(i));
        granted += held.at(i);
      }
      RC_ASSERT(pool.total_granted() == granted);
      RC_ASSERT(pool.free_space() == capacity - used);
      RC_ASSERT(granted + pool.pending() + reserved <= std::max(pool.free_space(), reserved));
    }
  }));
}
