// Parameters of a file service of the catalog, and of the choice of one in a scenario.
#include "models/assembly/file_service_kind.hpp"

namespace lustrum {

const ParameterTable& FileService::parameters() {
  using F = FileService;
  static const ParameterTable table = [] {
    ParameterTable rows{
        {.key = "scale",
         .field = field<&F::scale>,
         .default_text = "fixed",
         .choices = {"fixed", "capacity", "throughput", "bursting", "steps"},
         .doc = "What the ceilings grow with: `fixed`, nothing; `capacity`: they are those of one "
                "TiB; `throughput`: what is provisioned, up to them; `bursting`: what is stored, "
                "with credit, up to them; `steps`: they are those of a step of Intelligent-"
                "Tiering."},
        {.key = "read_per_throughput",
         .field = field<&F::read_per_throughput>,
         .default_text = "1",
         .min = 0,
         .doc = "Reads for each byte per second of throughput provisioned."},
        {.key = "capacity_min",
         .field = field<&F::capacity_min>,
         .default_text = "0 B",
         .doc = "Smallest capacity that can be had."},
        {.key = "burst",
         .field = field<&F::burst>,
         .default_text = "0 B/s",
         .min = 0,
         .doc = "`bursting`: metered rate of each TB (10^12 bytes) while credit lasts; `baseline` "
                "is of each TB too."},
        {.key = "burst_min",
         .field = field<&F::burst_min>,
         .default_text = "0 B/s",
         .min = 0,
         .doc = "The same, however little is stored."},
        {.key = "baseline_min",
         .field = field<&F::baseline_min>,
         .default_text = "0 B/s",
         .min = 0,
         .doc = "What flows into the credit, however little is stored."},
        {.key = "step",
         .field = field<&F::step>,
         .default_text = "4000 MB/s",
         .min = 1,
         .doc = "`steps`: throughput of one.",
         .source = "FSx for Lustre guide, Intelligent-Tiering"},
        {.key = "metadata_iops",
         .field = field<&F::metadata_iops>,
         .default_text = "0 IOPS",
         .min = 0,
         .doc =
             "`steps`: metadata IOPS provisioned: billed, and a limit of opens, closes, removals."},
    };
    const ParameterTable& model = fileserver::ServerSettings::parameters();
    rows.insert(rows.end(), model.begin(), model.end());
    return rows;
  }();
  return table;
}

const ParameterTable& FileChoice::parameters() {
  using C = FileChoice;
  static const ParameterTable table{
      {.key = "capacity",
       .field = field<&C::capacity>,
       .default_text = kRequired,
       .min = 1,
       .doc = "Capacity bought, or where it grows by itself: what is stored; it is billed."},
      {.key = "throughput",
       .field = field<&C::throughput>,
       .default_text = "0 B/s",
       .min = 0,
       .doc = "Throughput provisioned, for services that are bought by it."},
      {.key = "metadata_iops",
       .field = field<&C::metadata_iops>,
       .default_text = "0",
       .doc = "Intelligent-Tiering: metadata IOPS provisioned, 6000 or 12000; 0: as the catalog "
              "says."},
      {.key = "servers",
       .field = field<&C::servers>,
       .default_text = "0",
       .max = 1024,
       .doc = "Servers (HA pairs) that share the files; 0: as the catalog says."},
      {.key = "unused_for",
       .field = field<&C::unused_for>,
       .default_text = "0 s",
       .min = 0,
       .doc = "Intelligent-Tiering: how long the data set has not been used when the run begins."},
  };
  return table;
}

} // namespace lustrum
