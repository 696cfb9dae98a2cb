// Parts of LustreSystem::parameters(): one table, in two files.
#pragma once

#include "sim/base/parameter.hpp"

#include <string_view>

namespace lustrum {

// Of rows that an entry leaves out because the product does not have the thing.
inline constexpr std::string_view kNotStated =
    "the entry does not state it: not offered, or no limit";

// Network cards of servers: rates and their credit.
ParameterTable network_rate_rows();
// LNet as the product has it: networks, cards, credits, latencies.
ParameterTable lnet_rows();

} // namespace lustrum
