#include "models/block/local_storage.hpp"

namespace lustrum::block {

const ParameterTable& LocalSettings::parameters() {
  using S = LocalSettings;
  static const ParameterTable kTable{
      {.key = "page_cache",
       .field = field<&S::page_cache>,
       .default_text = "0 B",
       .doc = "Memory of a client for file data; 0: none."},
      {.key = "dirty_limit",
       .field = field<&S::dirty_limit>,
       .default_text = "1 GiB",
       .doc = "Written data that may wait in a client's memory; then writers wait.",
       .source = "assumed; Linux: vm.dirty_ratio, a share of the memory"},
      {.key = "write_back",
       .field = field<&S::write_back>,
       .default_text = "4 MiB",
       .min = 4096,
       .doc = "Of one access when written data goes to the disks.",
       .source = "assumed"},
      {.key = "metadata_latency",
       .field = field<&S::metadata_latency>,
       .default_text = "20 us",
       .min = 0,
       .doc = "Of open, create, stat, remove on a local file system.",
       .source = "assumed: inodes and directories are in memory"},
      {.key = "changes",
       .field = field<&S::changes>,
       .default_text = "100000 /s",
       .min = 0,
       .doc =
           "Creates, removals, truncations that the journal of a client's file system takes, all "
           "processes together; 0: no limit.",
       .source = "assumed: the order of magnitude of ext4 and XFS on NVMe; no source at hand"},
      {.key = "copy_rate",
       .field = field<&S::copy_rate>,
       .default_text = "2000 MiB/s",
       .min = 0,
       .doc = "What one process copies between page cache and application; 0: takes no time.",
       .source =
           "assumed: as measured on Lustre clients, 1,902 to 2,169 MiB/s out of the page cache "
           "(lustre-release commit 7194eb6)"},
      {.key = "on_pcie",
       .field = field<&S::on_pcie>,
       .default_text = "true",
       .doc = "The disks share the host's bus with its NICs: instance store, not network volumes."},
  };
  return kTable;
}

} // namespace lustrum::block
