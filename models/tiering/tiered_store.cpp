#include "models/tiering/tiered_store.hpp"

#include "models/storage/stopwatch.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lustrum::tiering {

using kernel::Task;

namespace {

constexpr Seconds kIopsBurst{0.1}; // of the operations' rate, saved up (assumed)

BlockCacheSettings cache_of(Bytes capacity, Bytes block) {
  return {.capacity = capacity, .block = block};
}

} // namespace

namespace {

ParameterTable cache_rows() {
  using S = TieredStoreSettings;
  return {
      {.key = "steps",
       .field = field<&S::steps>,
       .default_text = "1",
       .min = 1,
       .max = 500,
       .doc = "Throughput bought, in steps of 4,000 MBps.",
       .source = "FSx for Lustre guide, Intelligent-Tiering: to 2,000,000 MBps"},
      {.key = "ram",
       .field = field<&S::ram>,
       .default_text = "76.8 GB",
       .doc = "Read cache in the servers' memory, per step.",
       .source = "the same: 76.8 GB per 4,000 MBps"},
      {.key = "ssd_cache",
       .field = field<&S::ssd_cache>,
       .default_text = "0 B",
       .doc = "SSD read cache, all together: 32 to 131,072 GiB per step; 0: none.",
       .source = "the same; the size of the mode `proportional` is not published"},
      {.key = "ssd_rate",
       .field = field<&S::ssd_rate>,
       .default_text = "4000 MB/s",
       .min = 1,
       .doc = "Reads from the SSD cache, per step.",
       .source = "the same"},
      {.key = "ssd_iops",
       .field = field<&S::ssd_iops>,
       .default_text = "160000 IOPS",
       .min = 0,
       .doc = "The same in operations; 0: no limit.",
       .source = "the same"},
      {.key = "ssd_latency",
       .field = field<&S::ssd_latency>,
       .default_text = "0.2 ms",
       .min = 0,
       .doc = "Of a hit in the SSD cache.",
       .source = "assumed: documented as below 1 ms"},
  };
}

ParameterTable store_rows() {
  using S = TieredStoreSettings;
  constexpr double kMany = 1e6;
  return {
      {.key = "miss_p50",
       .field = field<&S::miss, &LatencySpread::p50>,
       .default_text = "26.79 ms",
       .min = 0,
       .doc = "First byte of a miss, median; log-normal between this and miss_p99.",
       .source = "documented as tens of ms: assumed to be that of S3 Standard"},
      {.key = "miss_p99",
       .field = field<&S::miss, &LatencySpread::p99>,
       .default_text = "113.35 ms",
       .min = 0,
       .doc = "The same, 99th percentile.",
       .source = "assumed to be that of S3 Standard"},
      {.key = "miss_rate",
       .field = field<&S::miss_rate>,
       .default_text = "88 MB/s",
       .min = 1,
       .doc = "Of one request to the tiered store.",
       .source = "assumed to be that of an S3 connection"},
      {.key = "misses",
       .field = field<&S::misses>,
       .default_text = "64",
       .min = 1,
       .max = kMany,
       .doc = "Requests to the tiered store under way, per step.",
       .source = "assumed: 64 x 88 MB/s reach the 4,000 MBps that a step buys"},
      {.key = "block",
       .field = field<&S::block>,
       .default_text = "4 MiB",
       .min = 4096,
       .doc = "Of a billed read request, and what the caches keep.",
       .source = "assumed: not published"},
      {.key = "write_block",
       .field = field<&S::write_block>,
       .default_text = "4 MiB",
       .min = 4096,
       .doc = "Of a billed write request: writes are aggregated.",
       .source = "assumed: not published"},
      {.key = "infrequent_after",
       .field = field<&S::infrequent_after>,
       .default_text = "30 d",
       .min = 0,
       .doc = "Data not used for so long is billed as Infrequent Access.",
       .source = "FSx for Lustre guide, Intelligent-Tiering"},
      {.key = "archive_after",
       .field = field<&S::archive_after>,
       .default_text = "90 d",
       .min = 0,
       .doc = "Data not used for so long is billed as Archive Instant Access.",
       .source = "the same"},
  };
}

} // namespace

const ParameterTable& TieredStoreSettings::parameters() {
  static const ParameterTable kTable = joined_tables({cache_rows(), store_rows()});
  return kTable;
}

TieredStore::TieredStore(kernel::World& world, const TieredStoreSettings& settings,
                         std::uint64_t seed)
    : world_(world), settings_(settings),
      ram_(cache_of(settings.ram * settings.steps, settings.block)),
      ssd_(cache_of(settings.ssd_cache, settings.block)),
      disk_(world.add_shared({"tier_ssd", "tier.ssd"}, settings.ssd_rate * settings.steps)),
      misses_(world.add_slots({"tier_misses", "tier.misses"}, settings.misses * settings.steps)),
      latency_(world.add_delay({"tier_latency", "tier.latency"})),
      draws_(settings.miss, seed, random::component("tiering.miss")) {
  disk_path_.add(disk_);
  if (const double rate = settings.ssd_iops.count() * settings.steps; rate > 0) {
    const double burst = std::max(1.0, rate * kIopsBurst.count());
    iops_ = &world.add_bucket({"tier_iops", "tier.ssd_iops"},
                              {.rate = rate, .burst = burst, .initial = burst});
  }
}

