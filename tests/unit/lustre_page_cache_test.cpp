// The page cache against a model of itself that keeps every page and searches for everything.
#include "models/lustre/policy/page_cache.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

using namespace lustrum;
using namespace lustrum::lustre;

namespace {

constexpr std::uint32_t kObjects = 3;
constexpr std::uint32_t kChunkPages = 4;
constexpr std::uint32_t kObjectPages = 5 * kChunkPages;
constexpr std::uint64_t kMaxPages = 26;
constexpr Bytes kChunk = kPageSize * kChunkPages;

Extent pages(std::uint64_t begin, std::uint64_t end) {
  return {kPageSize * begin, kPageSize * end};
}

struct NaivePage {
  PageState state = PageState::absent;
  std::uint32_t id = 0;
  bool unread = false;
};

struct NaiveChunk {
  std::array<NaivePage, kChunkPages> pages;
  std::uint64_t filed_at = 0; // when it was last read or changed its list

  std::size_t count(PageState state) const {
    return static_cast<std::size_t>(
        std::count_if(pages.begin(), pages.end(), [&](auto& p) { return p.state == state; }));
  }
  // 0 none, 1 may be evicted, 2 partly dirty, 3 wholly dirty
  int list() const {
    if (count(PageState::dirty) == kChunkPages) return 3;
    if (count(PageState::dirty) > 0) return 2;
    if (count(PageState::fetching) + count(PageState::writing) > 0) return 0;
    return count(PageState::clean) > 0 ? 1 : 0;
  }
};

struct NaiveCache {
  using Key = std::pair<std::uint32_t, std::uint32_t>;
  std::map<Key, NaiveChunk> chunks;
  std::uint64_t clock = 0;

  NaivePage& page(std::uint32_t object, std::uint64_t at) {
    const auto number = static_cast<std::uint32_t>(at / kChunkPages);
    return chunks[{object, number}].pages[at % kChunkPages];
  }
  std::uint64_t used() const {
    std::uint64_t sum = 0;
    for (const auto& [key, chunk] : chunks) sum += kChunkPages - chunk.count(PageState::absent);
    return sum;
  }
  std::uint64_t dirty() const {
    std::uint64_t sum = 0;
    for (const auto& [key, chunk] : chunks) sum += chunk.count(PageState::dirty);
    return sum;
  }
  // Changes pages chunk by chunk, as the lists are kept up to date.
  template <class Change>
  void change(std::uint32_t object, std::uint64_t begin, std::uint64_t end, Change apply) {
    for (std::uint64_t at = begin; at < end;) {
      const std::uint64_t stop = std::min(end, (at / kChunkPages + 1) * kChunkPages);
      NaiveChunk& chunk = chunks[{object, static_cast<std::uint32_t>(at / kChunkPages)}];
      const int before = chunk.list();
      for (; at < stop; ++at) apply(chunk.pages[at % kChunkPages], at);
      if (chunk.list() != before) chunk.filed_at = ++clock;
    }
  }
  // The chunk that has been longest in a list.
  const std::pair<const Key, NaiveChunk>* oldest(int list) const {
    const std::pair<const Key, NaiveChunk>* found = nullptr;
    for (const auto& entry : chunks)
      if (entry.second.list() == list &&
          (found == nullptr || entry.second.filed_at < found->second.filed_at))
        found = &entry;
    return found;
  }
  PageCache::Evicted evict() {
    PageCache::Evicted evicted;
    while (used() > kMaxPages) {
      const auto* victim = oldest(1);
      if (victim == nullptr) break;
      ++evicted.chunks;
      for (const NaivePage& page : victim->second.pages) {
        evicted.pages += page.state == PageState::absent ? 0 : 1;
        evicted.unread_pages += page.unread ? 1 : 0;
      }
      chunks.erase(Key{victim->first});
    }
    return evicted;
  }
};

// One client's cache beside its model; each step does the same to both and compares what they say.
struct Pair {
  PageCache cache{{.chunk = kChunk, .max_cached = kPageSize * kMaxPages}};
  NaiveCache naive;
  PageCache::Lookup found;
  std::uint32_t next_id = 1;
  std::vector<std::pair<std::uint32_t, PageCache::WriteRpc>> rpcs; // object, rpc under id index + 1

