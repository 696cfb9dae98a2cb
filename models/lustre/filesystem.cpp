#include "models/lustre/filesystem.hpp"

#include "models/tiering/policy/missed_share.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace lustrum::lustre {

namespace {

FileTableSettings table_settings(const FilesystemSettings& settings) {
  const LustreTunables& tunables = settings.tunables;
  constexpr std::uint32_t kParts = 256; // in which the allocator counts its shares
  constexpr std::uint32_t kPercent = 100;
  return {.layout = settings.layout,
          .osts = settings.fabric.servers * settings.oss.osts,
          .servers = settings.fabric.servers,
          .ost_capacity = settings.ost_capacity,
          .reserved = {.low = Bytes{tunables.osp_reserved_mb_low * kMib},
                       .high = Bytes{tunables.osp_reserved_mb_high * kMib}},
          .mdts = settings.mdts,
          .mdt_threshold_rr = tunables.lmv_qos_threshold_rr * kParts / kPercent,
          .dom_stripesize = tunables.lod_dom_stripesize,
          .import_chunk = settings.import_chunk,
          .append_stripe_count = tunables.mdd_append_stripe_count,
          .qos = {.threshold_rr = tunables.lod_qos_threshold_rr * kParts / kPercent,
                  .prio_free = tunables.lod_qos_prio_free * kParts / kPercent,
                  .maxage = tunables.lod_qos_maxage},
          .seed = settings.seed};
}

ObjectSupplySettings supply_settings(const FilesystemSettings& settings) {
  const LustreTunables& tunables = settings.tunables;
  return {.precreate = {.min_create_count = tunables.osp_create_count,
                        .max_create_count = tunables.osp_max_create_count},
          .transaction_objects = tunables.obdfilter_precreate_batch,
          .transaction = settings.object_transaction,
          .destroys_in_flight = tunables.osp_max_rpcs_in_flight};
}

GrantPool::Settings grant_settings(const LustreTunables& tunables, std::uint32_t clients) {
  const Seconds idle = tunables.osc_grant_shrink ? tunables.osc_grant_shrink_interval : Seconds{};
  return {.clients = clients, .chunk = tunables.rpc_size() * std::uint64_t{2}, .idle = idle};
}

// HSM agents are clients too, and their data is that of one job more.
fabric::FabricSettings with_agents(const FilesystemSettings& settings) {
  fabric::FabricSettings fabric = settings.fabric;
  if (settings.hsm && !settings.hsm->agents_on_clients) {
    fabric.inner_clients = settings.hsm->agents;
    fabric.clients += fabric.inner_clients;
  }
  return fabric;
}

} // namespace

