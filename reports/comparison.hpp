// Measured against predicted, as a terminal shows it.
#pragma once

#include "reports/terminal.hpp"
#include "sim/result/comparison.hpp"

#include <string>
#include <vector>

namespace lustrum::reports {

// The rows of one scenario: a table, then the notes of those that miss. \pre rows is not empty
std::string comparison_text(const std::vector<Comparison>& rows,
                            const TerminalOptions& options = {});

// The last lines, over the rows of all scenarios.
std::string comparison_summary_text(const std::vector<Comparison>& rows,
                                    const TerminalOptions& options = {});

} // namespace lustrum::reports
