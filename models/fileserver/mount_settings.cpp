// What an NFS client is told at its mount: sizes of calls, connections, caches.
#include "models/fileserver/server_settings.hpp"

namespace lustrum::fileserver {
namespace {

ParameterTable call_rows() {
  using M = MountSettings;
  constexpr double kMany = 65536;
  return {
      {.key = "rsize",
       .field = field<&M::read_size>,
       .default_text = "1 MiB",
       .min = 1024,
       .doc = "Of a READ at most.",
       .source = "nfs(5); what AWS and Google recommend"},
      {.key = "wsize",
       .field = field<&M::write_size>,
       .default_text = "1 MiB",
       .min = 1024,
       .doc = "Of a WRITE at most.",
       .source = "nfs(5); what AWS and Google recommend"},
      {.key = "in_flight",
       .field = field<&M::in_flight>,
       .default_text = "64",
       .min = 1,
       .max = kMany,
       .doc = "Calls of one client that are under way.",
       .source = "Linux: max_session_slots of NFS 4.1"},
      {.key = "nconnect",
       .field = field<&M::connections>,
       .default_text = "1",
       .min = 1,
       .max = 16,
       .doc = "TCP connections of a client to each server.",
       .source = "nfs(5)"},
      {.key = "read_ahead",
       .field = field<&M::read_ahead>,
       .default_text = "15 MiB",
       .doc = "Fetched ahead of a sequential reader at most.",
       .source = "EFS mount helper: read_ahead_kb 15,000 (remembered)"},
  };
}

ParameterTable client_rows() {
  using M = MountSettings;
  constexpr double kMany = 65536;
  return {
      {.key = "page_cache",
       .field = field<&M::page_cache>,
       .default_text = "0 B",
       .doc = "Memory of a client for file data; 0: none."},
      {.key = "dirty_limit",
       .field = field<&M::dirty_limit>,
       .default_text = "256 MiB",
       .min = 4096,
       .doc = "Written data of a client that is not yet on the server; then writers wait.",
       .source = "assumed"},
      {.key = "actimeo",
       .field = field<&M::attribute_life>,
       .default_text = "3 s",
       .min = 0,
       .doc = "How long attributes are known.",
       .source = "nfs(5): acregmin"},
      {.key = "list_entries",
       .field = field<&M::list_entries>,
       .default_text = "1000",
       .min = 1,
       .max = kMany,
       .doc = "Entries of one READDIR.",
       .source = "assumed: 1 MiB of a page would hold more, servers send less"},
      {.key = "copy_rate",
       .field = field<&M::copy_rate>,
       .default_text = "2000 MiB/s",
       .min = 0,
       .doc = "What one process copies to or from the page cache; 0: takes no time.",
       .source =
           "assumed: as measured on Lustre clients, 1,902 to 2,169 MiB/s out of the page cache "
           "(lustre-release commit 7194eb6)"},
  };
}

} // namespace

const ParameterTable& MountSettings::parameters() {
  static const ParameterTable kTable = joined_tables({call_rows(), client_rows()});
  return kTable;
}

} // namespace lustrum::fileserver
