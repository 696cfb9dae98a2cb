#include "sim/base/did_you_mean.hpp"

#include <algorithm>
#include <set>

namespace lustrum {
namespace {

constexpr std::size_t kTooFar = 3;
constexpr std::size_t kMostSuggestions = 3;

std::string lower_case(std::string_view text) {
  std::string out{text};
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

} // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
  // Three rows of the table: a swap looks two rows back.
  std::vector<std::size_t> before_last(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> current(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) current[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    before_last.swap(last);
    last.swap(current);
    current[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substitution = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      current[j] = std::min({last[j] + 1, current[j - 1] + 1, substitution});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        current[j] = std::min(current[j], before_last[j - 2] + 1);
    }
  }
  return current[b.size()];
}

std::vector<std::string> nearest_words(std::string_view word,
                                       const std::vector<std::string>& candidates) {
  const std::string plain_word = lower_case(word);
  std::size_t best = std::min(kTooFar, word.size());
  std::set<std::string> found;
  for (const std::string& candidate : candidates) {
    const std::size_t distance = edit_distance(plain_word, lower_case(candidate));
    if (candidate == word || distance > best) continue;
    if (distance < best) found.clear();
    best = distance;
    if (distance < std::min(kTooFar, word.size())) found.insert(candidate);
  }
  std::vector<std::string> out{found.begin(), found.end()};
  out.resize(std::min(out.size(), kMostSuggestions));
  return out;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates) {
  const std::vector<std::string> words = nearest_words(word, candidates);
  if (words.empty()) return {};
  std::string out = "did you mean ";
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) out += i + 1 == words.size() ? " or " : ", ";
    out += '`' + words[i] + '`';
  }
  return out + '?';
}

} // namespace lustrum
