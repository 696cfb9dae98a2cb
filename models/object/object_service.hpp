// An object store as its clients meet it: request rates that refuse, times to the first byte, the
// rate of all connections together, sessions, and the count of everything that costs money. Who
// connects, retries and splits objects into ranges is the client's affair (connection_pool.hpp).
#pragma once

#include "models/fabric/fabric_settings.hpp"
#include "models/object/request_rates.hpp"
#include "models/object/service_settings.hpp"
#include "models/storage.hpp"

namespace lustrum::object {

// What a request is about.
struct RequestTarget {
  RequestClass request{};
  std::uint32_t prefix = 0;
  std::uint64_t object = 0;
};

class ObjectService {
public:
  ObjectService(kernel::World& world, const ServiceSettings& settings, std::uint64_t seed);

  const ServiceSettings& settings() const { return settings_; }
  const ServiceUsage& usage() const { return usage_; }
  const RequestRates& rates() const { return rates_; }
  std::uint64_t admitted() const { return admitted_; }

  // Takes the request, or refuses it with a 503.
  bool admit(const RequestTarget& target);
  // co_await: until the first byte of the answer (a PUT: until the answer, after its body).
  auto answer(RequestClass request) { return world_.delay(latency_, draw(request)); }
  auto refusal() { return world_.delay(latency_, settings_.throttle_answer + zone()); }
  auto connect() { return world_.delay(latency_, settings_.connect + zone()); }
  // The stations of the store on the way of a body.
  void add_to(kernel::Path& path, fabric::Direction direction) const {
    if (kernel::SharedStation* total = total_[static_cast<std::size_t>(direction)])
      path.add(*total);
  }

  // --- bookkeeping
  void finished(RequestClass request) { ++usage_.requests[static_cast<std::size_t>(request)]; }
  void finished_session() {
    ++admitted_;
    finished(RequestClass::session);
  }
  void retrieved(Bytes bytes) { usage_.retrieved += bytes; }
  void uploaded(Bytes bytes) { usage_.uploaded += bytes; }
  void store(Bytes added, Bytes removed);
  // Up to now.
  ServiceUsage usage_now() const;

  // Requests taken are finished, or `under_way` of them still run. Empty when all holds.
  std::vector<std::string> check_laws(std::uint64_t under_way) const;

private:
  Seconds zone() const { return settings_.zone_distance; }
  Seconds draw(RequestClass request);

  kernel::World& world_;
  ServiceSettings settings_;
  RequestRates rates_;
  kernel::DelayStation& latency_;
  std::array<kernel::SharedStation*, 2> total_{}; // by direction
  LatencyDraws get_;
  LatencyDraws put_;
  LatencyDraws list_;
  LatencyDraws head_;
  LatencyDraws session_;
  ServiceUsage usage_;
  std::uint64_t admitted_ = 0;
  Seconds stored_since_{};
};

} // namespace lustrum::object
