#include "models/lustre/policy/extent_lock.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <set>
#include <vector>

using namespace lustrum;
using namespace lustrum::lustre;

namespace {

constexpr std::uint64_t kPage = 4096;

// A naive model, in pages, written down anew from the rules in the header: it knows what was asked
// and what was answered, and checks every answer against all other locks.
struct Naive {
  static constexpr std::uint64_t kEnd = 40; // stands for EOF: all requests end far below

  struct Entry {
    ExtentLock lock;
    LockExtent asked;
  };
  std::vector<Entry> granted;
  std::vector<Entry> waiting; // in the order of the resource's queue

  static std::uint64_t page(Bytes at) { return at == kToEnd ? kEnd : at.count() / kPage; }

  static bool modes_fight(const ExtentLock& a, const ExtentLock& b) {
    if (a.mode == LockMode::group || b.mode == LockMode::group)
      return a.mode != b.mode || a.group != b.group;
    if (a.mode == LockMode::cr || b.mode == LockMode::cr)
      return a.mode == LockMode::ex || b.mode == LockMode::ex;
    return a.mode != b.mode || a.mode == LockMode::pw || a.mode == LockMode::ex;
  }
  static bool share_a_page(const LockExtent& a, const LockExtent& b) {
    for (std::uint64_t p = 0; p < kEnd; ++p)
      if (p >= page(a.begin) && p < page(a.end) && p >= page(b.begin) && p < page(b.end))
        return true;
    return false;
  }
  static bool fight(const ExtentLock& a, const ExtentLock& b) {
    const bool everywhere = a.mode == LockMode::group || b.mode == LockMode::group;
    return modes_fight(a, b) && (everywhere || share_a_page(a.extent, b.extent));
  }
  bool blocked(const ExtentLock& lock) const {
    return std::ranges::any_of(granted, [&](const Entry& e) { return fight(lock, e.lock); });
  }

  // What a request may get, one page after the other.
  LockExtent expected(const ExtentLock& asked) const {
    if (asked.kind == LockKind::no_growth || asked.kind == LockKind::lockahead) return asked.extent;
    const std::uint64_t begin = page(asked.extent.begin);
    const std::uint64_t end = page(asked.extent.end);
    std::vector<LockExtent> walls;
    bool down = true;
    int rivals = 0;
    for (const Entry& e : granted) {
      if (!modes_fight(asked, e.lock)) continue;
      walls.push_back(e.lock.extent);
      down = false;
    }
    for (const Entry& e : waiting) {
      if (!modes_fight(asked, e.lock) && e.lock.client != asked.client) continue;
      if (++rivals > 4) down = false;
      if (!share_a_page(e.lock.extent, asked.extent)) walls.push_back(e.lock.extent);
    }
    const auto free = [&walls](std::uint64_t p) {
      return std::ranges::none_of(
          walls, [p](const LockExtent& w) { return p >= page(w.begin) && p < page(w.end); });
    };
    std::uint64_t low = begin;
    std::uint64_t high = end;
    while (down && low > 0 && free(low - 1)) --low;
    while (high < kEnd && free(high)) ++high;
    if (low == 0 && high == kEnd) return {};
    std::uint64_t unit = 1;
    while (begin % (2 * unit) == 0 && (end == kEnd || end % (2 * unit) == 0)) unit *= 2;
    while (low % unit != 0) ++low;
    while (high != kEnd && high % unit != 0) --high;
    return {Bytes{low * kPage}, high == kEnd ? kToEnd : Bytes{high * kPage}};
  }

  void take_grants(const std::vector<ExtentLock>& grants) {
    for (const ExtentLock& g : grants) {
      // Only ever the head of the queue.
      RC_ASSERT(!waiting.empty());
      Entry e = waiting.front();
      RC_ASSERT(e.lock.id == g.id);
      RC_ASSERT(!blocked(e.lock));
      waiting.erase(waiting.begin());
      RC_ASSERT(g.extent == expected(e.lock));
      e.lock = g;
      granted.push_back(e);
    }
  }
  void check(const ExtentResource& r) const {
    RC_ASSERT(r.granted().size() == granted.size());
    RC_ASSERT(r.waiting().size() == waiting.size());
    RC_ASSERT((waiting.empty() || blocked(waiting.front().lock)));
    for (std::size_t i = 0; i < granted.size(); ++i) {
      RC_ASSERT(granted[i].lock.extent.covers(granted[i].asked));
      for (std::size_t k = 0; k < i; ++k) RC_ASSERT(!fight(granted[i].lock, granted[k].lock));
    }
    // Whoever waits for a lock has seen to it that its holder knows.
    for (const ExtentLock& held : r.granted())
      for (const ExtentLock& w : r.waiting())
        RC_ASSERT((held.mode == LockMode::group || held.called_back || !fight(w, held)));
  }
};

struct Run {
  ExtentResource resource;
  Naive naive;
  std::set<LockId> called_back;
  std::vector<ExtentLock> out;

