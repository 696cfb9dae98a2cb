// Jobs that share the servers of an assembled file system: rules of the token bucket filter, OSTs
// that other data has filled.
#include "tests/model/assembled_fixture.hpp"

using namespace lustrum;
using namespace lustrum::test;
using doctest::Approx;

namespace {

constexpr std::string_view kJobs =
    "[{name: victim, nodes: 1, workload: {ior: {block_size: 4 GiB}}}, "
    "{name: noisy, nodes: 8, workload: {ior: {block_size: 1 GiB}}}]";
constexpr std::string_view kStorage =
    "system: fsx_persistent_2_1000, capacity: 2.4 TiB, layout: -c 1 -S 4M";

kernel::Task read_as(lustre::Filesystem& fs, Caller caller, FileIndex file, double& end_s,
                     Outcome& outcome, const kernel::World& world) {
  std::unique_ptr<OpenFile> open;
  co_await fs.open(caller, file, {}, open, outcome);
  co_await fs.read(*open, Bytes{}, fs.file_size(file), outcome);
  co_await fs.close(std::move(open), outcome);
  end_s = std::max(end_s, world.now().count());
}

struct Rates { // MiB/s
  double victim = 0;
  double noisy = 0;
  double noisy_throttled = 0; // share of the noisy job's time
};

// One client reads 4 GiB beside eight others, which read 8 GiB.
Rates rates_of(const AssembledText& text) {
  lustre::FilesystemSettings settings = assembled(text);
  settings.tunables.client_copy_bandwidth = BytesPerSecond{kBoundless};
  kernel::World world;
  lustre::Filesystem fs(world, settings);
  double victim_s = 0;
  double noisy_s = 0;
  Outcome victim;
  Outcome noisy;
  world.spawn(read_as(fs, {ClientIndex{0}, JobIndex{0}, 0},
                      fs.place_file(kRootDirectory, Bytes{4 * kGib}), victim_s, victim, world),
              {"victim", 0});
  for (std::uint32_t c = 1; c <= 8; ++c)
    world.spawn(read_as(fs, {ClientIndex{c}, JobIndex{1}, 0},
                        fs.place_file(kRootDirectory, Bytes{kGib}), noisy_s, noisy, world),
                {"noisy", c});
  world.run_all();
  CHECK(fs.check_laws().empty());
  return {4096 / victim_s, 8192 / noisy_s, noisy.time[Cause::throttle] / noisy.time.total()};
}

} // namespace

TEST_CASE("a rule of the token bucket filter shields a job from its neighbour") {
  // One server of two partitions: 50/s in each are 100 RPCs of 4 MiB = 400 MiB/s for the noisy job.
  // Its disks give 2400 MiB/s, so the victim gets all that its client can take from a server: 5
  // Gbit/s = 596 MiB/s. Without the rule nine clients share the disks, 267 MiB/s
  // for each, until the noisy ones end after 3.84 s; then 3 GiB are left: 4096/(3.84 + 5.15) = 455.
  AssembledText text{.storage = kStorage, .jobs = kJobs, .nodes = 9};
  const Rates alone = rates_of(text);
  CHECK(alone.noisy > 1800);
  CHECK(alone.victim == Approx(455).epsilon(0.06));
  const std::string ruled =
      fmt::format("{}, nrs_tbf_rules: [{{name: slow, job: [noisy], rate: 50 /s}}]", kStorage);
  text.storage = ruled;
  text.lustre = "ost.ost_io.nrs_policies: tbf jobid";
  const Rates shielded = rates_of(text);
  CHECK(shielded.noisy == Approx(400).epsilon(0.03));
  // It waits for the rule, beside idle threads, and for nothing else to speak of.
  CHECK(alone.noisy_throttled == 0);
  CHECK(shielded.noisy_throttled > 0.9);
  CHECK(shielded.victim == Approx(596).epsilon(0.03));
  // By client: a bucket for each, so eight of them get eight times as much.
  const std::string by_client =
      fmt::format("{}, nrs_tbf_rules: [{{name: slow, nid: [1-8], rate: 25 /s}}]", kStorage);
  text.storage = by_client;
  text.lustre = "ost.ost_io.nrs_policies: tbf nid";
  CHECK(rates_of(text).noisy == Approx(8 * 200).epsilon(0.03));
}

TEST_CASE("a full OST: no space for its files while others have a lot") {
  // Two OSTs, the first with room for 1 GiB. Files of one stripe that were placed there run out of
  // space (ENOSPC); a new file goes to the other.
  const std::string storage = "system: fsx_persistent_2_1000, capacity: 2.4 TiB, layout: -c 1, "
                              "ost_used: [50 %, 10 %]";
  lustre::FilesystemSettings settings = assembled({.storage = storage});
  // 2.4 TiB are billed as 2400 GiB.
  CHECK(settings.ost_capacity.as_double() == Approx(1200.0 * static_cast<double>(kGib)));
  CHECK(settings.ost_used == std::vector<double>{0.5, 0.1});
  settings.ost_capacity = Bytes{2 * kGib};
  settings.ost_used = {0.5, 0};
  settings.tunables.osp_reserved_mb_low = 1;
  kernel::World world;
  lustre::Filesystem fs(world, settings);
  Outcome first;
  Outcome second;
  const auto write = [&](FileIndex file, Bytes bytes, Outcome& outcome) -> kernel::Task {
    const Caller caller{ClientIndex{0}, JobIndex{0}, 0};
    std::unique_ptr<OpenFile> open;
    Outcome other;
    co_await fs.open(caller, file, {.write = true}, open, other);
    co_await fs.write(*open, Bytes{}, bytes, outcome);
    co_await fs.close(std::move(open), other);
  };
  std::vector<FileIndex> files;
  for (std::uint32_t f = 0; f < 16; ++f)
    files.push_back(fs.place_file(kRootDirectory, Bytes{64 * kKib}));
  std::deque<Outcome> outcomes;
  for (const FileIndex file : files)
    world.spawn(write(file, Bytes{1200 * kMib}, outcomes.emplace_back()), {"writer", file.value()});
  world.run_all();
  const auto failed = std::count_if(outcomes.begin(), outcomes.end(), [](const Outcome& outcome) {
    return outcome.error == StorageError::no_space;
  });
  // 2 GiB + 1 GiB hold one file of 1200 MiB, and that on the second OST.
  CHECK(failed >= 15);
}

TEST_CASE("tunables of the allocator and the layout's defaults reach the file system") {
  const auto old = assembled({.storage = "system: onprem_nvme_lustre, capacity: 120 TiB, "
                                         "layout: -c 2",
                              .network = "lnd: o2ib",
                              .instance = "hgx_h100"});
  CHECK(old.layout.components().front().stripe_size == Bytes{kMib});
  const auto recent = assembled({.storage = "system: onprem_nvme_lustre, capacity: 120 TiB, "
                                            "layout: -E 64K -L mdt -E 2M -c 1 -E -1 -c 2, "
                                            "lustre_version: 2.16",
                                 .network = "lnd: o2ib",
                                 .instance = "hgx_h100"});
  const auto& components = recent.layout.components();
  CHECK(components[0].on_mdt);
  CHECK(components[1].stripe_size == Bytes{2 * kMib}); // halved to fit into the component
  CHECK(components[2].stripe_size == Bytes{4 * kMib});
}
