// Sources by their short names: EFS-PERF is the EFS user guide, performance and quotas (2026);
// OpenZFS and ONTAP: their user guides; Filestore: docs.cloud.google.com, zonal tier (2026).
#include "models/fileserver/server_settings.hpp"

namespace lustrum::fileserver {
namespace {

using S = ServerSettings;

constexpr double kMibPerSecond = static_cast<double>(kMib);
constexpr double kGibPerSecond = static_cast<double>(kGib);

ParameterTable rate_rows() {
  constexpr double kMany = 1024;
  return {
      {.key = "servers",
       .field = field<&S::servers>,
       .default_text = "1",
       .min = 1,
       .max = kMany,
       .doc = "Servers (HA pairs) that share the files, each with the ceilings below."},
      {.key = "read",
       .field = field<&S::read>,
       .default_text = "1250 MB/s",
       .min = 1,
       .doc = "Reads of one server, whatever serves them.",
       .source = "assumed: a network card of 10 Gbit/s"},
      {.key = "write",
       .field = field<&S::write>,
       .default_text = "1250 MB/s",
       .min = 1,
       .doc = "Writes of one server.",
       .source = "assumed: a network card of 10 Gbit/s"},
      {.key = "disk_read",
       .field = field<&S::disk_read>,
       .default_text = "0 B/s",
       .min = 0,
       .doc = "Reads that its memory does not have; 0: as `read`."},
      {.key = "disk_write",
       .field = field<&S::disk_write>,
       .default_text = "0 B/s",
       .min = 0,
       .doc = "Writes to its disks, which share time with reads; 0: as `write`."},
      {.key = "read_iops",
       .field = field<&S::read_iops>,
       .default_text = "0 IOPS",
       .min = 0,
       .doc = "Read and metadata calls; 0: no limit."},
      {.key = "write_iops",
       .field = field<&S::write_iops>,
       .default_text = "0 IOPS",
       .min = 0,
       .doc = "Calls that change something; 0: no limit."},
      {.key = "disk_iops",
       .field = field<&S::disk_iops>,
       .default_text = "0 IOPS",
       .min = 0,
       .doc = "Reads that its memory does not have; 0: no limit."},
      {.key = "cache",
       .field = field<&S::cache>,
       .default_text = "0 B",
       .doc = "Memory of one server for file data; 0: none, all comes from disks."},
      {.key = "client_read",
       .field = field<&S::client_read>,
       .default_text = "0 B/s",
       .min = 0,
       .doc = "Reads of one client; 0: no limit of its own."},
      {.key = "client_write",
       .field = field<&S::client_write>,
       .default_text = "0 B/s",
       .min = 0,
       .doc = "Writes of one client; 0: no limit of its own."},
      {.key = "flow",
       .field = field<&S::flow>,
       .default_text = "625 MB/s",
       .min = 0,
       .doc = "One TCP connection; 0: no limit.",
       .source = "EC2 network bandwidth: 5 Gbit/s outside a cluster placement group"},
  };
}

ParameterTable latency_rows() {
  return {
      {.key = "read_p50",
       .field = field<&S::read_latency, &LatencySpread::p50>,
       .default_text = "0.5 ms",
       .min = 0,
       .doc = "A read call, network included, median.",
       .source = "assumed"},
      {.key = "read_p99",
       .field = field<&S::read_latency, &LatencySpread::p99>,
       .default_text = "0.5 ms",
       .min = 0,
       .doc = "The same, 99th percentile; log-normal between them, equal: a constant.",
       .source = "assumed: tails are not published"},
      {.key = "write_p50",
       .field = field<&S::write_latency, &LatencySpread::p50>,
       .default_text = "1 ms",
       .min = 0,
       .doc = "A write call, or one that makes or removes a file, median.",
       .source = "assumed"},
      {.key = "write_p99",
       .field = field<&S::write_latency, &LatencySpread::p99>,
       .default_text = "1 ms",
       .min = 0,
       .doc = "The same, 99th percentile.",
       .source = "assumed"},
      {.key = "metadata_p50",
       .field = field<&S::metadata_latency, &LatencySpread::p50>,
       .default_text = "0.5 ms",
       .min = 0,
       .doc = "Open, close, stat, a page of a listing, median.",
       .source = "assumed: as a read"},
      {.key = "metadata_p99",
       .field = field<&S::metadata_latency, &LatencySpread::p99>,
       .default_text = "0.5 ms",
       .min = 0,
       .doc = "The same, 99th percentile.",
       .source = "assumed"},
      {.key = "disk_latency",
       .field = field<&S::disk_latency>,
       .default_text = "0 s",
       .min = 0,
       .doc = "Added to reads that the server's memory does not have."},
  };
}

ParameterTable credit_rows() {
  return {
      {.key = "baseline",
       .field = field<&S::baseline>,
       .default_text = "0 B/s",
       .min = 0,
       .doc = "What flows into the burst credit, in metered bytes; 0: no credit is needed."},
      {.key = "credit",
       .field = field<&S::credit>,
       .default_text = "0 B",
       .doc = "Burst credit at most."},
      {.key = "initial_credit",
       .field = field<&S::initial_credit>,
       .default_text = "0 B",
       .doc = "Burst credit at the start."},
      {.key = "read_metering",
       .field = field<&S::read_metering>,
       .default_text = "1",
       .min = 0,
       .max = 1,
       .doc = "Metered bytes of a byte read."},
      {.key = "least_metered",
       .field = field<&S::least_metered>,
       .default_text = "0 B",
       .doc = "A call counts as no less."},
      {.key = "cold_share",
       .field = field<&S::cold_share>,
       .default_text = "0",
       .min = 0,
       .max = 1,
       .doc = "Share of the files that lie in an infrequent-access class at the start."},
      {.key = "cold_p50",
       .field = field<&S::cold_latency, &LatencySpread::p50>,
       .default_text = "20 ms",
       .min = 0,
       .doc = "Added to their calls, median.",
       .source = "EFS-PERF: first byte of Infrequent Access tens of ms; the figure is assumed"},
      {.key = "cold_p99",
       .field = field<&S::cold_latency, &LatencySpread::p99>,
       .default_text = "80 ms",
       .min = 0,
       .doc = "The same, 99th percentile.",
       .source = "assumed"},
      {.key = "warm_after_read",
       .field = field<&S::warm_after_read>,
       .default_text = "false",
       .doc = "Such a file moves back when it is read."},
  };
}

S defaults() { return with_defaults<S>(S::parameters()); }

constexpr Seconds kReadOfEfs{250e-6};
constexpr Seconds kWriteOfEfs{2.7e-3};

// EFS-PERF: Regional: reads from 250 us, writes from 2.7 ms; 500 MiB/s per client.
S efs() {
  constexpr double kPerClient = 500;
  S s = defaults();
  s.read_latency = s.metadata_latency = {kReadOfEfs, kReadOfEfs};
  s.write_latency = {kWriteOfEfs, kWriteOfEfs};
  s.client_read = s.client_write = BytesPerSecond{kPerClient * kMibPerSecond};
  s.flow = {};
  return s;
}

} // namespace

const ParameterTable& ServerSettings::parameters() {
  static const ParameterTable kTable = joined_tables({rate_rows(), latency_rows(), credit_rows()});
  return kTable;
}

ServerSettings ServerSettings::efs_elastic(bool new_client) {
  // EFS-PERF: 20 to 60 GiB/s reads, 1 to 5 GiB/s writes (lower and upper end here), 250,000 and
  // 50,000 operations of frequently used data by default, 1,500 MiB/s per client with
  // efs-utils 2.0.
  constexpr double kNewClient = 1500;
  constexpr double kReads = 20;
  constexpr double kWrites = 5;
  constexpr double kReadIops = 250'000;
  constexpr double kWriteIops = 50'000;
  S s = efs();
  s.read = BytesPerSecond{kReads * kGibPerSecond};
  s.write = BytesPerSecond{kWrites * kGibPerSecond};
  s.read_iops = PerSecond{kReadIops};
  s.write_iops = PerSecond{kWriteIops};
  if (new_client) s.client_read = s.client_write = BytesPerSecond{kNewClient * kMibPerSecond};
  return s;
}

ServerSettings ServerSettings::efs_bursting(Bytes stored) {
  // EFS-PERF (June 2023): baseline 50 MB/s per TB, at least 1; burst 100 MB/s per TB, at least 100;
  // reads are metered at a third; a call counts as 4 KB or more. 35,000 and 7,000 operations; 3 and
  // 1 GiB/s at most. The credit of a new file system, 2.1 TiB, is remembered; that of a larger one
  // is taken to be the same time at the difference of the rates.
  constexpr double kTerabyte = 1e12;
  constexpr double kBaseline = 50e6;
  constexpr double kBurst = 100e6;
  constexpr double kLeastBaseline = 1e6;
  constexpr double kReadIops = 35'000;
  constexpr double kWriteIops = 7'000;
  constexpr double kMostReads = 3;
  constexpr double kCreditTib = 2.1;
  constexpr double kReadShare = 1.0 / 3;
  constexpr Bytes kLeastMetered{4096};
  const double terabytes = stored.as_double() / kTerabyte;
  const double burst = std::max(kBurst, kBurst * terabytes);
  S s = efs();
  s.baseline = BytesPerSecond{std::max(kLeastBaseline, kBaseline * terabytes)};
  s.credit = Bytes{static_cast<std::uint64_t>(kCreditTib * static_cast<double>(kTib) *
                                              std::max(1.0, terabytes))};
  s.initial_credit = s.credit;
  s.read_metering = kReadShare;
  s.least_metered = kLeastMetered;
  s.read = BytesPerSecond{std::min(burst / kReadShare, kMostReads * kGibPerSecond)};
  s.write = BytesPerSecond{std::min(burst, kGibPerSecond)};
  s.read_iops = PerSecond{kReadIops};
  s.write_iops = PerSecond{kWriteIops};
  return s;
}

ServerSettings ServerSettings::efs_provisioned(BytesPerSecond provisioned) {
  // EFS-PERF: provisioned in metered bytes: reads three times as much, 3 to 10 GiB/s at most;
  // 55,000 and 25,000 operations.
  constexpr double kReadIops = 55'000;
  constexpr double kWriteIops = 25'000;
  constexpr double kMostReads = 10;
  constexpr double kMostWrites = 3.33;
  constexpr double kReadFactor = 3;
  S s = efs();
  s.read = BytesPerSecond{std::min(provisioned.count() * kReadFactor, kMostReads * kGibPerSecond)};
  s.write = BytesPerSecond{std::min(provisioned.count(), kMostWrites * kGibPerSecond)};
  s.read_iops = PerSecond{kReadIops};
  s.write_iops = PerSecond{kWriteIops};
  return s;
}

ServerSettings ServerSettings::ontap(std::uint32_t pairs) {
  // Second generation: 6,144 MBps of reads per HA pair, 12 pairs 73,728; 12 GB/s of writes at 12
  // pairs (announced 2024-03-04). Latency: assumed below a millisecond.
  constexpr double kReads = 6144e6;
  constexpr double kWrites = 1e9;
  S s = defaults();
  s.servers = pairs;
  s.read = BytesPerSecond{kReads};
  s.write = BytesPerSecond{kWrites};
  return s;
}

ServerSettings ServerSettings::openzfs() {
  // At its largest: 10 GB/s and 400,000 operations from disks, 21 GB/s and 2,000,000 from memory; a
  // few hundred microseconds cached. Memory of the largest server: assumed 512 GiB.
  constexpr double kCached = 21e9;
  constexpr double kDisk = 10e9;
  constexpr double kCachedIops = 2e6;
  constexpr double kDiskIops = 400e3;
  constexpr Seconds kLatency{300e-6};
  constexpr Seconds kDiskLatency{300e-6};
  constexpr Bytes kMemory{512 * kGib};
  S s = defaults();
  s.read = BytesPerSecond{kCached};
  s.write = s.disk_read = s.disk_write = BytesPerSecond{kDisk};
  s.read_iops = PerSecond{kCachedIops};
  s.write_iops = s.disk_iops = PerSecond{kDiskIops};
  s.cache = kMemory;
  s.read_latency = s.metadata_latency = {kLatency, kLatency};
  s.disk_latency = kDiskLatency;
  return s;
}

ServerSettings ServerSettings::filestore_zonal(Bytes capacity) {
  // Per TiB: 260 MiB/s and 9,200 operations of reads, 88 MiB/s and 2,600 of writes.
  constexpr double kReads = 260;
  constexpr double kWrites = 88;
  constexpr double kReadIops = 9200;
  constexpr double kWriteIops = 2600;
  const double tib = capacity.as_double() / static_cast<double>(kTib);
  S s = defaults();
  s.read = BytesPerSecond{kReads * kMibPerSecond * tib};
  s.write = BytesPerSecond{kWrites * kMibPerSecond * tib};
  s.read_iops = PerSecond{kReadIops * tib};
  s.write_iops = PerSecond{kWriteIops * tib};
  s.flow = {}; // of Google's network none is published
  return s;
}

} // namespace lustrum::fileserver