Filesystem::Filesystem(kernel::World& world, const FilesystemSettings& settings)
    : world_(world), settings_(settings), files_(table_settings(settings)), directories_{kRoot},
      fabric_(world, with_agents(settings)),
      extent_locks_(world, fabric_, lock_callback_timeout(settings.tunables)),
      inode_locks_(world, fabric_, lock_callback_timeout(settings.tunables)),
      totals_(settings.jobs + std::size_t{settings.needs_hsm()}) {
  fill_osts();
  const std::uint32_t clients = fabric_.settings().clients;
  settings_.oss.grants = grant_settings(settings_.tunables, clients);
  for (std::uint32_t m = 0; m < settings_.mdts; ++m)
    mds_.emplace_back(world, MdtIndex{m}, settings_.mds, clients);
  for (std::uint32_t s = 0; s < settings_.fabric.servers; ++s)
    oss_.emplace_back(world, fabric_, OssIndex{s}, settings_.oss);
  kernel::DelayStation& latency = world.add_delay({"ost_latency", "ost_latency"});
  for (std::uint32_t t = 0; t < settings_.fabric.servers * settings_.oss.osts; ++t)
    // Neighbours on different servers: the order in which the allocator walks them.
    ost_.emplace_back(world, oss_[t % oss_.size()], latency, OstIndex{t}, settings_.oss, clients,
                      files_, settings_.seed);
  recoveries_.resize(mds_.size() + ost_.size());
  supply_.emplace(world, fabric_, files_, ost_, extent_locks_, settings_.mdts,
                  supply_settings(settings_));
  timer_ = &world.add_delay({"client_timer", "client_timer"});
  last_evictions_.resize(clients);
  if (settings_.needs_hsm())
    hsm_.emplace(HsmService::Parts{
                     .world = world,
                     .fabric = fabric_,
                     .files = files_,
                     .mds = mds_,
                     .inode_locks = inode_locks_,
                     .supply = *supply_,
                     .discard = [this](std::uint32_t object) { discard_on_agents(object); },
                     .unlink = [this](FileIndex file,
                                      Outcome& outcome) { return unlink_by_agent(file, outcome); }},
                 settings_.hsm ? settings_.hsm->service : HsmServiceSettings{});
  const ClientParts parts{.world = world,
                          .fabric = fabric_,
                          .files = files_,
                          .mds = mds_,
                          .osts = ost_,
                          .extent_locks = extent_locks_,
                          .inode_locks = inode_locks_,
                          .supply = *supply_,
                          .cpu = world.add_delay({"client_cpu", "client_cpu"}),
                          .timer = *timer_,
                          .totals = totals_,
                          .hsm = hsm(),
                          .pcc = settings_.pcc ? &*settings_.pcc : nullptr,
                          .pcc_marks = &pcc_marks_,
                          .rpc_counters = settings_.rpc_counters};
  std::vector<LockHolder*> holders;
  std::vector<InodeLockHolder*> inode_holders;
  for (std::uint32_t c = 0; c < clients; ++c) {
    Client& client = clients_.emplace_back(parts, ClientIndex{c}, settings_.tunables);
    holders.push_back(&client);
    inode_holders.push_back(&client.metadata());
  }
  inode_locks_.connect(inode_holders, [this](ClientIndex client, Inode inode) {
    const MdtIndex mdt = clients_.front().metadata().mdt_of(inode);
    if (target(mdt).available()) evict(client, mdt);
  });
  extent_locks_.connect(holders, [this](ClientIndex client, std::uint32_t object) {
    const OstIndex ost = files_.ost_of(object);
    if (target(ost).available()) evict(client, ost);
  });
  if (settings_.hsm) add_agents();
}

void Filesystem::fill_osts() {
  for (std::uint32_t t = 0; t < settings_.ost_used.size(); ++t) {
    const double bytes = settings_.ost_capacity.as_double() * settings_.ost_used[t];
    files_.space().take(OstIndex{t}, Bytes{static_cast<std::uint64_t>(bytes)});
  }
}

