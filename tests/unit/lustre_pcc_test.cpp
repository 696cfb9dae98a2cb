#include "models/lustre/policy/pcc.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <list>

using namespace lustrum;
using namespace lustrum::lustre;

namespace {

using Admission = PccCache::Admission;

PccCache::Settings settings(PccMode mode, Bytes capacity, std::vector<PccRule> rules = {{}}) {
  return {.mode = mode, .capacity = capacity, .rules = std::move(rules)};
}

} // namespace

TEST_CASE("names match patterns with * and ?") {
  CHECK(name_matches("*.h5", "train_001.h5"));
  CHECK(!name_matches("*.h5", "train_001.h5.tmp"));
  CHECK(name_matches("train_*_?.tar", "train_a_b_7.tar"));
  CHECK(!name_matches("train_*_?.tar", "train_a_77.tar"));
  CHECK(name_matches("*", ""));
  CHECK(name_matches("a**b*", "aXbYb"));
  CHECK(!name_matches("", "a"));
  CHECK(!name_matches("a?", "a"));
}

TEST_CASE("a file is let in if it meets all conditions of one rule") {
  PccRule by_name;
  by_name.projid = 500;
  by_name.name = "*.safetensors";
  PccRule by_size;
  by_size.min_size = Bytes{10};
  by_size.max_size = Bytes{20};
  const PccCache cache(settings(PccMode::read_only, Bytes{kTib}, {by_name, by_size}));
  const auto admits = [&](std::uint32_t projid, std::string_view name, std::uint64_t size) {
    return cache.admission({projid, name, Bytes{size}}) != Admission::none;
  };
  CHECK(admits(500, "model.safetensors", 999));
  CHECK(!admits(501, "model.safetensors", 999));
  CHECK(!admits(500, "model.bin", 999));
  CHECK(admits(0, "x", 10));
  CHECK(admits(0, "x", 20));
  CHECK(!admits(0, "x", 21));
  CHECK(PccCache(settings(PccMode::read_only, Bytes{kTib}, {})).admission({}) == Admission::none);
}

TEST_CASE("files above 256 MiB are copied behind the back of the reader, too large ones never") {
  const PccCache cache(settings(PccMode::read_only, Bytes{kGib}));
  CHECK(cache.admission({0, "f", Bytes{256 * kMib}}) == Admission::inline_copy);
  CHECK(cache.admission({0, "f", Bytes{256 * kMib + 1}}) == Admission::async_copy);
  CHECK(cache.admission({0, "f", Bytes{kGib + 1}}) == Admission::none);
}

TEST_CASE("a full read-write cache takes no more files, since what it has is the only copy") {
  PccCache cache(settings(PccMode::read_write, Bytes{100}));
  std::vector<FileIndex> detached;
  CHECK(cache.attach(FileIndex{1}, Bytes{60}, detached));
  CHECK(cache.admission({0, "f", Bytes{41}}) == Admission::none);
  CHECK(!cache.attach(FileIndex{2}, Bytes{41}, detached));
  CHECK(cache.attach(FileIndex{3}, Bytes{40}, detached));
  CHECK(detached.empty());
  cache.detach(FileIndex{1});
  CHECK(cache.admission({0, "f", Bytes{41}}) == Admission::inline_copy);
  CHECK(cache.stats().attach_bytes == Bytes{}); // nothing was copied
}

TEST_CASE("property: a read-only cache drops what was used longest ago, and only as it must") {
  CHECK(rc::check([] {
    constexpr std::uint64_t kCapacity = 100;
    PccCache cache(settings(PccMode::read_only, Bytes{kCapacity}));
    std::list<std::pair<std::uint32_t, std::uint64_t>> expected; // oldest first: file, size
    std::uint64_t hits = 0;
    for (int step = 0; step < 150; ++step) {
      const auto file = *rc::gen::inRange<std::uint32_t>(0, 20);
      const std::uint64_t size = 5 + file * 7 % 40;
      const auto at = std::find_if(expected.begin(), expected.end(),
                                   [&](const auto& entry) { return entry.first == file; });
      const bool present = at != expected.end();
      RC_ASSERT(cache.cached(FileIndex{file}) == present);
      std::vector<FileIndex> detached;
      switch (*rc::gen::inRange(0, 5)) {
      case 0:
        cache.detach(FileIndex{file});
        if (present) expected.erase(at);
        break;
      case 1:
      case 2:
        RC_ASSERT(cache.hit(FileIndex{file}, Bytes{3}) == present);
        if (present) {
          hits += 3;
          expected.splice(expected.end(), expected, at);
        }
        break;
      default:
        RC_ASSERT(cache.attach(FileIndex{file}, Bytes{size}, detached));
        if (!present) {
          std::uint64_t used = size;
          for (const auto& entry : expected) used += entry.second;
          std::vector<FileIndex> gone;
          while (used > kCapacity) {
            gone.emplace_back(expected.front().first);
            used -= expected.front().second;
            expected.pop_front();
          }
          expected.emplace_back(file, size);
          RC_ASSERT(detached == gone);
        }
      }
      std::uint64_t used = 0;
      for (const auto& entry : expected) used += entry.second;
      RC_ASSERT(cache.used() == Bytes{used});
    }
    RC_ASSERT(cache.stats().hit_bytes == Bytes{hits});
    RC_ASSERT(cache.stats().attach - cache.stats().detach == expected.size());
  }));
}

TEST_CASE("files of a read-write cache grow and shrink as far as there is room") {
  // Against a list of sizes: after any steps the sum is what it has, and never above the capacity.
  rc::check([](const std::vector<std::pair<std::uint8_t, std::uint8_t>>& steps) {
    constexpr std::uint64_t kCapacity = 300;
    PccCache cache(settings(PccMode::read_write, Bytes{kCapacity}));
    std::vector<FileIndex> detached;
    std::vector<std::uint64_t> sizes(4);
    for (std::uint32_t f = 0; f < 4; ++f) RC_ASSERT(cache.attach(FileIndex{f}, Bytes{}, detached));
    for (const auto& [which, size] : steps) {
      const std::uint32_t f = which % 4;
      std::uint64_t others = 0;
      for (std::uint32_t g = 0; g < 4; ++g) others += g == f ? 0 : sizes[g];
      const bool fits = others + size <= kCapacity;
      RC_ASSERT(cache.resize(FileIndex{f}, Bytes{size}) == fits);
      if (fits) sizes[f] = size;
      std::uint64_t sum = 0;
      for (const std::uint64_t each : sizes) sum += each;
      RC_ASSERT(cache.used() == Bytes{sum});
      RC_ASSERT(cache.full() == (sum == kCapacity));
    }
    cache.detach(FileIndex{2});
    RC_ASSERT(!cache.resize(FileIndex{2}, Bytes{1}));
    RC_ASSERT(detached.empty());
  });
}
