#include "sim/trace/trace_generate.hpp"

#include "sim/base/random.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>

namespace lustrum::trace {
namespace {

constexpr std::int64_t kFirstPid = 1'000;
constexpr std::int64_t kPidStep = 1'000; // workers' tids lie between
constexpr std::int64_t kDescriptor = 3;
constexpr double kLongestS = 365.0 * 86'400; // of a job: times stay far from overflow

std::int64_t whole_ns(double seconds) {
  return std::llround(seconds * static_cast<double>(kNsPerS));
}

class Generator {
public:
  Generator(const GenerateSettings& settings, EventSink& sink)
      : settings_(settings), sink_(sink),
        sample_(settings.file_size.count() / settings.samples_per_file) {
    for (std::uint64_t rank = 0; rank < settings.ranks; ++rank) {
      Rank entry;
      entry.host = fmt::format("node{:03}", rank / settings.ranks_per_node);
      entry.pid = kFirstPid + static_cast<std::int64_t>(rank) * kPidStep;
      ranks_.push_back(entry);
    }
  }

  void run() {
    sink_.begin_source({"generated", true});
    for (std::uint32_t rank = 0; rank < settings_.ranks; ++rank)
      sink_.set_rank(ranks_[rank].host, {}, ranks_[rank].pid, static_cast<std::int32_t>(rank));
    const std::uint64_t samples = settings_.files * settings_.samples_per_file;
    order_.resize(samples);
    for (std::uint32_t epoch = 0; epoch < settings_.epochs; ++epoch) {
      for (std::uint64_t i = 0; i < samples; ++i) order_[i] = static_cast<std::uint32_t>(i);
      random::shuffle(order_, settings_.seed, random::component("generate.shuffle", epoch));
      begin_epoch();
      for (std::uint64_t step = 0; step < steps_per_epoch(settings_); ++step) run_step(epoch, step);
    }
  }

private:
  struct Rank {
    std::string host;
    std::int64_t pid = 0;
    std::int64_t ready_ns = 0;           // the training thread asks for its next batch
    std::vector<std::int64_t> worker_ns; // when each worker is done with its batches so far
    std::vector<std::int64_t> taken_ns;  // of the last batches, in a ring
    std::uint64_t draws = 0;
  };

  // Batches that are on their way in a rank's loader.
  std::uint64_t ahead() const {
    return std::uint64_t{std::max(settings_.prefetch, 1U)} * settings_.workers;
  }

  void begin_epoch() {
    for (Rank& rank : ranks_) {
      rank.worker_ns.assign(std::max(settings_.workers, 1U), rank.ready_ns);
      rank.taken_ns.assign(std::max<std::uint64_t>(ahead(), 1), rank.ready_ns);
    }
  }

  void run_step(std::uint32_t epoch, std::uint64_t step) {
    std::int64_t end_ns = 0;
    std::vector<std::int64_t> taken;
    for (std::uint32_t r = 0; r < settings_.ranks; ++r) {
      Rank& rank = ranks_[r];
      const std::int64_t asked_ns = rank.ready_ns;
      const std::int64_t taken_ns = std::max(asked_ns, fetch(rank, r, epoch, step));
      if (settings_.workers > 0) rank.taken_ns[step % ahead()] = taken_ns;
      span(rank, "data wait", OperationKind::span_wait, asked_ns, taken_ns, epoch, step);
      taken.push_back(taken_ns);
      end_ns = std::max(end_ns, taken_ns + compute_ns(r, epoch, step));
    }
    for (std::uint32_t r = 0; r < settings_.ranks; ++r) {
      span(ranks_[r], "step", OperationKind::span_step, taken[r], end_ns, epoch, step);
      ranks_[r].ready_ns = end_ns;
    }
  }

  std::int64_t compute_ns(std::uint32_t rank, std::uint32_t epoch, std::uint64_t step) const {
    const std::uint64_t index = std::uint64_t{epoch} * steps_per_epoch(settings_) + step;
    const double factor =
        1 + settings_.compute_jitter *
                random::normal(settings_.seed, random::component("generate.compute", rank), index);
    return whole_ns(settings_.compute.count() * std::max(factor, 0.0));
  }

  // The calls for one batch; returns when it is there. As PyTorch's loader: worker step mod W has
  // it, and was told of it when batch step - ahead() was taken.
  std::int64_t fetch(Rank& rank, std::uint32_t r, std::uint32_t epoch, std::uint64_t step) {
    const bool reads_itself = settings_.workers == 0;
    const std::uint64_t worker = reads_itself ? 0 : step % settings_.workers;
    const std::int64_t told_ns = reads_itself ? rank.ready_ns : rank.taken_ns[step % ahead()];
    std::int64_t now_ns = std::max(rank.worker_ns[worker], told_ns);
    const std::int64_t tid =
        reads_itself ? rank.pid : rank.pid + 1 + static_cast<std::int64_t>(worker);
    for (std::uint64_t i = 0; i < settings_.batch; ++i) {
      const std::uint64_t position = (step * settings_.batch + i) * settings_.ranks + r;
      now_ns = read_sample(rank, r, tid, order_[position], now_ns, epoch, step);
    }
    rank.worker_ns[worker] = now_ns;
    return now_ns;
  }

