#include "models/assembly/scenario_pcc.hpp"

namespace lustrum {

const ParameterTable& PccChoice::parameters() {
  using P = PccChoice;
  constexpr std::string_view kDisk = "assumed: one NVMe drive of a server";
  static const ParameterTable table{
      {.key = "mode",
       .field = field<&P::mode>,
       .default_text = "ro",
       .choices = {"off", "ro", "rw"},
       .doc = "`ro`: files opened for reading are copied to a disk of the client, whole, and read "
              "from there until somebody writes to them (PCC-RO, Lustre 2.16 and later). `rw`: "
              "files that a client creates lie on its disk alone until another client reads or "
              "writes them, which restores them to the OSTs (PCC-RW, 2.13 and later)."},
      {.key = "capacity",
       .field = field<&P::capacity>,
       .default_text = "3.5 TiB",
       .min = 1,
       .doc =
           "Of the disk of one client that PCC may use; with `ro` the least recently used copies "
           "go first, with `rw` what finds no room goes to the OSTs.",
       .source = kDisk},
      {.key = "read_bandwidth",
       .field = field<&P::read_bandwidth>,
       .default_text = "6 GB/s",
       .min = 1,
       .doc = "Of the disk of one client.",
       .source = kDisk},
      {.key = "write_bandwidth",
       .field = field<&P::write_bandwidth>,
       .default_text = "3 GB/s",
       .min = 1,
       .doc = "Of the disk of one client.",
       .source = kDisk},
      {.key = "latency",
       .field = field<&P::latency>,
       .default_text = "80 us",
       .min = 0,
       .max = 1,
       .doc = "Of a small read on the idle disk.",
       .source = kDisk},
      {.key = "iops",
       .field = field<&P::iops>,
       .default_text = "500000 /s",
       .min = 1,
       .doc = "Small operations per second of the disk.",
       .source = kDisk},
      {.key = "async_threshold",
       .field = field<&P::inline_limit>,
       .default_text = "256 MiB",
       .doc = "llite.pcc_async_threshold: larger files are copied while their readers use the "
              "servers; an open of a smaller one waits for the copy. Only with `ro`.",
       .source = "Lustre 2.17 lustre/llite/pcc.h"},
  };
  return table;
}

} // namespace lustrum
