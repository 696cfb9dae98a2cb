#include "models/assembly/build_oss.hpp"

#include "models/assembly/scenario_storage.hpp"
#include "models/assembly/scenario_tiers.hpp"
#include "models/lustre/policy/rpc_opcode.hpp"
#include "models/lustre/policy/service_threads.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace lustrum {

namespace {

double tib(Bytes bytes) { return bytes.as_double() / static_cast<double>(kTib); }

double tib_per_oss(const Scenario& scenario) {
  return tib(scenario.storage.capacity) / scenario.oss_count();
}

// A provisioned rate: what the station can do at most, and the credit that lets it.
struct Provisioned {
  BytesPerSecond peak;
  lustre::BurstSettings credit;
};

Provisioned provision(BytesPerSecond baseline, BytesPerSecond burst, Seconds burst_duration,
                      double initial_level) {
  if (!(burst > baseline)) return {baseline, {}};
  const double credit = (burst - baseline) * burst_duration;
  return {burst, {baseline, credit, credit * initial_level}};
}

Provisioned network_of(const Scenario& scenario) {
  const LustreSystem& system = scenario.filesystem;
  if (!(system.network_per_tib.value.count() > 0)) return {system.network_per_oss.value, {}};
  return provision(system.network_per_tib.value * tib_per_oss(scenario),
                   system.network_burst_per_tib.value * tib_per_oss(scenario),
                   system.burst_duration.value, scenario.storage.burst_credit);
}

void add_flash(const Scenario& scenario, lustre::OssSettings& oss) {
  const LustreSystem& system = scenario.filesystem;
  const double tib_per_ost = tib_per_oss(scenario) / oss.osts;
  device::NvmeModel flash;
  flash.latency = system.disk_latency.value;
  flash.iops = system.disk_iops_per_ost.value;
  flash.read_bandwidth = system.disk_read_per_ost.value;
  flash.write_bandwidth = system.disk_write_per_ost.value;
  if (system.disk_read_per_tib.value.count() > 0) {
    const Provisioned read = provision(system.disk_read_per_tib.value * tib_per_ost,
                                       system.disk_read_burst_per_tib.value * tib_per_ost,
                                       system.burst_duration.value, scenario.storage.burst_credit);
    flash.read_bandwidth = read.peak;
    // One credit serves reads and writes; without it writes keep to their baseline.
    const bool bursts = read.credit.baseline.count() > 0;
    const Figure<BytesPerSecond>& write =
        bursts ? system.disk_write_burst_per_tib : system.disk_write_per_tib;
    flash.write_bandwidth = write.value * tib_per_ost;
    oss.disk_credit = read.credit;
    oss.write_cost = system.disk_read_per_tib.value / system.disk_write_per_tib.value;
  }
  oss.disk = flash;
}

// Threads that Lustre would start, unless the administrator or the catalog sets their number.
std::uint32_t io_threads(const Scenario& scenario, const lustre::OssSettings& oss) {
  if (scenario.lustre.ost_io_threads_max > 0) return scenario.lustre.ost_io_threads_max;
  if (scenario.filesystem.oss_threads.value > 0) return scenario.filesystem.oss_threads.value;
  return lustre::threads_of(lustre::kOstIoThreads, {.cores = oss.cores, .cpts = oss.cpts});
}

// Of one server, as far as it caches data.
double memory_of(const Scenario& scenario) {
  const LustreSystem& system = scenario.filesystem;
  return system.oss_memory.value.as_double() +
         system.oss_memory_per_tib.value.as_double() * tib_per_oss(scenario);
}

// `auto` switches the cache off on flash; there the catalog states no memory for it, except where
// the seller says that there is such a cache.
lustre::ServerCacheSettings cache_of(const Scenario& scenario) {
  const lustre::LustreTunables& tunables = scenario.lustre;
  lustre::ServerCacheSettings cache;
  cache.read_cache_enable = tunables.osd_read_cache_enable != "0";
  cache.writethrough_cache_enable = tunables.osd_writethrough_cache_enable != "0";
  cache.readcache_max_io = Bytes{tunables.osd_readcache_max_io_mb * kMib};
  cache.writethrough_max_io = Bytes{tunables.osd_writethrough_max_io_mb * kMib};
  constexpr Bytes kNoLimit{1ULL << 63U}; // the default, and 0
  if (const Bytes most = tunables.osd_readcache_max_filesize; most > Bytes{} && most < kNoLimit)
    cache.readcache_max_filesize = most;
  if (cache.read_cache_enable || cache.writethrough_cache_enable)
    cache.capacity = Bytes{static_cast<std::uint64_t>(memory_of(scenario))};
  return cache;
}

lustre::SsdCacheSettings ssd_cache_of(const Scenario& scenario, std::uint32_t osts) {
  if (!scenario.storage.ssd_cache) return {};
  const LustreSystem& system = scenario.filesystem;
  const double tib_per_ost = tib_per_oss(scenario) / osts;
  return {.capacity = Bytes{static_cast<std::uint64_t>(system.ssd_cache_per_tib.value.as_double() *
                                                       tib_per_ost)},
          .rate = system.ssd_cache_read_per_tib.value * tib_per_ost,
          .latency = system.ssd_cache_latency.value};
}

// 50 locks per MiB of the server's memory, of each OST. Source: Lustre 2.15 lustre/ldlm/ldlm_pool.c
// (LDLM_POOL_HOST_L). What the catalog knows of the memory is the part that caches data.
std::uint64_t lock_limit(const Scenario& scenario) {
  constexpr double kLocksPerMib = 50;
  return static_cast<std::uint64_t>(memory_of(scenario) / static_cast<double>(kMib) * kLocksPerMib);
}

lustre::TbfRule rule_of(const TbfRuleChoice& choice, const Scenario& scenario) {
  lustre::TbfRule rule{.name = choice.name, .rate = choice.rate};
  for (const std::string& text : choice.nid) {
    const auto range = client_range(text);
    for (std::uint32_t c = range->first; c <= range->second; ++c)
      rule.match.clients.emplace_back(c);
  }
  for (const std::string& name : choice.job)
    for (std::uint32_t j = 0; j < scenario.jobs.size(); ++j)
      if (scenario.jobs[j].name == name) rule.match.jobs.push_back(j);
  for (const std::string& name : choice.opcode)
    rule.match.opcodes.push_back(lustre::number(name == "ost_read" ? lustre::RpcOpcode::ost_read
                                                                   : lustre::RpcOpcode::ost_write));
  return rule;
}

lustre::NrsSettings nrs_of(const Scenario& scenario) {
  const lustre::LustreTunables& tunables = scenario.lustre;
  using lustre::NrsPolicy;
  using lustre::OrderedRequests;
  using lustre::TbfType;
  struct PolicyName {
    std::string_view name;
    NrsPolicy policy;
    TbfType type = TbfType::generic;
  };
  constexpr std::array kPolicies{
      PolicyName{"fifo", NrsPolicy::fifo},
      PolicyName{"crrn", NrsPolicy::crrn},
      PolicyName{"orr", NrsPolicy::orr},
      PolicyName{"trr", NrsPolicy::trr},
      PolicyName{"tbf", NrsPolicy::tbf},
      PolicyName{"tbf nid", NrsPolicy::tbf, TbfType::nid},
      PolicyName{"tbf jobid", NrsPolicy::tbf, TbfType::jobid},
      PolicyName{"tbf opcode", NrsPolicy::tbf, TbfType::opcode},
      PolicyName{"tbf uid", NrsPolicy::tbf, TbfType::uid},
  };
  lustre::NrsSettings nrs;
  for (const PolicyName& row : kPolicies)
    if (row.name == tunables.ost_io_nrs_policies) {
      nrs.policy = row.policy;
      nrs.tbf.type = row.type;
    }
  nrs.crrn_quantum = tunables.ost_io_nrs_crrn_quantum;
  nrs.orr_quantum = tunables.ost_io_nrs_orr_quantum;
  nrs.trr_quantum = tunables.ost_io_nrs_trr_quantum;
  if (tunables.ost_io_nrs_orr_supported == "writes") nrs.orr_supported = OrderedRequests::writes;
  if (tunables.ost_io_nrs_orr_supported == "reads_and_writes")
    nrs.orr_supported = OrderedRequests::reads_and_writes;
  nrs.tbf.default_rate = tunables.ptlrpc_tbf_rate;
  nrs.tbf.depth = tunables.ptlrpc_tbf_depth;
  for (const TbfRuleChoice& rule : scenario.storage.nrs_tbf_rules)
    nrs.tbf.rules.push_back(rule_of(rule, scenario));
  return nrs;
}

} // namespace

