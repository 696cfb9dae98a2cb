// Which class data is billed in, and which files a release takes first.
#include "models/tiering/policy/access_tiers.hpp"
#include "models/tiering/tiered_store.hpp"

#include <doctest/doctest.h>

using namespace lustrum;
using namespace lustrum::tiering;

namespace {

constexpr double kDay = 86'400;

const std::vector<FileAge> kFiles{
    {FileIndex{0}, 10_MiB, Seconds{50}, Seconds{3}},
    {FileIndex{1}, 30_MiB, Seconds{40}, Seconds{1}},
    {FileIndex{2}, 20_MiB, Seconds{30}, Seconds{2}},
    {FileIndex{3}, 20_MiB, Seconds{60}, Seconds{4}},
};

} // namespace

TEST_CASE("tiers: 30 and 90 days without an access") {
  const AccessTierSettings tiers = intelligent_tiering();
  CHECK(tier_of(tiers, Seconds{29.9 * kDay}) == AccessTier::frequent);
  CHECK(tier_of(tiers, Seconds{30 * kDay}) == AccessTier::infrequent);
  CHECK(tier_of(tiers, Seconds{90 * kDay}) == AccessTier::archive);
  const auto bytes = bytes_by_tier({Seconds{15}, Seconds{35}}, kFiles, Seconds{70});
  CHECK(bytes[0] == 20_MiB); // unused for 10 s
  CHECK(bytes[1] == 40_MiB); // 20 and 30
  CHECK(bytes[2] == 20_MiB); // 40
  const auto defaults = with_defaults<TieredStoreSettings>(TieredStoreSettings::parameters());
  CHECK(defaults.infrequent_after == tiers.infrequent_after);
  CHECK(defaults.archive_after == tiers.archive_after);
}

TEST_CASE("releases: in the order of the policy, and no more than needed") {
  using Files = std::vector<FileIndex>;
  CHECK(choose_releases(kFiles, ReleaseOrder::lru, 25_MiB) == Files{FileIndex{2}, FileIndex{1}});
  CHECK(choose_releases(kFiles, ReleaseOrder::oldest, 30_MiB) == Files{FileIndex{1}});
  CHECK(choose_releases(kFiles, ReleaseOrder::largest, 31_MiB) ==
        Files{FileIndex{1}, FileIndex{2}}); // of two equal ones the first
  CHECK(choose_releases(kFiles, ReleaseOrder::lru, 0_B).empty());
  CHECK(choose_releases(kFiles, ReleaseOrder::lru, 1_GiB).size() == 4);
}