  std::int64_t read_sample(Rank& rank, std::uint32_t r, std::int64_t tid, std::uint64_t sample,
                           std::int64_t now_ns, std::uint32_t epoch, std::uint64_t step) {
    const std::string path =
        settings_.folder + fmt::format("/file_{:06}", sample / settings_.samples_per_file);
    Event call{.name = "open",
               .host = rank.host,
               .file = path,
               .pid = rank.pid,
               .tid = tid,
               .returned = kDescriptor,
               .fd = kDescriptor,
               .epoch = epoch,
               .step = static_cast<std::int64_t>(step)};
    const auto add = [&](std::uint64_t bytes) {
      const std::uint64_t component = random::component("generate.latency", r);
      const double latency_s =
          settings_.latency.count() * random::exponential(settings_.seed, component, rank.draws++);
      call.start_ns = now_ns;
      call.duration_ns = whole_ns(latency_s + static_cast<double>(bytes) / settings_.rate.count());
      now_ns += call.duration_ns;
      sink_.add(call);
    };
    add(0);
    const std::uint64_t begin = sample % settings_.samples_per_file * sample_;
    for (std::uint64_t done = 0; done < sample_;) {
      const std::uint64_t bytes = std::min(settings_.transfer.count(), sample_ - done);
      call.name = "pread";
      call.requested = static_cast<std::int64_t>(bytes);
      call.returned = call.requested;
      call.offset = static_cast<std::int64_t>(begin + done);
      add(bytes);
      done += bytes;
    }
    call.name = "close";
    call.requested = kAbsent;
    call.returned = 0;
    call.offset = kAbsent;
    add(0);
    return now_ns;
  }

  void span(const Rank& rank, std::string_view name, OperationKind kind, std::int64_t start_ns,
            std::int64_t end_ns, std::uint32_t epoch, std::uint64_t step) {
    sink_.add({.type = EventClass::span,
               .kind = kind,
               .name = name,
               .host = rank.host,
               .pid = rank.pid,
               .tid = rank.pid,
               .start_ns = start_ns,
               .duration_ns = end_ns - start_ns,
               .epoch = epoch,
               .step = static_cast<std::int64_t>(step)});
  }

  const GenerateSettings& settings_;
  EventSink& sink_;
  std::uint64_t sample_; // bytes
  std::vector<Rank> ranks_;
  std::vector<std::uint32_t> order_;
};

} // namespace

std::uint64_t steps_per_epoch(const GenerateSettings& settings) {
  const std::uint64_t samples = settings.files * settings.samples_per_file;
  return samples / settings.ranks / settings.batch;
}

std::vector<std::string> problems_of(const GenerateSettings& settings) {
  std::vector<std::string> problems;
  const auto at_least_one = [&problems](std::uint64_t value, const char* what) {
    if (value == 0) problems.push_back(std::string{what} + " must be at least 1");
  };
  at_least_one(settings.ranks, "ranks");
  at_least_one(settings.ranks_per_node, "ranks per node");
  at_least_one(settings.files, "files");
  at_least_one(settings.samples_per_file, "samples per file");
  at_least_one(settings.batch, "the batch");
  at_least_one(settings.epochs, "epochs");
  at_least_one(settings.transfer.count(), "the transfer (bytes)");
  if (settings.workers >= kPidStep)
    problems.push_back("workers must be fewer than " + std::to_string(kPidStep));
  if (!settings.folder.starts_with('/'))
    problems.emplace_back("the folder must be absolute, such as /data/train");
  if (!(settings.rate.count() > 0)) problems.emplace_back("the rate must be above 0");
  if (settings.compute_jitter > 1)
    problems.emplace_back(
        "--compute-jitter: a ratio to the compute time, at most 1 (100 %): write `5 %` or `0.05`");
  if (settings.latency.count() < 0 || settings.compute.count() < 0 || settings.compute_jitter < 0)
    problems.emplace_back("latency, compute time and jitter must not be negative");
  if (!problems.empty()) return problems;
  constexpr std::uint64_t kMostSamples = std::uint64_t{1} << 31;
  if (settings.files > kMostSamples / settings.samples_per_file) {
    problems.emplace_back("there may be at most " + std::to_string(kMostSamples) + " samples");
    return problems;
  }
  if (settings.file_size.count() < settings.samples_per_file)
    problems.emplace_back("a file is too small for its samples");
  const std::uint64_t steps = steps_per_epoch(settings);
  if (steps == 0)
    problems.push_back(
        "there is no full batch: " + std::to_string(settings.files * settings.samples_per_file) +
        " samples for " + std::to_string(settings.ranks) + " ranks with batches of " +
        std::to_string(settings.batch));
  const double calls = static_cast<double>(settings.batch) *
                       (2 + std::ceil(static_cast<double>(settings.file_size.count()) /
                                      static_cast<double>(settings.transfer.count())));
  const double slowest_s =
      static_cast<double>(steps) * settings.epochs *
      (settings.compute.count() * (1 + 10 * settings.compute_jitter) +
       calls * settings.latency.count() * 40 +
       static_cast<double>(settings.batch * settings.file_size.count()) / settings.rate.count());
  if (!(slowest_s < kLongestS)) problems.emplace_back("the job might last longer than a year");
  return problems;
}

EventSourceFunction generated_source(const GenerateSettings& settings) {
  return [settings](EventSink& sink, ReadReport& report) {
    sink.begin_file();
    Generator(settings, sink).run();
    report.notes.emplace_back("made up by lustrum trace generate: no evidence about any storage");
  };
}

} // namespace lustrum::trace
