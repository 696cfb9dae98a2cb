#include "models/lustre/policy/lock_cache.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <vector>

using namespace lustrum;
using namespace lustrum::lustre;

namespace {

constexpr std::uint64_t kPage = 4096;

LockExtent pages(std::uint64_t begin, std::uint64_t end) {
  return {Bytes{begin * kPage}, Bytes{end * kPage}};
}
ExtentLock granted(std::uint32_t id, LockMode mode, LockExtent extent = {}) {
  return {.extent = extent, .id = LockId{id}, .mode = mode};
}

} // namespace

TEST_CASE("L14, L23: one enqueue per object, whatever is read or written under the lock") {
  ClientLocks locks;
  CHECK_FALSE(locks.match(5, LockMode::pw, pages(0, 1)));
  const auto lock = locks.add(5, granted(1, LockMode::pw));
  CHECK_FALSE(locks.release(lock, Seconds{1}));
  for (std::uint64_t p = 0; p < 100; ++p) {
    CHECK(locks.match(5, LockMode::pw, pages(p, p + 1)) == lock);
    CHECK(locks.match(5, LockMode::pr, pages(p, p + 1)) == lock);
  }
  CHECK_FALSE(locks.match(6, LockMode::pr, pages(0, 1)));
}

TEST_CASE("a lock serves its own mode, a write lock readers too, a group lock its group") {
  ClientLocks locks;
  locks.add(1, granted(1, LockMode::pr, pages(0, 8)));
  CHECK(locks.match(1, LockMode::pr, pages(2, 8)));
  CHECK_FALSE(locks.match(1, LockMode::pr, pages(2, 9)));
  CHECK_FALSE(locks.match(1, LockMode::pw, pages(2, 8)));
  ExtentLock group = granted(2, LockMode::group);
  group.group = 7;
  locks.add(2, group);
  CHECK(locks.match(2, LockMode::group, pages(0, 1), 7));
  CHECK_FALSE(locks.match(2, LockMode::group, pages(0, 1), 8));
  CHECK_FALSE(locks.match(2, LockMode::pr, pages(0, 1), 7));
}

TEST_CASE("a lock called back serves nobody new and goes with its last user") {
  ClientLocks locks;
  const auto busy = locks.add(1, granted(1, LockMode::pw));
  locks.use(busy);
  CHECK(locks.find(1, LockId{1}) == busy);
  CHECK_FALSE(locks.call_back(busy));
  CHECK_FALSE(locks.match(1, LockMode::pr, pages(0, 1)));
  CHECK_FALSE(locks.release(busy, Seconds{1}));
  CHECK(locks.release(busy, Seconds{2}));
  CHECK(locks.find(1, LockId{1}) == busy); // until its data are flushed
  locks.remove(busy);
  CHECK_FALSE(locks.find(1, LockId{1}));
  const auto idle = locks.add(1, granted(2, LockMode::pw));
  locks.release(idle, Seconds{3});
  CHECK(locks.call_back(idle));
  CHECK_FALSE(locks.call_back(idle));
  // Called back while it was on its way.
  ExtentLock late = granted(3, LockMode::pw);
  late.called_back = true;
  CHECK(locks.release(locks.add(1, late), Seconds{4}));
}

TEST_CASE("the longest unused go first: too many of them, or too old") {
  ClientLocks locks({.lru_size = 2, .lru_max_age = Seconds{10}});
  std::vector<ClientLocks::Handle> held;
  for (std::uint32_t i = 0; i < 5; ++i) held.push_back(locks.add(i, granted(1, LockMode::pr)));
  std::vector<ClientLocks::Handle> out;
  locks.take_unneeded(Seconds{0}, 99, out);
  CHECK(out.empty()); // five are more than two, but all are in use
  for (const std::uint32_t i : {3U, 0U, 4U, 1U})
    locks.release(held[i], Seconds{static_cast<double>(i == 3 ? 0 : 5)});
  locks.take_unneeded(Seconds{5}, 1, out);
  CHECK(out == std::vector{held[3]});
  locks.take_unneeded(Seconds{5}, 99, out);
  CHECK(out == std::vector{held[3], held[0]});
  // Used again: to the end of the row.
  locks.use(held[4]);
  locks.release(held[4], Seconds{8});
  locks.take_unneeded(Seconds{15}, 99, out); // 10 s old is not older than 10 s
  CHECK(out.size() == 2);
  locks.take_unneeded(Seconds{16}, 99, out);
  CHECK(out == std::vector{held[3], held[0], held[1]});
  CHECK(locks.unused() == 1);
  CHECK(locks.size() == 5);
}

TEST_CASE("with lru_size 0 the server says how many") {
  ClientLocks locks;
  std::vector<ClientLocks::Handle> out;
  for (std::uint32_t i = 0; i < 100; ++i)
    locks.release(locks.add(i, granted(1, LockMode::pr)), Seconds{1});
  locks.take_unneeded(Seconds{2}, 1000, out);
  CHECK(out.empty());
  locks.set_server_limit(60);
  locks.take_unneeded(Seconds{2}, 1000, out);
  CHECK(out.size() == 40);
}

