#include "tests/swarm/random_plan.hpp"

#include <fmt/format.h>

namespace lustrum::test {

using namespace lustrum::lustre;

namespace {

// A slow archive with few agents behind it, perhaps a bucket that others change too.
HsmSettings draw_hsm(std::uint64_t seed) {
  Dice dice(seed, "hsm");
  HsmSettings hsm;
  hsm.agents = dice.between(1, 2);
  hsm.agents_on_clients = dice.one_in(3);
  hsm.agent.concurrent_files = dice.choose({0U, 1U, 4U});
  hsm.placement =
      dice.choose({HsmPlacement::released, HsmPlacement::archived, HsmPlacement::resident});
  HsmServiceSettings& service = hsm.service;
  service.coordinator.max_requests = dice.choose({1U, 3U, 32U});
  service.coordinator.scan_interval = Seconds{dice.choose({0.0, 1.0})};
  service.coordinator.active_request_timeout = Seconds{dice.choose({30.0, 3600.0})};
  service.archive.first_byte = Seconds{dice.choose({0.03, 2.0})};
  service.archive.connection_rate = BytesPerSecond{80e6};
  service.non_blocking_restore = dice.one_in(8);
  if (dice.one_in(2)) service.release = {.high_watermark = 0.3, .low_watermark = 0.1};
  DataRepositorySettings& repository = service.repository;
  repository.exports = dice.one_in(2);
  repository.export_delay = Seconds{dice.choose({0.0, 10.0})};
  if (dice.one_in(2))
    repository.changes = {.created = PerSecond{0.01},
                          .changed = PerSecond{0.02},
                          .removed = PerSecond{0.01},
                          .object_size = Bytes{3 * kMib}};
  repository.import_delay = Seconds{dice.choose({0.0, 30.0})};
  if (dice.one_in(3)) repository.release_interval = Seconds{100};
  repository.end = kSpan;
  repository.seed = seed;
  return hsm;
}

FilesystemSettings draw_filesystem(std::uint64_t seed) {
  Dice dice(seed, "filesystem");
  FilesystemSettings s;
  s.fabric.clients = dice.between(1, 5);
  s.fabric.servers = dice.between(1, 4);
  s.fabric.nics_per_client = dice.between(1, 2);
  s.fabric.client_nic = BytesPerSecond{dice.choose({0.3, 1.0, 12.0}) * 1e9};
  s.fabric.server_nic = BytesPerSecond{dice.choose({0.3, 1.0, 12.0}) * 1e9};
  s.fabric.latency = s.fabric.metadata_latency = Seconds{dice.choose({0.0, 5e-6, 1e-3})};
  if (dice.one_in(3)) s.fabric.routers = {.count = 2, .bandwidth = BytesPerSecond{1e9}};
  s.oss.osts = dice.between(1, 3);
  s.oss.threads = dice.choose({1U, 4U, 64U});
  s.oss.cores = 4;
  if (dice.one_in(3)) s.oss.cache.capacity = Bytes{64 * kMib};
  s.oss.rpc_service = Seconds{20e-6};
  s.oss.nvme() = {.latency = Seconds{100e-6},
                  .read_bandwidth = BytesPerSecond{0.8e9},
                  .write_bandwidth = BytesPerSecond{0.5e9},
                  .iops = PerSecond{1e5}};
  s.mdts = dice.between(1, 2);
  s.fabric.mdss = s.mdts;
  s.mds.cores = 4;
  s.mds.service.fill(Seconds{50e-6});
  s.layout = Layout({{.end = kToEnd,
                      .stripe_count = dice.between(1, 4),
                      .stripe_size = Bytes{dice.choose({64 * kKib, kMib, 4 * kMib})}}});
  s.tunables = LustreTunables::defaults();
  s.tunables.llite_hybrid_io = dice.one_in(3);
  s.tunables.osc_max_rpcs_in_flight = dice.choose({1U, 2U, 8U});
  s.tunables.osc_max_pages_per_rpc = dice.choose({16U, 256U, 1024U});
  s.tunables.osc_max_dirty_mb = dice.choose({1U, 4U, 64U});
  s.tunables.llite_max_cached_mb = dice.choose({8U, 64U, 4096U});
  s.recovery.imperative = !dice.one_in(3);
  if (dice.one_in(4))
    s.pcc = PccSettings{.mode = dice.one_in(3) ? PccMode::read_only : PccMode::read_write,
                        .capacity = Bytes{dice.choose({2 * kMib, 64 * kMib})},
                        .disk = {.latency = {},
                                 .read_bandwidth = BytesPerSecond{1e9},
                                 .write_bandwidth = BytesPerSecond{0.5e9},
                                 .iops = PerSecond{1e5}}};
  // Room for the files that are there from the start, and for some or all of what is written: an
  // OST that is nearly full has little to grant.
  Dice space(seed, "space");
  if (space.one_in(3)) s.ost_capacity = Bytes{space.choose({192 * kMib, 320 * kMib, kGib})};
  Dice names(seed, "names");
  s.tunables.llite_enable_statahead_fname = names.one_in(2);
  s.tunables.llite_statahead_batch_max = names.choose({0U, 64U});
  s.tunables.llite_unaligned_dio = names.one_in(2);
  if (Dice(seed, "archive").one_in(4)) s.hsm = draw_hsm(seed);
  Dice tiers(seed, "tiers");
  if (tiers.one_in(4))
    s.oss.tiered =
        tiering::TieredStoreSettings{.ssd_cache = Bytes{tiers.choose({0UL, 16 * kMib, kGib})},
                                     .miss = {Seconds{0.03}, Seconds{0.1}},
                                     .miss_rate = BytesPerSecond{88e6},
                                     .store_rate = BytesPerSecond{tiers.choose({0.0, 4e9})},
                                     .misses = tiers.choose({1U, 8U}),
                                     .block = Bytes{4 * kMib},
                                     .write_block = Bytes{4 * kMib}};
  s.seed = seed;
  return s;
}

std::vector<Process> draw_processes(std::uint64_t seed, const Plan& plan) {
  Dice dice(seed, "processes");
  std::vector<Process> processes;
  for (std::uint32_t count = dice.between(1, 8), p = 0; p < count; ++p) {
    Process process;
    process.client = ClientIndex{dice.below(plan.settings.fabric.clients)};
    process.file = dice.below(static_cast<std::uint32_t>(plan.files.size()));
    process.calls = dice.between(3, 25);
    process.own_region = p;
    process.names = dice.one_in(4);
    process.mode.write = !dice.one_in(3);
    process.mode.direct = dice.one_in(4);
    process.mode.group_lock = dice.one_in(8);
    process.locks_ahead = dice.one_in(4);
    process.mode.map = !process.mode.write && !process.mode.direct && dice.one_in(3);
    process.call_size = Bytes{dice.choose({4 * kKib, 47'008UL, kMib, 5 * kMib + 4096})};
    processes.push_back(process);
  }
  return processes;
}

Fault draw_fault(Dice& dice, const Plan& plan) {
  Fault fault;
  do fault.kind = static_cast<FaultKind>(dice.below(kFaultKinds));
  while ((fault.kind == FaultKind::router_down && plan.settings.fabric.routers.count == 0) ||
         (fault.kind == FaultKind::scratch_loss && !dice.one_in(4)));
  fault.at = kSpan * (dice.below(1000) / 1000.0);
  fault.takeover = Seconds{dice.choose({0.0, 0.5, 60.0})};
  fault.duration = Seconds{dice.choose({0.0, 2.0, 90.0, 200.0})};
  fault.factor = dice.choose({0.0, 0.01, 0.5});
  fault.of_server = dice.one_in(2);
  return fault; // of any component
}

} // namespace

HsmAction draw_action(Dice& dice) {
  return dice.choose(
      {HsmAction::archive, HsmAction::release, HsmAction::restore, HsmAction::remove});
}

Plan draw_plan(std::uint64_t seed) {
  Plan plan;
  plan.settings = draw_filesystem(seed);
  Dice dice(seed, "files");
  for (std::uint32_t count = dice.between(1, 4), f = 0; f < count; ++f)
    plan.files.emplace_back(Bytes{dice.choose({0UL, 10'000UL, 3 * kMib, 40 * kMib})});
  plan.processes = draw_processes(seed, plan);
  // Each process is a job of its own, so that what it stored can be told from the others.
  plan.settings.jobs = static_cast<std::uint32_t>(plan.processes.size());
  Dice faults(seed, "faults");
  for (std::uint32_t count = faults.below(7), f = 0; f < count; ++f)
    plan.faults.push_back(draw_fault(faults, plan));
  return plan;
}

std::string describe(const Plan& plan) {
  const FilesystemSettings& s = plan.settings;
  std::string text = fmt::format(
      "  {} clients, {} OSSs x {} OSTs of {} B (0: without end), {} files, recovery {}\n",
      s.fabric.clients, s.fabric.servers, s.oss.osts, s.ost_capacity.count(), plan.files.size(),
      s.recovery.imperative ? "imperative" : "by retries");
  if (s.hsm) text += fmt::format("  an archive behind {} agents\n", s.hsm->agents);
  for (const Process& p : plan.processes)
    text +=
        fmt::format("  client {} {} file {}: {} calls of {} B{}{}{}\n", p.client.value(),
                    p.names        ? "names"
                    : p.mode.write ? "writes"
                    : p.mode.map   ? "maps"
                                   : "reads",
                    p.file, p.calls, p.call_size.count(), p.mode.direct ? ", direct" : "",
                    p.mode.group_lock ? ", group lock" : "", p.locks_ahead ? ", locks ahead" : "");
  for (const Fault& f : plan.faults)
    text += fmt::format("  {:.1f} s: {}, takeover {} s, duration {} s\n", f.at->count(),
                        rules_of(f.kind).name, f.takeover.count(), f.duration.count());
  return text;
}

} // namespace lustrum::test
