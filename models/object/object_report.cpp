// What an object storage reports at the end of a run: counts, bound, laws.
#include "models/object/object_storage.hpp"
#include "models/tiering/policy/missed_share.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lustrum::object {

PoolCounts ObjectStorage::pool_counts() const {
  PoolCounts sum;
  for (const ConnectionPool& pool : pools_) {
    const PoolCounts& c = pool.counts();
    sum.begun += c.begun;
    sum.retries += c.retries;
    sum.given_up += c.given_up;
    sum.connects += c.connects;
    sum.under_way += c.under_way;
  }
  return sum;
}

tiering::BlockCacheStats ObjectStorage::local_cache_stats() const {
  tiering::BlockCacheStats sum;
  for (const Host& host : hosts_) {
    if (!host.local_cache) continue;
    const tiering::BlockCacheStats& s = host.local_cache->cache().stats();
    sum.hit += s.hit;
    sum.missed += s.missed;
    sum.inserted += s.inserted;
    sum.evicted += s.evicted;
  }
  return sum;
}

kernel::Topology::Cut ObjectStorage::read_bound(Bytes bytes) const {
  const ServiceSettings& service = service_.settings();
  const ServiceUsage& usage = service_.usage();
  const double cached = (settings_.client.local_cache + settings_.client.page_cache).as_double() *
                        static_cast<double>(hosts_.size());
  const double missed = tiering::missed_share(bytes.as_double(), usage.stored.as_double(), cached);
  kernel::Topology topology;
  const auto source = topology.add_node();
  const auto rated = topology.add_node();
  const auto store = topology.add_node();
  const auto sink = topology.add_node();
  const std::uint64_t gets = usage.count(RequestClass::get);
  if (service.reads.count() > 0 && gets > 0) {
    const double mean = usage.retrieved.as_double() / static_cast<double>(gets);
    topology.add_edge(
        source, rated,
        BytesPerSecond{service.reads.count() * service_.rates().partitions() * mean / missed},
        "object_requests");
  } else {
    topology.add_unlimited_edge(source, rated);
  }
  if (service.total_rate.count() > 0)
    topology.add_edge(rated, store, service.total_rate / missed, "object_store");
  else
    topology.add_unlimited_edge(rated, store);
  for (const Host& host : hosts_) {
    const auto pools = std::max<std::size_t>(1, host.pools.size());
    const auto client = topology.add_node();
    topology.add_edge(store, client,
                      service.connection_rate * settings_.client.connections *
                          static_cast<double>(pools) / missed,
                      "connection");
    topology.add_edge(client, sink, links_.settings().bandwidth() / missed, "client_nic");
  }
  return topology.min_cut(source, sink);
}

std::vector<std::string> ObjectStorage::check_laws() const {
  const bool idle = world_.is_idle();
  std::vector<std::string> problems = check_totals(idle);
  const PoolCounts counts = pool_counts();
  const IoTotals t = totals();
  const ServiceUsage& usage = service_.usage();
  const auto expect = [&](bool holds, std::string_view what, double left, double right) {
    if (!holds) problems.push_back(fmt::format("{}: {:.0f} and {:.0f}", what, left, right));
  };
  // The service may have other storages as its clients.
  expect(t.read_fetched <= usage.retrieved, "clients fetch what the store gives",
         t.read_fetched.as_double(), usage.retrieved.as_double());
  expect(t.write_stored <= usage.uploaded, "what is stored was uploaded",
         t.write_stored.as_double(), usage.uploaded.as_double());
  expect(t.read_delivered <= t.read_cached + t.read_fetched,
         "what is delivered was fetched or cached", t.read_delivered.as_double(),
         (t.read_cached + t.read_fetched).as_double());
  expect(counts.retries + counts.given_up <= usage.throttled, "a retry follows a refusal",
         static_cast<double>(counts.retries + counts.given_up),
         static_cast<double>(usage.throttled));
  expect(!idle || counts.under_way == 0, "requests end", 0, counts.under_way);
  for (const Host& host : hosts_)
    if (host.local_cache)
      for (std::string& problem : host.local_cache->disks().check_laws(idle))
        problems.push_back(std::move(problem));
  return problems;
}

} // namespace lustrum::object
