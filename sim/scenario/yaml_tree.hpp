// What stands behind YamlDocument and YamlNode.
#pragma once

#include "sim/scenario/yaml_document.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lustrum {

// Counted from 0, in bytes, as the parser does.
struct YamlMark {
  std::uint32_t line = 0;
  std::uint32_t byte = 0;
};

struct YamlTree {
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};

  struct Node {
    YamlKind kind = YamlKind::null;
    std::string text = {};
    YamlMark mark = {};
    std::uint32_t parent = kNone;
    std::uint32_t place = 0; // in its parent
    bool has_key = false;
    std::string key = {};
    YamlMark key_mark = {};
    std::vector<std::uint32_t> children = {};
  };

  std::string name;
  std::string text;
  std::vector<std::string_view> lines; // of text
  std::vector<Node> nodes;
  std::uint32_t root = kNone;

  // `written` is the text that stands at the mark, perhaps in quotes.
  SourceSpan span(YamlMark mark, std::string_view written) const;
};

// Fills nodes and root from text. Reports E101, E102, and E105 for a key that is not a text.
void build_yaml_tree(YamlTree& tree, Diagnostics& diagnostics);

} // namespace lustrum
