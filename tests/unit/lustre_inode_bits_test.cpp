#include "models/lustre/policy/inode_bits.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <set>
#include <vector>

using namespace lustrum;
using namespace lustrum::lustre;

namespace {

struct Inode {
  InodeResource resource;
  std::vector<InodeLock> callbacks;
  std::vector<InodeLock> grants;

  InodeDecision ask(std::uint32_t client, LockMode mode, unsigned bits, unsigned try_bits = 0) {
    callbacks.clear();
    return resource.enqueue({.client = ClientIndex{client},
                             .mode = mode,
                             .bits = static_cast<InodeBits>(bits),
                             .try_bits = static_cast<InodeBits>(try_bits)},
                            callbacks);
  }
  void cancel(const InodeLock& lock) {
    grants.clear();
    REQUIRE(resource.cancel(lock.id, grants));
  }
};

} // namespace

TEST_CASE("a create calls back who keeps the directory's entries, not who keeps its name") {
  Inode dir;
  for (std::uint32_t client = 0; client < 100; ++client)
    CHECK(dir.ask(client, LockMode::pr, kLookupBit | kPermBit).answer == LockAnswer::granted);
  const auto lister = dir.ask(100, LockMode::pr, kUpdateBit);
  CHECK(lister.answer == LockAnswer::granted);
  const auto create = dir.ask(kServerItself.value(), LockMode::pw, kUpdateBit);
  CHECK(create.answer == LockAnswer::waits);
  REQUIRE(dir.callbacks.size() == 1);
  CHECK(dir.callbacks[0].client == ClientIndex{100});
  // A second create queues behind and calls nobody.
  CHECK(dir.ask(kServerItself.value(), LockMode::pw, kUpdateBit).answer == LockAnswer::waits);
  CHECK(dir.callbacks.empty());
  dir.cancel(lister.lock);
  REQUIRE(dir.grants.size() == 1);
  CHECK(dir.grants[0].id == create.lock.id);
  dir.cancel(create.lock);
  CHECK(dir.grants.size() == 1);
}

TEST_CASE("a restore's EX on the layout holds readers back and lets them all go at once") {
  Inode file;
  const auto restore = file.ask(kServerItself.value(), LockMode::ex, kLayoutBit);
  for (std::uint32_t client = 0; client < 5; ++client) {
    CHECK(file.ask(client, LockMode::cr, kLookupBit | kUpdateBit).answer == LockAnswer::granted);
    CHECK(file.ask(client, LockMode::cr, kLayoutBit).answer == LockAnswer::waits);
  }
  CHECK(file.callbacks.empty()); // the server does not call itself
  file.cancel(restore.lock);
  CHECK(file.grants.size() == 5);
}

TEST_CASE("try_bits: the data come with the open if nobody has them") {
  Inode file;
  const auto reader = file.ask(0, LockMode::pr, kLookupBit | kLayoutBit, kDomBit);
  CHECK(reader.lock.bits == (kLookupBit | kLayoutBit | kDomBit));
  // A writer's open in PW: only the free bit is tried, and nobody is called back.
  const auto writer = file.ask(1, LockMode::pw, kOpenBit, kDomBit | kXattrBit);
  CHECK(writer.answer == LockAnswer::granted);
  CHECK(writer.lock.bits == (kOpenBit | kXattrBit));
  CHECK(file.callbacks.empty());
  CHECK(file.ask(1, LockMode::pw, 0, kDomBit).answer == LockAnswer::refused);
  CHECK(file.resource.waiting().empty());
}

TEST_CASE("try_bits: who waits with them loses them to who really wants them") {
  Inode file;
  const auto held = file.ask(0, LockMode::pr, kUpdateBit);
  CHECK(file.ask(1, LockMode::pw, kUpdateBit, kDomBit).answer == LockAnswer::waits);
  // Tried against tried: the earlier keeps it.
  CHECK(file.ask(2, LockMode::pr, kLookupBit, kDomBit).lock.bits == kLookupBit);
  CHECK(file.ask(3, LockMode::pr, kDomBit).answer == LockAnswer::granted);
  file.cancel(held.lock);
  REQUIRE(file.grants.size() == 1);
  CHECK(file.grants[0].bits == kUpdateBit);
}

TEST_CASE("turn: each bit has its own row") {
  Inode inode;
  const auto lookup = inode.ask(0, LockMode::ex, kLookupBit);
  const auto update = inode.ask(0, LockMode::ex, kUpdateBit);
  const auto both = inode.ask(1, LockMode::pr, kLookupBit | kUpdateBit);
  const auto second = inode.ask(2, LockMode::pr, kUpdateBit);
  const auto free = inode.ask(3, LockMode::pr, kXattrBit);
  CHECK(both.answer == LockAnswer::waits);
  CHECK(second.answer == LockAnswer::waits);
  CHECK(free.answer == LockAnswer::granted);
  // Nobody holds what the second wants, but another waits for it before him.
  inode.cancel(update.lock);
  CHECK(inode.grants.empty());
  inode.cancel(lookup.lock);
  CHECK(inode.grants.size() == 2);
}

namespace {

bool modes_fight(LockMode a, LockMode b) {
  if (a == LockMode::ex || b == LockMode::ex) return true;
  if (a == LockMode::cr || b == LockMode::cr) return false;
  return a != b || a == LockMode::pw;
}
bool fight(const InodeLock& a, const InodeLock& b) {
  for (unsigned bit = 1; bit <= kDomBit; bit *= 2)
    if ((a.bits & bit) != 0 && (b.bits & bit) != 0 && modes_fight(a.mode, b.mode)) return true;
  return false;
}

// The naive model: all locks that were asked for, with what they have got.
struct Run {
  InodeResource resource;
  std::vector<InodeLock> granted;
  std::vector<InodeLock> waiting;
  std::set<LockId> called_back;
  std::vector<InodeLock> out;

