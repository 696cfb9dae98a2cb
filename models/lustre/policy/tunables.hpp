// Tunables of Lustre under the names of `lctl get_param`, without the device part: the field of
// `osc.*.max_rpcs_in_flight` is osc_max_rpcs_in_flight and its key osc.max_rpcs_in_flight. Settings
// that no `lctl` knows are module parameters (`lnet.`, `ptlrpc.`, `libcfs.`), sysctls (`vm.`) and
// our own (`client.`, `preset`).
//
// The defaults in the tables are those of Lustre 2.15 on the client HostFacts{}; other versions and
// machines: lustre_version.hpp.
#pragma once

#include "sim/base/parameter.hpp"

#include <string>

namespace lustrum::lustre {

struct LustreTunables {
  // Tunables of the client: OSC, MDC, llite.
  std::uint32_t osc_max_rpcs_in_flight = 0;
  std::uint32_t osc_max_pages_per_rpc = 0; // of 4 KiB
  std::uint32_t osc_max_dirty_mb = 0;
  bool osc_checksums = false;
  std::string osc_checksum_type;
  std::uint32_t osc_short_io_bytes = 0;
  bool osc_grant_shrink = false;
  Seconds osc_grant_shrink_interval{};
  std::uint32_t mdc_max_rpcs_in_flight = 0;
  std::uint32_t mdc_max_mod_rpcs_in_flight = 0;
  std::uint32_t mdc_dom_min_repsize = 0;
  std::uint32_t lmv_qos_threshold_rr = 0;
  std::uint32_t llite_max_read_ahead_mb = 0;
  std::uint32_t llite_max_read_ahead_per_file_mb = 0;
  std::uint32_t llite_max_read_ahead_whole_mb = 0;
  std::uint32_t llite_read_ahead_async_file_threshold_mb = 0;
  std::uint32_t llite_max_read_ahead_async_active = 0;
  std::uint32_t llite_read_ahead_range_kb = 0;
  bool llite_fast_read = false;
  std::uint32_t llite_max_cached_mb = 0;
  bool llite_tiny_write = false;
  bool llite_parallel_dio = false;
  bool llite_unaligned_dio = false;
  bool llite_hybrid_io = false;
  std::uint32_t llite_hybrid_io_read_threshold_bytes = 0;
  std::uint32_t llite_hybrid_io_write_threshold_bytes = 0;
  std::uint32_t llite_statahead_max = 0;
  std::uint32_t llite_statahead_min = 0;
  std::uint32_t llite_statahead_batch_max = 0;
  std::uint32_t llite_statahead_running_max = 0;
  bool llite_statahead_agl = false;
  bool llite_enable_statahead_fname = false;
  std::uint32_t llite_opencache_threshold_count = 0;
  std::uint32_t llite_opencache_threshold_ms = 0;
  std::uint32_t llite_opencache_max_ms = 0;
  Bytes llite_pcc_async_threshold{};

  // Tunables of locks, timeouts and the network, on clients and servers alike.
  std::uint32_t ldlm_lru_size = 0;
  Seconds ldlm_lru_max_age{};
  bool ldlm_early_lock_cancel = false;
  Seconds ldlm_enqueue_min{};
  Seconds ldlm_timeout{};
  Seconds obd_timeout{};
  Seconds ping_interval{};
  std::uint32_t evict_multiplier = 0;
  Seconds at_min{};
  Seconds at_max{};
  Seconds at_history{};
  Seconds at_early_margin{};
  Seconds at_extra{};
  std::uint32_t lnet_peer_credits = 0;
  std::uint32_t lnet_credits = 0;
  std::uint32_t lnet_conns_per_peer = 0;
  std::uint32_t ptlrpc_ptlrpcd_per_cpt_max = 0;
  std::uint32_t libcfs_cpu_npartitions = 0;
  std::uint32_t vm_dirty_writeback_centisecs = 0;
  std::uint32_t vm_dirty_expire_centisecs = 0;

