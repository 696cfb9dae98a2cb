// The catalog as shipped, and what its loader rejects.
#include "models/assembly/catalog.hpp"
#include "models/lustre/policy/layout.hpp"
#include "sim/base/parameter_value.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>

namespace lustrum {
namespace {

const std::string kRoot = LUSTRUM_SOURCE_DIR;

const Catalog& shipped() {
  static const Catalog catalog = [] {
    Diagnostics diagnostics;
    Catalog loaded = Catalog::load(kRoot + "/models/catalog", diagnostics);
    CHECK(diagnostics.render() == "");
    return loaded;
  }();
  return catalog;
}

// A catalog folder of a test's own, gone with it.
class Folder {
public:
  Folder() : path_(std::filesystem::temp_directory_path() / "lustrum_catalog_test") {
    std::filesystem::create_directories(path_);
    write("instances.yaml", "{}");
    write("filesystems.yaml", "{}");
    write("object_stores.yaml", "{}");
    write("file_services.yaml", "{}");
    write("local_disks.yaml", "{}");
    write("recorded_systems.yaml", "{}");
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  void write(const std::string& name, const std::string& text) const {
    std::ofstream{path_ / name} << text;
  }
  std::string load() const {
    Diagnostics diagnostics;
    Catalog::load(path_.string(), diagnostics);
    std::string text = diagnostics.render();
    for (std::size_t at = 0; (at = text.find(path_.string() + "/", at)) != std::string::npos;)
      text.erase(at, path_.string().size() + 1);
    return text;
  }

private:
  std::filesystem::path path_;
};

// Entries of one file, in alphabetical order.
std::vector<std::string> names_of(std::string_view file) {
  std::vector<std::string> names;
  for (const CatalogEntry& entry : shipped().entries())
    if (entry.kind->file == file) names.push_back(entry.name);
  std::sort(names.begin(), names.end());
  return names;
}

std::string figure(const std::string& value) {
  return "{value: " + value + ", source: test, as_of: 2026-11, kind: assumed}";
}

std::string small_instance(const std::string& memory) {
  return "tiny:\n"
         "  gpu: {model: " +
         figure("T") + ", count: " + figure("1") +
         "}\n"
         "  cpu: {vcpus: " +
         figure("8") +
         "}\n"
         "  tcp: {nic_bandwidth: " +
         figure("10 Gbit/s") + "}\n" + memory;
}

TEST_CASE("the shipped catalog loads without a word") {
  CHECK(shipped().instance_names() ==
        std::vector<std::string>{"hgx_a100", "hgx_h100", "p4d.24xlarge", "p5.48xlarge"});
  CHECK(names_of("filesystems.yaml") == std::vector<std::string>{"azure_managed_lustre_125",
                                                                 "azure_managed_lustre_250",
                                                                 "azure_managed_lustre_40",
                                                                 "azure_managed_lustre_500",
                                                                 "fsx_intelligent_tiering",
                                                                 "fsx_persistent_1_100",
                                                                 "fsx_persistent_1_200",
                                                                 "fsx_persistent_1_50",
                                                                 "fsx_persistent_1_hdd_12",
                                                                 "fsx_persistent_1_hdd_40",
                                                                 "fsx_persistent_2_1000",
                                                                 "fsx_persistent_2_125",
                                                                 "fsx_persistent_2_250",
                                                                 "fsx_persistent_2_500",
                                                                 "fsx_scratch_2",
                                                                 "gcp_managed_lustre_1000",
                                                                 "gcp_managed_lustre_125",
                                                                 "gcp_managed_lustre_250",
                                                                 "gcp_managed_lustre_500",
                                                                 "hdd_lustre",
                                                                 "onprem_nvme_lustre"});
  CHECK(shipped().find_instance("p6") == nullptr);
}

TEST_CASE("figures of the shipped catalog are those of their sources") {
  const Instance& p5 = *shipped().find_instance("p5.48xlarge");
  CHECK(p5.gpus.value == 8);
  CHECK(p5.memory.value == 2048_GiB);
  CHECK(p5.memory.provenance.as_of == "2026-08");
  CHECK(p5.fsx_efa.value);
  CHECK_FALSE(shipped().find_instance("p4d.24xlarge")->fsx_efa.value);

  const LustreSystem& p2 = *shipped().find_filesystem("fsx_persistent_2_250");
  CHECK(p2.network_per_tib.value.count() == doctest::Approx(640.0 * kMib));
  CHECK(p2.disk_read_burst_per_tib.value.count() == doctest::Approx(500.0 * kMib));
  CHECK(p2.metadata_mode.value == "provisioned");
  CHECK_FALSE(shipped().find_filesystem("fsx_scratch_2")->offers_efa());
}

TEST_CASE("every EFA server of Persistent 2 has disks of 4,800 MiB/s, whatever the tier") {
  for (const std::string tier : {"125", "250", "500", "1000"}) {
    const LustreSystem& system = *shipped().find_filesystem("fsx_persistent_2_" + tier);
    const double tib = system.oss_capacity_efa.value.as_double() / static_cast<double>(kTib);
    CHECK(tib * system.disk_read_per_tib.value.count() == doctest::Approx(4800.0 * kMib));
  }
}

TEST_CASE("96 TiB of the tier of 1,000 give 96,000 MiB/s (law L8)") {
  const LustreSystem& system = *shipped().find_filesystem("fsx_persistent_2_1000");
  CHECK(96 * system.disk_read_per_tib.value.count() == doctest::Approx(96000.0 * kMib));
}

// 0.185 ms per stat; 0.94 ms for open, lock, read and close of a file of 4 KiB.
TEST_CASE("the unloaded latencies of FSx over TCP meet the two measurements") {
  const LustreSystem& fsx = *shipped().find_filesystem("fsx_persistent_2_1000");
  const double wire = 2 * fsx.tcp_latency.value.count();
  const auto mds = [&](const Figure<PerSecond>& rate) {
    return wire + fsx.mds_cores.value / rate.value.count();
  };
  CHECK(mds(fsx.mds_getattr_rate) == doctest::Approx(185e-6).epsilon(0.01));
  const double lock = wire + fsx.oss_rpc_service.value.count();
  const double read = lock + fsx.disk_latency.value.count();
  CHECK(mds(fsx.mds_open_rate) + lock + read + mds(fsx.mds_close_rate) ==
        doctest::Approx(940e-6).epsilon(0.01));
}

TEST_CASE("default layouts can be parsed") {
  for (const std::string& name : names_of("filesystems.yaml"))
    CHECK(std::holds_alternative<lustre::Layout>(
        lustre::parse_layout(shipped().find_filesystem(name)->default_layout.value)));
}

TEST_CASE("automatic metadata IOPS follow the capacity") {
  const auto iops = [](double tib) {
    return automatic_metadata_iops(parse_bytes(std::to_string(tib) + " TiB").value());
  };
  CHECK(iops(1.2) == 1500);
  CHECK(iops(2.4) == 3000);
  CHECK(iops(4.8) == 6000);
  CHECK(iops(9.6) == 6000);
  CHECK(iops(12) == 12000);
  CHECK(iops(45.6) == 12000);
  CHECK(iops(48) == 24000);
  CHECK(iops(96) == 48000);
  CHECK(iops(2000) == 192000);
}

TEST_CASE("metadata IOPS on sale") {
  for (const std::uint32_t good : {1500U, 3000U, 6000U, 12000U, 24000U, 192000U})
    CHECK(is_metadata_iops(good));
  for (const std::uint32_t bad : {0U, 1000U, 9000U, 18000U, 204000U})
    CHECK_FALSE(is_metadata_iops(bad));
}

TEST_CASE("FSx bills 1,000 GiB for its TiB") {
  const LustreSystem& fsx = *shipped().find_filesystem("fsx_scratch_2");
  CHECK(billed_gib(fsx, parse_bytes("4.8 TiB").value()) == doctest::Approx(4800));
}

TEST_CASE("rejects_figure_without_source") {
  const Folder folder;
  folder.write("instances.yaml", small_instance("  memory: 64 GiB\n"));
  CHECK(
      folder.load() ==
      "error[E112]: figure `tiny.memory` has no `source`, `as_of` and `kind`\n"
      "  --> instances.yaml:5:11\n"
      "   5 |   memory: 64 GiB\n"
      "     |           ^^^^^^ write `{value: 64 GiB, source: ..., as_of: 2026-07, kind: ...}`\n");
}

TEST_CASE("rejects_figure_without_kind") {
  const Folder folder;
  folder.write("instances.yaml",
               small_instance("  memory: {value: 64 GiB, source: test, as_of: 2026-11}\n"));
  CHECK(folder.load() == "error[E112]: figure `tiny.memory` has no `kind`\n"
                         "  --> instances.yaml:5:3\n"
                         "   5 |   memory: {value: 64 GiB, source: test, as_of: 2026-11}\n"
                         "     |   ^^^^^^ a figure states its source, its date and its kind\n");
}

TEST_CASE("rejects_unknown_key_of_an_entry") {
  const Folder folder;
  folder.write("instances.yaml", small_instance("  memry: " + figure("64 GiB") + "\n"));
  CHECK(folder.load() ==
        "error[E103]: missing key `memory` in `tiny`\n"
        "  --> instances.yaml:1:1\n"
        "   1 | tiny:\n"
        "     | ^^^^ a size is needed, e.g. `memory: 4 MiB`\n"
        "\n"
        "error[E104]: unknown key `memry` in `tiny`\n"
        "  --> instances.yaml:5:3\n"
        "   5 |   memry: {value: 64 GiB, source: test, as_of: 2026-11, kind: assumed}\n"
        "     |   ^^^^^ did you mean `memory`?\n");
}

TEST_CASE("rejects_efa_cards_without_rate") {
  const Folder folder;
  folder.write("instances.yaml", small_instance("  memory: " + figure("64 GiB") + "\n" +
                                                "  efa: {nics: " + figure("4") + "}\n"));
  CHECK(folder.load() ==
        "error[E113]: `efa.nics` and `efa.nic_bandwidth` are given together or not at all\n"
        "  --> instances.yaml:1:1\n"
        "   1 | tiny:\n"
        "     | ^^^^\n");
}

TEST_CASE("rejects_two_entries_of_one_name") {
  const Folder folder;
  const std::string tiny = small_instance("  memory: " + figure("64 GiB") + "\n");
  folder.write("instances.yaml", tiny + "tiny2" + tiny.substr(4));
  CHECK(folder.load() == "");
  // An instance and a storage system may share a name: nothing names both.
  folder.write("filesystems.yaml", "tiny: {}");
  CHECK(folder.load().find("already") == std::string::npos);
}

TEST_CASE("rejects_catalog_without_files") {
  Diagnostics diagnostics;
  Catalog::load("/nowhere", diagnostics);
  std::string expected;
  for (const EntryKind* kind : entry_kinds())
    expected += (expected.empty() ? "" : "\n") +
                std::string("error[E110]: cannot read `/nowhere/") + std::string(kind->file) +
                "`: there is no such file\n";
  CHECK(diagnostics.render() == expected);
  CHECK(entry_kinds().size() == 6);
}

TEST_CASE("rejects_rates_per_tib_and_per_server_together") {
  LustreSystem system = *shipped().find_filesystem("onprem_nvme_lustre");
  CHECK(problems_of(system).empty());
  system.network_per_tib = system.network_per_oss;
  CHECK(problems_of(system) ==
        std::vector<std::string>{
            "exactly one of `network.per_tib` and `network.per_oss` must be given",
            "`network.burst_per_tib` must be at least the rate that lasts (equal: no burst)"});
  system.network_per_tib.value = {};
  system.disk_read_per_ost.value = {};
  CHECK(problems_of(system) ==
        std::vector<std::string>{
            "exactly one of `disk.read_per_tib` and `disk.read_per_ost` must be given"});
}

TEST_CASE("rejects_burst_without_duration") {
  LustreSystem system = *shipped().find_filesystem("fsx_persistent_2_125");
  system.burst_duration.value = {};
  CHECK(problems_of(system) == std::vector<std::string>{"a burst rate needs `burst.duration`"});
}

TEST_CASE("rejects_half_of_efa") {
  LustreSystem system = *shipped().find_filesystem("fsx_persistent_2_125");
  system.efa_latency.value = {};
  CHECK(problems_of(system) ==
        std::vector<std::string>{"`oss.capacity_efa`, `oss.osts_efa` and `lnet.efa.latency` are "
                                 "given together or not at all"});
}

} // namespace
} // namespace lustrum
