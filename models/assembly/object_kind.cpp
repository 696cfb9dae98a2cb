#include "models/assembly/object_kind.hpp"

#include "models/assembly/cloud_hosts.hpp"
#include "models/assembly/scenario.hpp"
#include "sim/scenario/yaml_reader.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lustrum {
namespace {

using enum DiagnosticCode;

constexpr std::string_view kSettings = "client_settings";
constexpr std::string_view kDisks = "cache_disks";

class ObjectDesign : public StorageDesign {
public:
  const StorageKind& kind() const override { return object_kind(); }

  std::unique_ptr<StorageSystem> build(const Scenario& scenario, kernel::World& world,
                                       bool /*counters*/) const override {
    ObjectDesignSettings settings = chosen;
    settings.links = host_links_of(scenario);
    return build_object_system(scenario, settings, world);
  }
  BytesPerSecond client_copy_rate(const Scenario&) const override {
    return chosen.storage.client.copy_rate;
  }
  std::optional<double> free_bytes(const Scenario&) const override { return std::nullopt; }
  std::string no_counters_because() const override {
    return "an object store has none of Lustre's counters";
  }

  // Filled while the scenario is read.
  ObjectDesignSettings chosen;
};

object::ClientSettings client_of(const ObjectChoice& choice, BytesPerSecond target,
                                 std::uint32_t nics, bool express) {
  using object::ClientSettings;
  if (choice.client == "naive") return ClientSettings::naive();
  if (choice.client == "mountpoint") return ClientSettings::mountpoint(target, nics);
  if (choice.client == "s3_connector") return ClientSettings::s3_connector();
  if (choice.client == "pipe") return ClientSettings::sagemaker_pipe();
  if (choice.client == "webdataset") return ClientSettings::webdataset();
  if (choice.client == "fast_file") return ClientSettings::sagemaker_fast_file();
  if (choice.client == "gcsfuse") return ClientSettings::gcsfuse(choice.cache);
  return ClientSettings::crt(target, nics, express);
}

bool has_cache(std::string_view client) { return client == "mountpoint" || client == "gcsfuse"; }

void check_choice_of_client(const StorageReading& reading, const ObjectChoice& choice,
                            const GivenKeys& given) {
  const auto reject = [&](std::string_view key, std::string_view why) {
    reading.diagnostics.add(
        impossible, reading.storage.get(key).key_span(),
        fmt::format("`storage.{}` has no meaning for client `{}`", key, choice.client),
        std::string(why));
  };
  const bool takes_target = choice.client == "crt" || choice.client == "mountpoint";
  if (given.contains("target") && !takes_target)
    reject("target", "`crt` and `mountpoint` are told a throughput to reach");
  if (given.contains("cache") && !has_cache(choice.client))
    reject("cache", "`mountpoint` and `gcsfuse` keep a cache on disks");
  if (reading.storage.get(kDisks) && choice.cache == Bytes{})
    reject(kDisks, "`cache` says how large the cache is");
}

std::shared_ptr<const StorageDesign> read(const StorageReading& reading,
                                          const std::vector<std::string_view>& foreign) {
  Scenario& scenario = reading.scenario;
  auto design = std::make_shared<ObjectDesign>();
  auto choice = with_defaults<ObjectChoice>(ObjectChoice::parameters());
  std::vector<std::string_view> extra{"system", "set", kSettings, kDisks};
  extra.insert(extra.end(), foreign.begin(), foreign.end());
  const GivenKeys given = read_section(reading.storage, ObjectChoice::parameters(), &choice,
                                       reading.diagnostics, {.extra_keys = std::move(extra)});
  if (const YamlNode name = reading.storage.get("system"); name && name.is_scalar())
    scenario.storage.system = name.text();
  check_choice_of_client(reading, choice, given);
  design->chosen.storage = object_settings(scenario, choice);
  if (const YamlNode node = reading.storage.get(kSettings))
    read_section(node, object::ClientSettings::parameters(), &design->chosen.storage.client,
                 reading.diagnostics, {.partial = true});
  if (const YamlNode node = reading.storage.get(kDisks))
    read_section(node, block::VolumeSettings::parameters(), &design->chosen.storage.cache_disks,
                 reading.diagnostics, {.partial = true});
  if (scenario.storage_entry.kind && scenario.storage_entry.is<object::ServiceSettings>())
    design->chosen.service = scenario.storage_entry.as<object::ServiceSettings>();
  return design;
}

// Why a job cannot read its data set through pipes; empty: it can.
std::string not_streamed(const ScenarioJob& job) {
  if (!job.trains()) return fmt::format("a job of kind `{}` reads anywhere in a file", job.kind());
  std::string pipeline;
  std::string format;
  if (job.dlio) {
    const DlioWorkload& dlio = *job.dlio;
    // DLIO's reader of PyTorch takes samples by their index, and its synthetic one takes none.
    if (dlio.data_loader == "synthetic" || dlio.format == "synthetic") return {};
    pipeline = dlio.data_loader;
    format = dlio.format;
  } else {
    pipeline = job.training->loader.pipeline;
    format = job.training->dataset.format;
    if (pipeline == "synthetic") return {};
  }
  const auto is = [](const std::string& text, std::initializer_list<std::string_view> any) {
    return std::find(any.begin(), any.end(), text) != any.end();
  };
  if (!is(pipeline, {"tensorflow", "dali", "native_dali", "tf_data", "torch_iterable"}))
    return fmt::format("the loader `{}` takes samples by their index, anywhere in the data set",
                       pipeline);
  if (!is(format, {"tfrecord", "tar", "plain", "jpeg", "png", "csv"}))
    return fmt::format("files of format `{}` are not read from their beginning to their end",
                       format);
  return {};
}

// Why an object cannot be written as this asks for; empty: it can.
std::string_view not_in_order(const loadgen::IorSettings& ior, std::uint32_t nodes) {
  if (!ior.write) return {};
  if (!ior.file_per_process && std::uint64_t{nodes} * ior.ranks_per_client > 1)
    return "several ranks write to one file: `file_per_process: true` gives each its own";
  if (ior.random_offset) return "`random_offset` writes anywhere in a file";
  if (ior.fsync_per_write && ior.block_size * ior.segments > ior.transfer_size)
    return "`fsync_per_write` completes the object with the first write";
  return {};
}

void check_with_jobs(const StorageReading& reading) {
  if (!reading.entry || !reading.entry->is<object::ServiceSettings>()) return;
  const auto* design = dynamic_cast<const ObjectDesign*>(reading.scenario.design.get());
  const bool streams = design && (design->chosen.storage.client.stream_only ||
                                  design->chosen.storage.client.pipe_objects > 0);
  for (const ScenarioJob& job : reading.scenario.jobs) {
    const std::string unread = streams ? not_streamed(job) : std::string{};
    if (!unread.empty())
      reading.diagnostics.add(impossible, reading.storage.get("client").span(),
                              fmt::format("job `{}` cannot read through a pipe of client `{}`",
                                          job.name, reading.storage.get("client").text()),
                              unread);
    const std::string_view why = job.ior ? not_in_order(*job.ior, job.nodes) : std::string_view{};
    if (!why.empty())
      reading.diagnostics.add(impossible, reading.storage.get("system").span(),
                              fmt::format("objects of `{}` are written from their beginning to "
                                          "their end by one process, and job `{}` writes otherwise",
                                          reading.entry->name, job.name),
                              std::string(why));
  }
}

} // namespace

