// Suggestions for a mistyped word.
//
//   did_you_mean("bandwith", {"bandwidth", "latency"}) == "did you mean `bandwidth`?"
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace lustrum {

// Optimal string alignment distance: insertions, deletions, substitutions and swaps of two
// neighbours cost 1 each; no part of the text is edited twice.
std::size_t edit_distance(std::string_view a, std::string_view b);

// The one to three candidates nearest to the word, in alphabetical order; none when even the
// nearest is 3 edits away or as many as the word has letters. Upper and lower case count as one.
std::vector<std::string> nearest_words(std::string_view word,
                                       const std::vector<std::string>& candidates);

// The same as a question; empty when there is nothing to suggest.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);

} // namespace lustrum
