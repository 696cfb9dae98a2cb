#include "models/training/trace_starts.hpp"

#include <algorithm>

namespace lustrum::training {

double mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return values.empty() ? 0 : sum / static_cast<double>(values.size());
}

double quantile(std::vector<double> values, double q) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(q * static_cast<double>(values.size() - 1))];
}

namespace {

using Generations = std::vector<const Generation*>;

double io_of(const LoaderWorker& worker, std::size_t opens) {
  double io_s = 0;
  for (std::size_t i = 0; i < opens; ++i) io_s += worker.opens[i].io_s;
  return io_s;
}

// The first cycle of each worker holds one batch; nothing keeps it from beginning its second, as
// two batches may be begun from the start. Workers of a single batch: until the wait ended, so
// with the delivery.
Seconds decode_of(const Generations& generations, std::uint32_t per_batch) {
  std::vector<double> decodes;
  for (const Generation* g : generations)
    for (const LoaderWorker& worker : g->workers) {
      if (worker.opens.size() <= per_batch) continue;
      const double cycle_s = worker.opens[per_batch].start_s - worker.first_s();
      decodes.push_back(std::max(0.0, cycle_s - io_of(worker, per_batch)) / per_batch);
    }
  if (decodes.empty())
    for (const Generation* g : generations) {
      if (g->steps.empty() || g->workers.empty()) continue;
      const LoaderWorker& first = g->first_worker();
      const double cycle_s = g->steps.front().start_s - first.first_s();
      decodes.push_back(std::max(0.0, cycle_s - io_of(first, first.opens.size())) /
                        static_cast<double>(first.opens.size()));
    }
  return Seconds{quantile(decodes, 0.5)};
}

// Only where the rank waited for that batch: else it took it later than it could.
Seconds delivery_of(const Generations& generations, std::uint32_t per_batch) {
  std::vector<double> deliveries;
  for (const Generation* g : generations) {
    if (g->workers.empty() || g->steps.empty()) continue;
    const LoaderWorker& first = g->first_worker();
    if (first.opens.size() <= per_batch) continue;
    const double done_s = first.opens[per_batch].start_s;
    const double taken_s = g->steps.front().start_s;
    if (done_s <= taken_s && done_s >= taken_s - g->waits_s.front())
      deliveries.push_back(taken_s - done_s);
  }
  return Seconds{quantile(deliveries, 0.5)};
}

} // namespace

LoaderStart loader_start(const Generations& generations, std::uint32_t opens_per_batch) {
  std::vector<double> startups;
  double opens = 0;
  double cached = 0;
  for (const Generation* g : generations) {
    if (g->workers.empty()) continue;
    startups.push_back(g->startup_s / static_cast<double>(g->workers.size()));
    for (const LoaderWorker& worker : g->workers)
      for (const OpenedFile& open : worker.opens) {
        opens += 1;
        cached += open.cached ? 1 : 0;
      }
  }
  return {.worker_startup = Seconds{mean(startups)},
          .preprocess = {decode_of(generations, opens_per_batch), Seconds{}},
          .delivery = delivery_of(generations, opens_per_batch),
          .cached = cached / opens};
}

std::vector<LoaderStart> loader_starts(const ByRank& by_rank, std::uint32_t opens_per_batch) {
  std::size_t count = 0;
  Generations all;
  for (const Generations& of_rank : by_rank) {
    count = std::max(count, of_rank.size());
    all.insert(all.end(), of_rank.begin(), of_rank.end());
  }
  std::vector<LoaderStart> starts;
  for (std::size_t n = 0; n < count; ++n) {
    Generations together;
    for (const Generations& of_rank : by_rank)
      if (n < of_rank.size() && !of_rank[n]->workers.empty()) together.push_back(of_rank[n]);
    starts.push_back(loader_start(together.empty() ? all : together, opens_per_batch));
  }
  return starts;
}

Seconds cached_read(const Generations& generations) {
  std::vector<double> reads;
  for (const Generation* g : generations)
    for (const LoaderWorker& worker : g->workers)
      for (const OpenedFile& open : worker.opens)
        if (open.cached) reads.push_back(open.read_s);
  return Seconds{mean(reads)};
}

} // namespace lustrum::training
