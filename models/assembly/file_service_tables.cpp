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
         .choices = {"fixed", "capacity", "throughput", "bursting"},
         .doc = "What the ceilings grow with: `fixed`, nothing; `capacity`: they are those of one "
                "TiB; `throughput`: what is provisioned, up to them; `bursting`: what is stored, "
                "with credit, up to them."},
        {.key = "read_per_throughput",
         .field = field<&F::read_per_throughput>,
         .default_text = "1",
         .min = 0,
         .doc = "Reads for each byte per second of throughput provisioned."},
        {.key = "throughput_included",
         .field = field<&F::throughput_included>,
         .default_text = "0 B/s",
         .min = 0,
         .doc = "Provisioned throughput that comes with each TiB stored and is not billed."},
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
      {.key = "servers",
       .field = field<&C::servers>,
       .default_text = "0",
       .max = 1024,
       .doc = "Servers (HA pairs) that share the files; 0: as the catalog says."},
  };
  return table;
}

} // namespace lustrum
