#include "models/lustre/policy/namespace.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>

using namespace lustrum;
using namespace lustrum::lustre;

TEST_CASE("property: an entry list is a vector with erase") {
  CHECK(rc::check([] {
    EntryList list;
    std::vector<std::pair<std::uint32_t, std::uint32_t>> naive; // entry, place
    std::uint32_t next = 0;
    const auto removing = *rc::gen::inRange(0, 70); // percent
    const auto steps = *rc::gen::inRange(1, 300);
    for (int step = 0; step < steps; ++step) {
      if (!naive.empty() && *rc::gen::inRange(0, 100) < removing) {
        const auto at = *rc::gen::inRange<std::size_t>(0, naive.size());
        list.remove(naive[at].second);
        naive.erase(naive.begin() + static_cast<std::ptrdiff_t>(at));
      } else {
        const std::uint32_t entry = next++;
        naive.emplace_back(entry, list.append(entry));
      }
      RC_ASSERT(list.size() == naive.size());
    }
    for (std::size_t n = 0; n < naive.size(); ++n) RC_ASSERT(list.nth(n) == naive[n].first);
  }));
}

TEST_CASE("directories go round the MDTs in the top three levels and stay below") {
  Namespace tree(4, 0, 1);
  std::uint32_t chain = kRoot;
  for (std::uint32_t level = 0; level < 3; ++level) {
    std::uint32_t last = 0;
    for (std::uint32_t i = 0; i < 8; ++i) {
      last = tree.make_directory({.parent = chain});
      CHECK(tree.mdt(last) == MdtIndex{i % 4});
    }
    CHECK(tree.depth(last) == level + 1);
    chain = last;
  }
  // The fourth level and on: where the parent is, unless told otherwise (`lfs mkdir -i`).
  for (int i = 0; i < 8; ++i)
    CHECK(tree.mdt(tree.make_directory({.parent = chain})) == tree.mdt(chain));
  const std::uint32_t remote = tree.make_directory({.parent = chain, .mdt = MdtIndex{1}});
  CHECK(tree.mdt(remote) == MdtIndex{1});
  CHECK(tree.mdt_of(remote, {.is_directory = false, .index = 77}) == MdtIndex{1});
  CHECK(tree.mdts_in_use() == 4);
}

TEST_CASE("unbalanced MDTs get new directories by free inodes") {
  // 10 % of MDT 0 is used by files: 5 % is the limit of balance. In the root (MDT 0, depth 0) the
  // parent's MDT is kept only with 1.6 times the mean, so directories are drawn: 90 : 100 : 100.
  MdtPlacement placement(3, 100'000, 9);
  for (int i = 0; i < 10'000; ++i) placement.add_inode(MdtIndex{0});
  REQUIRE_FALSE(placement.is_balanced());
  MdtPlacement tolerant(3, 100'000, 9, 11 * 256 / 100); // lmv.qos_threshold_rr 11
  for (int i = 0; i < 10'000; ++i) tolerant.add_inode(MdtIndex{0});
  CHECK(tolerant.is_balanced());
  constexpr int kDraws = 29'000;
  std::vector<int> on(3);
  for (int i = 0; i < kDraws; ++i) ++on[placement.place(MdtIndex{0}, 0).value()];
  // Sigma of a binomial: sqrt(29,000 x 0.31 x 0.69) = 79; four of them.
  CHECK(std::abs(on[0] - 9'000) < 320);
  CHECK(std::abs(on[1] - 10'000) < 320);
  // A parent of depth d keeps its children with 16 / (d + 10) of the mean, 96,667 free inodes:
  // on MDT 0 (90,000) from 16 / (d + 10) <= 0.931 on, d >= 7.2; on MDT 1 from d >= 5.5.
  const auto stays = [&](std::uint32_t mdt, std::uint32_t depth) {
    int same = 0;
    for (int i = 0; i < 100; ++i) same += placement.place(MdtIndex{mdt}, depth) == MdtIndex{mdt};
    return same == 100;
  };
  CHECK_FALSE(stays(0, 7));
  CHECK(stays(0, 8));
  CHECK_FALSE(stays(1, 5));
  CHECK(stays(1, 6));
}

TEST_CASE("entries of a striped directory spread over its stripes") {
  for (const DirectoryHash hash : {DirectoryHash::crush, DirectoryHash::fnv}) {
    Namespace tree(4, 0, 1);
    const std::uint32_t d = tree.make_directory({.mdt = MdtIndex{2}, .stripes = 3, .hash = hash});
    CHECK(tree.stripe_mdt(d, 0) == MdtIndex{2});
    CHECK(tree.stripe_mdt(d, 2) == MdtIndex{0});
    for (std::uint32_t f = 0; f < 30'000; ++f) tree.add_file(d, FileIndex{f});
    CHECK(tree.entries(d) == 30'000);
    std::uint64_t bytes = 0;
    for (std::uint32_t s = 0; s < 3; ++s) {
      // Sigma sqrt(30,000 x 2/9) = 82 entries of 64 bytes.
      CHECK(tree.readdir_bytes(d, s).as_double() == doctest::Approx(640'000).epsilon(0.035));
      bytes += tree.readdir_bytes(d, s).count();
    }
    CHECK(bytes == 30'000 * 64);
    CHECK(tree.mdt_of(d, {.is_directory = false, .index = 5}) ==
          tree.stripe_mdt(d, tree.stripe_of(d, {.is_directory = false, .index = 5})));
    // A directory in it lies where its name does: it is not remote.
    const std::uint32_t child = tree.make_directory({.parent = d});
    CHECK(tree.mdt(child) == tree.mdt_of(d, {.is_directory = true, .index = child}));
  }
}

TEST_CASE("crush moves entries only to the stripe that was added") {
  Namespace tree(8, 0, 1);
  const std::uint32_t four = tree.make_directory({.stripes = 4});
  const std::uint32_t five = tree.make_directory({.stripes = 5});
  int moved = 0;
  for (std::uint32_t f = 0; f < 10'000; ++f) {
    const DirectoryEntry entry{.is_directory = false, .index = f};
    if (tree.stripe_of(four, entry) == tree.stripe_of(five, entry)) continue;
    ++moved;
    REQUIRE(tree.stripe_of(five, entry) == 4);
  }
  CHECK(moved == doctest::Approx(2'000).epsilon(0.08)); // a fifth; sigma 40
}

TEST_CASE("removing directories and files gives their inodes back") {
  Namespace tree(2, 1000, 1);
  const std::uint32_t d = tree.make_directory({.stripes = 2});
  const std::uint32_t sub = tree.make_directory({.parent = d});
  const std::uint32_t place = tree.add_file(sub, FileIndex{4});
  CHECK(tree.placement().free_inodes(MdtIndex{0}) + tree.placement().free_inodes(MdtIndex{1}) ==
        2000 - 4);
  tree.remove_file(sub, FileIndex{4}, place);
  tree.remove_directory(sub);
  tree.remove_directory(d);
  CHECK_FALSE(tree.exists(d));
  CHECK(tree.entries(kRoot) == 0);
  CHECK(tree.placement().free_inodes(MdtIndex{0}) == 1000);
  CHECK(tree.placement().free_inodes(MdtIndex{1}) == 1000);
}
