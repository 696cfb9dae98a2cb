// The state of files in HSM, beside a naive model that keeps versions of the content.
#include "models/lustre/policy/hsm.hpp"
#include "models/lustre/policy/hsm_release.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <optional>

using namespace lustrum;
using namespace lustrum::lustre;

namespace {

constexpr auto kAllActions = {HsmAction::archive, HsmAction::restore, HsmAction::release,
                              HsmAction::remove};

// A file as what lies where: version numbers of its content.
struct NaiveFile {
  int version = 1;            // of the content that an application would read
  std::optional<int> lustre;  // the version on the OSTs
  std::optional<int> archive; // the version of the whole copy
  bool any_copy = false;      // the archive has a copy, or a part of one
  bool no_release = false;
  bool no_archive = false;
  bool lost = false;

  std::uint8_t flags() const {
    int sum = 0;
    if (any_copy) sum |= hsm::kExists;
    if (archive) sum |= hsm::kArchived;
    if (!lustre) sum |= hsm::kReleased;
    if (any_copy && written_since) sum |= hsm::kDirty;
    if (no_release) sum |= hsm::kNoRelease;
    if (no_archive) sum |= hsm::kNoArchive;
    if (lost) sum |= hsm::kLost;
    return static_cast<std::uint8_t>(sum);
  }
  bool written_since = false; // since there is any copy
  bool readable() const { return lustre || (archive && !lost); }
};

// Does what the action is for, if the naive model finds it sensible; says whether it did.
bool act(NaiveFile& file, HsmAction action, bool open) {
  const bool newest_copy = file.archive == file.version && !file.written_since;
  switch (action) {
  case HsmAction::archive:
    if (file.no_archive || !file.lustre || (newest_copy && !file.lost)) return false;
    file.any_copy = true;
    file.archive = file.version;
    file.lost = file.written_since = false;
    return true;
  case HsmAction::restore:
    if (file.lustre || file.lost) return false;
    file.lustre = file.archive;
    return true;
  case HsmAction::release:
    if (!file.lustre || !newest_copy || file.lost || file.no_release || open) return false;
    file.lustre.reset();
    return true;
  case HsmAction::remove:
    if (!file.lustre || !file.any_copy) return false;
    file.archive.reset();
    file.any_copy = file.lost = file.written_since = false;
    return true;
  }
  return false;
}

} // namespace

TEST_CASE("hsm_state prints what lfs prints") {
  // Counting `archived` to see what is still to be loaded, as a published recipe does, finds every
  // resident file: those show `exists archived`. It is `released` that tells.
  CHECK(hsm_state_words(hsm::kExists | hsm::kArchived) == "exists archived");
  CHECK(hsm_state_words(hsm::kImported) == "released exists archived");
  CHECK(hsm::kImported == 0xd);
  CHECK(hsm_state_line("/fsx/f", hsm::kImported, 1) ==
        "/fsx/f: (0x0000000d) released exists archived, archive_id:1");
  CHECK(hsm_state_line("/fsx/f", 0x9, 1) == "/fsx/f: (0x00000009) exists archived, archive_id:1");
  CHECK(hsm_state_line("f", 0, 0) == "f: (0x00000000)");
  CHECK(hsm_state_words(0x7f) ==
        "released exists dirty archived never_release never_archive lost_from_hsm");
}

