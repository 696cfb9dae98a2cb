// Published figures beside what stands for them, as a terminal shows it.
#pragma once

#include "reports/terminal.hpp"
#include "sim/result/claim.hpp"

#include <string>
#include <vector>

namespace lustrum::reports {

// The rows of one file: what was chosen, a table, notes. \pre rows is not empty
std::string claim_text(const std::vector<ClaimRow>& rows, const TerminalOptions& options = {});

// After all of them: counts, and the claims without a row.
std::string claim_summary_text(const std::vector<ClaimRow>& rows,
                               const std::vector<NotSimulated>& others,
                               const TerminalOptions& options = {});

} // namespace lustrum::reports
