// What a version of Lustre takes as defaults, given the machine it runs on, and recommended
// presets.
//
//   LustreTunables t = default_tunables(LustreVersion::v2_16, host, "none");
//   ... what the user gave ...
//   negotiate(t, LustreVersion::v2_16, host, whole_mb_given);
#pragma once

#include "models/lustre/policy/tunables.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lustrum::lustre {

enum class LustreVersion : std::uint8_t { v2_10, v2_12, v2_15, v2_16, v2_17 };

// `2.10` ... `2.17`, in the order of LustreVersion.
const std::vector<std::string_view>& lustre_version_names();
std::optional<LustreVersion> lustre_version(std::string_view name);

// The machine a client runs on, as far as defaults depend on it. By default one whose memory and
// cores leave the defaults at their usual values.
struct HostFacts {
  Bytes memory{64 * kGib};
  std::uint32_t cpus = 16;
  BytesPerSecond nic_bandwidth{100e9 / 8}; // of the card that carries Lustre's data
  bool tcp = true;                         // else RDMA
  bool efa = false;                        // of the RDMA networks this one
};

inline constexpr std::string_view kNoPreset = "none";

// Defaults of the version on this machine, changed by the preset.
// \pre the preset is one of the choices of the key `preset`
LustreTunables default_tunables(LustreVersion version, const HostFacts& host,
                                std::string_view preset = kNoPreset);

// Whether the preset changes anything on this machine. AWS gives its advice for clients with more
// than 64 vCPUs and, another, with more than 64 GiB. \source FSx for Lustre guide, performance
bool preset_applies(std::string_view preset, const HostFacts& host);

// What client and servers settle when they connect: RPCs no larger than the servers take
// (osc_max_pages_per_rpc); from 2.15 on max_read_ahead_whole_mb raised to one RPC unless it was
// given; conns_per_peer by the speed of the network card where it is 0.
void negotiate(LustreTunables& tunables, LustreVersion version, const HostFacts& host,
               bool whole_mb_given);

// TCP connections for bulk data each way between two nodes, by the speed of the card: floor(log2
// Gbit/s)/2 + 1. \source Lustre 2.15 lnet/klnds/socklnd/socklnd_modparams.c
std::uint32_t automatic_conns_per_peer(BytesPerSecond nic_bandwidth);

// The default of a key as text: a value, or the rule by which it follows from the machine. \pre the
// key has a row in LustreTunables::parameters()
std::string default_text(std::string_view key, LustreVersion version);

// Keys whose default is not the same in all versions.
const std::vector<std::string_view>& keys_that_changed();

} // namespace lustrum::lustre
