#include "models/tiering/tiered_store.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lustrum::tiering {

namespace {

constexpr Seconds kNever{-1};
// A bucket smaller than a few blocks would throttle by its granularity and not by its rate.
constexpr double kBurstBlocks = 16;

ParameterTable cache_rows() {
  using S = TieredStoreSettings;
  return {
      {.key = "ssd_cache",
       .field = field<&S::ssd_cache>,
       .default_text = "0 B",
       .doc =
           "SSD read cache, all together: 32 to 131,072 GiB per step of throughput, empty at the "
           "start; 0: none.",
       .source =
           "FSx for Lustre guide, Intelligent-Tiering; the size of the mode `proportional` is "
           "not published"},
      {.key = "block",
       .field = field<&S::block>,
       .default_text = "4 MiB",
       .min = 4096,
       .doc = "Of a billed read request, and what the caches keep of it.",
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
      {.key = "unused_for",
       .field = field<&S::unused_for>,
       .default_text = "0 s",
       .min = 0,
       .doc = "How long the data set has not been used when the run begins."},
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
      {.key = "store_rate",
       .field = field<&S::store_rate>,
       .default_text = "4000 MB/s",
       .min = 0,
       .doc = "All requests to the tiered store together, per step; 0: no limit.",
       .source = "what a step buys (FSx for Lustre guide, Intelligent-Tiering)"},
  };
}

} // namespace

const ParameterTable& TieredStoreSettings::parameters() {
  static const ParameterTable kTable = joined_tables({cache_rows(), store_rows()});
  return kTable;
}

TieredUsage& TieredUsage::operator+=(const TieredUsage& other) {
  read_requests += other.read_requests;
  write_requests += other.write_requests;
  from_ssd += other.from_ssd;
  missed += other.missed;
  from_store += other.from_store;
  return *this;
}

TieredStore::TieredStore(kernel::World& world, std::uint32_t number,
                         const TieredStoreSettings& settings, std::uint64_t seed)
    : world_(world), settings_(settings),
      ssd_({.capacity = settings.ssd_cache, .block = settings.block}),
      misses_(world.add_slots({"tier_misses", "tier{}.misses", number}, settings.misses)),
      latency_(world.add_delay({"tier_latency", "tier{}.latency", number})),
      draws_(settings.miss, seed, random::component("tiering.miss", number + 1)) {
  // Empty at the start, so that its rate is never exceeded since then.
  if (const double rate = settings.store_rate.count(); rate > 0)
    rate_ = &world.add_bucket(
        {"tier_rate", "tier{}.rate", number},
        {.rate = rate, .burst = kBurstBlocks * settings.block.as_double(), .initial = 0});
}

void TieredStore::touch(std::uint32_t object) {
  if (accessed_.size() <= object) accessed_.resize(std::size_t{object} + 1, kNever);
  accessed_[object] = world_.now();
}

AccessTier TieredStore::tier_of(std::uint32_t object) const {
  const Seconds accessed = object < accessed_.size() ? accessed_[object] : kNever;
  const Seconds at = accessed == kNever ? Seconds{} - settings_.unused_for : accessed;
  return tiering::tier_of({settings_.infrequent_after, settings_.archive_after}, world_.now() - at);
}

TieredStore::Place TieredStore::look_up(std::uint32_t object, Bytes at, Bytes wanted) {
  if (on_its_way(object, at)) {
    usage_.missed += wanted;
    return Place::on_its_way;
  }
  const bool on_ssd = ssd_.look_up(FileIndex{object}, at, wanted) == wanted;
  (on_ssd ? usage_.from_ssd : usage_.missed) += wanted;
  if (on_ssd) return Place::ssd;
  under_way_.try_emplace({object, at.count()}, world_);
  return Place::store;
}

kernel::Task TieredStore::fetch(std::uint32_t object, Bytes at, Bytes bytes) {
  const kernel::SlotHold slot = co_await misses_.acquire();
  if (rate_) co_await world_.take(*rate_, bytes.as_double());
  co_await world_.delay(latency_, draws_.next() + bytes / settings_.miss_rate);
  ++usage_.read_requests;
  usage_.from_store += bytes;
  ssd_.insert(FileIndex{object}, at, bytes, at + bytes);
  const auto waited_for = under_way_.find({object, at.count()});
  waited_for->second.notify();
  under_way_.erase(waited_for);
}

void TieredStore::written(std::uint32_t object, Bytes offset, Bytes length) {
  touch(object);
  // A block is a request with its first byte: an object written once through, in pieces of any size
  // and order, is as many as it has blocks.
  const Bytes block = settings_.write_block;
  const auto begun_before = [block](Bytes end) { return (end + block - Bytes{1}) / block; };
  usage_.write_requests += begun_before(offset + length) - begun_before(offset);
}

std::vector<std::string> TieredStore::check_laws() const {
  std::vector<std::string> problems;
  const double most = static_cast<double>(usage_.read_requests) * settings_.block.as_double();
  if (usage_.from_store.as_double() > most)
    problems.push_back(fmt::format("tiered store: {} bytes in {} requests of at most {}",
                                   usage_.from_store.count(), usage_.read_requests,
                                   settings_.block.count()));
  if (world_.is_idle() && !under_way_.empty())
    problems.push_back(fmt::format("tiered store: {} blocks never arrived", under_way_.size()));
  if (ssd_.held() > settings_.ssd_cache)
    problems.push_back(fmt::format("tiered store: {} bytes in an SSD cache of {}",
                                   ssd_.held().count(), settings_.ssd_cache.count()));
  return problems;
}

} // namespace lustrum::tiering