TEST_CASE("a file's way through HSM") {
  std::uint8_t flags = 0;
  CHECK(check(HsmAction::release, flags) == HsmAnswer::not_permitted);
  CHECK(check(HsmAction::restore, flags) == HsmAnswer::nothing_to_do);
  CHECK(check(HsmAction::remove, flags) == HsmAnswer::nothing_to_do);
  CHECK(written(flags) == 0); // dirty is said of what has a copy
  CHECK(check(HsmAction::archive, flags) == HsmAnswer::allowed);
  CHECK(hsm_state_words(begun(HsmAction::archive, flags)) == "exists");
  CHECK(hsm_state_words(given_up(HsmAction::archive, flags)) == "exists");
  flags = finished(HsmAction::archive, begun(HsmAction::archive, flags));
  CHECK(hsm_state_words(flags) == "exists archived");
  CHECK(check(HsmAction::archive, flags) == HsmAnswer::nothing_to_do);
  CHECK(check(HsmAction::release, flags, true) == HsmAnswer::busy);

  const std::uint8_t dirty = written(flags);
  CHECK(hsm_state_words(dirty) == "exists dirty archived");
  CHECK(check(HsmAction::release, dirty) == HsmAnswer::not_permitted);
  CHECK(finished(HsmAction::archive, dirty) == flags);

  CHECK(check(HsmAction::release, flags) == HsmAnswer::allowed);
  flags = finished(HsmAction::release, flags);
  CHECK(flags == hsm::kImported);
  CHECK(check(HsmAction::remove, flags) == HsmAnswer::not_permitted);
  CHECK(check(HsmAction::archive, flags) == HsmAnswer::nothing_to_do);
  CHECK(given_up(HsmAction::restore, flags) == hsm::kImported);
  CHECK(hsm_state_words(finished(HsmAction::restore, flags)) == "exists archived");
  CHECK(check(HsmAction::restore, flags | hsm::kLost) == HsmAnswer::lost);
}

TEST_CASE("flags that users set") {
  const std::uint8_t resident = hsm::kExists | hsm::kArchived;
  const auto kept = changed(resident, hsm::kNoRelease, 0);
  REQUIRE(kept);
  CHECK(check(HsmAction::release, *kept) == HsmAnswer::not_permitted);
  CHECK(changed(*kept, 0, hsm::kNoRelease) == resident);
  CHECK_FALSE(changed(hsm::kImported, hsm::kNoRelease, 0));
  CHECK_FALSE(changed(hsm::kImported, hsm::kDirty, 0));
  CHECK_FALSE(changed(hsm::kImported, 0, hsm::kArchived));
  CHECK_FALSE(changed(resident, hsm::kReleased, 0));
  CHECK_FALSE(changed(hsm::kImported, 0, hsm::kReleased));
  CHECK_FALSE(changed(resident, 0, hsm::kExists));
  const auto excluded = changed(0, hsm::kNoArchive, 0);
  REQUIRE(excluded);
  CHECK(check(HsmAction::archive, *excluded) == HsmAnswer::not_permitted);
}

TEST_CASE("flags say of any history what a naive model of versions says") {
  rc::check([] {
    NaiveFile naive;
    std::uint8_t flags = 0;
    if (*rc::gen::arbitrary<bool>()) { // imported
      naive.archive = naive.version;
      naive.any_copy = true;
      flags = hsm::kImported;
    } else {
      naive.lustre = naive.version;
    }
    const int steps = *rc::gen::inRange(0, 40);
    for (int step = 0; step < steps; ++step) {
      const int what = *rc::gen::inRange(0, 9);
      if (what < 4) {
        const HsmAction action = kAllActions.begin()[what];
        const bool open = *rc::gen::arbitrary<bool>();
        const bool allowed = check(action, flags, open) == HsmAnswer::allowed;
        RC_ASSERT(act(naive, action, open) == allowed);
        if (allowed) flags = finished(action, begun(action, flags));
      } else if (what == 4) { // a write, which restores first
        if (!naive.readable()) continue;
        if (act(naive, HsmAction::restore, true)) flags = finished(HsmAction::restore, flags);
        naive.lustre = ++naive.version;
        naive.written_since = naive.any_copy;
        flags = written(flags);
      } else if (what == 5) { // an archive that breaks off
        if (check(HsmAction::archive, flags) != HsmAnswer::allowed) continue;
        naive.any_copy = true;
        flags = given_up(HsmAction::archive, begun(HsmAction::archive, flags));
      } else {
        const std::uint8_t flag =
            what == 6 ? hsm::kNoRelease : (what == 7 ? hsm::kNoArchive : hsm::kLost);
        const bool set = *rc::gen::arbitrary<bool>();
        const auto next = changed(flags, set ? flag : 0, set ? 0 : flag);
        RC_ASSERT(next.has_value() == !(set && what == 6 && !naive.lustre));
        if (!next) continue;
        (what == 6 ? naive.no_release : (what == 7 ? naive.no_archive : naive.lost)) = set;
        flags = *next;
      }
      RC_ASSERT(flags == naive.flags());
    }
  });
}