void TieredStore::touch(FileIndex file, Bytes size) {
  if (files_.size() <= file.value()) files_.resize(file.value() + 1);
  FileAge& age = files_[file.value()];
  if (age.bytes == Bytes{}) age.created = world_.now();
  age.file = file;
  age.bytes = size;
  age.accessed = world_.now();
}

void TieredStore::placed(FileIndex file, Bytes size, Seconds unused_for) {
  touch(file, size);
  files_[file.value()].accessed = files_[file.value()].created = world_.now() - unused_for;
}

void TieredStore::removed(FileIndex file, Bytes size) {
  ram_.erase(file, size);
  ssd_.erase(file, size);
  if (file.value() < files_.size()) files_[file.value()] = {};
}

// Whole blocks, one request each, several at once. Who misses a block that is on its way waits for
// it.
Task TieredStore::fetch(FileIndex file, Bytes offset, Bytes length, Bytes size, Outcome& outcome) {
  Stopwatch watch(world_, outcome.time);
  const Block block{file.value(), offset.count()};
  const auto [place, first] = under_way_.try_emplace(block, world_);
  if (!first) {
    co_await place->second.wait();
    watch.lap(Cause::restore);
    co_return;
  }
  const kernel::SlotHold slot = co_await misses_.acquire();
  co_await world_.delay(latency_, draws_.next() + length / settings_.miss_rate);
  ++usage_.read_requests;
  usage_.from_store += length;
  ram_.insert(file, offset, length, size);
  ssd_.insert(file, offset, length, size);
  under_way_.at(block).notify();
  under_way_.erase(block);
  watch.lap(Cause::restore);
}

Task TieredStore::read(FileIndex file, Bytes offset, Bytes length, Bytes size, Outcome& outcome) {
  Stopwatch watch(world_, outcome.time);
  asked_ += length;
  touch(file, size);
  kernel::TaskGroup fetches = world_.group();
  std::deque<Outcome> each;
  Bytes on_ssd{};
  std::uint64_t ssd_blocks = 0;
  const Bytes end = offset + length;
  for (Bytes at = offset - offset % settings_.block; at < end; at += settings_.block) {
    const Bytes block = std::min(settings_.block, size - at);
    const Bytes wanted = std::min(end, at + block) - std::max(offset, at);
    if (ram_.look_up(file, at, block) == block) {
      usage_.from_ram += wanted;
    } else if (ssd_.look_up(file, at, block) == block) {
      usage_.from_ssd += wanted;
      on_ssd += wanted;
      ++ssd_blocks;
      ram_.insert(file, at, block, size);
    } else {
      usage_.missed += wanted;
      fetches.add(fetch(file, at, block, size, each.emplace_back()), {"tier miss", file.value()});
    }
  }
  if (ssd_blocks > 0) {
    if (iops_) co_await world_.take(*iops_, static_cast<double>(ssd_blocks));
    co_await world_.transfer(disk_path_, on_ssd);
    co_await world_.delay(latency_, settings_.ssd_latency);
    watch.lap(Cause::disk);
  }
  co_await fetches.all();
  watch.lap(Cause::restore);
}

void TieredStore::written(FileIndex file, Bytes offset, Bytes length, Bytes size) {
  touch(file, size);
  ram_.insert(file, offset, length, size);
  // What a file has come to beyond a block since its last request is one more request.
  usage_.write_requests +=
      (offset + length) / settings_.write_block - offset / settings_.write_block;
}

std::array<Bytes, kAccessTiers> TieredStore::stored() const {
  return bytes_by_tier({settings_.infrequent_after, settings_.archive_after}, files_, world_.now());
}

std::vector<std::string> TieredStore::check_laws() const {
  std::vector<std::string> problems;
  const Bytes found = usage_.from_ram + usage_.from_ssd + usage_.missed;
  if (asked_ != found)
    problems.push_back(fmt::format("tiered store: {} bytes asked, {} found or missed",
                                   asked_.count(), found.count()));
  const double most = static_cast<double>(usage_.read_requests) * settings_.block.as_double();
  if (usage_.from_store.as_double() > most)
    problems.push_back(fmt::format("tiered store: {} bytes in {} requests of at most {}",
                                   usage_.from_store.count(), usage_.read_requests,
                                   settings_.block.count()));
  return problems;
}

} // namespace lustrum::tiering