  void look(std::uint32_t object, std::uint64_t begin, std::uint64_t end, bool read) {
    std::vector<Extent> missing;
    std::set<std::uint32_t> fetches;
    std::uint64_t hits = 0;
    for (std::uint64_t at = begin; at < end; ++at) {
      const NaivePage page = naive.page(object, at);
      if (page.state == PageState::fetching) fetches.insert(page.id);
      hits += page.unread ? 1 : 0;
      if (page.state != PageState::absent) continue;
      if (!missing.empty() && missing.back().end == kPageSize * at) {
        missing.back().end += kPageSize;
      } else {
        missing.push_back(pages(at, at + 1));
      }
    }
    if (read) {
      cache.read(object, pages(begin, end), found);
      naive.change(object, begin, end, [](NaivePage& page, auto) { page.unread = false; });
      for (std::uint64_t number = begin / kChunkPages; number * kChunkPages < end; ++number) {
        NaiveChunk& chunk = naive.chunks[{object, static_cast<std::uint32_t>(number)}];
        if (chunk.list() == 1) chunk.filed_at = ++naive.clock;
      }
    } else {
      cache.probe(object, pages(begin, end), found);
    }
    RC_ASSERT(found.missing == missing);
    RC_ASSERT(std::set(found.fetches.begin(), found.fetches.end()) == fetches);
    RC_ASSERT(found.fetches.size() == fetches.size());
    RC_ASSERT(found.hit_pages == hits);
  }

  void same(const PageCache::Evicted& got, const PageCache::Evicted& expected) {
    RC_ASSERT(got.chunks == expected.chunks);
    RC_ASSERT(got.pages == expected.pages);
    RC_ASSERT(got.unread_pages == expected.unread_pages);
  }

  void fetch(std::uint32_t object, std::uint64_t begin, std::uint64_t end, bool ahead) {
    const std::uint32_t id = next_id++;
    const auto evicted = cache.fetching(object, pages(begin, end), id, ahead);
    naive.change(object, begin, end, [&](NaivePage& page, auto) {
      if (page.state == PageState::absent) page = {PageState::fetching, id, ahead};
    });
    same(evicted, naive.evict());
  }

  void fetched(std::uint32_t object, std::uint64_t begin, std::uint64_t end, std::uint32_t id) {
    cache.fetched(object, pages(begin, end), id);
    naive.change(object, begin, end, [&](NaivePage& page, auto) {
      if (page.state == PageState::fetching && page.id == id)
        page = {PageState::clean, 0, page.unread};
    });
  }

  void write(std::uint32_t object, std::uint64_t begin, std::uint64_t end) {
    std::uint64_t newly = 0;
    const auto written = cache.write(object, pages(begin, end), 7);
    naive.change(object, begin, end, [&](NaivePage& page, auto) {
      newly += page.state == PageState::dirty ? 0 : 1;
      page = {PageState::dirty, 0, false};
    });
    RC_ASSERT(written.newly_dirty == kPageSize * newly);
    same(written.evicted, naive.evict());
  }

  void take(std::uint32_t object, std::uint64_t begin, std::uint64_t end, std::uint64_t most) {
    PageCache::WriteRpc rpc;
    const auto id = static_cast<std::uint32_t>(rpcs.size() + 1);
    cache.take_dirty(object, pages(begin, end), id, kPageSize * most, rpc);
    std::vector<Extent> expected;
    std::uint64_t taken = 0;
    naive.change(object, begin, end, [&](NaivePage& page, std::uint64_t at) {
      if (page.state != PageState::dirty || taken == most) return;
      ++taken;
      page = {PageState::writing, id, false};
      if (!expected.empty() && expected.back().end == kPageSize * at) {
        expected.back().end += kPageSize;
      } else {
        expected.push_back(pages(at, at + 1));
      }
    });
    RC_ASSERT(rpc.extents == expected);
    RC_ASSERT(rpc.bytes == kPageSize * taken);
    rpcs.emplace_back(object, rpc);
  }

  void written(std::size_t index) {
    const auto& [object, rpc] = rpcs[index];
    const auto id = static_cast<std::uint32_t>(index + 1);
    cache.written(object, rpc, id);
    for (const Extent& extent : rpc.extents)
      naive.change(object, first_page(extent), end_page(extent), [&](NaivePage& page, auto) {
        if (page.state == PageState::writing && page.id == id) page = {PageState::clean, 0, false};
      });
  }

  void drop(std::uint32_t object, std::uint64_t begin, std::uint64_t end, bool with_dirty) {
    using Dirty = PageCache::DirtyPages;
    const auto dropped =
        cache.drop(object, pages(begin, end), with_dirty ? Dirty::drop : Dirty::keep);
    std::array<std::uint64_t, 5> gone{}; // by state
    std::uint64_t kept = 0;
    std::uint64_t unread = 0;
    naive.change(object, begin, end, [&](NaivePage& page, auto) {
      const bool unsaved = page.state == PageState::dirty || page.state == PageState::writing;
      if (unsaved && !with_dirty) {
        ++kept;
        return;
      }
      ++gone.at(static_cast<std::size_t>(page.state));
      unread += page.unread ? 1 : 0;
      page = {};
    });
    RC_ASSERT(dropped.kept_pages == kept);
    RC_ASSERT(dropped.fetching_pages == gone[1]);
    RC_ASSERT(dropped.clean_pages == gone[2]);
    RC_ASSERT(dropped.dirty_pages == gone[3]);
    RC_ASSERT(dropped.writing_pages == gone[4]);
    RC_ASSERT(dropped.unread_pages == unread);
  }

