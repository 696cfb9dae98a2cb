#include "models/training/trace_pipeline.hpp"

#include "models/training/replay_files.hpp"
#include "models/training/trace_starts.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace lustrum::training {

namespace {

std::uint32_t rounded(double value) {
  return static_cast<std::uint32_t>(std::max(1.0, std::round(value)));
}

// Opens, each with the reads that follow: those that read nothing do not count.
std::uint32_t opens_per_batch(const std::vector<const Generation*>& generations) {
  double opens = 0;
  double steps = 0;
  std::vector<double> at_first_wait;
  for (const Generation* g : generations) {
    if (g->steps.size() >= 2 * g->workers.size()) {
      opens += static_cast<double>(g->opens());
      steps += static_cast<double>(g->steps.size());
    }
    if (const std::size_t seen = g->opens_ended_at_first_step(); seen > 0)
      at_first_wait.push_back(static_cast<double>(seen));
  }
  if (steps > 0) return rounded(opens / steps);
  return rounded(quantile(at_first_wait, 0.5));
}

PipelinePhase phase_of(const ByRank& by_rank) {
  PipelinePhase phase;
  std::vector<const Generation*> with_calls;
  std::vector<double> counts, bytes;
  double opens = 0;
  for (const auto& of_rank : by_rank) {
    phase.count = std::max(phase.count, static_cast<std::uint32_t>(of_rank.size()));
    for (const Generation* g : of_rank) {
      if (g->workers.empty()) continue;
      with_calls.push_back(g);
      counts.push_back(static_cast<double>(g->workers.size()));
      bytes.push_back(static_cast<double>(g->bytes()));
      opens += static_cast<double>(g->opens());
    }
  }
  phase.workers = rounded(mean(counts));
  phase.opens_per_batch = opens_per_batch(with_calls);
  const auto generations = static_cast<double>(with_calls.size());
  phase.batches = rounded(opens / generations / phase.opens_per_batch);
  phase.open_bytes = Bytes{static_cast<std::uint64_t>(mean(bytes) * generations / opens)};
  phase.overall = loader_start(with_calls, phase.opens_per_batch);
  phase.starts = loader_starts(by_rank, phase.opens_per_batch);
  phase.cached_read = cached_read(with_calls);
  for (std::uint32_t n = 0; n < phase.count; ++n)
    for (std::uint32_t b = 0; b < phase.batches; ++b) {
      std::vector<double> steps;
      for (const auto& of_rank : by_rank)
        if (n < of_rank.size() && b < of_rank[n]->steps.size())
          steps.push_back(of_rank[n]->steps[b].duration_s());
      phase.step_s.push_back(mean(steps));
    }
  return phase;
}

double steps_explained(const ByRank& by_rank, const PipelinePhase& phase) {
  double steps = 0;
  for (const auto& of_rank : by_rank)
    for (const Generation* g : of_rank)
      steps += static_cast<double>(std::min<std::size_t>(g->steps.size(), phase.batches));
  return steps;
}

// Most bytes were read in calls of this size; reads of less than a sixteenth of it are small.
void infer_calls(const std::vector<std::vector<Generation>>& all, InferredPipeline& inferred) {
  constexpr std::uint64_t kSmall = 16;
  std::map<std::uint64_t, double> bytes_of;
  for (const auto& of_rank : all)
    for (const Generation& g : of_rank)
      for (const LoaderWorker& worker : g.workers)
        for (const OpenedFile& open : worker.opens)
          for (const std::uint64_t read : open.reads) bytes_of[read] += static_cast<double>(read);
  std::uint64_t call = 0;
  double most = 0;
  for (const auto& [size, bytes] : bytes_of)
    if (bytes > most) {
      call = size;
      most = bytes;
    }
  double small_calls = 0;
  double small_bytes = 0;
  double opens = 0;
  for (const auto& [size, bytes] : bytes_of)
    if (size < call / kSmall) {
      small_bytes += bytes;
      small_calls += bytes / static_cast<double>(size);
    }
  for (const auto& of_rank : all)
    for (const Generation& g : of_rank) opens += static_cast<double>(g.opens());
  inferred.read_call = Bytes{call};
  if (small_calls < opens / 2) return;
  inferred.small_reads_per_open = rounded(small_calls / opens);
  inferred.small_read = Bytes{rounded(small_bytes / small_calls)};
}

// Batches begun by all workers when one begins, less the steps begun before.
std::uint32_t prefetch_of(const ByRank& training, std::uint32_t per_batch) {
  std::vector<double> factors;
  for (const auto& of_rank : training)
    for (const Generation* g : of_rank) {
      std::vector<double> begins;
      for (const LoaderWorker& worker : g->workers)
        for (std::size_t i = 0; i < worker.opens.size(); i += per_batch)
          begins.push_back(worker.opens[i].start_s);
      std::sort(begins.begin(), begins.end());
      double ahead = 0;
      for (std::size_t b = 0; b < begins.size(); ++b) {
        const auto taken = std::count_if(g->steps.begin(), g->steps.end(),
                                         [&](const LoopSpan& s) { return s.start_s <= begins[b]; });
        ahead = std::max(ahead, static_cast<double>(b + 1) - static_cast<double>(taken));
      }
      if (!g->workers.empty()) factors.push_back(ahead / static_cast<double>(g->workers.size()));
    }
  return rounded(quantile(factors, 0.5));
}

// The recorded loop ends with its last step, and so does the replayed one, perhaps within an epoch.
std::uint32_t last_steps_of(const std::vector<std::vector<Generation>>& all,
                            const ByRank& training) {
  std::size_t most = 0;
  for (std::size_t r = 0; r < all.size(); ++r)
    if (!training[r].empty() && training[r].back() == &all[r].back())
      most = std::max(most, all[r].back().steps.size());
  return static_cast<std::uint32_t>(most);
}

} // namespace

