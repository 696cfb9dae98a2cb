// Not tunables of Lustre: how fast a client's processes move data, and presets.
#include "models/lustre/policy/tunable_tables.hpp"
#include "models/lustre/policy/tunables.hpp"

namespace lustrum::lustre {
namespace {

using T = LustreTunables;

// NOLINTNEXTLINE(readability-function-size): a table, row after row
ParameterTable process_rows() {
  return {
      {.key = "preset",
       .field = field<&T::preset>,
       .default_text = "none",
       .choices = {"none", "aws_large_client"},
       .doc = "Recommended settings on top of the version's defaults; `aws_large_client`: of the "
              "FSx guide, for clients with more than 64 vCPUs or 64 GiB."},
      {.key = "client.copy_bandwidth",
       .field = field<&T::client_copy_bandwidth>,
       .default_text = "2000 MiB/s",
       .min = 1,
       .doc = "Rate at which one process copies out of the page cache.",
       .source = "measured: buffered read 1,902 to 2,169 MiB/s, lustre-release commit 7194eb6"},
      {.key = "client.copy_bandwidth_write",
       .field = field<&T::client_copy_bandwidth_write>,
       .default_text = "1500 MiB/s",
       .min = 1,
       .doc = "Rate at which one process copies into the page cache.",
       .source = "measured: buffered write 1,382 to 1,683 MiB/s, lustre-release commit 7194eb6"},
      {.key = "client.fault_time",
       .field = field<&T::client_fault_time>,
       .default_text = "0.5 us",
       .min = 0,
       .doc = "CPU time of a page fault of mmap whose page is in the page cache.",
       .source = "assumed: a usual fault of Linux that finds its page"},
      {.key = "client.page_fetch_time",
       .field = field<&T::client_page_fetch_time>,
       .default_text = "1.55 us",
       .min = 0,
       .doc = "CPU time that the process of a page fault spends besides when the page had to come "
              "from a server: what a buffered read spends on a page without its copy.",
       .source = "derived: 4 KiB take 1.95 us of a buffered read at 2,000 MiB/s (lustre-release "
                 "commit 7194eb6), 0.4 us of them the copy at 10 GB/s (assumed)"},
      {.key = "client.bulk_setup",
       .field = field<&T::client_bulk_setup>,
       .default_text = "20 us",
       .min = 0,
       .doc = "Extra round-trip time of an RPC with a bulk transfer over one whose data travels "
              "inside request and reply (osc.short_io_bytes).",
       .source = "measured: direct read of 4 KiB 370 and 350 us, lustre-release commit 70f092a"},
      {.key = "client.page_cache_bandwidth",
       .field = field<&T::client_page_cache_bandwidth>,
       .default_text = "0 B/s",
       .min = 0,
       .doc = "Rate of all copies of one client together: the lock of the page cache lets no more "
              "pass. 0 B/s: no such limit.",
       .source = "not known: 192 processes reached 11.2 GB/s (lustre-release commit c279167), "
                 "which is also what a card of 100 Gbit/s gives"},
      {.key = "client.dio_overhead_read",
       .field = field<&T::client_dio_overhead_read>,
       .default_text = "1.02 ms",
       .min = 0,
       .doc = "Time that one direct read of 1 MiB or more takes before its bytes count, of one "
              "process; it runs beside the transfer. Smaller reads take as much less as they are "
              "smaller.",
       .source = "fitted: t = overhead + bytes/rate meets 893, 2657, 4724, 7579 MiB/s at 1, 4, 16, "
                 "64 MiB within 13 %, lustre-release commit 7194eb6"},
      {.key = "client.dio_overhead_write",
       .field = field<&T::client_dio_overhead_write>,
       .default_text = "0.91 ms",
       .min = 0,
       .doc = "The same of one direct write.",
       .source = "fitted: as for reads, 1010, 2778, 5905, 7917 MiB/s within 6 %, lustre-release "
                 "commit 7194eb6"},
      {.key = "client.dio_bandwidth_read",
       .field = field<&T::client_dio_bandwidth_read>,
       .default_text = "8038 MiB/s",
       .min = 1,
       .doc = "Rate of one process that reads direct, without the overhead per call.",
       .source = "fitted: see client.dio_overhead_read"},
      {.key = "client.dio_bandwidth_write",
       .field = field<&T::client_dio_bandwidth_write>,
       .default_text = "8818 MiB/s",
       .min = 1,
       .doc = "Rate of one process that writes direct, without the overhead per call.",
       .source = "fitted: see client.dio_overhead_write"},
      {.key = "client.dio_bounce_read",
       .field = field<&T::client_dio_bounce_read>,
       .default_text = "21799 MiB/s",
       .min = 1,
       .doc =
           "Rate at which direct reads that are not aligned to pages are copied out of their "
           "bounce buffer, and those of hybrid I/O; the copy comes to the time of an aligned one.",
       .source = "fitted: 5370 MiB/s at 64 MiB, lustre-release commit 7194eb6"},
      {.key = "client.dio_bounce_write",
       .field = field<&T::client_dio_bounce_write>,
       .default_text = "3143 MiB/s",
       .min = 1,
       .doc = "The same of direct writes, into the buffer.",
       .source = "fitted: 2243 MiB/s at 64 MiB, lustre-release commit 7194eb6"},
  };
}

ParameterTable checksum_rows() {
  return {
      {.key = "client.checksum_rate.crc32c",
       .field = field<&T::client_checksum_rate_crc32c>,
       .default_text = "9763 MB/s",
       .min = 1,
       .doc = "Rate at which one core computes crc32c.",
       .source = "measured per core: lustre-release commit b1e7be0"},
      {.key = "client.checksum_rate.t10ip4K",
       .field = field<&T::client_checksum_rate_t10ip4k>,
       .default_text = "7935 MB/s",
       .min = 1,
       .doc = "Rate at which one core computes t10ip4K.",
       .source = "measured per core: lustre-release commit b1e7be0"},
      {.key = "client.checksum_rate.t10ip512",
       .field = field<&T::client_checksum_rate_t10ip512>,
       .default_text = "6151 MB/s",
       .min = 1,
       .doc = "Rate at which one core computes t10ip512.",
       .source = "measured per core: lustre-release commit b1e7be0"},
      {.key = "client.checksum_rate.crc32",
       .field = field<&T::client_checksum_rate_crc32>,
       .default_text = "1575 MB/s",
       .min = 1,
       .doc = "Rate at which one core computes crc32.",
       .source = "measured per core: lustre-release commit b1e7be0"},
      {.key = "client.checksum_rate.adler",
       .field = field<&T::client_checksum_rate_adler>,
       .default_text = "1255 MB/s",
       .min = 1,
       .doc = "Rate at which one core computes adler.",
       .source = "measured per core: lustre-release commit b1e7be0"},
  };
}

} // namespace

ParameterTable ours_tunables() { return joined_tables({process_rows(), checksum_rows()}); }

} // namespace lustrum::lustre