const ParameterTable& ObjectChoice::parameters() {
  using C = ObjectChoice;
  static const ParameterTable table{
      {.key = "client",
       .field = field<&C::client>,
       .default_text = kRequired,
       .choices = {"naive", "crt", "mountpoint", "s3_connector", "fast_file", "pipe", "webdataset",
                   "gcsfuse"},
       .doc =
           "What the job reads objects through: `naive`, one connection per process and a GET per "
           "object; `crt`, the AWS Common Runtime; Mountpoint for S3; the S3 connector for "
           "PyTorch; SageMaker's Fast File mode; its Pipe mode, a pipe to each loader worker "
           "through "
           "which whole objects come in an order fixed beforehand; `webdataset`, `pipe:curl` for "
           "each shard; Cloud Storage FUSE."},
      {.key = "target",
       .field = field<&C::target>,
       .default_text = "0 B/s",
       .min = 0,
       .doc = "Throughput that `crt` and `mountpoint` are told to reach on a host, which decides "
              "their number of connections; 0 B/s: that of its network cards."},
      {.key = "cache",
       .field = field<&C::cache>,
       .default_text = "0 B",
       .doc = "Size of the cache on the host's disks (`mountpoint`, `gcsfuse`); 0 B: none."},
      {.key = "stored_part",
       .field = field<&C::stored_part>,
       .default_text = "0 B",
       .doc = "Parts in which the data set was uploaded; 0 B: each object in one."},
      {.key = "prefixes_per_directory",
       .field = field<&C::prefixes>,
       .default_text = "1",
       .min = 1,
       .max = 1e6,
       .doc =
           "Prefixes over which the keys of a directory are spread: request rates hold for one."},
  };
  return table;
}

object::ObjectStorageSettings object_settings(const Scenario& scenario,
                                              const ObjectChoice& choice) {
  const std::uint32_t nics = std::max(1U, scenario.network.nics);
  const BytesPerSecond network = scenario.instance.tcp_bandwidth.value * nics;
  const BytesPerSecond target = choice.target.count() > 0 ? choice.target : network;
  const bool express = scenario.storage_entry.kind &&
                       scenario.storage_entry.is<object::ServiceSettings>() &&
                       scenario.storage_entry.as<object::ServiceSettings>().sessions;
  object::ObjectStorageSettings settings;
  // An instance that the catalog does not have is reported; its network is no rate.
  settings.client =
      client_of(choice, target.count() > 0 ? target : BytesPerSecond{1e9}, nics, express);
  if (has_cache(choice.client)) settings.client.local_cache = choice.cache;
  settings.cache_disks = with_defaults<block::VolumeSettings>(block::VolumeSettings::parameters());
  settings.stored_part = choice.stored_part;
  settings.prefixes_per_directory = std::max(1U, choice.prefixes);
  settings.seed = scenario.run.seed;
  return settings;
}

const StorageKind& object_kind() {
  static const StorageKind kind{
      .entry = entry_kind<object::ServiceSettings>("object store", "object_stores.yaml", true),
      .noun = "an object store",
      .key = "object",
      .keys = &ObjectChoice::parameters(),
      .storage_sections = {kSettings, kDisks},
      .sections = {},
      .network_keys = {},
      .read = read,
      .check = check_host_cards,
      .check_with_jobs = check_with_jobs};
  return kind;
}

} // namespace lustrum
