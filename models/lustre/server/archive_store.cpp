#include "models/lustre/server/archive_store.hpp"

#include <algorithm>

namespace lustrum::lustre {

namespace {
constexpr Seconds kRequestBurst{1}; // of the request rate, saved up (assumed)
} // namespace

ArchiveStore::ArchiveStore(kernel::World& world, const ArchiveSettings& settings)
    : world_(world), settings_(settings),
      latency_(world.add_delay({"archive_latency", "archive_latency"})) {
  if (settings.total_rate.count() > 0)
    total_ = &world.add_shared({"archive", "archive"}, settings.total_rate);
  if (const double rate = settings.requests.count(); rate > 0) {
    const double burst = std::max(1.0, rate * kRequestBurst.count());
    request_rate_ = &world.add_bucket({"archive_requests", "archive.requests"},
                                      {.rate = rate, .burst = burst, .initial = burst});
  }
}

kernel::Path ArchiveStore::connect(std::uint32_t agent_index, std::uint32_t connection,
                                   kernel::SharedStation* agent) {
  kernel::Path path;
  if (settings_.connection_rate.count() > 0)
    path.add(world_.add_shared(
        {"archive_connection", "hsm_agent{}.connection{}", agent_index, connection},
        settings_.connection_rate));
  if (agent) path.add(*agent);
  if (total_) path.add(*total_);
  return path;
}

kernel::Task ArchiveStore::begin() {
  ++requests_;
  if (request_rate_) co_await world_.take(*request_rate_, 1);
  co_await world_.delay(latency_, settings_.first_byte);
}

} // namespace lustrum::lustre
