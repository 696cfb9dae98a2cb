#include "models/lustre/policy/lustre_version.hpp"

#include "sim/base/parameter_value.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <limits>

namespace lustrum::lustre {
namespace {

constexpr std::size_t kVersions = 5;

constexpr std::uint32_t kPagesPerMib = 256;

std::size_t column(LustreVersion version) { return static_cast<std::size_t>(version); }

// Follows from the machine: rule below.
constexpr std::string_view kByRule{};

// A default that changed from version to version.
struct VersionRow {
  std::string_view key;
  std::array<std::string_view, kVersions> value; // 2.10, 2.12, 2.15, 2.16, 2.17
};

// Source: lustre-release, branches b2_10 to b2_17: lustre_idl.h, obd.h, llite_internal.h,
// llite_lib.c, lustre_dlm.h, socklnd_modparams.c, class_obd.c, lustre_net.h, statahead.c. What a
// version does not have yet is off. Before 2.15 one file may use all of the read-ahead.
constexpr std::array kVersionRows{
    VersionRow{"lod.stripesize", {"1 MiB", "1 MiB", "1 MiB", "4 MiB", "4 MiB"}},
    VersionRow{"osc.max_dirty_mb", {"32", kByRule, kByRule, kByRule, kByRule}},
    VersionRow{"osc.short_io_bytes", {"0", "16384", "16384", "16384", "16384"}},
    VersionRow{"llite.max_read_ahead_mb", {"64", "64", kByRule, kByRule, kByRule}},
    VersionRow{"llite.max_read_ahead_per_file_mb", {"64", "64", kByRule, kByRule, kByRule}},
    VersionRow{"llite.max_read_ahead_whole_mb", {"2", "2", kByRule, kByRule, kByRule}},
    VersionRow{"llite.statahead_max", {"32", "32", "32", "128", "128"}},
    VersionRow{"llite.statahead_min", {"2", "2", "2", "8", "8"}},
    VersionRow{"llite.statahead_batch_max", {"0", "0", "0", "64", "64"}},
    VersionRow{"llite.hybrid_io", {"false", "false", "false", "true", "true"}},
    VersionRow{"llite.parallel_dio", {"false", "false", "true", "true", "true"}},
    VersionRow{"llite.unaligned_dio", {"false", "false", "false", "true", "true"}},
    VersionRow{"llite.opencache_threshold_count", {"0", "0", "5", "5", "5"}},
    VersionRow{"ldlm.namespaces.lru_max_age", {"3900 s", "3900 s", "3900 s", "600 s", "600 s"}},
    VersionRow{"at_min", {"0 s", "0 s", "0 s", "5 s", "5 s"}},
    VersionRow{"lnet.conns_per_peer", {"1", "1", "0", "0", "0"}},
};

// Later than every version.
constexpr LustreVersion kNever{kVersions};

// A default that follows from the machine.
struct RuleRow {
  std::string_view key;
  std::string_view text; // for people
  std::uint32_t LustreTunables::*field;
  // \pre rows above are set
  std::uint32_t (*value)(const LustreTunables&, LustreVersion, const HostFacts&);
  LustreVersion changed_in = kNever;
  std::string_view later_text = {};
};

std::uint32_t mib(Bytes size) {
  return static_cast<std::uint32_t>(
      std::min<std::uint64_t>(size.count() / kMib, std::numeric_limits<std::uint32_t>::max()));
}

std::uint32_t dirty_mb(const LustreTunables&, LustreVersion, const HostFacts& host) {
  constexpr std::uint32_t kMost = 2000;
  return std::clamp(mib(host.memory / 8), 1U, kMost);
}

std::uint32_t read_ahead_mb(const LustreTunables&, LustreVersion version, const HostFacts& host) {
  constexpr std::uint64_t kShare = 32;
  constexpr std::uint32_t kMost = 1024;
  constexpr std::uint32_t kLeast = 256; // since 2.16
  const std::uint32_t by_memory = std::min(mib(host.memory / kShare), kMost);
  return version < LustreVersion::v2_16 ? by_memory : std::max(by_memory, kLeast);
}

std::uint32_t per_file_mb(const LustreTunables& t, LustreVersion, const HostFacts&) {
  constexpr std::uint32_t kMost = 256;
  return std::min(t.llite_max_read_ahead_mb / 4, kMost);
}

// Of the servers' RPC size, which negotiate() looks at again.
std::uint32_t whole_mb(const LustreTunables& t, LustreVersion version, const HostFacts&) {
  const std::uint32_t least = version < LustreVersion::v2_17 ? 2 : 4;
  return std::max(least, t.obdfilter_brw_size);
}

std::uint32_t async_mb(const LustreTunables& t, LustreVersion, const HostFacts&) {
  return t.llite_max_read_ahead_per_file_mb;
}

std::uint32_t async_active(const LustreTunables&, LustreVersion, const HostFacts& host) {
  return host.cpus / 2;
}

std::uint32_t cached_mb(const LustreTunables&, LustreVersion, const HostFacts& host) {
  return mib(host.memory / 2);
}

std::uint32_t peer_credits(const LustreTunables&, LustreVersion, const HostFacts& host) {
  constexpr std::uint32_t kUsual = 8;
  constexpr std::uint32_t kOverEfa = 32; // FSx for Lustre guide, EFA clients
  return host.efa ? kOverEfa : kUsual;
}

// Source: lustre-release llite_lib.c, obd.h; the floor of 2.16: llite_internal.h.
using T = LustreTunables;
constexpr std::array kRules{
    RuleRow{"osc.max_dirty_mb", "min(2000, memory/8)", &T::osc_max_dirty_mb, dirty_mb},
    RuleRow{"llite.max_read_ahead_mb", "min(memory/32, 1024)", &T::llite_max_read_ahead_mb,
            read_ahead_mb, LustreVersion::v2_16, "min(memory/32, 1024), at least 256"},
    RuleRow{"llite.max_read_ahead_per_file_mb", "min(max_read_ahead_mb/4, 256)",
            &T::llite_max_read_ahead_per_file_mb, per_file_mb},
    RuleRow{"llite.max_read_ahead_whole_mb", "one RPC, at least 2",
            &T::llite_max_read_ahead_whole_mb, whole_mb, LustreVersion::v2_17,
            "one RPC, at least 4"},
    RuleRow{"llite.read_ahead_async_file_threshold_mb", "max_read_ahead_per_file_mb",
            &T::llite_read_ahead_async_file_threshold_mb, async_mb},
    RuleRow{"llite.max_read_ahead_async_active", "vCPUs/2", &T::llite_max_read_ahead_async_active,
            async_active},
    RuleRow{"llite.max_cached_mb", "memory/2", &T::llite_max_cached_mb, cached_mb},
    RuleRow{"lnet.peer_credits", "8; over EFA 32", &T::lnet_peer_credits, peer_credits},
};

template <class Rows> auto find_row(const Rows& rows, std::string_view key) {
  const auto found =
      std::find_if(rows.begin(), rows.end(), [&](const auto& row) { return row.key == key; });
  return found == rows.end() ? nullptr : &*found;
}

const Parameter& parameter_of(std::string_view key) {
  const Parameter* row = find_row(LustreTunables::parameters(), key);
  assert(row != nullptr);
  return *row;
}

std::string_view value_of(const VersionRow& row, LustreVersion version) {
  return row.value.at(column(version));
}

// Advice for clients with many cores, and for those with much memory: \source FSx for Lustre guide.
constexpr std::uint32_t kManyCpus = 64;
constexpr Bytes kMuchMemory{64 * kGib};

void apply_aws_large_client(LustreTunables& t, const HostFacts& host) {
  if (host.cpus > kManyCpus) {
    t.osc_max_rpcs_in_flight = 32;
    t.mdc_max_rpcs_in_flight = 64;
    t.mdc_max_mod_rpcs_in_flight = 50;
    t.ptlrpc_ptlrpcd_per_cpt_max = 32;
    t.lnet_credits = 2560;
  }
  if (host.memory > kMuchMemory) {
    constexpr std::uint32_t kLocksPerCpu = 100;
    t.ldlm_lru_max_age = Seconds{600};
    t.ldlm_lru_size = kLocksPerCpu * host.cpus;
  }
}

} // namespace

const std::vector<std::string_view>& lustre_version_names() {
  static const std::vector<std::string_view> names{"2.10", "2.12", "2.15", "2.16", "2.17"};
  static_assert(kVersions == static_cast<std::size_t>(LustreVersion::v2_17) + 1);
  return names;
}

std::optional<LustreVersion> lustre_version(std::string_view name) {
  const auto& names = lustre_version_names();
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<LustreVersion>(found - names.begin());
}

LustreTunables default_tunables(LustreVersion version, const HostFacts& host,
                                std::string_view preset) {
  LustreTunables tunables = LustreTunables::defaults();
  for (const VersionRow& row : kVersionRows) {
    const std::string_view value = value_of(row, version);
    if (value == kByRule) continue;
    [[maybe_unused]] const auto problem = set_value(parameter_of(row.key), &tunables, value);
    assert(!problem);
  }
  for (const RuleRow& rule : kRules) {
    const VersionRow* row = find_row(kVersionRows, rule.key);
    if (row == nullptr || value_of(*row, version) == kByRule)
      tunables.*rule.field = rule.value(tunables, version, host);
  }
  tunables.preset = preset;
  if (preset != kNoPreset) apply_aws_large_client(tunables, host);
  return tunables;
}

bool preset_applies(std::string_view preset, const HostFacts& host) {
  return preset != kNoPreset && (host.cpus > kManyCpus || host.memory > kMuchMemory);
}

void negotiate(LustreTunables& tunables, LustreVersion version, const HostFacts& host,
               bool whole_mb_given) {
  tunables.osc_max_pages_per_rpc =
      std::min(tunables.osc_max_pages_per_rpc, tunables.obdfilter_brw_size * kPagesPerMib);
  if (!whole_mb_given && version >= LustreVersion::v2_15)
    tunables.llite_max_read_ahead_whole_mb =
        std::min(whole_mb(tunables, version, host), tunables.llite_max_read_ahead_per_file_mb);
  if (tunables.lnet_conns_per_peer == 0)
    tunables.lnet_conns_per_peer = host.tcp ? automatic_conns_per_peer(host.nic_bandwidth) : 1;
}

std::uint32_t automatic_conns_per_peer(BytesPerSecond nic_bandwidth) {
  constexpr double kGbit = 1e9 / 8;
  // 100 Gbit/s in bytes may fall a hair short of the whole number.
  constexpr double kSlack = 1e-9;
  const double gbits = std::clamp(nic_bandwidth.count() / kGbit * (1 + kSlack), 1.0, 1e6);
  return static_cast<std::uint32_t>(std::ilogb(gbits)) / 2 + 1;
}

std::string default_text(std::string_view key, LustreVersion version) {
  const VersionRow* row = find_row(kVersionRows, key);
  if (row != nullptr && value_of(*row, version) != kByRule)
    return std::string{value_of(*row, version)};
  const RuleRow* rule = find_row(kRules, key);
  if (rule == nullptr) return std::string{parameter_of(key).default_text};
  return std::string{version < rule->changed_in ? rule->text : rule->later_text};
}

const std::vector<std::string_view>& keys_that_changed() {
  static const std::vector<std::string_view> keys = [] {
    std::vector<std::string_view> all;
    all.reserve(kVersionRows.size());
    for (const VersionRow& row : kVersionRows) all.push_back(row.key);
    return all;
  }();
  return keys;
}

} // namespace lustrum::lustre