  void enqueue() {
    const auto begin = *rc::gen::inRange<std::uint64_t>(0, 24);
    const auto pages = *rc::gen::inRange<std::uint64_t>(1, 9);
    const bool open_end = *rc::gen::inRange(0, 6) == 0;
    const LockExtent extent{Bytes{begin * kPage},
                            open_end ? kToEnd : Bytes{(begin + pages) * kPage}};
    ExtentRequest request{.client = ClientIndex{*rc::gen::inRange(0U, 4U)},
                          .mode = *rc::gen::weightedElement<LockMode>({{6, LockMode::pr},
                                                                       {6, LockMode::pw},
                                                                       {1, LockMode::cw},
                                                                       {1, LockMode::cr},
                                                                       {1, LockMode::ex},
                                                                       {1, LockMode::group}}),
                          .extent = extent,
                          .group = *rc::gen::inRange(0U, 2U),
                          .kind = *rc::gen::weightedElement<LockKind>({{8, LockKind::normal},
                                                                       {3, LockKind::no_growth},
                                                                       {1, LockKind::lockahead},
                                                                       {1, LockKind::glimpse}})};
    if (request.mode == LockMode::group) request.extent = {};
    const ExtentLock as_asked{.extent = request.extent,
                              .client = request.client,
                              .group = request.group,
                              .mode = request.mode,
                              .kind = request.kind};
    out.clear();
    const bool held_back = naive.blocked(as_asked);
    const bool behind = std::ranges::any_of(
        naive.waiting, [&](const Naive::Entry& e) { return Naive::fight(as_asked, e.lock); });
    const LockExtent may_get = naive.expected(as_asked);
    const ExtentDecision d = resource.enqueue(request, out);
    for (const ExtentLock& lock : out) {
      RC_ASSERT(called_back.insert(lock.id).second);
      RC_ASSERT(Naive::fight(as_asked, lock));
    }
    if (d.answer == LockAnswer::granted) {
      RC_ASSERT(!held_back);
      RC_ASSERT((!behind || request.mode == LockMode::group));
      RC_ASSERT(d.lock.extent == may_get);
      naive.granted.push_back({d.lock, request.extent});
      return;
    }
    RC_ASSERT((held_back || behind));
    const bool patient = request.kind == LockKind::normal || request.kind == LockKind::no_growth;
    RC_ASSERT((d.answer == LockAnswer::waits) == patient);
    if (!patient) return;
    // Where in the queue is the resource's business, but a group only passes, others go last.
    const auto place = std::ranges::find(resource.waiting(), d.lock.id, &ExtentLock::id);
    RC_ASSERT(place != resource.waiting().end());
    const auto at = place - resource.waiting().begin();
    RC_ASSERT((request.mode == LockMode::group ||
               at == static_cast<std::ptrdiff_t>(naive.waiting.size())));
    naive.waiting.insert(naive.waiting.begin() + at, {d.lock, request.extent});
  }
  void cancel(std::vector<Naive::Entry>& among, std::size_t i) {
    const LockId id = among[i].lock.id;
    among.erase(among.begin() + static_cast<std::ptrdiff_t>(i));
    out.clear();
    RC_ASSERT(resource.cancel(id, out));
    naive.take_grants(out);
  }
  void evict() {
    const ClientIndex client{*rc::gen::inRange(0U, 4U)};
    const auto of_client = [client](const Naive::Entry& e) { return e.lock.client == client; };
    const std::size_t gone =
        std::erase_if(naive.granted, of_client) + std::erase_if(naive.waiting, of_client);
    out.clear();
    RC_ASSERT(resource.evict(client, out) == gone);
    naive.take_grants(out);
  }
};

} // namespace

TEST_CASE("property: extent locks against a naive model") {
  CHECK(rc::check("no conflicting grants, growth as the rules say, nobody forgotten", [] {
    Run run;
    const int steps = *rc::gen::inRange(1, 60);
    for (int i = 0; i < steps; ++i) {
      const int what = *rc::gen::inRange(0, 20);
      if (what < 12)
        run.enqueue();
      else if (what < 18 && !run.naive.granted.empty())
        run.cancel(run.naive.granted, *rc::gen::inRange<std::size_t>(0, run.naive.granted.size()));
      else if (what == 18 && !run.naive.waiting.empty())
        run.cancel(run.naive.waiting, *rc::gen::inRange<std::size_t>(0, run.naive.waiting.size()));
      else if (what == 19)
        run.evict();
      run.naive.check(run.resource);
    }
    // Once everybody has given back what they got, everybody has got what they asked for.
    while (!run.naive.granted.empty()) {
      run.cancel(run.naive.granted, 0);
      run.naive.check(run.resource);
    }
    RC_ASSERT(run.naive.waiting.empty());
    RC_ASSERT(run.resource.empty());
  }));
}
