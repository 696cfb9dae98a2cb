// The section `lustre` of a scenario: version, preset, what is given, and what is rejected.
#include "models/lustre/policy/recovery.hpp"
#include "tests/unit/scenario_fixture.hpp"

#include <algorithm>
#include <string>
#include <vector>

using namespace lustrum::test;

namespace lustrum {
namespace {

// On p5.48xlarge: 192 vCPUs, 2 TiB, a card of 100 Gbit/s. `storage` and `cluster`: further keys.
Loaded parse(const std::string& lustre, const std::string& storage = "",
             const std::string& cluster = "") {
  return load("schema_version: 1\n"
              "workload: {dlio: workloads/resnet50_h100.yaml}\n"
              "cluster: {instance: p5.48xlarge, nodes: 1" +
              cluster + "}\nstorage: {system: fsx_persistent_2_1000, capacity: 9.6 TiB" + storage +
              "}\n" + lustre);
}

TEST_CASE("the version is the catalog's, or the scenario's") {
  const auto [plain, said] = parse("");
  CHECK(said == "");
  CHECK(plain.storage.lustre_version == "2.15");
  CHECK(plain.lustre.ldlm_lru_max_age == Seconds{3900});
  CHECK(plain.lustre.llite_max_cached_mb == 1024 * 1024); // half of 2 TiB
  CHECK(plain.lustre.lnet_conns_per_peer == 4);
  CHECK(plain.lustre.llite_max_read_ahead_whole_mb == 4);

  const auto [newer, said_newer] = parse("", ", lustre_version: 2.17");
  CHECK(said_newer == "");
  CHECK(newer.storage.lustre_version == "2.17");
  CHECK(newer.lustre.ldlm_lru_max_age == Seconds{600});
  CHECK(newer.lustre.lod_stripesize == 4_MiB);
  CHECK(newer.lustre.llite_hybrid_io);

  // 2.10 is a name, not the number 2.1.
  const auto [oldest, said_oldest] = parse("", ", lustre_version: 2.10");
  CHECK(said_oldest == "");
  CHECK(oldest.lustre.osc_max_dirty_mb == 32);

  const auto [changed, said_changed] = parse("", ", set: {lustre_version: 2.12}");
  CHECK(said_changed == "");
  CHECK(changed.storage.lustre_version == "2.12");
  CHECK(changed.lustre.llite_max_read_ahead_mb == 64);
}

TEST_CASE("memory and vCPUs of the instance decide defaults") {
  const auto [scenario, said] = parse("", "", ", set: {memory: 8 GiB, cpu.vcpus: 4}");
  CHECK(said == "");
  CHECK(scenario.lustre.llite_max_read_ahead_mb == 256);
  CHECK(scenario.lustre.llite_max_read_ahead_per_file_mb == 64);
  CHECK(scenario.lustre.osc_max_dirty_mb == 1024);
  CHECK(scenario.lustre.llite_max_read_ahead_async_active == 2);
}

TEST_CASE("what is given beats the preset, the preset beats the version") {
  const auto [preset, said] = parse("lustre: {preset: aws_large_client}\n");
  CHECK(said == "");
  CHECK(preset.lustre.osc_max_rpcs_in_flight == 32);
  CHECK(preset.lustre.mdc_max_rpcs_in_flight == 64);
  CHECK(preset.lustre.mdc_max_mod_rpcs_in_flight == 50);
  CHECK(preset.lustre.ldlm_lru_max_age == Seconds{600});
  CHECK(preset.lustre.ldlm_lru_size == 19200);
  CHECK(preset.lustre.lnet_credits == 2560);

  const auto [given, said_given] =
      parse("lustre: {osc.max_rpcs_in_flight: 16, preset: aws_large_client}\n");
  CHECK(said_given == "");
  CHECK(given.lustre.osc_max_rpcs_in_flight == 16);
  CHECK(given.lustre.mdc_max_rpcs_in_flight == 64);

  const auto [both, said_both] =
      parse("lustre:\n  llite: {max_read_ahead_mb: 512, max_read_ahead_whole_mb: 1}\n",
            ", lustre_version: 2.12");
  CHECK(said_both == "");
  CHECK(both.lustre.llite_max_read_ahead_mb == 512);
  CHECK(both.lustre.llite_max_read_ahead_whole_mb == 1);
  CHECK(both.lustre.llite_max_read_ahead_per_file_mb == 64); // of the version, not of what is given
}

TEST_CASE("on and off as lctl writes them") {
  const auto [scenario, said] =
      parse("lustre: {osc.checksums: 0, llite: {statahead_agl: 0, hybrid_io: 1}}\n");
  CHECK_FALSE(scenario.lustre.osc_checksums);
  CHECK_FALSE(scenario.lustre.llite_statahead_agl);
  CHECK(scenario.lustre.llite_hybrid_io);
  CHECK(said.find("error") == std::string::npos);
}

TEST_CASE("larger RPCs need servers that take them") {
  const auto [scenario, said] =
      parse("lustre: {osc.max_pages_per_rpc: 4096, obdfilter.brw_size: 16}\n");
  CHECK(said == "");
  CHECK(scenario.lustre.rpc_size() == 16_MiB);
  const auto [cut, said_cut] = parse("lustre:\n  osc: {max_pages_per_rpc: 4096}\n");
  CHECK(cut.lustre.rpc_size() == 4_MiB);
  CHECK(said_cut ==
        "warning[W201]: `lustre.osc.max_pages_per_rpc`: 4096 is cut to the 1024 pages that the "
        "servers take\n"
        "  --> t.yaml:6:28\n"
        "   6 |   osc: {max_pages_per_rpc: 4096}\n"
        "     |                            ^^^^ `obdfilter.brw_size` is 4 (MiB)\n");
}

TEST_CASE("fewer metadata RPCs take modifying ones along") {
  const auto [scenario, said] = parse("lustre: {mdc.max_rpcs_in_flight: 4}\n");
  CHECK(said == "");
  CHECK(scenario.lustre.mdc_max_mod_rpcs_in_flight == 3);
}

TEST_CASE("rejects_more_modifying_rpcs_than_rpcs") {
  CHECK(parse("lustre:\n  mdc: {max_mod_rpcs_in_flight: 50}\n").messages ==
        "error[E108]: `lustre.mdc.max_mod_rpcs_in_flight`: 50 is not less than the 8 of "
        "`mdc.max_rpcs_in_flight`\n"
        "  --> t.yaml:6:33\n"
        "   6 |   mdc: {max_mod_rpcs_in_flight: 50}\n"
        "     |                                 ^^ Lustre takes the modifying RPCs out of those\n");
}

TEST_CASE("rejects_no_such_lustre_version") {
  CHECK(parse("", ", lustre_version: 2.14").messages ==
        "error[E109]: `storage.lustre_version`: `2.14` is not one of the choices\n"
        "  --> t.yaml:4:77\n"
        "   4 | storage: {system: fsx_persistent_2_1000, capacity: 9.6 TiB, lustre_version: "
        "2.14}\n"
        "     |                                                                             "
        "^^^^ did you mean `2.10`, `2.12` or `2.15`?\n");
  CHECK(parse("", ", set: {lustre_version: 2.151}").messages ==
        "error[E109]: `storage.set.lustre_version`: `2.151` is not one of the choices\n"
        "  --> t.yaml:4:83\n"
        "   4 | storage: {system: fsx_persistent_2_1000, capacity: 9.6 TiB, set: "
        "{lustre_version: 2.151}}\n"
        "     |                                                                        "
        "           ^^^^^ did you mean `2.15`?\n");
}

TEST_CASE("rejects_no_such_preset") {
  CHECK(parse("lustre: {preset: aws_large_clients}\n").messages ==
        "error[E109]: `lustre.preset`: `aws_large_clients` is not one of the choices\n"
        "  --> t.yaml:5:18\n"
        "   5 | lustre: {preset: aws_large_clients}\n"
        "     |                  ^^^^^^^^^^^^^^^^^ did you mean `aws_large_client`?\n");
}

TEST_CASE("a preset that changes nothing is said so") {
  CHECK(parse("lustre: {preset: aws_large_client}\n", "", ", set: {memory: 64 GiB, cpu.vcpus: 64}")
            .messages ==
        "warning[W201]: `lustre.preset`: `aws_large_client` changes nothing on `p5.48xlarge`\n"
        "  --> t.yaml:5:18\n"
        "   5 | lustre: {preset: aws_large_client}\n"
        "     |                  ^^^^^^^^^^^^^^^^ it is for clients with more than 64 vCPUs or 64 "
        "GiB "
        "of memory\n");
}

TEST_CASE("rejects_mistyped_tunables") {
  CHECK(parse("lustre:\n"
              "  llite: {max_readahead_mb: 64}\n"
              "  obdfilter: {read_cache_enable: 1}\n"
              "  ldlm.namespaces.lru_maxage: 600 s\n")
            .messages ==
        "error[E104]: unknown key `max_readahead_mb` in `lustre.llite`\n"
        "  --> t.yaml:6:11\n"
        "   6 |   llite: {max_readahead_mb: 64}\n"
        "     |           ^^^^^^^^^^^^^^^^ did you mean `max_read_ahead_mb`?\n"
        "\n"
        "error[E104]: unknown key `read_cache_enable` in `lustre.obdfilter`\n"
        "  --> t.yaml:7:15\n"
        "   7 |   obdfilter: {read_cache_enable: 1}\n"
        "     |               ^^^^^^^^^^^^^^^^^ it belongs in `lustre.osd`\n"
        "\n"
        "error[E104]: unknown key `ldlm.namespaces.lru_maxage` in `lustre`\n"
        "  --> t.yaml:8:3\n"
        "   8 |   ldlm.namespaces.lru_maxage: 600 s\n"
        "     |   ^^^^^^^^^^^^^^^^^^^^^^^^^^ did you mean `ldlm.namespaces.lru_max_age`?\n");
}

TEST_CASE("help states defaults per version where they differ") {
  const auto& sections = scenario_sections();
  const auto section = std::find_if(sections.begin(), sections.end(),
                                    [](const ScenarioSection& s) { return s.path == "lustre"; });
  REQUIRE(section != sections.end());
  const auto text = [&](const std::string& key, const std::string& version) {
    for (const ParameterRow& row : describe(*section, version))
      if (row.key == key) return row.default_text;
    return std::string{"no such key"};
  };
  CHECK(text("ldlm.namespaces.lru_max_age", "") == "2.10: 3900 s; 2.16: 600 s");
  CHECK(text("ldlm.namespaces.lru_max_age", "2.12") == "3900 s");
  CHECK(text("ldlm.namespaces.lru_max_age", "2.17") == "600 s");
  CHECK(text("osc.max_dirty_mb", "") == "2.10: 32; 2.12: min(2000, memory/8)");
  CHECK(text("osc.max_rpcs_in_flight", "") == "8");
  CHECK(text("llite.max_cached_mb", "") == "memory/2");
}

TEST_CASE("the timeouts that follow from `timeout`, unless they are given") {
  const Loaded loaded =
      parse("lustre: {timeout: 300 s, mdt.recovery_time_soft: 100 s, mdt.ir_factor: 10}\n");
  CHECK(loaded.messages == "");
  const lustre::LustreTunables& t = loaded.scenario.lustre;
  CHECK(t.ping_interval == Seconds{75});
  CHECK(t.ldlm_enqueue_min == Seconds{300});
  CHECK(t.obdfilter_recovery_time_soft == Seconds{900});
  CHECK(t.obdfilter_recovery_time_hard == Seconds{2700});
  CHECK(t.mdt_recovery_time_soft == Seconds{100});
  CHECK(t.mdt_recovery_time_hard == Seconds{2700});
  // OSTs: 900 s x 5/10; MDTs: 100 s x 10/10, but 120 s at least.
  const auto recovery = lustre::RecoverySettings::from(t);
  CHECK(recovery.window() == Seconds{450});
  CHECK(recovery.of_mdts().window() == Seconds{120});
}

TEST_CASE("the threshold of PCC is one of llite's tunables too") {
  const std::string pcc = ", lustre_version: 2.17, pcc: {mode: ro, capacity: 1 TiB}";
  const Loaded loaded = parse("lustre: {llite.pcc_async_threshold: 1 GiB}\n", pcc);
  CHECK(loaded.messages == "");
  CHECK(loaded.scenario.storage.pcc.inline_limit == Bytes{kGib});
  const Loaded without = parse("lustre: {llite.pcc_async_threshold: 1 GiB}\n");
  CHECK(without.messages.starts_with("warning[W201]: `lustre.llite.pcc_async_threshold` has no "
                                     "effect: clients have no persistent cache\n"));
}

TEST_CASE("assumptions that the jobs cannot rest on are not listed") {
  const auto lists = [](const std::string& workload, const std::string& network, const char* key) {
    const Loaded loaded = load("schema_version: 1\nworkload: {" + workload +
                               "}\ncluster: {instance: p5.48xlarge, nodes: 1}\n"
                               "storage: {system: fsx_persistent_2_1000, capacity: 9.6 TiB}\n"
                               "network: {" +
                               network + "}\n");
    CHECK(loaded.messages == "");
    const std::vector<AssumedRow> rows = loaded.scenario.assumed();
    return std::any_of(rows.begin(), rows.end(),
                       [key](const AssumedRow& row) { return row.key == key; });
  };
  const char* direct = "lustre.client.dio_overhead_write";
  CHECK_FALSE(lists("ior: {}", "lnd: tcp", direct));
  CHECK(lists("ior: {direct: true, transfer_size: 1 MiB}", "lnd: tcp", direct));
  CHECK_FALSE(lists("ior: {direct: true, write: false, transfer_size: 1 MiB}", "lnd: tcp", direct));
  CHECK_FALSE(lists("ior: {direct: true, transfer_size: 1 MiB}", "lnd: tcp",
                    "lustre.client.dio_bounce_write")); // 2.15
  CHECK_FALSE(lists("ior: {}", "lnd: tcp", "lustre.client.fault_time"));
  CHECK(lists("ior: {api: MMAP}", "lnd: tcp", "lustre.client.fault_time"));
  const char* efa = "fsx_persistent_2_1000.lnet.efa.latency";
  CHECK_FALSE(lists("ior: {}", "lnd: tcp", efa));
  CHECK(lists("ior: {}", "lnd: efa", efa));
  CHECK_FALSE(lists("ior: {}", "lnd: efa", "p5.48xlarge.efa.gds_nics"));
  CHECK(lists("ior: {}", "lnd: efa, gds: true", "p5.48xlarge.efa.gds_nics"));
  CHECK(lists("ior: {}", "lnd: tcp", "fsx_persistent_2_1000.lnet.tcp.latency"));
}

} // namespace
} // namespace lustrum