  void compare() {
    RC_ASSERT(cache.used() == kPageSize * naive.used());
    RC_ASSERT(cache.dirty() == kPageSize * naive.dirty());
    std::size_t chunks = 0;
    for (const auto& [key, chunk] : naive.chunks)
      chunks += chunk.count(PageState::absent) < kChunkPages ? 1U : 0U;
    RC_ASSERT(cache.chunks() == chunks);
    for (std::uint32_t object = 0; object < kObjects; ++object)
      for (std::uint64_t at = 0; at < kObjectPages; ++at)
        RC_ASSERT(cache.state(object, kPageSize * at) == naive.page(object, at).state);
    for (const bool only_full : {false, true}) {
      const auto* oldest = naive.oldest(3);
      if (oldest == nullptr && !only_full) oldest = naive.oldest(2);
      const auto got = cache.oldest_dirty(7, only_full);
      RC_ASSERT(got.has_value() == (oldest != nullptr));
      if (oldest == nullptr) continue;
      RC_ASSERT(got->object == oldest->first.first);
      RC_ASSERT(got->extent.begin == kChunk * oldest->first.second);
    }
  }
};

// Reads an object of one chunk as a client does: what is missing is fetched. Returns missing pages.
std::uint64_t read_through(PageCache& cache, std::uint32_t object, Bytes length) {
  static PageCache::Lookup found;
  cache.read(object, {Bytes{}, length}, found);
  const std::uint64_t missing = found.missing_pages;
  for (const Extent& extent : found.missing) {
    cache.fetching(object, extent, 1, false);
    cache.fetched(object, extent, 1);
  }
  return missing;
}

} // namespace

TEST_CASE("property: the page cache does what a table of all pages does") {
  CHECK(rc::check([] {
    Pair pair;
    for (int step = 0; step < 80; ++step) {
      const auto object = *rc::gen::inRange<std::uint32_t>(0, kObjects);
      const auto begin = *rc::gen::inRange<std::uint64_t>(0, kObjectPages);
      const auto longest = std::min<std::uint64_t>(kObjectPages - begin, 10);
      const auto end = begin + *rc::gen::inRange<std::uint64_t>(1, longest + 1);
      switch (*rc::gen::inRange(0, 9)) {
      case 0:
      case 1:
        pair.look(object, begin, end, true);
        break;
      case 2:
        pair.look(object, begin, end, false);
        break;
      case 3:
        pair.fetch(object, begin, end, *rc::gen::arbitrary<bool>());
        break;
      case 4:
        pair.fetched(object, begin, end, *rc::gen::inRange<std::uint32_t>(0, pair.next_id));
        break;
      case 5:
        pair.write(object, begin, end);
        break;
      case 6:
        pair.take(object, begin, end, *rc::gen::inRange<std::uint64_t>(1, 9));
        break;
      case 7:
        if (!pair.rpcs.empty()) pair.written(*rc::gen::inRange<std::size_t>(0, pair.rpcs.size()));
        break;
      default:
        pair.drop(object, begin, end, *rc::gen::inRange(0, 4) == 0);
      }
      pair.compare();
    }
  }));
}

// L23: what fits is read from the servers once; one object more than fits and each is gone again
// just before its turn comes.
TEST_CASE("a loop over data that fits in the cache hits always, one over more never") {
  constexpr std::uint32_t kFits = 100;
  const Bytes object{4 * kMib};
  for (const std::uint32_t objects : {kFits, kFits + 1}) {
    PageCache cache({.chunk = object, .max_cached = object * kFits});
    std::uint64_t missing = 0;
    for (int epoch = 0; epoch < 3; ++epoch)
      for (std::uint32_t i = 0; i < objects; ++i) missing += read_through(cache, i, object);
    const std::uint64_t once = objects * (object / kPageSize);
    CHECK(missing == (objects == kFits ? once : 3 * once));
    CHECK(cache.used() <= object * kFits);
  }
}

