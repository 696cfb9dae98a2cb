// Tunables of object storage servers: OST, server cache, threads, order of requests.
#include "models/lustre/policy/tunable_tables.hpp"
#include "models/lustre/policy/tunables.hpp"

namespace lustrum::lustre {
namespace {

using T = LustreTunables;

ParameterTable ost_rows() {
  return {
      {.key = "obdfilter.brw_size",
       .field = field<&T::obdfilter_brw_size>,
       .default_text = "4",
       .min = 1,
       .max = 64,
       .doc = "Largest bulk RPC that an OST takes, MiB.",
       .source = "Lustre 2.15 lustre/include/lustre_net.h; the manual allows 16, the protocol 64"},
      {.key = "obdfilter.sync_journal",
       .field = field<&T::obdfilter_sync_journal>,
       .default_text = "false",
       .doc = "A bulk write is committed to the journal before the reply: a write of the device "
              "more, which writes that come at the same time share.",
       .source = "Lustre 2.15 lustre/ofd/ofd_dev.c; the manual says true"},
      {.key = "obdfilter.precreate_batch",
       .field = field<&T::obdfilter_precreate_batch>,
       .default_text = "128",
       .min = 1,
       .max = 65536,
       .doc = "Objects an OST makes in one transaction when an MDT asks for new ones.",
       .source = "Lustre 2.15 lustre/ofd/ofd_internal.h",
       .has_effect = false},
      {.key = "obdfilter.recovery_time_soft",
       .field = field<&T::obdfilter_recovery_time_soft>,
       .default_text = "300 s",
       .min = 1,
       .doc = "A restarted OST waits so long for its clients.",
       .source = "Lustre 2.15 lustre/target/tgt_mount.c"},
      {.key = "obdfilter.recovery_time_hard",
       .field = field<&T::obdfilter_recovery_time_hard>,
       .default_text = "900 s",
       .min = 1,
       .doc = "At most so long, however often clients extend it.",
       .source = "Lustre 2.15 lustre/target/tgt_mount.c"},
      {.key = "obdfilter.ir_factor",
       .field = field<&T::obdfilter_ir_factor>,
       .default_text = "5",
       .min = 5,
       .max = 10,
       .doc = "With imperative recovery the soft window is this many tenths of recovery_time_soft, "
              "120 s at least.",
       .source = "Lustre 2.15 lustre/target/tgt_mount.c"},
  };
}

ParameterTable cache_rows() {
  return {
      {.key = "osd.read_cache_enable",
       .field = field<&T::osd_read_cache_enable>,
       .default_text = "auto",
       .choices = {"auto", "0", "1"},
       .doc =
           "Server's memory caches what was read; auto: yes, where the file system's entry states "
           "memory for it (on flash Lustre turns it off).",
       .source = "Lustre 2.15 lustre/osd-ldiskfs/osd_handler.c"},
      {.key = "osd.writethrough_cache_enable",
       .field = field<&T::osd_writethrough_cache_enable>,
       .default_text = "auto",
       .choices = {"auto", "0", "1"},
       .doc = "Server's memory caches what was written; auto: yes, where the file system's entry "
              "states memory for it (on flash Lustre turns it off).",
       .source = "Lustre 2.15 lustre/osd-ldiskfs/osd_handler.c"},
      {.key = "osd.readcache_max_io_mb",
       .field = field<&T::osd_readcache_max_io_mb>,
       .default_text = "8",
       .min = 0,
       .max = 64,
       .doc = "Reads from this size on bypass the server's cache, MiB.",
       .source = "Lustre 2.15 lustre/osd-ldiskfs/osd_handler.c"},
      {.key = "osd.writethrough_max_io_mb",
       .field = field<&T::osd_writethrough_max_io_mb>,
       .default_text = "8",
       .min = 0,
       .max = 64,
       .doc = "Writes from this size on bypass the server's cache, MiB.",
       .source = "Lustre 2.15 lustre/osd-ldiskfs/osd_handler.c"},
      {.key = "osd.readcache_max_filesize",
       .field = field<&T::osd_readcache_max_filesize>,
       .default_text = "8388608 TiB",
       .min = 0,
       .doc = "Objects above this size are not cached by the server; the default is no limit, and "
              "so is 0.",
       .source = "Lustre 2.15 lustre/osd-ldiskfs/osd_io.c"},
  };
}

ParameterTable thread_rows() {
  return {
      {.key = "ost.ost_io.threads_max",
       .field = field<&T::ost_io_threads_max>,
       .default_text = "0",
       .min = 0,
       .max = 512,
       .doc = "Threads of one server that do bulk I/O; 0: oss.threads of the file system, or by "
              "formula.",
       .source = "Lustre 2.15 lustre/ost/ost_handler.c: 64 + 8 x cores in each CPU partition, 512 "
                 "at most"},
      {.key = "ost.ost_create.threads_max",
       .field = field<&T::ost_create_threads_max>,
       .default_text = "64",
       .min = 1,
       .max = 64,
       .doc = "Threads of one server that create objects.",
       .source = "Lustre 2.15 lustre/include/lustre_net.h",
       .has_effect = false},
  };
}

ParameterTable nrs_rows() {
  return {
      {.key = "ost.ost_io.nrs_policies",
       .field = field<&T::ost_io_nrs_policies>,
       .default_text = "fifo",
       .choices = {"fifo", "crrn", "orr", "trr", "tbf", "tbf nid", "tbf jobid", "tbf opcode",
                   "tbf uid"},
       .doc = "Order in which a server takes bulk requests: as they come, client by client, by "
              "object, by OST, by token bucket.",
       .source = "Lustre 2.15 lustre/ptlrpc/nrs.c"},
      {.key = "ost.ost_io.nrs_crrn_quantum",
       .field = field<&T::ost_io_nrs_crrn_quantum>,
       .default_text = "8",
       .min = 1,
       .max = 65535,
       .doc = "crrn: requests taken from one client before the next.",
       .source = "Lustre 2.15 lustre/ptlrpc/nrs_crr.c"},
      {.key = "ost.ost_io.nrs_orr_quantum",
       .field = field<&T::ost_io_nrs_orr_quantum>,
       .default_text = "256",
       .min = 1,
       .max = 65535,
       .doc = "orr: requests taken from one object before the next.",
       .source = "Lustre 2.15 lustre/ptlrpc/nrs_orr.c"},
      {.key = "ost.ost_io.nrs_trr_quantum",
       .field = field<&T::ost_io_nrs_trr_quantum>,
       .default_text = "256",
       .min = 1,
       .max = 65535,
       .doc = "trr: requests taken from one OST before the next.",
       .source = "Lustre 2.15 lustre/ptlrpc/nrs_orr.c"},
      {.key = "ost.ost_io.nrs_orr_supported",
       .field = field<&T::ost_io_nrs_orr_supported>,
       .default_text = "reads",
       .choices = {"reads", "writes", "reads_and_writes"},
       .doc = "What orr and trr sort; the rest goes as it comes.",
       .source = "Lustre 2.15 lustre/ptlrpc/nrs_orr.c"},
      {.key = "ptlrpc.tbf_rate",
       .field = field<&T::ptlrpc_tbf_rate>,
       .default_text = "10000 /s",
       .min = 1,
       .doc = "tbf: rate of the rule `default`, per client and CPU partition.",
       .source = "Lustre 2.15 lustre/ptlrpc/nrs_tbf.c"},
      {.key = "ptlrpc.tbf_depth",
       .field = field<&T::ptlrpc_tbf_depth>,
       .default_text = "3",
       .min = 1,
       .max = 65535,
       .doc = "tbf: tokens that a bucket holds.",
       .source = "Lustre 2.15 lustre/ptlrpc/nrs_tbf.c"},
  };
}

} // namespace

ParameterTable oss_tunables() {
  return joined_tables({ost_rows(), cache_rows(), thread_rows(), nrs_rows()});
}

} // namespace lustrum::lustre