namespace {

// The naive model: one list of locks, searched from the start; the LRU is a list as well.
struct Naive {
  struct Entry {
    ClientLocks::Handle handle;
    std::uint32_t object;
    ExtentLock lock;
    std::uint32_t users;
  };
  std::vector<Entry> held; // oldest first
  std::vector<std::pair<ClientLocks::Handle, Seconds>> lru;

  Entry& entry(ClientLocks::Handle h) { return *std::ranges::find(held, h, &Entry::handle); }
  std::optional<ClientLocks::Handle> match(std::uint32_t object, LockMode mode,
                                           const LockExtent& e) const {
    for (const Entry& c : held)
      if (c.object == object && !c.lock.called_back && c.lock.extent.begin <= e.begin &&
          e.end <= c.lock.extent.end && (c.lock.mode == LockMode::pw || mode == LockMode::pr))
        return c.handle;
    return std::nullopt;
  }
  void leave(ClientLocks::Handle h) {
    std::erase_if(lru, [h](const auto& u) { return u.first == h; });
  }
};

struct Run {
  ClientLocks locks;
  Naive naive;
  Seconds now{};
  std::uint32_t next_id = 0;
  Seconds max_age;
  std::uint32_t most;

  Run(std::uint32_t lru_size, Seconds age)
      : locks({.lru_size = lru_size, .lru_max_age = age}), max_age(age), most(lru_size) {}

  void add(std::uint32_t object, LockMode mode, LockExtent extent) {
    ExtentLock lock = granted(next_id++, mode, extent);
    lock.called_back = *rc::gen::inRange(0, 8) == 0;
    naive.held.push_back({locks.add(object, lock), object, lock, 1});
  }
  void let_go(ClientLocks::Handle h) {
    locks.remove(h);
    naive.leave(h);
    std::erase_if(naive.held, [h](const Naive::Entry& e) { return e.handle == h; });
  }
  void use_or_release() {
    const ClientLocks::Handle h = (*rc::gen::elementOf(naive.held)).handle;
    Naive::Entry& e = naive.entry(h);
    if (e.users > 0 && *rc::gen::inRange(0, 3) > 0) {
      const bool last = --e.users == 0;
      RC_ASSERT(locks.release(h, now) == (last && e.lock.called_back));
      if (last && !e.lock.called_back) naive.lru.emplace_back(h, now);
    } else if (!e.lock.called_back) {
      if (e.users++ == 0) naive.leave(h);
      locks.use(h);
    } else if (e.users == 0) {
      let_go(h);
    }
  }
  void call_back() {
    const ClientLocks::Handle h = (*rc::gen::elementOf(naive.held)).handle;
    Naive::Entry& e = naive.entry(h);
    RC_ASSERT(locks.call_back(h) == (!e.lock.called_back && e.users == 0));
    e.lock.called_back = true;
    naive.leave(h);
  }
  void take() {
    std::vector<ClientLocks::Handle> out;
    const auto bound = *rc::gen::inRange<std::size_t>(0, 4);
    locks.take_unneeded(now, bound, out);
    std::vector<ClientLocks::Handle> expected;
    while (expected.size() < bound && !naive.lru.empty() &&
           (naive.lru.size() > most || now - naive.lru.front().second > max_age)) {
      expected.push_back(naive.lru.front().first);
      RC_ASSERT(naive.entry(expected.back()).users == 0U);
      naive.entry(expected.back()).lock.called_back = true;
      naive.lru.erase(naive.lru.begin());
    }
    RC_ASSERT(out == expected);
    for (const ClientLocks::Handle h : out)
      if (*rc::gen::inRange(0, 2) == 0) let_go(h);
  }
};

} // namespace

TEST_CASE("property: the client's locks against a list") {
  CHECK(rc::check("the same lock matches, the same ones are given up, in the same order", [] {
    Run run(*rc::gen::inRange(1U, 6U), Seconds{*rc::gen::inRange(1, 30) * 1.0});
    // Many objects fill and empty the hash table; few make long rows of locks.
    const auto objects = *rc::gen::element(3U, 40U, 1U << 30U);
    const int steps = *rc::gen::inRange(1, 200);
    for (int i = 0; i < steps; ++i) {
      run.now += Seconds{*rc::gen::inRange(0, 4) * 1.0};
      const auto object = *rc::gen::inRange(0U, objects);
      const auto mode = *rc::gen::element(LockMode::pr, LockMode::pw);
      const auto begin = *rc::gen::inRange<std::uint64_t>(0, 6);
      const LockExtent extent = pages(begin, begin + *rc::gen::inRange<std::uint64_t>(1, 6));
      const int what = *rc::gen::inRange(0, 10);
      if (what < 4 || run.naive.held.empty())
        run.add(object, mode, extent);
      else if (what < 7)
        run.use_or_release();
      else if (what == 7)
        run.call_back();
      else
        run.take();
      RC_ASSERT(run.locks.match(object, mode, extent) == run.naive.match(object, mode, extent));
      RC_ASSERT(run.locks.size() == run.naive.held.size());
      RC_ASSERT(run.locks.unused() == run.naive.lru.size());
      for (const Naive::Entry& e : run.naive.held)
        RC_ASSERT(run.locks.find(e.object, e.lock.id) == e.handle);
    }
  }));
}
