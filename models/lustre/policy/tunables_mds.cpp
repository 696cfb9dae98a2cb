// Tunables of metadata servers: allocation, precreation, MDT, HSM, recovery.
#include "models/lustre/policy/tunable_tables.hpp"
#include "models/lustre/policy/tunables.hpp"

namespace lustrum::lustre {
namespace {

using T = LustreTunables;

ParameterTable layout_rows() {
  return {
      {.key = "lod.stripesize",
       .field = field<&T::lod_stripesize>,
       .default_text = "1 MiB",
       .min = 65536,
       .max = 4294901760,
       .doc = "Stripe size of files whose layout names none.",
       .source = "Lustre 2.15 lustre/include/uapi/linux/lustre/lustre_idl.h"},
      {.key = "lod.stripecount",
       .field = field<&T::lod_stripecount>,
       .default_text = "1",
       .min = 1,
       .max = 2000,
       .doc = "Stripe count of files whose layout names none.",
       .source = "Lustre manual, Striping"},
      {.key = "lod.qos_threshold_rr",
       .field = field<&T::lod_qos_threshold_rr>,
       .default_text = "17",
       .min = 0,
       .max = 100,
       .doc = "While the OSTs' free space differs by no more than this, %, objects go round-robin.",
       .source = "Lustre 2.15 lustre/lod/lod_qos.c: 43/256"},
      {.key = "lod.qos_prio_free",
       .field = field<&T::lod_qos_prio_free>,
       .default_text = "91",
       .min = 0,
       .max = 100,
       .doc = "Weight of free space against spreading over servers when objects are placed by "
              "weight, %.",
       .source = "Lustre 2.15 lustre/obdclass/lu_tgt_descs.c"},
      {.key = "lod.qos_maxage",
       .field = field<&T::lod_qos_maxage>,
       .default_text = "5 s",
       .min = 1,
       .doc = "Age at which an MDT asks the OSTs for their free space again.",
       .source = "Lustre 2.15 lustre/lod/lproc_lod.c"},
      {.key = "lod.dom_stripesize",
       .field = field<&T::lod_dom_stripesize>,
       .default_text = "1 MiB",
       .min = 0,
       .max = 1073741824,
       .doc = "Largest first component of a file that may lie on the MDT.",
       .source = "Lustre manual, Data on MDT"},
      {.key = "mdd.append_stripe_count",
       .field = field<&T::mdd_append_stripe_count>,
       .default_text = "1",
       .min = 0,
       .max = 2000,
       .doc = "Stripe count of files opened with O_APPEND at their creation; 0: as other files.",
       .source = "Lustre 2.15 lustre/mdd/mdd_device.c"},
  };
}

ParameterTable precreate_rows() {
  return {
      {.key = "osp.create_count",
       .field = field<&T::osp_create_count>,
       .default_text = "32",
       .min = 1,
       .max = 20000,
       .doc = "Objects that an MDT asks an OST to make ahead at first; the number doubles as they "
              "are used up.",
       .source = "Lustre 2.15 lustre/osp/osp_precreate.c"},
      {.key = "osp.max_create_count",
       .field = field<&T::osp_max_create_count>,
       .default_text = "10000",
       .min = 0,
       .max = 20000,
       .doc = "The same, at most; 0: no objects on this OST.",
       .source = "Lustre 2.15 lustre/osp/osp_precreate.c"},
      {.key = "osp.max_rpcs_in_flight",
       .field = field<&T::osp_max_rpcs_in_flight>,
       .default_text = "8",
       .min = 1,
       .max = 256,
       .doc = "RPCs (object destroys) from one MDT to one OST in flight.",
       .source = "Lustre 2.15 lustre/include/obd.h"},
      {.key = "osp.reserved_mb_low",
       .field = field<&T::osp_reserved_mb_low>,
       .default_text = "0",
       .min = 0,
       .doc =
           "An OST with less free space than this, MiB, gets no new objects; 0: 0.1 % of its size.",
       .source = "Lustre 2.15 lustre/osp/osp_precreate.c"},
      {.key = "osp.reserved_mb_high",
       .field = field<&T::osp_reserved_mb_high>,
       .default_text = "0",
       .min = 0,
       .doc = "With more than this, MiB, it gets objects again; 0: twice the low one.",
       .source = "Lustre 2.15 lustre/osp/osp_precreate.c"},
  };
}

ParameterTable mds_thread_rows() {
  return {
      {.key = "mds.mdt.threads_max",
       .field = field<&T::mds_mdt_threads_max>,
       .default_text = "0",
       .min = 0,
       .max = 1024,
       .doc = "Threads of one metadata server; 0: by formula.",
       .source = "Lustre 2.15 lustre/include/lustre_net.h: 64 + 8 x cores in each CPU partition, "
                 "1024 at most"},
      {.key = "mds.mdt_readpage.threads_max",
       .field = field<&T::mds_mdt_readpage_threads_max>,
       .default_text = "0",
       .min = 0,
       .max = 256,
       .doc = "Threads of one metadata server for close and readdir; 0: by formula.",
       .source = "Lustre 2.15 lustre/include/lustre_net.h: 48 + 4 x cores in each CPU partition, "
                 "256 at most"},
  };
}

ParameterTable mdt_rows() {
  return {
      {.key = "mdt.dom_lock",
       .field = field<&T::mdt_dom_lock>,
       .default_text = "trylock",
       .choices = {"always", "trylock", "never"},
       .doc = "Whether an open takes the lock on data that lies on the MDT: with trylock only if "
              "nobody is in its way; with never the first read asks for it, and no data comes with "
              "the open.",
       .source = "Lustre 2.15 lustre/mdt/mdt_lproc.c"},
      {.key = "mdt.dom_read_open",
       .field = field<&T::mdt_dom_read_open>,
       .default_text = "true",
       .doc = "The reply to an open carries the data of a small Data-on-MDT file.",
       .source = "Lustre 2.15 lustre/mdt/mdt_io.c"},
      {.key = "mdt.max_mod_rpcs_per_client",
       .field = field<&T::mdt_max_mod_rpcs_per_client>,
       .default_text = "8",
       .min = 1,
       .max = 4096,
       .doc = "Modifying RPCs that an MDT takes from one client at a time; who raises "
              "mdc.max_mod_rpcs_in_flight needs as many here.",
       .source = "Lustre 2.15 lustre/mdt/mdt_handler.c"},
      {.key = "mdt.recovery_time_soft",
       .field = field<&T::mdt_recovery_time_soft>,
       .default_text = "300 s",
       .min = 1,
       .doc = "A restarted MDT waits so long for its clients.",
       .source = "Lustre 2.15 lustre/target/tgt_mount.c"},
      {.key = "mdt.recovery_time_hard",
       .field = field<&T::mdt_recovery_time_hard>,
       .default_text = "900 s",
       .min = 1,
       .doc = "At most so long, however often clients extend it.",
       .source = "Lustre 2.15 lustre/target/tgt_mount.c"},
      {.key = "mdt.ir_factor",
       .field = field<&T::mdt_ir_factor>,
       .default_text = "5",
       .min = 5,
       .max = 10,
       .doc = "With imperative recovery the soft window is this many tenths of recovery_time_soft, "
              "120 s at least.",
       .source = "Lustre 2.15 lustre/target/tgt_mount.c"},
      {.key = "mgs.live.state",
       .field = field<&T::mgs_live_state>,
       .default_text = "full",
       .choices = {"full", "partial", "disabled"},
       .doc = "Imperative recovery: the MGS tells clients that a target is back (full), tells "
              "those who can listen, or nobody.",
       .source = "Lustre manual, Recovery"},
  };
}

ParameterTable hsm_rows() {
  return {
      {.key = "mdt.hsm.max_requests",
       .field = field<&T::hsm_max_requests>,
       .default_text = "3",
       .min = 1,
       .max = 1000000,
       .doc = "HSM requests that the coordinator of one MDT has running.",
       .source = "Lustre 2.15 lustre/mdt/mdt_coordinator.c"},
      {.key = "mdt.hsm.loop_period",
       .field = field<&T::hsm_loop_period>,
       .default_text = "10 s",
       .min = 1,
       .doc = "How often the coordinator looks for requests to start.",
       .source = "Lustre 2.15 lustre/mdt/mdt_coordinator.c"},
      {.key = "mdt.hsm.grace_delay",
       .field = field<&T::hsm_grace_delay>,
       .default_text = "60 s",
       .min = 0,
       .doc = "Time that a finished request stays in the list.",
       .source = "Lustre 2.15 lustre/mdt/mdt_coordinator.c"},
      {.key = "mdt.hsm.active_request_timeout",
       .field = field<&T::hsm_active_request_timeout>,
       .default_text = "3600 s",
       .min = 1,
       .doc = "Time without progress after which a request is given up.",
       .source = "Lustre 2.15 lustre/mdt/mdt_coordinator.c"},
      {.key = "mdt.hsm.policy",
       .field = field<&T::hsm_policy>,
       .default_text = "NRA",
       .choices = {"NRA", "NBR", "NBR NRA", "none"},
       .doc = "NRA: what failed is not tried again; NBR: a read of a released file fails at once "
              "(ENODATA) where it would wait.",
       .source = "Lustre 2.15 lustre/mdt/mdt_coordinator.c"},
  };
}

} // namespace

ParameterTable mds_tunables() {
  return joined_tables(
      {layout_rows(), precreate_rows(), mds_thread_rows(), mdt_rows(), hsm_rows()});
}

} // namespace lustrum::lustre
