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

std::uint64_t requests_for(ArchiveRequest request, Bytes size, Bytes part) {
  if (request == ArchiveRequest::remove || part == Bytes{} || size <= part) return 1;
  const std::uint64_t parts = (size.count() + part.count() - 1) / part.count();
  constexpr std::uint64_t kBeginAndComplete = 2;
  return request == ArchiveRequest::put ? parts + kBeginAndComplete : parts;
}

kernel::Task ArchiveStore::begin(ArchiveRequest request, Bytes size) {
  const std::uint64_t count = requests_for(request, size, settings_.part);
  (request == ArchiveRequest::get   ? usage_.gets
   : request == ArchiveRequest::put ? usage_.puts
                                    : usage_.deletes) += count;
  if (request_rate_) co_await world_.take(*request_rate_, static_cast<double>(count));
  co_await world_.delay(latency_, settings_.first_byte);
}

} // namespace lustrum::lustre
