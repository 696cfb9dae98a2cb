#include "models/assembly/build_filesystem.hpp"

#include "models/assembly/build_oss.hpp"

#include <algorithm>
#include <variant>

namespace lustrum {

namespace {

// FSx runs one MDS per 12,000 provisioned metadata IOPS. Source: FSx for Lustre guide, "File system
// metadata configuration".
constexpr std::uint32_t kIopsPerMds = 12'000;

fabric::Lnd lnd_of(const Scenario& scenario) {
  if (!scenario.network.is_rdma()) return fabric::Lnd::tcp;
  return scenario.uses_efa() ? fabric::Lnd::efa : fabric::Lnd::o2ib;
}

BytesPerSecond least_limit(BytesPerSecond one, BytesPerSecond other) {
  if (!(one.count() > 0)) return other;
  return other.count() > 0 ? std::min(one, other) : one;
}

// FSx states the rate of a client and a server; elsewhere it follows from connections and copying.
void add_tcp(const Scenario& scenario, fabric::FabricSettings& fabric) {
  const LustreSystem& system = scenario.filesystem;
  constexpr std::uint32_t kVcpusPerCore = 2;
  constexpr std::uint32_t kPartitions = 2; // assumed: one per socket
  const BytesPerSecond card = scenario.instance.tcp_bandwidth.value;
  const fabric::SocklndSettings tcp{
      .conns_per_peer = scenario.lustre.lnet_conns_per_peer,
      .per_connection = system.tcp_per_connection.value,
      .copy = system.tcp_copy.value,
      .threads =
          fabric::socklnd_threads(scenario.instance.vcpus.value / kVcpusPerCore, kPartitions)};
  fabric.flow_ceiling =
      least_limit(system.tcp_flow_ceiling.value, fabric::socklnd_pair_ceiling(tcp));
  fabric.client_nic = card;
  fabric.client_ceiling = system.tcp_client_ceiling.value;
  fabric.latency = system.tcp_latency.value;
  // Threads that copy faster than the card delivers are no limit.
  const BytesPerSecond receive = fabric::socklnd_receive_ceiling(tcp);
  if (receive < fabric.client_bandwidth()) fabric.receive_ceiling = receive;
}

void add_rdma(const Scenario& scenario, fabric::FabricSettings& fabric) {
  const LustreSystem& system = scenario.filesystem;
  const bool gds = scenario.network.gds;
  fabric.client_nic = scenario.instance.efa_nic_bandwidth.value;
  fabric.client_ceiling = gds ? system.gds_client_ceiling.value : system.efa_client_ceiling.value;
  fabric.latency = system.efa_latency.value;
  if (gds) fabric.host_path = fabric::HostPath::gpu;
  if (system.efa_metadata.value) {
    fabric.metadata_latency = fabric.latency;
    return;
  }
  fabric.metadata_nic = scenario.instance.tcp_bandwidth.value;
}

fabric::FabricSettings build_fabric(const Scenario& scenario, BytesPerSecond server_nic,
                                    std::uint32_t mdts) {
  const LustreSystem& system = scenario.filesystem;
  const NetworkSettings& network = scenario.network;
  fabric::FabricSettings fabric;
  fabric.lnd = lnd_of(scenario);
  fabric.clients = scenario.cluster.nodes;
  fabric.servers = scenario.oss_count();
  fabric.server_nic = server_nic;
  fabric.nics_per_client = network.nics;
  fabric.mdss = mdts;
  fabric.mds_nic = system.mds_network.value;
  fabric.metadata_latency = system.tcp_latency.value;
  if (!network.is_rdma() || !system.efa_metadata.value)
    fabric.metadata_flow_ceiling = system.tcp_flow_ceiling.value;
  if (network.is_rdma())
    add_rdma(scenario, fabric);
  else
    add_tcp(scenario, fabric);
  // A credit comes back when the receiver's answer does.
  fabric.credits = {.credits = scenario.lustre.lnet_credits,
                    .peer_credits = scenario.lustre.lnet_peer_credits,
                    .round = fabric.latency * 2};
  if (network.routers.count > 0) {
    fabric.routers.count = network.routers.count;
    fabric.routers.bandwidth = network.routers.bandwidth;
    fabric.routers.latency = network.routers.latency;
  }
  fabric.host = {.pcie = scenario.instance.pcie_bandwidth.value,
                 .memory_bus = scenario.instance.memory_bandwidth.value};
  return fabric;
}

// Metadata IOPS that an operation takes. Source: FSx for Lustre guide, metadata performance: 2
// creates, opens or closes a second for each IOPS, 1 delete, 0.1 directory creates or renames, 0.2
// directory deletes. The guide names no others: those that only read are priced as stat, changes of
// attributes as a create (assumed).
void set_metadata_prices(const LustreSystem& system, lustre::MdsSettings& mds) {
  using Operation = lustre::MetadataOperation;
  const auto price = [&mds](double iops, std::initializer_list<Operation> operations) {
    for (const Operation operation : operations)
      mds.iops_per_operation[lustre::number(operation)] = iops;
  };
  constexpr double kMakeDirectory = 10;
  constexpr double kRemoveDirectory = 5;
  price(1 / system.open_per_iops.value, {Operation::open, Operation::create, Operation::setattr});
  if (system.close_counts.value) price(1 / system.open_per_iops.value, {Operation::close});
  price(1 / system.getattr_per_iops.value,
        {Operation::getattr, Operation::getattr_batch, Operation::lookup, Operation::readdir});
  price(1, {Operation::unlink});
  price(kMakeDirectory, {Operation::mkdir, Operation::rename, Operation::rename_across});
  price(kRemoveDirectory, {Operation::rmdir});
}

// CPU time of operations. At the published rate all cores are busy: one takes cores / rate. mdtest
// counts a create with its close, so its create takes what that leaves. Those without a rate of
// their own stand to open and stat as on NVMe systems, where one MDT does 150,000 opens, 220,000
// stats (320,000 in batches), 80,000 creates and 60,000 deletes a second. Source: IO500 rows per
// metadata server; the rest is assumed to cost what it resembles.
void set_metadata_service(const LustreSystem& system, lustre::MdsSettings& mds) {
  using Operation = lustre::MetadataOperation;
  const auto set = [&mds](PerSecond rate, std::initializer_list<Operation> operations) {
    for (const Operation operation : operations)
      mds.service[lustre::number(operation)] = Seconds{mds.cores / rate.count()};
  };
  constexpr double kCreatesPerOpen = 80.0 / 150;
  constexpr double kDeletesPerOpen = 60.0 / 150;
  constexpr double kBatchedPerGetattr = 320.0 / 220;
  const PerSecond open = system.mds_open_rate.value;
  const PerSecond getattr = system.mds_getattr_rate.value;
  set(open, {Operation::open});
  set(system.mds_close_rate.value, {Operation::close, Operation::sync});
  set(getattr, {Operation::getattr, Operation::lookup, Operation::readdir, Operation::layout,
                Operation::statfs, Operation::read});
  set(getattr * kBatchedPerGetattr, {Operation::getattr_batch});
  const PerSecond given_create = system.mds_create_rate.value;
  const PerSecond given_delete = system.mds_delete_rate.value;
  const PerSecond created = given_create > PerSecond{} ? given_create : open * kCreatesPerOpen;
  const PerSecond deletes = given_delete > PerSecond{} ? given_delete : open * kDeletesPerOpen;
  // A close rate below that of creates says that the close was not counted with them.
  const double close_s = 1 / system.mds_close_rate.value.count();
  const double create_s = 1 / created.count();
  set(PerSecond{1 / (create_s > close_s ? create_s - close_s : create_s)}, {Operation::create});
  set(created, {Operation::setattr, Operation::mkdir, Operation::instantiate, Operation::update,
                Operation::write});
  set(deletes, {Operation::unlink, Operation::rmdir, Operation::rename, Operation::rename_across});
  // A page of 1 MiB, 16,384 entries of a quarter of a microsecond of one core each (assumed).
  mds.service[lustre::number(Operation::readpage)] = Seconds{0.004};
}

lustre::MdsSettings build_mds(const Scenario& scenario, std::uint32_t& mdts) {
  const LustreSystem& system = scenario.filesystem;
  lustre::MdsSettings mds;
  mds.cores = system.mds_cores.value;
  const lustre::LustreTunables& tunables = scenario.lustre;
  mds.cpts = std::clamp(tunables.libcfs_cpu_npartitions, 1U, mds.cores);
  using Portal = lustre::MdsPortal;
  mds.threads[static_cast<std::size_t>(Portal::mdt)] = tunables.mds_mdt_threads_max;
  mds.threads[static_cast<std::size_t>(Portal::mdt_readpage)] =
      tunables.mds_mdt_readpage_threads_max;
  const std::uint32_t iops = scenario.storage.metadata_iops;
  mdts = iops > 0 ? (iops + kIopsPerMds - 1) / kIopsPerMds : system.mdts.value;
  mds.provisioned_iops = PerSecond{static_cast<double>(iops) / mdts};
  if (iops > 0) set_metadata_prices(system, mds);
  set_metadata_service(system, mds);
  if (const double rate = system.mds_transactions.value.count(); rate > 0)
    mds.transaction = Seconds{1 / rate};
  return mds;
}

lustre::HsmSettings build_hsm(const HsmChoice& choice) {
  lustre::HsmSettings hsm;
  hsm.placement = choice.state == "released"   ? lustre::HsmPlacement::released
                  : choice.state == "archived" ? lustre::HsmPlacement::archived
                                               : lustre::HsmPlacement::resident;
  hsm.agents = choice.agents;
  hsm.agents_on_clients = choice.agents_on == "clients";
  hsm.agent = {.concurrent_files = choice.agent_files,
               .bandwidth = choice.agent_bandwidth,
               .file_overhead = choice.agent_file_overhead};
  hsm.service.archive = {.first_byte = choice.archive.first_byte,
                         .connection_rate = choice.archive.connection_rate,
                         .total_rate = choice.archive.total_rate,
                         .requests = choice.archive.requests,
                         .part = choice.archive.part};
  hsm.service.coordinator = {.max_requests = choice.max_requests,
                             .scan_interval = choice.scan_interval,
                             .loop_period = choice.loop_period,
                             .grace_delay = choice.grace_delay,
                             .active_request_timeout = choice.active_request_timeout,
                             .no_retry = choice.policy.find("NRA") != std::string::npos};
  hsm.service.non_blocking_restore = choice.policy.find("NBR") != std::string::npos;
  hsm.service.release = {.high_watermark = choice.release.high_watermark,
                         .low_watermark = choice.release.low_watermark,
                         .order = choice.release.order == "largest" ? tiering::ReleaseOrder::largest
                                                                    : tiering::ReleaseOrder::lru,
                         .min_age = choice.release.min_age};
  const HsmChoice::Import& imports = choice.imports;
  hsm.service.repository = {.exports = choice.exports.automatic,
                            .export_delay = choice.exports.delay,
                            .changes = {.created = imports.created,
                                        .changed = imports.changed,
                                        .removed = imports.removed,
                                        .object_size = imports.object_size},
                            .import_delay = imports.delay,
                            .import_rate = imports.rate,
                            .release_interval = choice.release.interval};
  return hsm;
}

} // namespace

lustre::FilesystemSettings build_filesystem(const Scenario& scenario) {
  lustre::FilesystemSettings settings;
  BytesPerSecond network{};
  settings.oss = build_oss(scenario, network);
  settings.mds = build_mds(scenario, settings.mdts);
  settings.fabric = build_fabric(scenario, network, settings.mdts);
  settings.layout = std::get<lustre::Layout>(
      lustre::parse_layout(scenario.storage.layout, scenario.layout_defaults()));
  settings.ost_capacity = scenario.ost_capacity();
  settings.ost_used = scenario.ost_used();
  settings.tunables = scenario.lustre;
  settings.recovery = lustre::RecoverySettings::from(scenario.lustre);
  settings.seed = scenario.run.seed;
  if (const PccChoice& pcc = scenario.storage.pcc; pcc.on())
    settings.pcc = {.mode =
                        pcc.mode == "rw" ? lustre::PccMode::read_write : lustre::PccMode::read_only,
                    .capacity = pcc.capacity,
                    .disk = {.latency = pcc.latency,
                             .read_bandwidth = pcc.read_bandwidth,
                             .write_bandwidth = pcc.write_bandwidth,
                             .iops = pcc.iops},
                    .inline_limit = pcc.inline_limit};
  if (scenario.storage.hsm.on) {
    settings.hsm = build_hsm(scenario.storage.hsm);
    settings.hsm->service.repository.seed = scenario.run.seed;
    settings.import_chunk = scenario.storage.hsm.imports.chunk;
  }
  settings.jobs = static_cast<std::uint32_t>(scenario.jobs.size());
  return settings;
}

} // namespace lustrum
