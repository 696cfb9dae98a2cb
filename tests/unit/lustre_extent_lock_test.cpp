#include "models/lustre/policy/extent_lock.hpp"

#include <doctest/doctest.h>

#include <string_view>
#include <vector>

using namespace lustrum;
using namespace lustrum::lustre;

namespace {

constexpr std::uint64_t kPage = 4096;

LockExtent mib(std::uint64_t begin, std::uint64_t end) {
  return {Bytes{begin * kMib}, Bytes{end * kMib}};
}
LockExtent mib_on(std::uint64_t begin) { return {Bytes{begin * kMib}, kToEnd}; }

// One object with what it said last.
struct Object {
  ExtentResource resource;
  std::vector<ExtentLock> callbacks;
  std::vector<ExtentLock> grants;

  ExtentDecision ask(std::uint32_t client, LockMode mode, LockExtent extent,
                     LockKind kind = LockKind::normal, std::uint32_t group = 0) {
    callbacks.clear();
    return resource.enqueue({.client = ClientIndex{client},
                             .mode = mode,
                             .extent = extent,
                             .group = group,
                             .kind = kind},
                            callbacks);
  }
  ExtentLock hold(std::uint32_t client, LockMode mode, LockExtent extent,
                  LockKind kind = LockKind::no_growth) {
    const ExtentDecision d = ask(client, mode, extent, kind);
    REQUIRE(d.answer == LockAnswer::granted);
    return d.lock;
  }
  void cancel(const ExtentLock& lock) {
    grants.clear();
    REQUIRE(resource.cancel(lock.id, grants));
  }
};

} // namespace

TEST_CASE("lock modes go together as the table in lustre_dlm.h says") {
  constexpr std::array<LockMode, kLockModes> kModes = {LockMode::cr, LockMode::cw, LockMode::pr,
                                                       LockMode::pw, LockMode::ex, LockMode::group};
  constexpr std::array<std::string_view, kLockModes> kTable = {
      "111100", // CR with CR CW PR PW EX GROUP
      "110000", // CW
      "101000", // PR
      "100000", // PW
      "000000", // EX
      "000001", // GROUP
  };
  for (std::size_t i = 0; i < kLockModes; ++i)
    for (std::size_t k = 0; k < kLockModes; ++k)
      CHECK(compatible(kModes[i], kModes[k]) == (kTable[i][k] == '1'));
}

TEST_CASE("clients lock whole pages") {
  CHECK(page_extent(Bytes{0}, Bytes{1}) == LockExtent{Bytes{0}, Bytes{kPage}});
  CHECK(page_extent(Bytes{4095}, Bytes{2}) == LockExtent{Bytes{0}, Bytes{2 * kPage}});
  // The second record of IOR's hard case (47,008 bytes) shares page 11 with the first.
  CHECK(page_extent(Bytes{47008}, Bytes{47008}) ==
        LockExtent{Bytes{11 * kPage}, Bytes{23 * kPage}});
  CHECK(page_extent(Bytes{kPage}, kToEnd - Bytes{kPage}) == LockExtent{Bytes{kPage}, kToEnd});
}

TEST_CASE("readers share a whole object, whoever asks for whichever part") {
  Object o;
  for (std::uint32_t client = 0; client < 1000; ++client) {
    const auto d = o.ask(client, LockMode::pr, mib(client, client + 1));
    CHECK(d.answer == LockAnswer::granted);
    CHECK(d.lock.extent == LockExtent{});
    CHECK(o.callbacks.empty());
  }
  CHECK(o.resource.granted().size() == 1000);
}

