// Strings as dense ids in the order they first came.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace lustrum::trace {

class Interner {
public:
  std::uint32_t id(std::string_view text) {
    const auto found = ids_.find(text);
    if (found != ids_.end()) return found->second;
    const auto next = static_cast<std::uint32_t>(strings_.size());
    strings_.emplace_back(text);
    ids_.emplace(std::string{text}, next);
    return next;
  }
  const std::vector<std::string>& strings() const { return strings_; }

private:
  struct Hash {
    using is_transparent = void; // NOLINT(readability-identifier-naming): the standard asks
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };

  std::unordered_map<std::string, std::uint32_t, Hash, std::equal_to<>> ids_;
  std::vector<std::string> strings_;
};

} // namespace lustrum::trace