lustre::OssSettings build_oss(const Scenario& scenario, BytesPerSecond& network_peak) {
  const LustreSystem& system = scenario.filesystem;
  const lustre::LustreTunables& tunables = scenario.lustre;
  const Provisioned network = network_of(scenario);
  network_peak = network.peak;
  lustre::OssSettings oss;
  oss.cores = system.oss_cores.value;
  const std::uint32_t partitions = tunables.libcfs_cpu_npartitions > 0
                                       ? tunables.libcfs_cpu_npartitions
                                       : system.oss_partitions.value;
  oss.cpts = std::min(partitions, oss.cores);
  oss.threads = io_threads(scenario, oss);
  oss.rpc_service = system.oss_rpc_service.value;
  // A server's core computes checksums as fast as a client's (assumed).
  if (tunables.osc_checksums) oss.checksum_rate = tunables.checksum_rate();
  oss.network = network.credit;
  oss.osts = scenario.osts_per_oss();
  oss.nrs = nrs_of(scenario);
  oss.cache = cache_of(scenario);
  oss.ssd_cache = ssd_cache_of(scenario, oss.osts);
  if (system.by_throughput()) oss.tiered = tiers_of_ost(scenario);
  oss.lock_limit = lock_limit(scenario);
  oss.sync_journal = tunables.obdfilter_sync_journal;
  if (system.disk_model.value == "raid6")
    oss.disk = device::Raid6Model{.disk = {.bandwidth = system.hdd_bandwidth.value},
                                  .data_disks = system.raid_data_disks.value};
  else
    add_flash(scenario, oss);
  return oss;
}

} // namespace lustrum
