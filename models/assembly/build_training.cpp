#include "models/assembly/build_training.hpp"

#include "models/assembly/local_kind.hpp"
#include "models/training/setting_names.hpp"
#include "sim/base/units_text.hpp"

#include <algorithm>

namespace lustrum {

namespace {

using training::value_of;

training::DatasetSettings place_dataset(const TrainingWorkload::Dataset& asked, std::uint32_t files,
                                        bool gpu_direct, Storage& storage) {
  training::DatasetSettings dataset;
  dataset.samples_per_file = asked.samples_per_file;
  dataset.record = asked.sample_size;
  dataset.read_call = asked.read_call;
  dataset.format = training::format_defaults(value_of(training::kFormatNames, asked.format));
  dataset.format.row_group_samples = asked.row_group_samples;
  dataset.format.gpu_direct = gpu_direct;
  const Bytes size =
      training::stored_size(dataset.format, asked.sample_size) * asked.samples_per_file;
  std::vector<DirectoryIndex> folders;
  for (std::uint32_t d = 0; d < asked.directories; ++d)
    folders.push_back(storage.place_directory(kRootDirectory));
  dataset.files.reserve(files);
  for (std::uint32_t f = 0; f < files; ++f)
    dataset.files.push_back(storage.place_file(folders[f % folders.size()], size));
  return dataset;
}

training::LoaderSettings build_loader(const TrainingWorkload::Loader& asked) {
  training::LoaderSettings loader;
  loader.pipeline = value_of(training::kPipelineNames, asked.pipeline);
  loader.batch_size = asked.batch_size;
  loader.workers = asked.workers;
  loader.prefetch_batches = asked.prefetch_batches;
  loader.prefetch_factor = asked.prefetch_factor;
  loader.shuffle_buffer = asked.shuffle_buffer;
  loader.map_calls = asked.map_calls;
  loader.cache = asked.cache;
  loader.shuffle = asked.shuffle;
  loader.sharding = value_of(training::kShardingNames, asked.sharding);
  loader.drop_last = asked.drop_last;
  loader.shuffled_shards = asked.shuffled_shards;
  loader.local_cache = asked.local_cache;
  loader.preprocess = asked.decode;
  loader.persistent_workers = asked.persistent_workers;
  loader.handover = asked.handover;
  loader.pin_memory = asked.pin_memory;
  return loader;
}

// The stations of a client's cards are those of the storage's network, by their class.
std::vector<training::Card> cards_of(const kernel::World& world, std::uint32_t client) {
  std::vector<training::Card> cards;
  for (kernel::Station* station : world.stations()) {
    const kernel::StationLabel& label = station->label();
    if (label.station_class != "client_nic" || label.a != client) continue;
    auto* const shared = static_cast<kernel::SharedStation*>(station); // every card is one
    if (label.b >= cards.size()) cards.resize(label.b + 1);
    (label.pattern.ends_with(".rx") ? cards[label.b].receive : cards[label.b].send) = shared;
  }
  std::erase_if(cards, [](const training::Card& card) { return !card.receive || !card.send; });
  return cards;
}

training::HostSettings build_hosts(const JobContext& context, std::uint32_t hosts) {
  const TrainingWorkload& asked = *context.job.training;
  training::HostSettings host;
  host.vcpus = asked.host.vcpus > 0 ? asked.host.vcpus : context.scenario.instance.vcpus.value;
  host.gpu_link = asked.host.gpu_link;
  host.gpu_links = asked.host.gpu_links;
  host.pageable = asked.host.pageable;
  host.disk_read = asked.host.disk_read;
  host.disk_write = asked.host.disk_write;
  host.gradient_cards = asked.host.gradient_cards;
  if (asked.step.gradient > Bytes{} && asked.step.gradient_network == "storage")
    for (std::uint32_t h = 0; h < hosts; ++h)
      host.cards.push_back(cards_of(context.engine.world(), context.job.first_client + h));
  return host;
}

training::CheckpointSettings build_checkpoint(const TrainingWorkload& asked, std::uint32_t ranks,
                                              Storage& storage) {
  training::CheckpointSettings checkpoint;
  if (!asked.writes_checkpoints()) return checkpoint;
  const TrainingWorkload::Checkpoint& c = asked.checkpoint;
  checkpoint.enabled = true;
  checkpoint.after_epoch = std::max(1U, c.every_epochs);
  checkpoint.every_epochs = c.every_epochs;
  checkpoint.every_steps = c.every_steps;
  checkpoint.every = c.every;
  checkpoint.plan = training::plan_checkpoint(asked.checkpoint_sizes(ranks),
                                              value_of(training::kLayoutNames, c.layout),
                                              asked.parallelism(ranks));
  checkpoint.directory = storage.place_directory(kRootDirectory);
  checkpoint.mode = value_of(training::kModeNames, c.mode);
  checkpoint.fsync = c.fsync;
  checkpoint.write_call = c.write_call;
  checkpoint.keep_last = c.keep_last;
  checkpoint.restore_at_start = c.restore_at_start;
  return checkpoint;
}

// A recorded interpreter made 1,097 opens and 7,969 stats for 14 MB of modules. \source Darshan log
// of a DLIO start-up
training::InterpreterSettings build_interpreter(std::uint32_t calls_per_node,
                                                std::uint32_t ranks_per_node, Storage& storage) {
  constexpr std::uint32_t kOpens = 1'097;
  constexpr std::uint32_t kStats = 7'969;
  constexpr Bytes kModule{14'000'000 / kOpens};
  training::InterpreterSettings interpreter;
  const std::uint64_t calls = calls_per_node / ranks_per_node;
  if (calls == 0) return interpreter;
  // An open counts with its close.
  interpreter.opens = static_cast<std::uint32_t>(
      std::max<std::uint64_t>(1, calls * kOpens / (2 * kOpens + kStats)));
  interpreter.stats =
      static_cast<std::uint32_t>(calls - std::min<std::uint64_t>(calls, 2ULL * interpreter.opens));
  const DirectoryIndex folder = storage.place_directory(kRootDirectory);
  for (std::uint32_t m = 0; m < std::min(kOpens, interpreter.opens); ++m)
    interpreter.modules.push_back(storage.place_file(folder, kModule));
  return interpreter;
}

} // namespace

training::JobSettings common_settings(const JobContext& context) {
  const ScenarioJob& asked = context.job;
  training::JobSettings job;
  job.job = context.index;
  job.first_client = ClientIndex{asked.first_client};
  job.start = asked.start;
  job.data_ready = context.data_ready;
  job.background = asked.background;
  job.ranks = asked.workload.ranks;
  job.ranks_per_client = (job.ranks + asked.nodes - 1) / asked.nodes;
  job.data_parts = context.scenario.design->data_parts(context.scenario);
  job.epochs = asked.epochs;
  job.seed = context.scenario.run.seed + context.index.value();
  const StepOverhead& overhead = asked.workload.step_overhead;
  job.step.overhead_fixed = overhead.fixed;
  job.step.overhead_per_rank = overhead.per_rank;
  job.step.overhead_stdev = overhead.stdev;
  job.au.formula =
      asked.workload.au_formula == "v1.0" ? training::AuFormula::v1_0 : training::AuFormula::v2_0;
  return job;
}

training::JobSettings build_training(const JobContext& context, Storage& storage) {
  const TrainingWorkload& asked = *context.job.training;
  training::JobSettings job = common_settings(context);
  job.ranks_per_copy = asked.ranks_per_copy();
  job.max_steps = asked.steps;
  // With network.gds Lustre's clients read into GPU memory whatever the loader says; copies on
  // local disks are read from there.
  const bool gpu_direct = asked.dataset.gpu_direct ||
                          (context.scenario.network.gds && asked.loader.local_cache == Bytes{});
  job.dataset = place_dataset(asked.dataset, asked.dataset.files, gpu_direct, storage);
  job.loader = build_loader(asked.loader);
  if (job.loader.pipeline != training::Pipeline::tf_data)
    job.loader.worker_startup = context.job.workload.worker_startup;
  job.step.compute = asked.step.compute;
  for (const std::string& time : asked.step.compute_list)
    if (const Parsed<Seconds> parsed = parse_duration(time))
      job.step.compute_s.push_back(parsed.value().count());
  job.step.accumulate = asked.step.accumulate;
  job.step.gradient = asked.step.gradient;
  job.step.overlap = asked.step.overlap;
  job.host = build_hosts(context, job.hosts());
  job.checkpoint = build_checkpoint(asked, job.ranks, storage);
  job.checkpoint.node_local = context.scenario.storage_entry.is<LocalDisks>();
  job.failures = {.mtbf = asked.failures.mtbf, .restart = asked.failures.restart};
  if (asked.evaluation.every_epochs > 0)
    job.evaluation = {.every_epochs = asked.evaluation.every_epochs,
                      .dataset =
                          place_dataset(asked.dataset, asked.evaluation.files, gpu_direct, storage),
                      .batch_size = asked.evaluation.batch_size > 0 ? asked.evaluation.batch_size
                                                                    : asked.loader.batch_size,
                      .compute = asked.evaluation.compute};
  job.interpreter =
      build_interpreter(asked.interpreter.calls_per_node, job.ranks_per_client, storage);
  return job;
}

} // namespace lustrum
