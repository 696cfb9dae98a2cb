// What a file server reports at the end of a run: counts, bound, laws.
#include "models/fileserver/file_server.hpp"
#include "models/tiering/policy/missed_share.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lustrum::fileserver {
namespace {

// The rate of reads that burst credit allows on average: what was there, and what flows in while
// the run reads at its best and while it does not read.
BytesPerSecond sustained(const ServerSettings& server, BytesPerSecond peak, double bytes,
                         Seconds not_reading) {
  if (!(server.baseline.count() > 0) || !(bytes > 0) || !(server.read_metering > 0)) return peak;
  const double metered = bytes * server.read_metering;
  const double at_baseline_s =
      (metered - server.initial_credit.as_double()) / server.baseline.count() - not_reading.count();
  return BytesPerSecond{bytes / std::max(at_baseline_s, bytes / peak.count())};
}

} // namespace

ServerUsage FileServer::usage() const {
  ServerUsage sum;
  for (const Server& server : servers_) sum += server.usage();
  return sum;
}

kernel::Topology::Cut FileServer::read_bound(Bytes bytes, Seconds not_reading) const {
  const ServerSettings& limits = settings_.server;
  const auto hosts = static_cast<double>(hosts_.size());
  const double in_clients = settings_.mount.page_cache.as_double() * hosts;
  const double in_servers = limits.cache.as_double() * limits.servers;
  const double data = stored_peak_.as_double();
  const double asked = bytes.as_double();
  // Of what is asked, this much reaches the servers; and of that, this much their disks.
  const double missed = tiering::missed_share(asked, data, in_clients);
  const double from_disk = tiering::missed_share(asked, data, in_clients + in_servers);
  kernel::Topology topology;
  const auto source = topology.add_node();
  const auto disks = topology.add_node();
  const auto servers = topology.add_node();
  const auto sink = topology.add_node();
  if (limits.disk_read.count() > 0)
    topology.add_edge(source, disks, limits.disk_read * limits.servers / from_disk,
                      "fileserver_disk");
  else
    topology.add_unlimited_edge(source, disks);
  const double each = asked * missed / limits.servers;
  topology.add_edge(disks, servers,
                    sustained(limits, limits.read, each, not_reading) * limits.servers / missed,
                    "fileserver_reads");
  for (std::size_t h = 0; h < hosts_.size(); ++h) {
    const auto client = topology.add_node();
    BytesPerSecond allowed = links_.settings().bandwidth();
    if (limits.client_read.count() > 0) allowed = std::min(allowed, limits.client_read);
    if (limits.flow.count() > 0)
      allowed = std::min(allowed, limits.flow * settings_.mount.connections * limits.servers);
    topology.add_edge(servers, client, allowed / missed, "client_ceiling");
    topology.add_edge(client, sink, links_.settings().bandwidth() / missed, "client_nic");
  }
  return topology.min_cut(source, sink);
}

std::vector<std::string> FileServer::check_laws() const {
  const bool idle = world_.is_idle();
  std::vector<std::string> problems = check_totals(idle);
  const IoTotals t = totals();
  const ServerUsage u = usage();
  const auto expect = [&](bool holds, std::string_view what, Bytes left, Bytes right) {
    if (!holds)
      problems.push_back(fmt::format("{}: {} and {} bytes", what, left.count(), right.count()));
  };
  expect(t.read_fetched <= u.read, "clients fetch what servers serve", t.read_fetched, u.read);
  expect(!idle || t.read_fetched == u.read, "what servers serve reaches clients", t.read_fetched,
         u.read);
  expect(t.read_delivered <= t.read_fetched + t.read_cached,
         "what is delivered was fetched or cached", t.read_delivered,
         t.read_fetched + t.read_cached);
  expect(t.write_stored <= u.written, "what is stored was written to servers", t.write_stored,
         u.written);
  expect(!idle || t.write_stored == t.write_accepted, "written data reaches the servers",
         t.write_stored, t.write_accepted);
  return problems;
}

} // namespace lustrum::fileserver
