#include "models/lustre/filesystem.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace lustrum::lustre {

Filesystem::Filesystem(kernel::World& world, const FilesystemSettings& settings)
    : world_(world), settings_(settings),
      files_(settings.layout, settings.fabric.servers * settings.oss.osts, settings.seed),
      fabric_(world, settings.fabric) {
  for (std::uint32_t m = 0; m < settings_.mdts; ++m)
    mds_.emplace_back(world, MdtIndex{m}, settings_.mds);
  for (std::uint32_t s = 0; s < settings_.fabric.servers; ++s)
    oss_.emplace_back(world, fabric_, OssIndex{s}, settings_.oss);
  kernel::DelayStation& latency = world.add_delay({"ost_latency", "ost_latency"});
  for (std::uint32_t t = 0; t < settings_.fabric.servers * settings_.oss.osts; ++t)
    // Neighbours on different servers: the order in which the allocator walks them.
    ost_.emplace_back(world, oss_[t % oss_.size()], latency, OstIndex{t}, settings_.oss);
  kernel::DelayStation& copy = world.add_delay({"client_copy", "client_copy"});
  for (std::uint32_t c = 0; c < settings_.fabric.clients; ++c)
    clients_.emplace_back(world, fabric_, files_, Client::Servers{mds_, ost_}, copy, ClientIndex{c},
                          settings_.tunables, totals_);
}

namespace {

// Mean rate that a burst bucket allows over a run that moves `bytes` through it at up to `peak`:
// all at peak while credit lasts, the rest at the baseline.
BytesPerSecond sustained(const BurstSettings& credit, BytesPerSecond peak, double bytes,
                         Seconds not_reading) {
  if (!(credit.baseline.count() > 0) || !(bytes > 0)) return peak;
  const double at_baseline_s =
      (bytes - credit.initial_bytes) / credit.baseline.count() - not_reading.count();
  const double at_peak_s = bytes / peak.count();
  return BytesPerSecond{bytes / std::max(at_baseline_s, at_peak_s)};
}

} // namespace

DirectoryIndex Filesystem::place_directory(DirectoryIndex /*parent*/) {
  return DirectoryIndex{next_directory_++};
}
DirectoryIndex Filesystem::reserve_directory(DirectoryIndex parent) {
  return place_directory(parent);
}
FileIndex Filesystem::reserve_file(DirectoryIndex directory) {
  return files_.add(directory.value(), Bytes{});
}
void Filesystem::drop_caches(ClientIndex) {}
kernel::Task Filesystem::sync(OpenFile&, Outcome&) { co_return; }
kernel::Task Filesystem::truncate(Caller, FileIndex, Bytes, Outcome&) { co_return; }
kernel::Task Filesystem::remove(Caller, FileIndex, Outcome&) { co_return; }
kernel::Task Filesystem::make_directory(Caller, DirectoryIndex, Outcome&) { co_return; }
kernel::Task Filesystem::remove_directory(Caller, DirectoryIndex, Outcome&) { co_return; }
kernel::Task Filesystem::list(Caller, DirectoryIndex, std::vector<FileIndex>&, Outcome&) {
  co_return;
}
IoTotals Filesystem::totals(JobIndex) const { return totals_; }

kernel::Topology::Cut Filesystem::cut_with(BytesPerSecond network, BytesPerSecond disk) const {
  kernel::Topology topology;
  const auto source = topology.add_node();
  const auto sink = topology.add_node();
  for (const auto server : fabric_.describe(topology, sink)) {
    const auto credit = topology.add_node();
    topology.add_edge(credit, server, network, "oss_nic");
    for (std::uint32_t t = 0; t < settings_.oss.osts; ++t)
      topology.add_edge(source, credit, disk, "ost_disk");
  }
  return topology.min_cut(source, sink);
}

kernel::Topology::Cut Filesystem::read_bound(Bytes bytes, Seconds not_reading) const {
  const double per_oss = bytes.as_double() / static_cast<double>(oss_.size());
  const double per_ost = bytes.as_double() / static_cast<double>(ost_.size());
  return cut_with(
      sustained(settings_.oss.network, settings_.fabric.server_nic, per_oss, not_reading),
      sustained(settings_.oss.disk_credit, settings_.oss.disk.read_bandwidth, per_ost,
                not_reading));
}

kernel::Topology::Cut Filesystem::read_bound_of_baseline() const {
  const auto lasting = [](const BurstSettings& credit, BytesPerSecond peak) {
    return credit.baseline.count() > 0 ? credit.baseline : peak;
  };
  return cut_with(lasting(settings_.oss.network, settings_.fabric.server_nic),
                  lasting(settings_.oss.disk_credit, settings_.oss.disk.read_bandwidth));
}

PerSecond Filesystem::open_close_bound(std::uint64_t opens) const {
  const auto open = static_cast<std::size_t>(MetadataOperation::open);
  const auto close = static_cast<std::size_t>(MetadataOperation::close);
  const MdsSettings& mds = settings_.mds;
  // A directory has its metadata on one MDT.
  const std::uint32_t mdts = std::min(settings_.mdts, files_.directories());
  const double files = static_cast<double>(opens) / mdts;
  double seconds = files * (mds.service[open] + mds.service[close]).count() / mds.cores;
  if (const double iops = mds.provisioned_iops.count(); iops > 0) {
    const double needed = files * (mds.iops_per_operation[open] + mds.iops_per_operation[close]);
    seconds = std::max(seconds, needed / iops - kIopsBurst.count());
  }
  return PerSecond{seconds > 0 ? static_cast<double>(opens) / seconds : 0};
}

std::vector<std::string> Filesystem::check_laws() const {
  std::vector<std::string> problems;
  double disk_read = 0;
  double disk_written = 0;
  for (const Ost& ost : ost_) {
    disk_read += ost.bytes_read();
    disk_written += ost.bytes_written();
  }
  if (totals_.read_asked != totals_.read_delivered + totals_.read_under_way)
    problems.push_back(fmt::format("{} bytes of reads were asked, {} delivered, {} under way",
                                   totals_.read_asked.count(), totals_.read_delivered.count(),
                                   totals_.read_under_way.count()));
  if (world_.is_idle() && totals_.read_under_way > Bytes{})
    problems.push_back(
        fmt::format("{} bytes of reads were never delivered", totals_.read_under_way.count()));
  if (totals_.write_asked != totals_.write_accepted)
    problems.push_back(fmt::format("{} bytes of writes were asked, {} delivered",
                                   totals_.write_asked.count(), totals_.write_accepted.count()));
  if (totals_.read_fetched.as_double() > disk_read)
    problems.push_back(fmt::format("clients fetched {} bytes, OSTs read only {:.0f}",
                                   totals_.read_fetched.count(), disk_read));
  if (disk_written != totals_.write_stored.as_double())
    problems.push_back(fmt::format("clients wrote {} bytes, OSTs {:.0f}",
                                   totals_.write_stored.count(), disk_written));
  return problems;
}

} // namespace lustrum::lustre
