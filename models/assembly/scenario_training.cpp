#include "models/assembly/scenario_training.hpp"

#include "models/assembly/storage_kind.hpp"
#include "sim/base/units_text.hpp"

#include <fmt/format.h>

namespace lustrum {

namespace {

using enum DiagnosticCode;

class TrainingCheck {
public:
  TrainingCheck(const YamlNode& section, const ScenarioJob& job, Diagnostics& diagnostics)
      : section_(section), training_(*job.training), ranks_(job.workload.ranks),
        diagnostics_(diagnostics) {}

  void check() {
    check_ranks();
    check_data_set();
    check_times();
    check_evaluation();
    check_checkpoints();
  }

  // \pre the storage was read without errors
  void check_gpu_direct(const Scenario& scenario) {
    if (!training_.dataset.gpu_direct) return;
    const SourceSpan where = place("dataset", "gpu_direct");
    const std::string_view kind = scenario.design->kind().key;
    if (kind == "lustre") {
      if (!scenario.network.gds)
        refuse(where,
               "reads into GPU memory need a network that writes there, which `network.gds` turns "
               "on",
               "network: {lnd: efa, gds: true}");
    } else {
      refuse(where,
             fmt::format("`{}` cannot be read into GPU memory: {}", scenario.storage.system,
                         kind == "object"       ? "its client receives HTTP in host memory"
                         : kind == "fileserver" ? "its NFS client receives in the page cache"
                                                : "GPUDirect Storage on the node's own disks is "
                                                  "not modelled"),
             "gpu_direct: false; a Lustre file system over EFA or InfiniBand can");
    }
    if (training_.dataset.format == "lmdb")
      refuse(where, "LMDB maps its file into host memory: it cannot be read into GPU memory",
             "gpu_direct: false");
    if (training_.loader.local_cache > Bytes{})
      refuse(where, "shards copied to the host's own disk are not read into GPU memory",
             "gpu_direct: false, or local_cache: 0 B");
  }

private:
  // The place of a key, or of its section when it was not given.
  SourceSpan place(std::string_view part, std::string_view key) const {
    const YamlNode node = section_.get(part);
    if (!node) return section_.section_span();
    const YamlNode inner = node.is_map() ? node.get(key) : YamlNode{};
    return inner ? inner.span() : node.section_span();
  }
  void refuse(const SourceSpan& where, const std::string& message, const std::string& hint) {
    diagnostics_.add(impossible, where, message, hint);
  }

  void check_ranks() {
    const std::uint32_t together = training_.ranks_per_copy();
    if (ranks_ % together == 0) return;
    refuse(
        place("step", "tensor_parallel"),
        fmt::format("{} ranks cannot hold copies of the model that take {} each", ranks_, together),
        "tensor_parallel x pipeline_parallel must divide the number of ranks");
  }

  void check_data_set() {
    constexpr std::uint64_t kMostSamples = 1'000'000'000; // numbered with 32 bits
    const std::uint64_t samples = training_.samples();
    if (samples > kMostSamples)
      refuse(place("dataset", "files"),
             fmt::format("the data set is too large: {} samples", samples),
             fmt::format("at most {} can be simulated", kMostSamples));
    if (training_.dataset.sample_size == Bytes{})
      refuse(place("dataset", "sample_size"), "a sample of no bytes cannot be read",
             "`loader.pipeline: synthetic` reads nothing");
    const std::uint32_t readers = ranks_ / std::max(1U, training_.ranks_per_copy());
    const std::uint64_t needed = std::uint64_t{training_.loader.batch_size} * readers;
    if (readers > 0 && samples < needed)
      refuse(place("dataset", "files"),
             fmt::format("the data set is too small: {} samples do not fill one batch of {} on "
                         "each of {} readers",
                         samples, training_.loader.batch_size, readers),
             fmt::format("files: {} gives one step; more is better",
                         (needed + training_.dataset.samples_per_file - 1) /
                             training_.dataset.samples_per_file));
  }

  void check_times() {
    constexpr Seconds kMostOfStep{1e6}; // as of step.compute
    for (const std::string& text : training_.step.compute_list)
      if (const Parsed<Seconds> time = parse_duration(text); !time)
        diagnostics_.add(time.problem().code, place("step", "compute_list"),
                         fmt::format("`step.compute_list`: {}", time.problem().message),
                         time.problem().hint);
      else if (time.value() < Seconds{} || time.value() > kMostOfStep)
        diagnostics_.add(DiagnosticCode::out_of_range, place("step", "compute_list"),
                         fmt::format("`step.compute_list`: {} is not between 0 and {:g} s", text,
                                     kMostOfStep.count()));
  }

  void check_evaluation() {
    const TrainingWorkload::Evaluation& evaluation = training_.evaluation;
    if (evaluation.every_epochs == 0) return;
    const std::uint64_t samples =
        std::uint64_t{evaluation.files} * training_.dataset.samples_per_file;
    const std::uint32_t batch =
        evaluation.batch_size > 0 ? evaluation.batch_size : training_.loader.batch_size;
    const std::uint64_t needed = std::uint64_t{batch} * (ranks_ / training_.ranks_per_copy());
    if (samples < needed)
      refuse(place("evaluation", "files"),
             fmt::format("the evaluation set is too small: {} samples, one step takes {}", samples,
                         needed),
             "raise evaluation.files");
  }

  void check_checkpoints() {
    const TrainingWorkload::Checkpoint& checkpoint = training_.checkpoint;
    if (training_.writes_checkpoints() && ranks_ > 0 &&
        training_.checkpoint_sizes(ranks_).total() == Bytes{})
      refuse(place("checkpoint", "size"), "a checkpoint of no bytes",
             "checkpoint.model, .parameters or .size says how large it is");
    const bool fails = training_.failures.mtbf > Seconds{};
    const bool writes =
        checkpoint.every_epochs > 0 || checkpoint.every_steps > 0 || checkpoint.every > Seconds{};
    if (fails && !writes)
      refuse(place("failures", "mtbf"),
             "without checkpoints a job begins anew after each failure, and may never end",
             "checkpoint.every_steps, .every_epochs or .every");
    if (fails && writes && checkpoint.keep_last == 0)
      refuse(place("checkpoint", "keep_last"),
             "a checkpoint that is written over is lost when a failure comes meanwhile",
             "keep_last: 1 with failures.mtbf");
  }

  const YamlNode section_;
  const TrainingWorkload& training_;
  std::uint32_t ranks_;
  Diagnostics& diagnostics_;
};

} // namespace

double bytes_of(const TrainingWorkload& training) {
  const std::uint64_t files =
      std::uint64_t{training.dataset.files} +
      (training.evaluation.every_epochs > 0 ? training.evaluation.files : 0);
  return static_cast<double>(files) * training.dataset.samples_per_file *
         training.dataset.sample_size.as_double();
}

void check_training(const YamlNode& section, const ScenarioJob& job, const Scenario& scenario,
                    bool storage_known, Diagnostics& diagnostics) {
  TrainingCheck check(section, job, diagnostics);
  check.check();
  if (storage_known) check.check_gpu_direct(scenario);
}

} // namespace lustrum
