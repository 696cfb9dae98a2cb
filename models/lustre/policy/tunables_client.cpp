// Tunables of the client: OSC, MDC, llite.
#include "models/lustre/policy/tunable_tables.hpp"
#include "models/lustre/policy/tunables.hpp"

namespace lustrum::lustre {
namespace {

using T = LustreTunables;

ParameterTable osc_rows() {
  return {
      {.key = "osc.max_rpcs_in_flight",
       .field = field<&T::osc_max_rpcs_in_flight>,
       .default_text = "8",
       .min = 1,
       .max = 256,
       .doc =
           "Bulk RPCs, reads and writes together, that one client may have in flight to one OST.",
       .source = "Lustre 2.15 lustre/include/obd.h"},
      {.key = "osc.max_pages_per_rpc",
       .field = field<&T::osc_max_pages_per_rpc>,
       .default_text = "1024",
       .min = 1,
       .max = 16384,
       .doc = "Largest bulk RPC, in pages of 4 KiB (1024 = 4 MiB); cut to what obdfilter.brw_size "
              "allows.",
       .source = "Lustre 2.15: server brw_size 4 MiB"},
      {.key = "osc.max_dirty_mb",
       .field = field<&T::osc_max_dirty_mb>,
       .default_text = "2000",
       .min = 1,
       .max = 2047,
       .doc = "Written data not yet on its way that one client holds for one OST, MiB; a writer "
              "waits above it.",
       .source = "Lustre 2.15 lustre/include/obd.h: min(2000, memory/8)"},
      {.key = "osc.checksums",
       .field = field<&T::osc_checksums>,
       .default_text = "true",
       .doc = "Checksums over bulk data: client and server each pass over it once.",
       .source = "Lustre 2.15 lustre/include/obd.h"},
      {.key = "osc.checksum_type",
       .field = field<&T::osc_checksum_type>,
       .default_text = "crc32c",
       .choices = {"crc32c", "t10ip4K", "t10ip512", "crc32", "adler"},
       .doc = "Algorithm of the checksum; how fast each is: client.checksum_rate.",
       .source = "Lustre takes the fastest both sides know: of the measured ones that is crc32c"},
      {.key = "osc.short_io_bytes",
       .field = field<&T::osc_short_io_bytes>,
       .default_text = "16384",
       .min = 0,
       .max = 65536,
       .doc = "An I/O of at most so many bytes travels inside request and reply, without a bulk "
              "transfer; 0: never.",
       .source = "Lustre 2.15 lustre/include/lustre_net.h"},
      {.key = "osc.grant_shrink",
       .field = field<&T::osc_grant_shrink>,
       .default_text = "true",
       .doc = "An idle client gives unused grant back to the OST.",
       .source = "Lustre 2.15 lustre/include/obd.h"},
      {.key = "osc.grant_shrink_interval",
       .field = field<&T::osc_grant_shrink_interval>,
       .default_text = "1200 s",
       .min = 1,
       .doc = "Idle time after which it does.",
       .source = "Lustre 2.15 lustre/include/obd_support.h"},
  };
}

ParameterTable mdc_rows() {
  return {
      {.key = "mdc.max_rpcs_in_flight",
       .field = field<&T::mdc_max_rpcs_in_flight>,
       .default_text = "8",
       .min = 1,
       .max = 512,
       .doc = "Metadata RPCs that do not modify (getattr) in flight from one client to one MDT.",
       .source = "Lustre 2.15 lustre/include/obd.h"},
      {.key = "mdc.max_mod_rpcs_in_flight",
       .field = field<&T::mdc_max_mod_rpcs_in_flight>,
       .default_text = "7",
       .min = 1,
       .max = 511,
       .doc = "Modifying metadata RPCs in flight from one client to one MDT; open and close share "
              "them, and one close more may pass. Less than mdc.max_rpcs_in_flight.",
       .source = "Lustre 2.15 lustre/ldlm/ldlm_lib.c"},
      {.key = "mdc.mdc_dom_min_repsize",
       .field = field<&T::mdc_dom_min_repsize>,
       .default_text = "8192",
       .min = 0,
       .max = 1048576,
       .doc = "Room for a file's data in the reply to open, bytes: a Data-on-MDT file that fits "
              "comes with its open.",
       .source = "Lustre 2.15 lustre/mdc/mdc_internal.h"},
      {.key = "lmv.qos_threshold_rr",
       .field = field<&T::lmv_qos_threshold_rr>,
       .default_text = "5",
       .min = 0,
       .max = 100,
       .doc = "While the MDTs' free inodes differ by no more than this, %, new directories of the "
              "top three levels go round-robin, and below to the MDT of their parent; else by free "
              "inodes.",
       .source = "Lustre manual, Operations"},
  };
}

ParameterTable read_ahead_rows() {
  return {
      {.key = "llite.max_read_ahead_mb",
       .field = field<&T::llite_max_read_ahead_mb>,
       .default_text = "1024",
       .min = 0,
       .max = 1048576,
       .doc = "Read-ahead of all open files of one client together, MiB; 0 turns read-ahead off.",
       .source = "Lustre 2.15 llite_lib.c: min(RAM/32, 1024), so 1024 on hosts of 32 GiB and more"},
      {.key = "llite.max_read_ahead_per_file_mb",
       .field = field<&T::llite_max_read_ahead_per_file_mb>,
       .default_text = "256",
       .min = 0,
       .max = 1048576,
       .doc = "Read-ahead window of one open file, MiB.",
       .source = "Lustre 2.15 llite_lib.c: min(max_read_ahead_mb/4, 256)"},
      {.key = "llite.max_read_ahead_whole_mb",
       .field = field<&T::llite_max_read_ahead_whole_mb>,
       .default_text = "4",
       .min = 0,
       .max = 1048576,
       .doc = "Files up to this size, MiB, are read whole at their second read.",
       .source = "Lustre 2.15 llite_lib.c: 2, raised to one RPC when the client connects"},
      {.key = "llite.read_ahead_async_file_threshold_mb",
       .field = field<&T::llite_read_ahead_async_file_threshold_mb>,
       .default_text = "256",
       .min = 0,
       .max = 1048576,
       .doc = "A read-ahead window of at least this, MiB, is filled by worker threads.",
       .source = "Lustre 2.15 lustre/llite/llite_lib.c: max_read_ahead_per_file_mb"},
      {.key = "llite.max_read_ahead_async_active",
       .field = field<&T::llite_max_read_ahead_async_active>,
       .default_text = "8",
       .min = 0,
       .max = 4096,
       .doc = "Worker threads that read ahead at the same time on one client; 0: none.",
       .source = "Lustre 2.15 lustre/llite/llite_lib.c: half of the cores"},
      {.key = "llite.read_ahead_range_kb",
       .field = field<&T::llite_read_ahead_range_kb>,
       .default_text = "1024",
       .min = 0,
       .max = 1048576,
       .doc = "Read-ahead around a page fault of mmap, KiB, after two hits in that range.",
       .source = "Lustre 2.15 lustre/llite/llite_internal.h"},
      {.key = "llite.fast_read",
       .field = field<&T::llite_fast_read>,
       .default_text = "true",
       .doc = "Pages in the cache are read without taking locks of Lustre.",
       .source = "Lustre 2.15 lustre/llite/llite_internal.h",
       .has_effect = false},
  };
}

ParameterTable page_io_rows() {
  return {
      {.key = "llite.max_cached_mb",
       .field = field<&T::llite_max_cached_mb>,
       .default_text = "32768",
       .min = 64,
       .max = 67108864,
       .doc = "Page cache of one client for one file system, MiB.",
       .source = "Lustre 2.15 lustre/llite/llite_lib.c: half of the memory"},
      {.key = "llite.tiny_write",
       .field = field<&T::llite_tiny_write>,
       .default_text = "true",
       .doc = "Writes of less than a page into a dirty page skip most of the I/O path.",
       .source = "Lustre 2.15 lustre/llite/llite_internal.h",
       .has_effect = false},
      {.key = "llite.parallel_dio",
       .field = field<&T::llite_parallel_dio>,
       .default_text = "true",
       .doc = "All RPCs of one direct I/O call are sent at once, not stripe by stripe.",
       .source = "Lustre 2.15; one call at a time before"},
      {.key = "llite.unaligned_dio",
       .field = field<&T::llite_unaligned_dio>,
       .default_text = "false",
       .doc = "Direct I/O takes offsets and lengths that are no multiple of a page, through a "
              "bounce buffer; without it such a call fails (EINVAL). The end of the file need not "
              "be one.",
       .source = "Lustre 2.16 release notes: new there; before: 2.15 lustre/llite/rw26.c"},
      {.key = "llite.hybrid_io",
       .field = field<&T::llite_hybrid_io>,
       .default_text = "false",
       .doc = "Large buffered calls are done as direct I/O.",
       .source = "Lustre 2.16 lustre/llite: new there, on"},
      {.key = "llite.hybrid_io_read_threshold_bytes",
       .field = field<&T::llite_hybrid_io_read_threshold_bytes>,
       .default_text = "8388608",
       .min = 0,
       .max = 1073741824,
       .doc = "Buffered reads from this size on are done direct, bytes.",
       .source = "Lustre 2.16 lustre/llite"},
      {.key = "llite.hybrid_io_write_threshold_bytes",
       .field = field<&T::llite_hybrid_io_write_threshold_bytes>,
       .default_text = "2097152",
       .min = 0,
       .max = 1073741824,
       .doc = "Buffered writes from this size on are done direct, bytes.",
       .source = "Lustre 2.16 lustre/llite"},
  };
}

ParameterTable statahead_rows() {
  return {
      {.key = "llite.statahead_max",
       .field = field<&T::llite_statahead_max>,
       .default_text = "32",
       .min = 0,
       .max = 8192,
       .doc = "Attributes fetched ahead of an `ls -l`, at most; 0: none.",
       .source = "Lustre 2.15 lustre/llite/statahead.c"},
      {.key = "llite.statahead_min",
       .field = field<&T::llite_statahead_min>,
       .default_text = "2",
       .min = 1,
       .max = 8192,
       .doc = "The same at the start; it doubles from there. A tunable since 2.16.",
       .source = "Lustre 2.15 lustre/llite/statahead.c"},
      {.key = "llite.statahead_batch_max",
       .field = field<&T::llite_statahead_batch_max>,
       .default_text = "0",
       .min = 0,
       .max = 1024,
       .doc = "Attributes that one RPC may ask for; 0: one RPC each.",
       .source = "Lustre 2.16 lustre/llite/statahead.c: new there, 64"},
      {.key = "llite.statahead_running_max",
       .field = field<&T::llite_statahead_running_max>,
       .default_text = "16",
       .min = 0,
       .max = 256,
       .doc = "Directories that one client reads attributes ahead in at the same time.",
       .source = "Lustre 2.15 lustre/llite/llite_internal.h"},
      {.key = "llite.enable_statahead_fname",
       .field = field<&T::llite_enable_statahead_fname>,
       .default_text = "false",
       .doc = "Statahead for a process that stats files in the order of their numbered names, "
              "without a listing (mdtest). From 2.16 on.",
       .source = "Lustre 2.16 lustre/llite/statahead.c: new there; that it is off at first is not "
                 "checked"},
      {.key = "llite.statahead_agl",
       .field = field<&T::llite_statahead_agl>,
       .default_text = "true",
       .doc = "Statahead asks the OSTs for sizes too, without anybody waiting (asynchronous "
              "glimpse lock).",
       .source = "Lustre 2.15 lustre/llite/llite_internal.h"},
  };
}

ParameterTable open_rows() {
  return {
      {.key = "llite.opencache_threshold_count",
       .field = field<&T::llite_opencache_threshold_count>,
       .default_text = "5",
       .min = 0,
       .max = 1000000,
       .doc = "So many opens of a file within the threshold time, and the client keeps the open "
              "lock; 0: never.",
       .source = "Lustre 2.15 lustre/llite/llite_internal.h"},
      {.key = "llite.opencache_threshold_ms",
       .field = field<&T::llite_opencache_threshold_ms>,
       .default_text = "100",
       .min = 0,
       .max = 3600000,
       .doc = "The threshold time, ms.",
       .source = "Lustre 2.15 lustre/llite/llite_internal.h"},
      {.key = "llite.opencache_max_ms",
       .field = field<&T::llite_opencache_max_ms>,
       .default_text = "60000",
       .min = 0,
       .max = 86400000,
       .doc = "Opens further apart than this, ms, start the count anew.",
       .source = "Lustre 2.15 lustre/llite/llite_internal.h",
       .has_effect = false},
      {.key = "llite.pcc_async_threshold",
       .field = field<&T::llite_pcc_async_threshold>,
       .default_text = "256 MiB",
       .min = 0,
       .doc = "Files up to this size are copied to the persistent client cache before the open "
              "returns, larger ones behind it.",
       .source = "Lustre 2.17 lustre/llite/pcc.h"},
  };
}

} // namespace

ParameterTable client_tunables() {
  return joined_tables(
      {osc_rows(), mdc_rows(), read_ahead_rows(), page_io_rows(), statahead_rows(), open_rows()});
}

} // namespace lustrum::lustre