TEST_CASE("L14: strided writers exchange the lock for each record, one writer asks once") {
  Object o;
  auto held = o.ask(0, LockMode::pw, mib(0, 1));
  REQUIRE(held.answer == LockAnswer::granted);
  CHECK(held.lock.extent == LockExtent{});
  int exchanges = 0;
  ExtentLock holder = held.lock;
  for (std::uint32_t record = 1; record < 20; ++record) {
    REQUIRE(o.ask(record % 2, LockMode::pw, mib(record, record + 1)).answer == LockAnswer::waits);
    REQUIRE(o.callbacks.size() == 1);
    CHECK(o.callbacks[0].id == holder.id);
    o.cancel(holder);
    REQUIRE(o.grants.size() == 1);
    holder = o.grants[0];
    CHECK(holder.extent == LockExtent{}); // nobody else is left: everything again
    ++exchanges;
  }
  CHECK(exchanges == 19);
}

TEST_CASE("a lock in the way is called back once, and a waiter learns with its grant") {
  Object o;
  const auto a = o.hold(0, LockMode::pr, {}, LockKind::normal);
  CHECK(o.ask(1, LockMode::pw, mib(0, 1)).answer == LockAnswer::waits);
  REQUIRE(o.callbacks.size() == 1);
  CHECK(o.callbacks[0].client == ClientIndex{0});
  CHECK(o.callbacks[0].called_back);
  CHECK(o.ask(2, LockMode::pw, mib(0, 1)).answer == LockAnswer::waits);
  CHECK(o.callbacks.empty());
  // A reader of other bytes conflicts with nobody.
  CHECK(o.ask(3, LockMode::pr, mib(5, 6)).answer == LockAnswer::granted);
  o.cancel(a);
  REQUIRE(o.grants.size() == 1);
  CHECK(o.grants[0].client == ClientIndex{1});
  CHECK(o.grants[0].called_back);
  o.cancel(o.grants[0]);
  REQUIRE(o.grants.size() == 1);
  CHECK_FALSE(o.grants[0].called_back);
  CHECK_FALSE(o.resource.cancel(a.id, o.grants));
}

TEST_CASE("a client that asks past its own lock is called back itself") {
  Object o;
  o.hold(7, LockMode::pr, {}, LockKind::normal);
  CHECK(o.ask(7, LockMode::pw, mib(0, 1)).answer == LockAnswer::waits);
  REQUIRE(o.callbacks.size() == 1);
  CHECK(o.callbacks[0].client == ClientIndex{7});
}

TEST_CASE("growth: up to the next conflicting lock, down only where no mode conflicts") {
  Object o;
  o.hold(0, LockMode::pw, mib(100, 200));
  CHECK(o.ask(1, LockMode::pw, mib(10, 20)).lock.extent == mib(10, 100));
  CHECK(o.ask(2, LockMode::pr, mib(300, 301)).lock.extent == mib_on(300));
  Object readers;
  readers.hold(0, LockMode::pr, mib(100, 200));
  CHECK(readers.ask(1, LockMode::pr, mib(10, 20)).lock.extent == LockExtent{});
  CHECK(readers.ask(2, LockMode::pw, mib(300, 301)).answer == LockAnswer::waits);
}

