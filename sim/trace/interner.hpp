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
    if (last_ < strings_.size() && strings_[last_] == text) return last_; // mostly
    const auto found = ids_.find(text);
    if (found != ids_.end()) {
      last_ = found->second;
      return last_;
    }
    last_ = static_cast<std::uint32_t>(strings_.size());
    strings_.emplace_back(text);
    ids_.emplace(std::string{text}, last_);
    return last_;
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
  std::uint32_t last_ = 0;
};

} // namespace lustrum::trace
