// What each start of the loader took in a recording: epochs differ in what their workers found in
// the page cache, and decoding is slower where no worker waits for its storage. Pure.
//
//   start of workers  first read - beginning of the wait it falls in, or the last read before;
//                     mean over ranks
//   decoding          median over workers: from the first open to that of the second batch, less
//                     the calls in between
//   delivery          median over ranks: from the end of that first cycle, on the worker that has
//                     the first batch, to the end of the first wait
//   cached            opens that were cached (trace_cache.hpp) / opens
#pragma once

#include "models/training/job.hpp"
#include "models/training/trace_generations.hpp"

#include <cstdint>
#include <vector>

namespace lustrum::training {

// Of one kind of generation: [rank][number].
using ByRank = std::vector<std::vector<const Generation*>>;

// [generation], as many as the rank with most has. Where no rank's calls show a generation it is
// as all together are. \pre some generation has workers
std::vector<LoaderStart> loader_starts(const ByRank& by_rank, std::uint32_t opens_per_batch);

// Over all these generations. \pre one of them has workers
LoaderStart loader_start(const std::vector<const Generation*>& generations,
                         std::uint32_t opens_per_batch);

// Of an open whose file was cached: time in reads, mean; 0 if none was.
Seconds cached_read(const std::vector<const Generation*>& generations);

double quantile(std::vector<double> values, double q);
double mean(const std::vector<double>& values);

} // namespace lustrum::training