namespace {

BytesPerSecond disk_read_rate(const FilesystemSettings& settings) {
  return device::sequential_rate(settings.oss.disk, device::Operation::read);
}

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

DirectoryIndex Filesystem::place_directory(DirectoryIndex parent) {
  directories_.push_back(files_.tree().make_directory({.parent = directories_[parent.value()]}));
  return DirectoryIndex{static_cast<std::uint32_t>(directories_.size() - 1)};
}

FileIndex Filesystem::place_file(DirectoryIndex directory, Bytes size) {
  placed_bytes_ += size.as_double();
  const std::uint32_t in = directories_[directory.value()];
  if (!settings_.hsm || settings_.hsm->placement == HsmPlacement::resident)
    return files_.add(in, size);
  const bool released = settings_.hsm->placement == HsmPlacement::released;
  const FileIndex file =
      released ? files_.add_imported(in, size) : files_.add(in, size, files_.import_layout(size));
  if (!released) files_.set_hsm_flags(file, hsm::kExists | hsm::kArchived);
  hsm_->versions().imported(file, size);
  return file;
}

DirectoryIndex Filesystem::reserve_directory(DirectoryIndex parent) {
  directories_.push_back(files_.tree().plan_directory({.parent = directories_[parent.value()]}));
  return DirectoryIndex{static_cast<std::uint32_t>(directories_.size() - 1)};
}

FileIndex Filesystem::reserve_file(DirectoryIndex directory) {
  return files_.plan_file(directories_[directory.value()]);
}

IoTotals Filesystem::totals() const {
  IoTotals sum;
  for (const IoTotals& job : totals_) sum += job;
  return sum;
}

kernel::Task Filesystem::truncate(Caller caller, FileIndex file, Bytes size, Outcome& outcome) {
  return client(caller).truncate(caller, file, size, outcome);
}
kernel::Task Filesystem::remove(Caller caller, FileIndex file, Outcome& outcome) {
  return client(caller).remove(caller, file, outcome);
}
kernel::Task Filesystem::make_directory(Caller caller, DirectoryIndex directory, Outcome& outcome) {
  return client(caller).make_directory(caller, directories_[directory.value()], outcome);
}
kernel::Task Filesystem::remove_directory(Caller caller, DirectoryIndex directory,
                                          Outcome& outcome) {
  return client(caller).remove_directory(caller, directories_[directory.value()], outcome);
}
kernel::Task Filesystem::rename(Caller caller, FileIndex file, DirectoryIndex directory,
                                Outcome& outcome) {
  return client(caller).rename(caller, file, directories_[directory.value()], outcome);
}
kernel::Task Filesystem::list(Caller caller, DirectoryIndex directory,
                              std::vector<FileIndex>& files, Outcome& outcome) {
  return client(caller).list(caller, directories_[directory.value()], files, outcome);
}

kernel::Topology::Cut Filesystem::cut_with(BytesPerSecond network, const OstRate& ost) const {
  kernel::Topology topology;
  const auto source = topology.add_node();
  const auto sink = topology.add_node();
  for (const auto server : fabric_.describe(topology, sink)) {
    const auto credit = topology.add_node();
    topology.add_edge(credit, server, network, "oss_nic");
    for (std::uint32_t t = 0; t < settings_.oss.osts; ++t)
      topology.add_edge(source, credit, ost.rate, ost.part);
  }
  return topology.min_cut(source, sink);
}

double Filesystem::missed_by_memory(Bytes bytes) const {
  const double memory = settings_.oss.cache.capacity.as_double() * static_cast<double>(oss_.size());
  return tiering::missed_share(bytes.as_double(), placed_bytes_, memory);
}

double Filesystem::missed_of(Bytes bytes) const {
  const OssSettings& oss = settings_.oss;
  const Bytes ssd = oss.tiered ? oss.tiered->ssd_cache : oss.ssd_cache.capacity;
  const double cached_bytes = oss.cache.capacity.as_double() * static_cast<double>(oss_.size()) +
                              ssd.as_double() * static_cast<double>(ost_.size());
  return tiering::missed_share(bytes.as_double(), placed_bytes_, cached_bytes);
}

// What no cache has comes from the store; what memory does not have comes from store or flash.
Filesystem::OstRate Filesystem::ost_rate(Bytes bytes, BytesPerSecond disk) const {
  const double missed = missed_of(bytes);
  if (!settings_.oss.tiered) return {disk / missed, "ost_disk"};
  const tiering::TieredStoreSettings& tiered = *settings_.oss.tiered;
  BytesPerSecond store = tiered.miss_rate * tiered.misses;
  const bool bought = tiered.store_rate.count() > 0 && tiered.store_rate < store;
  if (bought) store = tiered.store_rate;
  const BytesPerSecond both = (store + disk) / missed_by_memory(bytes);
  if (store / missed > both) return {both, "ost_disk"};
  return {store / missed, bought ? "tier_rate" : "tier_misses"};
}

kernel::Topology::Cut Filesystem::read_bound(Bytes bytes, Seconds not_reading) const {
  const double per_oss = bytes.as_double() / static_cast<double>(oss_.size());
  const double per_ost = bytes.as_double() / static_cast<double>(ost_.size());
  const BytesPerSecond disk = sustained(settings_.oss.disk_credit, disk_read_rate(settings_),
                                        per_ost * missed_of(bytes), not_reading);
  return cut_with(
      sustained(settings_.oss.network, settings_.fabric.server_nic, per_oss, not_reading),
      ost_rate(bytes, disk));
}

kernel::Topology::Cut Filesystem::read_bound_of_baseline(Bytes bytes) const {
  const auto lasting = [](const BurstSettings& credit, BytesPerSecond peak) {
    return credit.baseline.count() > 0 ? credit.baseline : peak;
  };
  return cut_with(lasting(settings_.oss.network, settings_.fabric.server_nic),
                  ost_rate(bytes, lasting(settings_.oss.disk_credit, disk_read_rate(settings_))));
}

std::array<Bytes, tiering::kAccessTiers> Filesystem::stored_by_class() const {
  std::array<Bytes, tiering::kAccessTiers> stored{};
  for (std::uint32_t object = 0; object < files_.objects(); ++object)
    if (const tiering::TieredStore* tiered = ost(files_.ost_of(object)).tiered())
      stored.at(static_cast<std::size_t>(tiered->tier_of(object))) += files_.object_space(object);
  return stored;
}

tiering::TieredUsage Filesystem::tiered_usage() const {
  tiering::TieredUsage sum;
  for (const Ost& ost : ost_)
    if (ost.tiered()) sum += ost.tiered()->usage();
  return sum;
}

PerSecond Filesystem::open_close_bound(std::uint64_t opens) const {
  const auto open = static_cast<std::size_t>(MetadataOperation::open);
  const auto close = static_cast<std::size_t>(MetadataOperation::close);
  const MdsSettings& mds = settings_.mds;
  // A directory has its metadata on one MDT.
  const std::uint32_t mdts = std::min(settings_.mdts, files_.tree().mdts_in_use());
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
  if (hsm_) problems = hsm_->check_laws();
  for (const Ost& ost : ost_) {
    disk_read += ost.bytes_read();
    disk_written += ost.bytes_written();
    if (ost.tiered())
      for (std::string& problem : ost.tiered()->check_laws())
        problems.push_back(std::move(problem));
  }
  const IoTotals t = totals();
  const auto expect = [&](bool holds, std::string_view what, double left, double right) {
    if (!holds) problems.push_back(fmt::format("{}: {:.0f} and {:.0f} bytes", what, left, right));
  };
  const Bytes reads = t.read_delivered + t.read_failed + t.read_under_way;
  expect(t.read_asked == reads, "reads asked are delivered, failed or under way",
         t.read_asked.as_double(), reads.as_double());
  const Bytes writes = t.write_accepted + t.write_failed + t.write_under_way;
  expect(t.write_asked == writes, "writes asked are accepted, failed or under way",
         t.write_asked.as_double(), writes.as_double());
  expect(!world_.is_idle() || t.read_under_way == Bytes{}, "reads end", 0,
         t.read_under_way.as_double());
  double dirtied = 0;
  double lost = 0;
  double discarded = 0;
  double unstored = 0;
  double direct = 0;
  double resent = 0;
  for (const Client& client : clients_) {
    const ObjectCache& objects = client.objects();
    dirtied += objects.dirtied_bytes();
    lost += objects.lost_bytes();
    discarded += objects.discarded_bytes();
    unstored += objects.unstored_bytes().as_double();
    direct += objects.direct_written_bytes();
    resent += objects.resent_bytes();
  }
  for (const Ost& ost : ost_) {
    Bytes held;
    Bytes gone;
    for (const Client& client : clients_)
      if (const Osc* osc = client.objects().osc(ost.index())) {
        held += osc->dirty().grant();
        gone += osc->dirty().consumed() + osc->dirty().returned();
      }
    const GrantPool& grants = ost.grants();
    expect(grants.granted() == held, "an OST's promises are what clients hold",
           grants.granted().as_double(), held.as_double());
    expect(grants.given() == held + gone, "grants given are held, consumed or returned",
           grants.given().as_double(), (held + gone).as_double());
  }
  const double stored = t.write_stored.as_double();
  expect(dirtied + direct == stored + lost + discarded + unstored,
         "dirty pages are stored, lost, discarded or still there", dirtied + direct,
         stored + lost + discarded + unstored);
  // A server may have moved what its client will never hear of: RPCs under way or lost.
  expect(disk_read >= 0 && t.read_fetched.as_double() <= disk_read, "clients fetch what OSTs read",
         t.read_fetched.as_double(), disk_read);
  expect(stored <= disk_written, "what is stored has been written by OSTs", stored, disk_written);
  expect(!world_.is_idle() || resent > 0 || lost > 0 || t.write_failed > Bytes{} ||
             stored == disk_written,
         "OSTs write what clients store", stored, disk_written);
  return problems;
}

} // namespace lustrum::lustre