TEST_CASE("releases begin above the high watermark and go down to the low one") {
  const ReleaseRule rule{.high_watermark = 0.9, .low_watermark = 0.7};
  CHECK(excess(rule, Bytes{90}, Bytes{100}) == Bytes{});
  CHECK(excess(rule, Bytes{91}, Bytes{100}) == Bytes{21});
  CHECK(excess(ReleaseRule{}, Bytes{100}, Bytes{100}) == Bytes{});
}

TEST_CASE("the oldest files go first, or the largest, and young ones stay") {
  const std::vector<tiering::FileAge> files{{FileIndex{0}, Bytes{5}, Seconds{30}},
                                            {FileIndex{1}, Bytes{50}, Seconds{20}},
                                            {FileIndex{2}, Bytes{10}, Seconds{10}},
                                            {FileIndex{3}, Bytes{50}, Seconds{95}}};
  const auto choose = [&](const ReleaseRule& rule, std::uint64_t wanted) {
    std::vector<tiering::FileAge> candidates = files;
    return choose_releases(rule, Seconds{100}, Bytes{wanted}, candidates);
  };
  using Files = std::vector<FileIndex>;
  CHECK(choose({}, 0).empty());
  CHECK(choose({}, 10) == Files{FileIndex{2}});
  CHECK(choose({}, 11) == Files{FileIndex{2}, FileIndex{1}});
  CHECK(choose({.order = tiering::ReleaseOrder::largest}, 51) == Files{FileIndex{1}, FileIndex{3}});
  CHECK(choose({.min_age = Seconds{10}}, 1000) == Files{FileIndex{2}, FileIndex{1}, FileIndex{0}});
}

TEST_CASE("releases reach what is wanted with the last file needed, in order") {
  rc::check([] {
    ReleaseRule rule;
    if (*rc::gen::arbitrary<bool>()) rule.order = tiering::ReleaseOrder::largest;
    std::vector<tiering::FileAge> candidates;
    const auto count = *rc::gen::inRange<std::uint32_t>(0, 30);
    for (std::uint32_t f = 0; f < count; ++f)
      candidates.push_back({FileIndex{f}, Bytes{*rc::gen::inRange<std::uint64_t>(1, 100)},
                            Seconds{*rc::gen::inRange<int>(0, 10) * 1.0}});
    const auto before = candidates;
    const Bytes wanted{*rc::gen::inRange<std::uint64_t>(0, 2000)};
    const std::vector<FileIndex> chosen = choose_releases(rule, Seconds{100}, wanted, candidates);
    Bytes sum{};
    Bytes all{};
    for (const FileIndex file : chosen) sum += before[file.value()].bytes;
    for (const tiering::FileAge& file : before) all += file.bytes;
    RC_ASSERT(sum >= std::min(wanted, all));
    if (!chosen.empty()) RC_ASSERT(sum - before[chosen.back().value()].bytes < wanted);
    // Nothing that stays should have gone before something that went.
    for (const tiering::FileAge& stays : before) {
      if (std::find(chosen.begin(), chosen.end(), stays.file) != chosen.end()) continue;
      for (const FileIndex went : chosen) {
        const tiering::FileAge& gone = before[went.value()];
        if (rule.order == tiering::ReleaseOrder::largest)
          RC_ASSERT(gone.bytes >= stays.bytes);
        else
          RC_ASSERT(gone.accessed <= stays.accessed);
      }
    }
  });
}
