#include "models/lustre/tunables.hpp"

namespace lustrum::lustre {

const ParameterTable& LustreTunables::parameters() {
  using T = LustreTunables;
  static const ParameterTable table{
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
       .doc = "Largest bulk RPC, in pages of 4 KiB (1024 = 4 MiB).",
       .source = "Lustre 2.15: server brw_size 4 MiB"},
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
              "them, and one close more may pass.",
       .source = "Lustre 2.15 lustre/ldlm/ldlm_lib.c"},
      {.key = "llite.max_read_ahead_mb",
       .field = field<&T::llite_max_read_ahead_mb>,
       .default_text = "1024",
       .min = 0,
       .max = 1048576,
       .doc = "Read-ahead of all open files of one client together, MiB; 0 turns read-ahead off.",
       .source = "Lustre 2.15 llite_lib.c: min(RAM/32, 1024) on hosts of 32 GiB and more"},
      {.key = "llite.max_read_ahead_per_file_mb",
       .field = field<&T::llite_max_read_ahead_per_file_mb>,
       .default_text = "256",
       .min = 0,
       .max = 1048576,
       .doc = "Read-ahead window of one open file, MiB.",
       .source = "Lustre 2.15 llite_lib.c: min(max_read_ahead_mb/4, 256)"},
      {.key = "llite.max_read_ahead_whole_mb",
       .field = field<&T::llite_max_read_ahead_whole_mb>,
       .default_text = "2",
       .min = 0,
       .max = 1048576,
       .doc = "Files up to this size, MiB, are read whole at their second read.",
       .source = "Lustre 2.15 llite_internal.h"},
      {.key = "client.copy_bandwidth",
       .field = field<&T::client_copy_bandwidth>,
       .default_text = "2000 MiB/s",
       .min = 1,
       .doc = "Rate at which one process copies out of the page cache.",
       .source = "measured: buffered read 1,902 to 2,169 MiB/s, lustre-release commit 7194eb6"},
  };
  return table;
}

} // namespace lustrum::lustre
