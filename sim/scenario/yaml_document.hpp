// A YAML file with the position of every key and value, so that each message about it can quote its
// line. YAML 1.2's core only: anchors and aliases, but no tags, no merge keys, one document a file.
// No key appears twice in a mapping: that is an error of the file, and the first one counts.
//
//   Diagnostics diagnostics;
//   const YamlDocument file = YamlDocument::load("scenario.yaml", diagnostics);
//   for (const YamlNode& ost : file.root().get("storage").get("osts").entries()) ...
#pragma once

#include "sim/base/diagnostics.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace lustrum {

enum class YamlKind : std::uint8_t { null, scalar, list, map };

std::string_view to_string(YamlKind kind); // `a mapping`

struct YamlTree;

// A place in a document, as cheap to copy as a pointer. Good as long as a copy of its document.
class YamlNode {
public:
  YamlNode() = default; // absent
  YamlNode(const YamlTree* tree, std::uint32_t index) : tree_(tree), index_(index) {}

  explicit operator bool() const { return tree_ != nullptr; } // is there such a node?
  YamlKind kind() const;                                      // of an absent node: null
  bool is_map() const { return kind() == YamlKind::map; }
  bool is_list() const { return kind() == YamlKind::list; }
  bool is_scalar() const { return kind() == YamlKind::scalar; }

  std::string_view text() const; // of a scalar, without quotes; otherwise empty
  std::string_view key() const;  // under which it stands in its mapping; otherwise empty
  std::string path() const;      // `storage.osts[2].rate`; of the root: empty

  std::vector<YamlNode> entries() const;       // values of a mapping or a list, as in the file
  YamlNode get(std::string_view wanted) const; // of a mapping; absent when there is none

  SourceSpan span() const;     // of the value; of an empty one, that of the key
  SourceSpan key_span() const; // without a key, that of the value
  // Of the whole: the key, and for the root the file without a line to quote.
  SourceSpan section_span() const;

private:
  const YamlTree* tree_ = nullptr;
  std::uint32_t index_ = 0;
};

class YamlDocument {
public:
  // Reports E110, E101, E102 and, for an empty file or a key that is no text, E105. A file that
  // could not be read has an absent root, and that is reported already. `asked_by` is the place
  // that names the file, for the message when it does not exist.
  static YamlDocument load(const std::string& file, Diagnostics& diagnostics,
                           const SourceSpan& asked_by = {});
  static YamlDocument parse(std::string_view text, std::string name, Diagnostics& diagnostics);

  YamlNode root() const;
  const std::string& name() const;

private:
  explicit YamlDocument(std::shared_ptr<const YamlTree> tree) : tree_(std::move(tree)) {}
  std::shared_ptr<const YamlTree> tree_;
};

} // namespace lustrum
