// Tunables of locks, timeouts and the network, on clients and servers alike.
#include "models/lustre/policy/tunable_tables.hpp"
#include "models/lustre/policy/tunables.hpp"

namespace lustrum::lustre {
namespace {

using T = LustreTunables;

ParameterTable lock_rows() {
  return {
      {.key = "ldlm.namespaces.lru_size",
       .field = field<&T::ldlm_lru_size>,
       .default_text = "0",
       .min = 0,
       .max = 100000000,
       .doc = "Locks a client keeps that nobody uses; 0: as many as the server's pool allows (50 "
              "per MiB of its memory).",
       .source = "Lustre 2.15 lustre/ldlm/ldlm_pool.c"},
      {.key = "ldlm.namespaces.lru_max_age",
       .field = field<&T::ldlm_lru_max_age>,
       .default_text = "3900 s",
       .min = 0.001,
       .doc = "Age at which an unused lock is given back, and its cached pages with it.",
       .source = "Lustre 2.15 lustre/include/lustre_dlm.h"},
      {.key = "ldlm.namespaces.early_lock_cancel",
       .field = field<&T::ldlm_early_lock_cancel>,
       .default_text = "true",
       .doc = "A client's own locks on inodes that its create, unlink, rename, setattr or mkdir "
              "would conflict with are cancelled inside its RPC; without it the MDT calls them "
              "back, two ways of the wire more.",
       .source = "Lustre 2.15 lustre/ldlm/ldlm_request.c"},
      {.key = "ldlm_enqueue_min",
       .field = field<&T::ldlm_enqueue_min>,
       .default_text = "100 s",
       .min = 0,
       .doc = "Least time a client gets to give up a lock before it is evicted.",
       .source = "Lustre 2.15 lustre/ldlm/ldlm_request.c: obd_timeout"},
      {.key = "ldlm_timeout",
       .field = field<&T::ldlm_timeout>,
       .default_text = "20 s",
       .min = 1,
       .doc = "Least time of a lock callback with adaptive timeouts off.",
       .source = "Lustre 2.15 lustre/include/obd_support.h",
       .has_effect = false},
  };
}

ParameterTable timeout_rows() {
  return {
      {.key = "timeout",
       .field = field<&T::obd_timeout>,
       .default_text = "100 s",
       .min = 1,
       .doc = "obd_timeout: base of other timeouts: ping_interval is a quarter of it, "
              "ldlm_enqueue_min is it, recovery_time_soft and _hard are 3 and 9 times it, unless "
              "they are given.",
       .source = "Lustre 2.15 lustre/include/obd_support.h"},
      {.key = "ping_interval",
       .field = field<&T::ping_interval>,
       .default_text = "25 s",
       .min = 1,
       .doc = "Time between two pings of an idle client. A tunable since 2.16.",
       .source = "Lustre 2.15 lustre/include/obd_support.h: a quarter of timeout"},
      {.key = "evict_multiplier",
       .field = field<&T::evict_multiplier>,
       .default_text = "6",
       .min = 2,
       .max = 1000,
       .doc =
           "Ping intervals of silence after which a server evicts a client. A tunable since 2.16.",
       .source = "Lustre 2.15 lustre/include/obd_support.h"},
      {.key = "at_min",
       .field = field<&T::at_min>,
       .default_text = "0 s",
       .min = 0,
       .doc = "Least estimate of a service time by adaptive timeouts. A client has 3/2 of it to "
              "answer a lock callback, if that is more than ldlm_enqueue_min.",
       .source = "Lustre 2.15 lustre/obdclass/class_obd.c"},
      {.key = "at_max",
       .field = field<&T::at_max>,
       .default_text = "600 s",
       .min = 0,
       .doc = "Largest estimate; 0 s: no adaptive timeouts, and a client has half of `timeout` to "
              "answer a lock callback. No estimate here comes near it.",
       .source = "Lustre 2.15 lustre/obdclass/class_obd.c"},
      {.key = "at_history",
       .field = field<&T::at_history>,
       .default_text = "600 s",
       .min = 1,
       .doc = "Time over which the largest service time is remembered.",
       .source = "Lustre 2.15 lustre/obdclass/class_obd.c",
       .has_effect = false},
      {.key = "at_early_margin",
       .field = field<&T::at_early_margin>,
       .default_text = "5 s",
       .min = 0,
       .doc = "So long before its deadline a server tells the client to wait longer.",
       .source = "Lustre 2.15 lustre/obdclass/class_obd.c",
       .has_effect = false},
      {.key = "at_extra",
       .field = field<&T::at_extra>,
       .default_text = "30 s",
       .min = 0,
       .doc = "How much longer.",
       .source = "Lustre 2.15 lustre/obdclass/class_obd.c",
       .has_effect = false},
  };
}

ParameterTable network_rows() {
  return {
      {.key = "lnet.peer_credits",
       .field = field<&T::lnet_peer_credits>,
       .default_text = "8",
       .min = 1,
       .max = 65535,
       .doc = "Messages of at most 1 MiB in flight from one network card to one peer. FSx's set-up "
              "for EFA clients makes it 32, the default over EFA.",
       .source = "Lustre 2.15 lnet/include/lnet/lib-lnet.h"},
      {.key = "lnet.credits",
       .field = field<&T::lnet_credits>,
       .default_text = "256",
       .min = 1,
       .max = 1048576,
       .doc = "Messages in flight from one network card to all peers.",
       .source = "Lustre 2.15 lnet/include/lnet/lib-lnet.h"},
      {.key = "lnet.conns_per_peer",
       .field = field<&T::lnet_conns_per_peer>,
       .default_text = "0",
       .min = 0,
       .max = 127,
       .doc = "TCP connections for bulk data each way between two nodes; 0: by the speed of the "
              "network card, 4 at 100 Gbit/s. Over EFA or InfiniBand 0 means 1.",
       .source = "Lustre 2.15 lnet/klnds/socklnd/socklnd_modparams.c"},
      {.key = "ptlrpc.ptlrpcd_per_cpt_max",
       .field = field<&T::ptlrpc_ptlrpcd_per_cpt_max>,
       .default_text = "0",
       .min = 0,
       .max = 4096,
       .doc = "Threads per CPU partition that send a client's RPCs; 0: as many as it has cores.",
       .source = "Lustre 2.15 lustre/ptlrpc/ptlrpcd.c",
       .has_effect = false},
      {.key = "libcfs.cpu_npartitions",
       .field = field<&T::libcfs_cpu_npartitions>,
       .default_text = "0",
       .min = 0,
       .max = 1024,
       .doc = "CPU partitions of a server; 0: oss.partitions of the file system, and 1 of an MDT.",
       .source = "Lustre 2.15 libcfs"},
      {.key = "vm.dirty_writeback_centisecs",
       .field = field<&T::vm_dirty_writeback_centisecs>,
       .default_text = "500",
       .min = 1,
       .max = 360000,
       .doc = "sysctl of Linux: how often the flusher wakes, 1/100 s.",
       .source = "Linux Documentation/admin-guide/sysctl/vm.rst"},
      {.key = "vm.dirty_expire_centisecs",
       .field = field<&T::vm_dirty_expire_centisecs>,
       .default_text = "3000",
       .min = 1,
       .max = 360000,
       .doc = "sysctl of Linux: age at which dirty pages are written, 1/100 s.",
       .source = "Linux Documentation/admin-guide/sysctl/vm.rst"},
  };
}

} // namespace

ParameterTable network_tunables() {
  return joined_tables({lock_rows(), timeout_rows(), network_rows()});
}

} // namespace lustrum::lustre