std::optional<InferredPipeline> infer_pipeline(const trace::Trace& trace,
                                               const ReplayOptions& options) {
  const std::vector<TracedRank> ranks = traced_ranks(trace, options.max_ranks);
  const std::vector<std::vector<Generation>> all = loader_generations(trace, ranks, options);
  std::map<std::size_t, double> bytes_by_workers;
  InferredPipeline inferred;
  for (const auto& of_rank : all) {
    if (!of_rank.empty() && !of_rank.front().workers.empty()) ++inferred.ranks_with_calls;
    for (const Generation& g : of_rank)
      if (!g.workers.empty()) bytes_by_workers[g.workers.size()] += static_cast<double>(g.bytes());
  }
  if (bytes_by_workers.empty()) return std::nullopt;
  const std::size_t most =
      std::max_element(bytes_by_workers.begin(), bytes_by_workers.end(),
                       [](const auto& a, const auto& b) { return a.second < b.second; })
          ->first;
  ByRank training(all.size());
  ByRank evaluation(all.size());
  bool evaluates = false;
  std::vector<double> waits;
  for (std::size_t r = 0; r < all.size(); ++r)
    for (const Generation& g : all[r]) {
      // Half as many workers or fewer: another loader.
      const bool other = g.workers_seen * 2 <= most;
      evaluates = evaluates || other;
      (other ? evaluation : training)[r].push_back(&g);
      for (std::size_t w = 1; w < g.waits_s.size(); ++w) waits.push_back(g.waits_s[w]);
      const auto number = static_cast<std::size_t>(&g - all[r].data());
      if (inferred.measured_first_waits_s.size() <= number)
        inferred.measured_first_waits_s.resize(number + 1);
      if (!g.waits_s.empty()) inferred.measured_first_waits_s[number] += g.waits_s.front();
      inferred.recorded_bytes += static_cast<double>(g.bytes());
      inferred.recorded_opens += static_cast<double>(g.opens());
    }
  inferred.ranks = static_cast<std::uint32_t>(ranks.size());
  inferred.training = phase_of(training);
  inferred.prefetch_factor = prefetch_of(training, inferred.training.opens_per_batch);
  if (evaluates) inferred.evaluation = phase_of(evaluation);
  inferred.last_steps = last_steps_of(all, training);
  inferred.handover = Seconds{quantile(waits, 0.1)};
  infer_calls(all, inferred);
  for (const TracedRank& rank : ranks)
    for (const LoopSpan& span : rank.spans) {
      (span.step ? inferred.measured_step_s : inferred.measured_wait_s) += span.duration_s();
      if (span.step) ++inferred.recorded_steps;
    }
  std::set<std::uint32_t> files;
  for (const auto& of_rank : all)
    for (const Generation& g : of_rank)
      for (const LoaderWorker& worker : g.workers)
        for (const OpenedFile& open : worker.opens) files.insert(open.file);
  inferred.distinct_files = files.size();
  const auto explain = [&](const PipelinePhase& phase, const ByRank& by_rank) {
    const double opens = static_cast<double>(phase.count) * phase.batches * phase.opens_per_batch *
                         inferred.ranks_with_calls;
    inferred.explained_opens += opens;
    inferred.explained_bytes += opens * phase.open_bytes.as_double();
    inferred.explained_steps += steps_explained(by_rank, phase);
  };
  explain(inferred.training, training);
  if (inferred.evaluation) explain(*inferred.evaluation, evaluation);
  return inferred;
}