TEST_CASE("what was read last stays, what was not read goes first") {
  const Bytes object{64 * kKib};
  PageCache cache({.chunk = Bytes{4 * kMib}, .max_cached = object * 3});
  for (const std::uint32_t i : {1U, 2U, 3U}) read_through(cache, i, object);
  CHECK(read_through(cache, 1, object) == 0);
  read_through(cache, 4, object);
  CHECK(cache.state(2, Bytes{}) == PageState::absent);
  CHECK(cache.state(1, Bytes{}) == PageState::clean);
}

TEST_CASE("dirty pages and pages on their way are never evicted, the limit gives way instead") {
  PageCache cache({.chunk = Bytes{kMib}, .max_cached = Bytes{2 * kMib}});
  cache.write(1, {Bytes{}, Bytes{3 * kMib}}, 0);
  CHECK(cache.over_limit());
  CHECK(cache.dirty() == Bytes{3 * kMib});
  PageCache::WriteRpc rpc;
  cache.take_dirty(1, {Bytes{}, Bytes{kMib}}, 5, Bytes{kMib}, rpc);
  cache.written(1, rpc, 5);
  CHECK(cache.fetching(2, {Bytes{}, Bytes{kMib}}, 1, true).pages == kMib / 4096);
  CHECK(cache.state(1, Bytes{}) == PageState::absent);
  CHECK(cache.used() == Bytes{3 * kMib});
}

TEST_CASE("a write reads first the pages that it leaves in part, if they hold data not here") {
  PageCache cache({.chunk = Bytes{kMib}, .max_cached = Bytes{kMib}});
  PageCache::Lookup needed;
  const Bytes size{10 * 4096 + 100};
  const auto needs = [&](std::uint64_t begin, std::uint64_t end) {
    cache.before_write(1, {Bytes{begin}, Bytes{end}}, size, needed);
    return needed.missing;
  };
  CHECK(needs(0, 8192).empty());                                          // whole pages
  CHECK(needs(100, 8192) == std::vector{pages(0, 1)});                    // front left
  CHECK(needs(4096, 8193) == std::vector{pages(2, 3)});                   // back left
  CHECK(needs(100, 9000) == std::vector{pages(0, 1), pages(2, 3)});       // both
  CHECK(needs(100, 200) == std::vector{pages(0, 1)});                     // inside one page
  CHECK(needs(10 * 4096, 10 * 4096 + 100).empty());                       // up to the end
  CHECK(needs(10 * 4096, 10 * 4096 + 99) == std::vector{pages(10, 11)});  // not quite
  CHECK(needs(10 * 4096 + 50, 11 * 4096) == std::vector{pages(10, 11)});  // front left
  CHECK(needs(10 * 4096 + 100, 11 * 4096) == std::vector{pages(10, 11)}); // appending
  CHECK(needs(12 * 4096 + 5, 12 * 4096 + 9).empty());                     // behind the end
  cache.fetching(1, pages(0, 1), 3, false);
  CHECK(needs(100, 200).empty());
  CHECK(needed.fetches == std::vector<std::uint32_t>{3});
  cache.fetched(1, pages(0, 1), 3);
  CHECK((needs(100, 200).empty() && needed.fetches.empty()));
}

TEST_CASE("an RPC takes at most 256 ranges, the rest stays dirty") {
  PageCache cache({.chunk = Bytes{4 * kMib}, .max_cached = Bytes{64 * kMib}});
  for (std::uint64_t page = 0; page < 600; page += 2) cache.write(1, pages(page, page + 1), 0);
  PageCache::WriteRpc rpc;
  cache.take_dirty(1, {Bytes{}, Bytes{UINT64_MAX}}, 1, Bytes{4 * kMib}, rpc);
  CHECK(rpc.extents.size() == 256);
  CHECK(cache.dirty() == kPageSize * 44);
  cache.take_dirty(1, {Bytes{}, Bytes{UINT64_MAX}}, 2, Bytes{4 * kMib}, rpc);
  CHECK(rpc.extents.size() == 44);
}

TEST_CASE("a hundred thousand objects of one chunk each cost about 64 bytes apiece") {
  PageCache cache({.chunk = Bytes{4 * kMib}, .max_cached = Bytes{kTib}});
  for (std::uint32_t i = 0; i < 100000; ++i) read_through(cache, 7 * i, Bytes{100 * kKib});
  // 40 for the chunk; 8 per slot of a table that is a quarter to half full.
  CHECK(cache.memory_bytes() < std::size_t{100000} * 74);
  for (std::uint32_t i = 0; i < 100000; ++i)
    cache.drop(7 * i, {Bytes{}, Bytes{UINT64_MAX}}, PageCache::DirtyPages::keep);
  CHECK(cache.chunks() == 0);
  CHECK(cache.used() == Bytes{});
}