  bool held_back(const InodeLock& lock, std::size_t before) const {
    const auto against = [&lock](const InodeLock& other) { return fight(lock, other); };
    return std::ranges::any_of(granted, against) ||
           std::any_of(waiting.begin(), waiting.begin() + static_cast<std::ptrdiff_t>(before),
                       against);
  }
  // The first of those who wait for one of its bits.
  bool first_in_a_row(std::size_t i) const {
    unsigned wanted_before = 0;
    for (std::size_t k = 0; k < i; ++k) wanted_before |= waiting[k].bits;
    return (waiting[i].bits & ~wanted_before) != 0;
  }
  void enqueue() {
    const auto some_bits = [] {
      return static_cast<InodeBits>(*rc::gen::inRange(0U, 16U) & *rc::gen::inRange(0U, 16U));
    };
    InodeRequest request{.client = ClientIndex{*rc::gen::inRange(0U, 4U)},
                         .mode = *rc::gen::element(LockMode::cr, LockMode::pr, LockMode::pr,
                                                   LockMode::pw, LockMode::ex),
                         .bits = some_bits(),
                         .try_bits = some_bits()};
    if ((request.bits | request.try_bits) == 0) request.bits = kLookupBit;
    const InodeLock asked{.mode = request.mode, .bits = request.bits};
    const bool must_wait = held_back(asked, waiting.size());
    out.clear();
    const InodeDecision d = resource.enqueue(request, out);
    for (const InodeLock& lock : out) {
      RC_ASSERT(called_back.insert(lock.id).second);
      RC_ASSERT(fight(asked, lock));
    }
    if (must_wait) {
      RC_ASSERT(d.answer == LockAnswer::waits);
      waiting.push_back(d.lock);
      return;
    }
    RC_ASSERT((d.answer == LockAnswer::granted || request.bits == 0));
    if (d.answer == LockAnswer::refused) return;
    RC_ASSERT((d.lock.bits & request.bits) == request.bits);
    RC_ASSERT((d.lock.bits & ~(request.bits | request.try_bits)) == 0);
    granted.push_back(d.lock);
    // A bit tried in vain was somebody's, or somebody waits or tries for it.
    for (unsigned bit = 1; bit <= kDomBit; bit *= 2) {
      if ((request.try_bits & bit) == 0 || (d.lock.bits & bit) != 0) continue;
      const auto wants = [&](const InodeLock& other) {
        return ((other.bits | other.try_bits) & bit) != 0 && modes_fight(other.mode, asked.mode);
      };
      RC_ASSERT((std::ranges::any_of(granted, wants) || std::ranges::any_of(waiting, wants)));
    }
  }
  void take_grants() {
    for (const InodeLock& g : out) {
      const auto place = std::ranges::find(waiting, g.id, &InodeLock::id);
      RC_ASSERT(place != waiting.end());
      const InodeLock asked = *place;
      RC_ASSERT((g.bits & asked.bits) == asked.bits);
      RC_ASSERT((g.bits & ~(asked.bits | asked.try_bits)) == 0);
      RC_ASSERT(!held_back(asked, static_cast<std::size_t>(place - waiting.begin())));
      waiting.erase(place);
      granted.push_back(g);
    }
  }
  void cancel(std::vector<InodeLock>& among, std::size_t i) {
    const LockId id = among[i].id;
    among.erase(among.begin() + static_cast<std::ptrdiff_t>(i));
    out.clear();
    RC_ASSERT(resource.cancel(id, out));
    take_grants();
  }
  void evict() {
    const ClientIndex client{*rc::gen::inRange(0U, 4U)};
    const auto of_client = [client](const InodeLock& l) { return l.client == client; };
    const std::size_t gone = std::erase_if(granted, of_client) + std::erase_if(waiting, of_client);
    out.clear();
    RC_ASSERT(resource.evict(client, out) == gone);
    take_grants();
  }
  void check() const {
    RC_ASSERT(resource.granted().size() == granted.size());
    RC_ASSERT(resource.waiting().size() == waiting.size());
    for (std::size_t i = 0; i < granted.size(); ++i)
      for (std::size_t k = 0; k < i; ++k) RC_ASSERT(!fight(granted[i], granted[k]));
    for (std::size_t i = 0; i < waiting.size(); ++i)
      RC_ASSERT((!first_in_a_row(i) || held_back(waiting[i], i)));
    for (const InodeLock& held : resource.granted())
      for (const InodeLock& w : resource.waiting())
        RC_ASSERT((held.called_back || !fight(w, held)));
  }
};

} // namespace

TEST_CASE("property: inode locks against a naive model") {
  CHECK(rc::check("no conflicting grants, bits as asked or tried, nobody forgotten", [] {
    Run run;
    const int steps = *rc::gen::inRange(1, 60);
    for (int i = 0; i < steps; ++i) {
      const int what = *rc::gen::inRange(0, 20);
      if (what < 12)
        run.enqueue();
      else if (what < 18 && !run.granted.empty())
        run.cancel(run.granted, *rc::gen::inRange<std::size_t>(0, run.granted.size()));
      else if (what == 18 && !run.waiting.empty())
        run.cancel(run.waiting, *rc::gen::inRange<std::size_t>(0, run.waiting.size()));
      else if (what == 19)
        run.evict();
      run.check();
    }
    while (!run.granted.empty()) {
      run.cancel(run.granted, 0);
      run.check();
    }
    RC_ASSERT(run.waiting.empty());
    RC_ASSERT(run.resource.empty());
  }));
}
