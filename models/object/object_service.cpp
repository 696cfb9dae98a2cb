#include "models/object/object_service.hpp"

#include <fmt/format.h>

namespace lustrum::object {

ObjectService::ObjectService(kernel::World& world, const ServiceSettings& settings,
                             std::uint64_t seed)
    : world_(world), settings_(settings), rates_(world, settings_),
      latency_(world.add_delay({"object_latency", "object.latency"})),
      get_(settings.get, seed, random::component("object.get")),
      put_(settings.put, seed, random::component("object.put")),
      list_(settings.list, seed, random::component("object.list")),
      head_(settings.head, seed, random::component("object.head")),
      session_(settings.session, seed, random::component("object.session")) {
  if (settings.total_rate.count() > 0)
    total_ = {&world.add_shared({"object_store", "object.reads"}, settings.total_rate),
              &world.add_shared({"object_store", "object.writes"}, settings.total_rate)};
}

bool ObjectService::admit(const RequestTarget& target) {
  const std::uint32_t bucket =
      settings_.buckets > 1
          ? static_cast<std::uint32_t>(random::mix_bits(target.object) % settings_.buckets)
          : 0;
  const bool by_prefix = settings_.rate_scope == "prefix";
  const std::uint32_t group = by_prefix ? target.prefix * settings_.buckets + bucket : bucket;
  const bool admitted = rates_.admit(group, target.object, is_read(target.request));
  ++(admitted ? admitted_ : usage_.throttled);
  return admitted;
}

Seconds ObjectService::draw(RequestClass request) {
  const auto next = [&] {
    switch (request) {
    case RequestClass::get:
      return get_.next();
    case RequestClass::put:
      return put_.next();
    case RequestClass::list:
      return list_.next();
    case RequestClass::session:
      return session_.next();
    case RequestClass::head:
    case RequestClass::del:
      break;
    }
    return head_.next();
  };
  return next() + zone();
}

void ObjectService::store(Bytes added, Bytes removed) {
  usage_ = usage_now();
  stored_since_ = world_.now();
  usage_.stored += added;
  usage_.stored -= removed;
  usage_.stored_peak = std::max(usage_.stored_peak, usage_.stored);
}

ServiceUsage ObjectService::usage_now() const {
  ServiceUsage now = usage_;
  now.stored_byte_seconds += now.stored.as_double() * (world_.now() - stored_since_).count();
  return now;
}

std::vector<std::string> ObjectService::check_laws(std::uint64_t under_way) const {
  std::vector<std::string> problems;
  if (admitted_ != usage_.all_requests() + under_way)
    problems.push_back(fmt::format("object store: {} requests taken, {} answered, {} under way",
                                   admitted_, usage_.all_requests(), under_way));
  if (rates_.refused() != usage_.throttled)
    problems.push_back(fmt::format("object store: {} requests refused, {} answered with 503",
                                   rates_.refused(), usage_.throttled));
  return problems;
}

} // namespace lustrum::object