namespace {

void place(const InferredPipeline& inferred, const PipelinePhase& phase, std::uint32_t ranks,
           std::uint32_t factor, Storage& storage, DatasetSettings& dataset) {
  dataset.record = phase.open_bytes;
  dataset.read_call = inferred.read_call;
  dataset.format.open_reads = inferred.small_reads_per_open;
  if (inferred.small_read > Bytes{}) dataset.format.small_read = inferred.small_read;
  const Bytes small = inferred.small_read * inferred.small_reads_per_open;
  const Bytes size = std::max(Bytes{1}, phase.open_bytes - std::min(phase.open_bytes, small));
  const DirectoryIndex folder = storage.place_directory(kRootDirectory);
  const std::uint64_t files = std::uint64_t{phase.batches} * phase.opens_per_batch * ranks * factor;
  for (std::uint64_t f = 0; f < files; ++f)
    dataset.files.push_back(storage.place_file(folder, size));
}

} // namespace

JobSettings pipeline_job(const InferredPipeline& inferred, const ReplayOptions& options,
                         Storage& storage) {
  JobSettings job;
  job.job = options.job;
  job.first_client = options.first_client;
  job.ranks = options.scale.ranks > 0 ? options.scale.ranks : inferred.ranks;
  job.ranks_per_client = (job.ranks + options.clients - 1) / options.clients;
  const PipelinePhase& training = inferred.training;
  job.epochs = training.count;
  place(inferred, training, job.ranks, options.scale.files, storage, job.dataset);
  job.loader.batch_size = training.opens_per_batch;
  job.loader.workers = training.workers;
  job.loader.prefetch_factor = inferred.prefetch_factor;
  job.loader.starts = training.starts;
  job.loader.cached_read = training.cached_read;
  job.loader.handover = inferred.handover;
  job.epoch_steps = training.batches;
  if (inferred.last_steps > 0 && inferred.last_steps < training.batches) {
    job.max_steps = (training.count - 1) * training.batches + inferred.last_steps;
    job.reads_past_end = true;
  }
  job.step.compute_s = training.step_s;
  job.step.accumulate = training.batches; // recorded steps hold the waiting for other ranks
  if (inferred.evaluation) {
    const PipelinePhase& evaluation = *inferred.evaluation;
    job.evaluation.every_epochs = 1;
    job.evaluation.workers = evaluation.workers;
    job.evaluation.most = evaluation.count;
    job.evaluation.starts = evaluation.starts;
    job.evaluation.cached_read = evaluation.cached_read;
    place(inferred, evaluation, job.ranks, 1, storage, job.evaluation.dataset);
    job.evaluation.batch_size = evaluation.opens_per_batch;
    job.evaluation.compute.mean = Seconds{mean(evaluation.step_s)};
  }
  return job;
}

} // namespace lustrum::training
