// Which files a recorded job found in a page cache when it opened them: their reads go at another
// speed than those of files that came from the storage. Pure.
//
// Reads belong to the last open of their file on their thread. Opens whose mean read is of one
// size, by powers of two, are compared: the logarithms of their seconds per byte are split in two
// where the variance between both sides is greatest (N. Otsu, A threshold selection method from
// gray-level histograms, IEEE Trans. SMC 9(1), 1979). The faster side was cached if the split is
// real: at least kMinOpens opens, more of the variance between the sides than as many evenly spread
// values have (about 3/4), and a factor of at least kMinFactor between their geometric means.
#pragma once

#include "models/training/replay_options.hpp"
#include "sim/trace/record.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace lustrum::training {

inline constexpr std::size_t kMinOpens = 8; // assumed: fewer may fall in two groups by chance
inline constexpr double kMinFactor = 4;     // assumed: a page cache is that much faster

struct CacheSplit {
  std::vector<bool> cached; // [record]: a read of a file that was cached when it was opened
  std::uint64_t opens = 0;  // that read something
  std::uint64_t cached_opens = 0;
};

// Of the calls that a replay would send. Without `options.detect_cached` nothing was cached.
CacheSplit split_by_cache(const trace::Trace& trace, const ReplayOptions& options);

// Where the values fall in two groups by the rule above; values below it are the faster group.
// \pre all values > 0
std::optional<double> speed_limit(const std::vector<double>& seconds_per_byte);

} // namespace lustrum::training
