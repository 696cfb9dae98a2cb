#include "models/assembly/storage_kind.hpp"

#include "models/assembly/file_service_kind.hpp"
#include "models/assembly/local_kind.hpp"
#include "models/assembly/lustre_kind.hpp"
#include "models/assembly/object_kind.hpp"
#include "models/assembly/recorded_kind.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lustrum {

namespace {

using enum DiagnosticCode;

bool contains(const std::vector<std::string_view>& keys, std::string_view key) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

// `hsm` of a section, also as the start of the dotted key `hsm.state`.
bool has_storage_key(const StorageKind& kind, std::string_view key) {
  const std::string_view first = key.substr(0, key.find('.'));
  if (first == "system" || first == "set" || contains(kind.storage_sections, first)) return true;
  return std::any_of(kind.keys->begin(), kind.keys->end(), [&](const Parameter& row) {
    return row.key == key || row.key.substr(0, row.key.find('.')) == first;
  });
}

// `a Lustre file system or an object store`: the kinds for which `has` is true.
template <class Has> std::string owners(const Has& has) {
  std::string text;
  for (const StorageKind* kind : storage_kinds())
    if (has(*kind)) text += (text.empty() ? "" : " or ") + std::string(kind->noun);
  return text;
}

void reject(const YamlNode& node, const StorageKind& kind, const std::string& name,
            const std::string& hint, Diagnostics& diagnostics) {
  diagnostics.add(impossible, node.key_span(),
                  fmt::format("`{}` has no meaning for `{}`, {}", node.path(), name, kind.noun),
                  hint);
}

} // namespace

const std::vector<const StorageKind*>& storage_kinds() {
  static const std::vector<const StorageKind*> kinds{
      &lustre_kind(), &object_kind(), &file_service_kind(), &local_kind(), &recorded_kind()};
  return kinds;
}

const StorageKind* kind_of(const CatalogEntry* entry, const YamlNode& storage) {
  if (entry) {
    for (const StorageKind* kind : storage_kinds())
      if (kind->entry.table == entry->kind->table) return kind;
    return nullptr;
  }
  const std::vector<YamlNode> keys = storage.is_map() ? storage.entries() : std::vector<YamlNode>{};
  for (const StorageKind* kind : storage_kinds())
    if (std::all_of(keys.begin(), keys.end(),
                    [&](const YamlNode& node) { return has_storage_key(*kind, node.key()); }))
      return kind;
  return nullptr;
}

std::vector<std::string_view> reject_foreign_keys(const StorageKind& kind,
                                                  const StorageReading& reading) {
  std::vector<std::string_view> foreign;
  if (!reading.entry) return foreign;
  const std::string& name = reading.entry->name;
  for (const YamlNode& node : reading.storage.entries()) {
    const std::string_view why =
        kind.why_not ? kind.why_not(*reading.entry, node.key()) : std::string_view{};
    if (why.empty() && has_storage_key(kind, node.key())) continue;
    const std::string owner =
        owners([&](const StorageKind& other) { return has_storage_key(other, node.key()); });
    if (owner.empty()) continue; // of no kind: unknown
    reject(node, kind, name, why.empty() ? "it is for " + owner : std::string(why),
           reading.diagnostics);
    foreign.push_back(node.key());
  }
  for (const StorageKind* other : storage_kinds())
    for (const std::string_view section : other->sections)
      if (const YamlNode node = reading.root.get(section);
          node && !contains(kind.sections, section))
        reject(node, kind, name, "it is for " + std::string(other->noun), reading.diagnostics);
  const YamlNode network = reading.root.get("network");
  if (!network.is_map()) return foreign;
  for (const YamlNode& node : network.entries()) {
    const std::string_view key = node.key().substr(0, node.key().find('.'));
    const std::string owner =
        owners([&](const StorageKind& other) { return contains(other.network_keys, key); });
    if (!owner.empty() && !contains(kind.network_keys, key))
      reject(node, kind, name, "it is for " + owner, reading.diagnostics);
  }
  return foreign;
}

} // namespace lustrum