  // Tunables of object storage servers: OST, server cache, threads, order of requests.
  std::uint32_t obdfilter_brw_size = 0;
  bool obdfilter_sync_journal = false;
  std::uint32_t obdfilter_precreate_batch = 0;
  Seconds obdfilter_recovery_time_soft{};
  Seconds obdfilter_recovery_time_hard{};
  std::uint32_t obdfilter_ir_factor = 0;
  std::string osd_read_cache_enable;
  std::string osd_writethrough_cache_enable;
  std::uint32_t osd_readcache_max_io_mb = 0;
  std::uint32_t osd_writethrough_max_io_mb = 0;
  Bytes osd_readcache_max_filesize{};
  std::uint32_t ost_io_threads_max = 0;
  std::uint32_t ost_create_threads_max = 0;
  std::string ost_io_nrs_policies;
  std::uint32_t ost_io_nrs_crrn_quantum = 0;
  std::uint32_t ost_io_nrs_orr_quantum = 0;
  std::uint32_t ost_io_nrs_trr_quantum = 0;
  std::string ost_io_nrs_orr_supported;
  PerSecond ptlrpc_tbf_rate{};
  std::uint32_t ptlrpc_tbf_depth = 0;

  // Tunables of metadata servers: allocation, precreation, MDT, HSM, recovery.
  Bytes lod_stripesize{};
  std::uint32_t lod_stripecount = 0;
  std::uint32_t lod_qos_threshold_rr = 0;
  std::uint32_t lod_qos_prio_free = 0;
  Seconds lod_qos_maxage{};
  Bytes lod_dom_stripesize{};
  std::uint32_t mdd_append_stripe_count = 0;
  std::uint32_t osp_create_count = 0;
  std::uint32_t osp_max_create_count = 0;
  std::uint32_t osp_max_rpcs_in_flight = 0;
  std::uint32_t osp_reserved_mb_low = 0;
  std::uint32_t osp_reserved_mb_high = 0;
  std::uint32_t mds_mdt_threads_max = 0;
  std::uint32_t mds_mdt_readpage_threads_max = 0;
  std::string mdt_dom_lock;
  bool mdt_dom_read_open = false;
  std::uint32_t mdt_max_mod_rpcs_per_client = 0;
  Seconds mdt_recovery_time_soft{};
  Seconds mdt_recovery_time_hard{};
  std::uint32_t mdt_ir_factor = 0;
  std::string mgs_live_state;
  std::uint32_t hsm_max_requests = 0;
  Seconds hsm_loop_period{};
  Seconds hsm_grace_delay{};
  Seconds hsm_active_request_timeout{};
  std::string hsm_policy;

  // Not tunables of Lustre: how fast a client's processes move data, and presets.
  std::string preset;
  BytesPerSecond client_copy_bandwidth{}; // of one process out of the page cache
  BytesPerSecond client_copy_bandwidth_write{};
  Seconds client_fault_time{}; // of a page that is in the page cache
  Seconds client_page_fetch_time{};
  Seconds client_bulk_setup{};
  BytesPerSecond client_page_cache_bandwidth{};
  Seconds client_dio_overhead_read{};
  Seconds client_dio_overhead_write{};
  BytesPerSecond client_dio_bandwidth_read{};
  BytesPerSecond client_dio_bandwidth_write{};
  BytesPerSecond client_dio_bounce_read{}; // copies of unaligned calls
  BytesPerSecond client_dio_bounce_write{};
  BytesPerSecond client_checksum_rate_crc32c{};
  BytesPerSecond client_checksum_rate_t10ip4k{};
  BytesPerSecond client_checksum_rate_t10ip512{};
  BytesPerSecond client_checksum_rate_crc32{};
  BytesPerSecond client_checksum_rate_adler{};

  friend bool operator==(const LustreTunables&, const LustreTunables&) = default;

  static const ParameterTable& parameters();
  static LustreTunables defaults() { return with_defaults<LustreTunables>(parameters()); }

  Bytes rpc_size() const {
    constexpr std::uint64_t kPage = 4 * kKib;
    return Bytes{osc_max_pages_per_rpc * kPage};
  }

  // How fast one core computes the checksums of osc_checksum_type. \pre that is one of its choices
  BytesPerSecond checksum_rate() const;
};

} // namespace lustrum::lustre
