#include "models/block/volume_settings.hpp"

namespace lustrum::block {

namespace {

ParameterTable rate_rows() {
  using S = VolumeSettings;
  constexpr double kMaxVolumes = 128;
  return {
      {.key = "volumes",
       .field = field<&S::volumes>,
       .default_text = "1",
       .min = 1,
       .max = kMaxVolumes,
       .doc = "Devices striped over by RAID-0."},
      {.key = "capacity",
       .field = field<&S::capacity>,
       .default_text = "0 B",
       .doc = "Of one volume; 0: without end."},
      {.key = "read",
       .field = field<&S::read>,
       .default_text = "125 MiB/s",
       .min = 1,
       .doc = "Large reads of one volume.",
       .source = "EBS gp3, included throughput (EC2 guide, June 2023)"},
      {.key = "write",
       .field = field<&S::write>,
       .default_text = "125 MiB/s",
       .min = 1,
       .doc = "Large writes of one volume. Reads and writes share its time.",
       .source = "EBS gp3, included throughput (EC2 guide, June 2023)"},
      {.key = "read_iops",
       .field = field<&S::read_iops>,
       .default_text = "3000 IOPS",
       .min = 0,
       .doc = "Read operations of one volume; 0: no limit.",
       .source = "EBS gp3, included operations (EC2 guide, June 2023)"},
      {.key = "write_iops",
       .field = field<&S::write_iops>,
       .default_text = "3000 IOPS",
       .min = 0,
       .doc = "Write operations of one volume; 0: no limit.",
       .source = "EBS gp3, included operations (EC2 guide, June 2023)"},
  };
}

ParameterTable limit_rows() {
  using S = VolumeSettings;
  return {
      {.key = "io_size",
       .field = field<&S::io_size>,
       .default_text = "256 KiB",
       .min = 512,
       .doc = "What the device counts as one operation at most.",
       .source = "EBS on SSD (EC2 guide); local NVMe: assumed to merge as much"},
      {.key = "chunk",
       .field = field<&S::chunk>,
       .default_text = "512 KiB",
       .min = 4096,
       .doc = "Stripe unit of the RAID-0.",
       .source = "mdadm(8): --chunk"},
      {.key = "latency",
       .field = field<&S::latency>,
       .default_text = "0.5 ms",
       .min = 0,
       .doc = "Of an access, beside its transfer.",
       .source = "assumed: EBS SSD volumes are \"single-digit milliseconds\" at worst; local NVMe "
                 "0.1 ms"},
      {.key = "set_rate",
       .field = field<&S::set_rate>,
       .default_text = "0 B/s",
       .min = 0,
       .doc = "Limit of the instance for all its volumes; 0: none."},
      {.key = "set_iops",
       .field = field<&S::set_iops>,
       .default_text = "0 IOPS",
       .min = 0,
       .doc = "The same for operations."},
      {.key = "baseline",
       .field = field<&S::baseline>,
       .default_text = "0 B/s",
       .min = 0,
       .doc = "Where bursts are limited by credit: what flows into it; 0: no credit is needed."},
      {.key = "credit",
       .field = field<&S::credit>,
       .default_text = "0 B",
       .doc = "Burst credit at most."},
      {.key = "initial_credit",
       .field = field<&S::initial_credit>,
       .default_text = "0 B",
       .doc = "Burst credit at the start."},
  };
}

} // namespace

const ParameterTable& VolumeSettings::parameters() {
  static const ParameterTable kTable = joined_tables({rate_rows(), limit_rows()});
  return kTable;
}

} // namespace lustrum::block
