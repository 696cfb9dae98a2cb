#include "models/assembly/copy_in_choice.hpp"

#include "models/assembly/catalog.hpp"
#include "models/assembly/scenario.hpp"
#include "models/assembly/storage_kind.hpp"
#include "sim/scenario/yaml_reader.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lustrum {

namespace {

object::ClientSettings client_of(const CopyInChoice& choice, const Scenario& scenario,
                                 bool express) {
  const std::uint32_t nics = std::max(1U, scenario.network.nics);
  BytesPerSecond target = choice.target;
  if (!(target.count() > 0)) target = scenario.instance.tcp_bandwidth.value * nics;
  if (!(target.count() > 0)) target = BytesPerSecond{1e9}; // an unknown instance is reported
  if (choice.client == "naive") return object::ClientSettings::naive();
  if (choice.client == "sagemaker_file") return object::ClientSettings::sagemaker_file();
  return object::ClientSettings::crt(target, nics, express);
}

} // namespace

const ParameterTable& CopyInChoice::parameters() {
  using C = CopyInChoice;
  constexpr double kMostFiles = 4096;
  static const ParameterTable table{
      {.key = "from",
       .field = field<&C::from>,
       .default_text = kRequired,
       .doc = "Object store of the catalog that holds the data set."},
      {.key = "client",
       .field = field<&C::client>,
       .default_text = "crt",
       .choices = {"crt", "naive", "sagemaker_file"},
       .doc = "What copies: the AWS Common Runtime, one connection for each file, or the File mode "
              "of SageMaker."},
      {.key = "target",
       .field = field<&C::target>,
       .default_text = "0 B/s",
       .min = 0,
       .doc = "Throughput that `crt` is told to reach on a node; 0 B/s: that of its cards."},
      {.key = "files_at_once",
       .field = field<&C::files_at_once>,
       .default_text = "16",
       .min = 1,
       .max = kMostFiles,
       .doc = "Files that a node copies at a time.",
       .source =
           "assumed: the AWS command line has 10 requests under way (max_concurrent_requests)"},
      {.key = "piece",
       .field = field<&C::piece>,
       .default_text = "8 MiB",
       .min = 4096,
       .doc = "Read from the store and written to the disks at a time.",
       .source = "assumed: the part size of the AWS command line (multipart_chunksize)"},
      {.key = "shards",
       .field = field<&C::shards>,
       .default_text = "false",
       .doc = "Node i of n gets the files i, i + n, ..., and its ranks train on those alone, in an "
              "order of their own; else every node gets all.",
       .source = "SageMaker developer guide, S3DataDistributionType: FullyReplicated unless told"},
  };
  return table;
}

CopyInChoice read_copy_in(const StorageReading& reading, CopyInSource& source, GivenKeys& given) {
  auto choice = with_defaults<CopyInChoice>(CopyInChoice::parameters());
  const YamlNode node = reading.storage.get("copy_in");
  if (!node) return choice;
  choice.on = true;
  given = read_section(node, CopyInChoice::parameters(), &choice, reading.diagnostics);
  if (choice.from.empty()) return choice; // missing: reported
  const CatalogEntry* entry = reading.catalog.find_storage(choice.from);
  if (!entry || !entry->is<object::ServiceSettings>()) {
    std::string stores;
    for (const std::string& name : reading.catalog.storage_names())
      if (reading.catalog.find_storage(name)->is<object::ServiceSettings>())
        stores += (stores.empty() ? "" : ", ") + name;
    reading.diagnostics.add(DiagnosticCode::no_such_entry, node.get("from").span(),
                            fmt::format("the catalog has no object store `{}`", choice.from),
                            "one of " + stores);
    return choice;
  }
  source.service = entry->as<object::ServiceSettings>();
  source.client = client_of(choice, reading.scenario, source.service.sessions);
  return choice;
}

} // namespace lustrum
