// A hash of texts, the same in every run: 64 bits, all of them good.
#pragma once

#include <cstdint>
#include <string_view>

namespace lustrum::trace {

std::uint64_t text_hash(std::string_view text);

} // namespace lustrum::trace
