// Defaults of each Lustre version, what follows from the machine, presets, negotiation.
#include "models/lustre/policy/lustre_version.hpp"
#include "sim/base/parameter_value.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <set>
#include <string>

namespace lustrum::lustre {
namespace {

using enum LustreVersion;
using V = LustreVersion;

constexpr std::array kAll{v2_10, v2_12, v2_15, v2_16, v2_17};

HostFacts host(std::uint64_t gib, std::uint32_t cpus) {
  HostFacts facts;
  facts.memory = Bytes{gib * kGib};
  facts.cpus = cpus;
  return facts;
}

LustreTunables of(V version, const HostFacts& machine = {}) {
  LustreTunables tunables = default_tunables(version, machine);
  negotiate(tunables, version, machine, false);
  return tunables;
}

// One column per version, 2.10 2.12 2.15 2.16 2.17, on a machine of 64 GiB with a card of 100
// Gbit/s. The rows that say "min(RAM/32, 1024)" and so on have tests of their own below.
TEST_CASE("the table of defaults that changed between versions") {
  const auto check = [](auto field, auto... expected) {
    const std::array values{expected...};
    for (std::size_t i = 0; i < kAll.size(); ++i) {
      CAPTURE(lustre_version_names()[i]);
      CHECK(of(kAll[i]).*field == values[i]);
    }
  };
  using T = LustreTunables;
  check(&T::lod_stripesize, 1_MiB, 1_MiB, 1_MiB, 4_MiB, 4_MiB);
  check(&T::osc_max_dirty_mb, 32U, 2000U, 2000U, 2000U, 2000U);
  check(&T::llite_max_read_ahead_mb, 64U, 64U, 1024U, 1024U, 1024U);
  check(&T::llite_max_read_ahead_per_file_mb, 64U, 64U, 256U, 256U, 256U);
  check(&T::llite_max_read_ahead_whole_mb, 2U, 2U, 4U, 4U, 4U); // 2, from 2.15 on one RPC of 4 MiB
  check(&T::llite_statahead_max, 32U, 32U, 32U, 128U, 128U);
  check(&T::llite_statahead_batch_max, 0U, 0U, 0U, 64U, 64U);
  check(&T::llite_statahead_min, 2U, 2U, 2U, 8U, 8U);
  check(&T::ldlm_lru_max_age, Seconds{3900}, Seconds{3900}, Seconds{3900}, Seconds{600},
        Seconds{600});
  check(&T::lnet_conns_per_peer, 1U, 1U, 4U, 4U, 4U);
  check(&T::llite_hybrid_io, false, false, false, true, true);
  check(&T::at_min, Seconds{0}, Seconds{0}, Seconds{0}, Seconds{5}, Seconds{5});
  check(&T::osc_short_io_bytes, 0U, 16384U, 16384U, 16384U, 16384U);
  check(&T::llite_opencache_threshold_count, 0U, 0U, 5U, 5U, 5U);
  check(&T::llite_parallel_dio, false, false, true, true, true);
  check(&T::llite_unaligned_dio, false, false, false, true, true);
}

TEST_CASE("what no version changed") {
  for (const V version : kAll) {
    const LustreTunables t = of(version);
    CHECK(t.osc_max_rpcs_in_flight == 8);
    CHECK(t.mdc_max_rpcs_in_flight == 8);
    CHECK(t.mdc_max_mod_rpcs_in_flight == 7);
    CHECK(t.obdfilter_brw_size == 4);
    CHECK(t.osc_max_pages_per_rpc == 1024);
    CHECK(t.lnet_peer_credits == 8);
    CHECK(t.lnet_credits == 256);
    CHECK(t.llite_hybrid_io_read_threshold_bytes == 8 * kMib);
    CHECK(t.llite_hybrid_io_write_threshold_bytes == 2 * kMib);
    CHECK(t.ldlm_enqueue_min == Seconds{100});
    CHECK(t.osc_grant_shrink_interval == Seconds{1200});
    CHECK(t.mdt_max_mod_rpcs_per_client == 8);
  }
}

TEST_CASE("defaults that follow from the machine") {
  // 8 GiB: 8192/32 = 256 MiB of read-ahead, a quarter of it per file; dirty 8192/8.
  const LustreTunables small = of(v2_15, host(8, 6));
  CHECK(small.llite_max_read_ahead_mb == 256);
  CHECK(small.llite_max_read_ahead_per_file_mb == 64);
  CHECK(small.llite_read_ahead_async_file_threshold_mb == 64);
  CHECK(small.osc_max_dirty_mb == 1024);
  CHECK(small.llite_max_cached_mb == 4096);
  CHECK(small.llite_max_read_ahead_async_active == 3);
  // 4 GiB: 128 MiB by memory, 256 MiB at least since 2.16.
  CHECK(of(v2_15, host(4, 2)).llite_max_read_ahead_mb == 128);
  CHECK(of(v2_16, host(4, 2)).llite_max_read_ahead_mb == 256);
  CHECK(of(v2_16, host(4, 2)).llite_max_read_ahead_per_file_mb == 64);
  // An old version does not look at the memory for its read-ahead, nor 2.10 for dirty data.
  CHECK(of(v2_12, host(4, 2)).llite_max_read_ahead_mb == 64);
  CHECK(of(v2_12, host(4, 2)).osc_max_dirty_mb == 512);
  CHECK(of(v2_10, host(4, 2)).osc_max_dirty_mb == 32);
  // 2 TiB: all at their largest.
  const LustreTunables large = of(v2_17, host(2048, 192));
  CHECK(large.llite_max_read_ahead_mb == 1024);
  CHECK(large.llite_max_read_ahead_per_file_mb == 256);
  CHECK(large.osc_max_dirty_mb == 2000);
  CHECK(large.llite_max_cached_mb == 1024 * 1024);
  CHECK(large.llite_max_read_ahead_async_active == 96);
}

// The whole point of default_text in the tables: what LustreTunables::defaults() gives is what 2.15
// has on the machine HostFacts{}, before client and servers connect.
TEST_CASE("the tables state the defaults of 2.15") {
  CHECK(LustreTunables::defaults() == default_tunables(v2_15, {}));
  for (const V other : {v2_10, v2_12, v2_16, v2_17})
    CHECK_FALSE(LustreTunables::defaults() == default_tunables(other, {}));
  CHECK_FALSE(LustreTunables::defaults() == default_tunables(v2_15, host(8, 16)));
}

TEST_CASE("connections per peer by the speed of the card") {
  constexpr double kGbit = 1e9 / 8;
  const auto at = [](double gbits) {
    return automatic_conns_per_peer(BytesPerSecond{gbits * kGbit});
  };
  CHECK(at(1) == 1);
  CHECK(at(10) == 2);
  CHECK(at(25) == 3);
  CHECK(at(50) == 3);
  CHECK(at(100) == 4);
  CHECK(at(200) == 4);
  CHECK(at(400) == 5);
  CHECK(at(16) == 3); // a power of two: log2 is 4, not 3.99
  HostFacts rdma;
  rdma.tcp = false;
  CHECK(of(v2_15, rdma).lnet_conns_per_peer == 1);
}

TEST_CASE("negotiation: RPCs no larger than the servers take, whole files up to one RPC") {
  LustreTunables t = default_tunables(v2_15, {});
  t.osc_max_pages_per_rpc = 4096;
  negotiate(t, v2_15, {}, false);
  CHECK(t.osc_max_pages_per_rpc == 1024);
  t = default_tunables(v2_15, {});
  t.osc_max_pages_per_rpc = 4096;
  t.obdfilter_brw_size = 16;
  negotiate(t, v2_15, {}, false);
  CHECK(t.rpc_size() == 16_MiB);
  CHECK(t.llite_max_read_ahead_whole_mb == 16);
  t.obdfilter_brw_size = 1;
  negotiate(t, v2_15, {}, false);
  CHECK(t.rpc_size() == 1_MiB);
  CHECK(t.llite_max_read_ahead_whole_mb == 2);
  negotiate(t, v2_17, {}, false);
  CHECK(t.llite_max_read_ahead_whole_mb == 4);
  t.llite_max_read_ahead_whole_mb = 1;
  negotiate(t, v2_15, {}, true); // given: kept
  CHECK(t.llite_max_read_ahead_whole_mb == 1);
  // Never more than a file may have.
  t.llite_max_read_ahead_per_file_mb = 3;
  t.obdfilter_brw_size = 4;
  negotiate(t, v2_15, {}, false);
  CHECK(t.llite_max_read_ahead_whole_mb == 3);
  t.lnet_conns_per_peer = 7;
  negotiate(t, v2_15, {}, false);
  CHECK(t.lnet_conns_per_peer == 7);
}

TEST_CASE("aws_large_client: more than 64 vCPUs, more than 64 GiB, each on its own") {
  const auto with = [](const HostFacts& machine) {
    return default_tunables(v2_15, machine, "aws_large_client");
  };
  const LustreTunables both = with(host(2048, 192));
  CHECK(both.osc_max_rpcs_in_flight == 32);
  CHECK(both.mdc_max_rpcs_in_flight == 64);
  CHECK(both.mdc_max_mod_rpcs_in_flight == 50);
  CHECK(both.ptlrpc_ptlrpcd_per_cpt_max == 32);
  CHECK(both.lnet_credits == 2560);
  CHECK(both.ldlm_lru_max_age == Seconds{600});
  CHECK(both.ldlm_lru_size == 19200);
  CHECK(both.preset == "aws_large_client");
  const LustreTunables cores = with(host(64, 65));
  CHECK(cores.osc_max_rpcs_in_flight == 32);
  CHECK(cores.ldlm_lru_size == 0);
  const LustreTunables memory = with(host(65, 64));
  CHECK(memory.osc_max_rpcs_in_flight == 8);
  CHECK(memory.lnet_credits == 256);
  CHECK(memory.ldlm_lru_size == 6400);
  CHECK(preset_applies("aws_large_client", host(65, 64)));
  CHECK(preset_applies("aws_large_client", host(64, 65)));
  CHECK_FALSE(preset_applies("aws_large_client", host(64, 64)));
  CHECK_FALSE(preset_applies("none", host(2048, 192)));
}

TEST_CASE("versions by name") {
  CHECK(lustre_version("2.10") == v2_10);
  CHECK(lustre_version("2.17") == v2_17);
  CHECK_FALSE(lustre_version("2.1").has_value());
  CHECK_FALSE(lustre_version("").has_value());
  CHECK(lustre_version_names().size() == kAll.size());
}

// Names as `lctl get_param` prints them, without the device: a few that are easily written wrong.
TEST_CASE("keys are the names of lctl") {
  const ParameterTable& table = LustreTunables::parameters();
  std::set<std::string> keys;
  std::set<const void*> fields;
  LustreTunables t;
  for (const Parameter& row : table) {
    CAPTURE(row.key);
    CHECK(keys.emplace(row.key).second);
    CHECK(
        fields.insert(std::visit([](auto* p) -> const void* { return p; }, row.field(&t))).second);
    CHECK_FALSE(row.doc.empty());
    CHECK((row.key == "preset" || !row.source.empty()));
    CHECK(std::all_of(row.key.begin(), row.key.end(), [](unsigned char c) {
      return std::isalnum(c) != 0 || c == '_' || c == '.';
    }));
  }
  for (const char* key : {"osc.max_rpcs_in_flight",
                          "osc.max_pages_per_rpc",
                          "osc.max_dirty_mb",
                          "osc.checksums",
                          "osc.checksum_type",
                          "osc.short_io_bytes",
                          "osc.grant_shrink_interval",
                          "mdc.max_rpcs_in_flight",
                          "mdc.max_mod_rpcs_in_flight",
                          "mdc.mdc_dom_min_repsize",
                          "llite.max_read_ahead_mb",
                          "llite.max_read_ahead_per_file_mb",
                          "llite.max_read_ahead_whole_mb",
                          "llite.read_ahead_async_file_threshold_mb",
                          "llite.read_ahead_range_kb",
                          "llite.max_cached_mb",
                          "llite.statahead_max",
                          "llite.statahead_batch_max",
                          "llite.statahead_running_max",
                          "llite.statahead_agl",
                          "llite.opencache_threshold_count",
                          "llite.opencache_threshold_ms",
                          "llite.opencache_max_ms",
                          "llite.hybrid_io",
                          "llite.hybrid_io_read_threshold_bytes",
                          "llite.hybrid_io_write_threshold_bytes",
                          "llite.fast_read",
                          "llite.tiny_write",
                          "llite.parallel_dio",
                          "ldlm.namespaces.lru_size",
                          "ldlm.namespaces.lru_max_age",
                          "timeout",
                          "at_min",
                          "at_max",
                          "at_history",
                          "ldlm_timeout",
                          "obdfilter.brw_size",
                          "obdfilter.sync_journal",
                          "obdfilter.recovery_time_soft",
                          "obdfilter.recovery_time_hard",
                          "obdfilter.ir_factor",
                          "osd.read_cache_enable",
                          "osd.writethrough_cache_enable",
                          "osd.readcache_max_io_mb",
                          "osd.readcache_max_filesize",
                          "lod.qos_threshold_rr",
                          "lod.qos_prio_free",
                          "lod.dom_stripesize",
                          "lod.stripesize",
                          "lod.stripecount",
                          "mdd.append_stripe_count",
                          "mdt.dom_lock",
                          "mdt.dom_read_open",
                          "osp.reserved_mb_low",
                          "osp.reserved_mb_high",
                          "osp.create_count",
                          "osp.max_create_count",
                          "ost.ost_io.nrs_policies",
                          "ost.ost_io.nrs_crrn_quantum",
                          "ost.ost_io.nrs_orr_quantum",
                          "ost.ost_io.threads_max",
                          "mds.mdt.threads_max",
                          "mdt.hsm.max_requests",
                          "mdt.hsm.loop_period",
                          "mdt.hsm.grace_delay",
                          "mdt.hsm.active_request_timeout",
                          "mdt.hsm.policy"}) {
    CAPTURE(key);
    CHECK(keys.contains(key));
  }
}

TEST_CASE("every default of every version is one that the table accepts") {
  for (const V version : kAll) {
    LustreTunables t = LustreTunables::defaults();
    for (const std::string_view key : keys_that_changed()) {
      CAPTURE(key);
      const auto& table = LustreTunables::parameters();
      const auto row = std::find_if(table.begin(), table.end(),
                                    [&](const Parameter& p) { return p.key == key; });
      REQUIRE(row != table.end());
      const std::string text = default_text(key, version);
      if (text.find("min(") == std::string::npos && text.find("RPC") == std::string::npos)
        CHECK_FALSE(set_value(*row, &t, text).has_value());
    }
  }
  CHECK(default_text("llite.max_read_ahead_mb", v2_15) == "min(memory/32, 1024)");
  CHECK(default_text("llite.max_read_ahead_mb", v2_16) == "min(memory/32, 1024), at least 256");
  CHECK(default_text("llite.max_read_ahead_mb", v2_10) == "64");
  CHECK(default_text("llite.max_read_ahead_whole_mb", v2_17) == "one RPC, at least 4");
  CHECK(default_text("osc.max_rpcs_in_flight", v2_10) == "8");
}

TEST_CASE("checksum rates by type") {
  LustreTunables t = LustreTunables::defaults();
  CHECK(t.checksum_rate() == BytesPerSecond{9763e6});
  t.osc_checksum_type = "t10ip4K";
  CHECK(t.checksum_rate() == BytesPerSecond{7935e6});
  t.osc_checksum_type = "t10ip512";
  CHECK(t.checksum_rate() == BytesPerSecond{6151e6});
  t.osc_checksum_type = "crc32";
  CHECK(t.checksum_rate() == BytesPerSecond{1575e6});
  t.osc_checksum_type = "adler";
  CHECK(t.checksum_rate() == BytesPerSecond{1255e6});
}

// Direct I/O of one process: t = overhead + bytes/rate, fitted with the least squares of relative
// error to what was measured (lustre-release commit 7194eb6, MiB/s).
TEST_CASE("the fit of direct I/O meets its measurements") {
  struct Row {
    double mib;
    double write;
    double read;
  };
  constexpr std::array kMeasured{Row{1, 1010, 893}, Row{4, 2778, 2657}, Row{16, 5905, 4724},
                                 Row{64, 7917, 7579}};
  const LustreTunables t = LustreTunables::defaults();
  const auto rate = [](double mib, Seconds overhead, BytesPerSecond bandwidth) {
    return mib / (overhead.count() + mib * static_cast<double>(kMib) / bandwidth.count());
  };
  for (const Row& row : kMeasured) {
    CAPTURE(row.mib);
    CHECK(rate(row.mib, t.client_dio_overhead_write, t.client_dio_bandwidth_write) ==
          doctest::Approx(row.write).epsilon(0.06));
    CHECK(rate(row.mib, t.client_dio_overhead_read, t.client_dio_bandwidth_read) ==
          doctest::Approx(row.read).epsilon(0.13));
  }
}

} // namespace
} // namespace lustrum::lustre
