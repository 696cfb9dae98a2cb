// A result as a terminal shows it. The first screen answers how busy the GPUs are, what holds them
// back and what that costs; below stand where GPU time went, the stations, the bill, and what the
// answer rests on.
#pragma once

#include "sim/result/run_result.hpp"

#include <cstddef>
#include <string>

namespace lustrum::reports {

struct TerminalOptions {
  bool colour = false;    // escape sequences
  bool unicode = true;    // `█` in bars and `µs`, else `#` and `us`
  std::size_t width = 80; // columns; taken as 72 where less, 100 where more
};

// Only words too long for a line, such as paths, and the command that replays the run exceed the
// width.
std::string terminal_text(const RunResult& result, const TerminalOptions& options = {});

} // namespace lustrum::reports
