// The parts of the report that have files of their own; terminal_text() puts them together.
#pragma once

#include "reports/page.hpp"
#include "sim/result/run_result.hpp"

#include <string>

namespace lustrum::reports {

// `text` with `u` for the one letter of our units that ASCII lacks, where the page needs that.
std::string in_character_set(const Page& page, std::string text);
std::string duration(const Page& page, double time_s);

// Every line of the bill has a price.
bool all_priced(const RunCost& cost);

// The first screen: utilization, what limits it, cost, work done.
void summary_lines(Page& page, const RunResult& result);
void cost_section(Page& page, const RunCost& cost);

} // namespace lustrum::reports