TEST_CASE("growth: ends are rounded to what was asked for") {
  // A lock starts at 4.5 MiB. Pages may reach it, a request in MiB stops at 4.
  const LockExtent beyond{Bytes{9 * kMib / 2}, Bytes{5 * kMib}};
  Object o;
  o.hold(0, LockMode::pw, beyond);
  CHECK(o.ask(1, LockMode::pw, mib(1, 2)).lock.extent == mib(1, 4));
  Object p;
  p.hold(0, LockMode::pw, beyond);
  CHECK(p.ask(1, LockMode::pw, {Bytes{kPage}, Bytes{2 * kPage}}).lock.extent ==
        LockExtent{Bytes{kPage}, beyond.begin});
  Object unaligned;
  unaligned.hold(0, LockMode::pw, {Bytes{10'000}, Bytes{20'000}});
  CHECK(unaligned.ask(1, LockMode::pw, {Bytes{100}, Bytes{9'000}}).lock.extent ==
        LockExtent{Bytes{100}, Bytes{9'000}});
}

TEST_CASE("growth: a writer among more than 32 conflicting locks gets 32 MiB from its begin") {
  for (const std::uint32_t others : {32U, 33U}) {
    const auto crowded = [others] {
      Object o;
      for (std::uint32_t i = 0; i < others; ++i) o.hold(i, LockMode::pw, mib(1000 + i, 1001 + i));
      return o;
    };
    const LockExtent to_next = mib(10, 1000);
    CHECK(crowded().ask(99, LockMode::pw, mib(10, 11)).lock.extent ==
          (others > 32 ? mib(10, 42) : to_next));
    CHECK(crowded().ask(99, LockMode::cw, mib(10, 11)).lock.extent ==
          (others > 32 ? mib(10, 42) : to_next));
    CHECK(crowded().ask(99, LockMode::pr, mib(10, 11)).lock.extent == to_next);
    // Who asks for that much anyhow is not limited; rounding leaves 1000 - 1000 mod 2.
    CHECK(crowded().ask(99, LockMode::pw, mib(10, 42)).lock.extent == to_next);
  }
}

TEST_CASE("growth: waiters limit it, more than four stop it downwards") {
  for (const std::uint32_t waiters : {4U, 5U}) {
    Object o;
    o.hold(0, LockMode::pr, mib(0, 16));
    for (std::uint32_t i = 0; i < waiters; ++i)
      REQUIRE(o.ask(1 + i, LockMode::pw, mib(2 * i, 2 * i + 2)).answer == LockAnswer::waits);
    const auto d = o.ask(9, LockMode::pr, mib(20, 24));
    // Four wait up to 8 MiB; of five the fifth stops all growth downwards.
    CHECK(d.lock.extent == (waiters == 4 ? mib_on(8) : mib_on(20)));
  }
  Object o;
  o.hold(0, LockMode::pr, mib(40, 48));
  REQUIRE(o.ask(1, LockMode::pw, mib(44, 46)).answer == LockAnswer::waits);
  CHECK(o.ask(2, LockMode::pr, mib(8, 12)).lock.extent == mib(0, 44));
  // Of the same client a compatible waiter limits as well.
  REQUIRE(o.ask(3, LockMode::pr, mib(44, 46)).answer == LockAnswer::waits);
  CHECK(o.ask(3, LockMode::pr, mib(60, 62)).lock.extent == mib_on(46));
}

TEST_CASE("turn: the queue stops at the first that cannot be granted, and all come in the end") {
  Object o;
  const auto a = o.hold(0, LockMode::pw, {}, LockKind::normal);
  o.ask(1, LockMode::pw, mib(0, 1));
  o.ask(2, LockMode::pw, mib(0, 1));
  o.ask(3, LockMode::pw, mib(4, 5));
  o.cancel(a);
  // The second wants the same bytes, which limits nothing; the third limits the end, and has to
  // wait its turn although nobody holds its bytes.
  REQUIRE(o.grants.size() == 1);
  const ExtentLock first = o.grants[0];
  CHECK(first.extent == mib(0, 4));
  CHECK(first.called_back);
  o.cancel(first);
  REQUIRE(o.grants.size() == 2);
  CHECK(o.grants[0].extent == mib(0, 4));
  CHECK(o.grants[1].extent == mib_on(4));
  CHECK(o.resource.waiting().empty());
}

TEST_CASE("L20: the eviction of a hung holder lets the waiters go on") {
  Object o;
  o.hold(0, LockMode::pw, {}, LockKind::normal);
  o.ask(1, LockMode::pr, mib(0, 1));
  o.ask(0, LockMode::pr, mib(0, 1));
  o.ask(2, LockMode::pr, mib(0, 1));
  CHECK(o.resource.evict(ClientIndex{0}, o.grants) == 2);
  CHECK(o.grants.size() == 2);
  CHECK(o.resource.evict(ClientIndex{0}, o.grants) == 0);
}

TEST_CASE("lockahead takes exactly what it asks for and never waits") {
  Object o;
  CHECK(o.hold(0, LockMode::pw, mib(0, 1), LockKind::lockahead).extent == mib(0, 1));
  CHECK(o.hold(1, LockMode::pw, mib(1, 2), LockKind::lockahead).extent == mib(1, 2));
  CHECK(o.ask(2, LockMode::pw, mib(1, 3), LockKind::lockahead).answer == LockAnswer::refused);
  CHECK(o.callbacks.empty());
  CHECK(o.resource.waiting().empty());
  for (const ExtentLock& lock : o.resource.granted()) CHECK_FALSE(lock.called_back);
}

TEST_CASE("group locks share with their group, pass the queue and are never called back") {
  Object o;
  const auto reader = o.hold(0, LockMode::pr, mib(0, 1));
  REQUIRE(o.ask(1, LockMode::pw, mib(0, 1)).answer == LockAnswer::waits);
  REQUIRE(o.ask(2, LockMode::group, {}, LockKind::normal, 7).answer == LockAnswer::waits);
  REQUIRE(o.ask(3, LockMode::group, {}, LockKind::normal, 8).answer == LockAnswer::waits);
  REQUIRE(o.ask(4, LockMode::group, {}, LockKind::normal, 7).answer == LockAnswer::waits);
  o.cancel(reader);
  REQUIRE(o.grants.size() == 2);
  CHECK(o.grants[0].client == ClientIndex{2});
  CHECK(o.grants[1].client == ClientIndex{4});
  // One more of the group need not wait; a reader of any byte must, and calls nobody back.
  CHECK(o.ask(5, LockMode::group, {}, LockKind::normal, 7).answer == LockAnswer::granted);
  CHECK(o.ask(6, LockMode::pr, mib(900, 901)).answer == LockAnswer::waits);
  CHECK(o.callbacks.empty());
  CHECK(o.resource.evict(ClientIndex{2}, o.grants) == 1);
  CHECK(o.resource.evict(ClientIndex{4}, o.grants) == 1);
  o.grants.clear();
  CHECK(o.resource.evict(ClientIndex{5}, o.grants) == 1);
  REQUIRE(o.grants.size() == 1);
  CHECK(o.grants[0].group == 8);
}

TEST_CASE("a glimpse is a read lock where nobody writes, or names who knows the size") {
  Object o;
  CHECK(o.ask(0, LockMode::pr, {}, LockKind::glimpse).lock.extent == LockExtent{});
  Object w;
  w.hold(1, LockMode::pw, mib(0, 10));
  w.hold(2, LockMode::pw, mib(10, 20));
  w.hold(3, LockMode::pw, mib(20, 21), LockKind::lockahead);
  CHECK(w.ask(0, LockMode::pr, {}, LockKind::glimpse).answer == LockAnswer::refused);
  CHECK(w.callbacks.empty());
  std::vector<ExtentLock> holders;
  w.resource.glimpse_holders(Bytes{5 * kMib}, holders);
  REQUIRE(holders.size() == 2);
  CHECK(holders[0].client == ClientIndex{2});
  CHECK(holders[1].client == ClientIndex{3});
  holders.clear();
  w.resource.glimpse_holders(Bytes{21 * kMib}, holders);
  CHECK(holders.empty());
}

TEST_CASE("the server's own lock does not grow and is not called back") {
  Object o;
  const auto own = o.ask(kServerItself.value(), LockMode::pw, mib(1, 2));
  CHECK(own.lock.extent == mib(1, 2));
  CHECK(o.ask(0, LockMode::pr, mib(0, 8)).answer == LockAnswer::waits);
  CHECK(o.callbacks.empty());
  o.cancel(own.lock);
  CHECK(o.grants.size() == 1);
}
