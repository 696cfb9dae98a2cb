// The kinds of storage that can stand under a job, as catalog and scenario speak of them. A new
// kind is a pair of files that define one StorageKind, its row in storage_kind.cpp, and entries in
// the catalog; nothing else in this folder knows it.
#pragma once

#include "models/assembly/catalog_entry.hpp"
#include "models/assembly/storage_system.hpp"
#include "sim/scenario/yaml_document.hpp"

#include <memory>
#include <string_view>
#include <vector>

namespace lustrum {

class Catalog;
struct Scenario;
struct StorageKind;

// What a kind reads from. The entry is nullptr when the catalog does not have it: reported.
struct StorageReading {
  YamlNode root;    // of the scenario
  YamlNode storage; // its section, perhaps absent
  const CatalogEntry* entry = nullptr;
  Scenario& scenario;
  Diagnostics& diagnostics;
  const Catalog& catalog;
};

// The system that a scenario chose, before it is built. Immutable; copies of a scenario share it.
class StorageDesign {
public:
  StorageDesign() = default;
  virtual ~StorageDesign() = default;
  StorageDesign(const StorageDesign&) = delete;
  StorageDesign& operator=(const StorageDesign&) = delete;

  virtual const StorageKind& kind() const = 0;
  // `counters`: StorageSystem::counter_files() will be asked for.
  // \pre the scenario was loaded without errors. It must outlive the system.
  virtual std::unique_ptr<StorageSystem> build(const Scenario& scenario, kernel::World& world,
                                               bool counters) const = 0;
  // Rate at which one process takes in what it reads; 0: not limited.
  virtual BytesPerSecond client_copy_rate(const Scenario& scenario) const = 0;
  // Room for data sets that exist before the run; empty: no limit, or not known.
  virtual std::optional<double> free_bytes(const Scenario& scenario) const = 0;
  // Hosts that have different files of the data set, which their ranks read alone; 1: all have all.
  virtual std::uint32_t data_parts(const Scenario& /*scenario*/) const { return 1; }
  // Assumed and fitted figures of its own settings; those of its catalog entry are added to them.
  virtual std::vector<AssumedRow> assumed(const Scenario&) const { return {}; }
  // Why `--counters` cannot be had; empty: it can.
  virtual std::string no_counters_because() const = 0;
};

struct StorageKind {
  EntryKind entry;
  std::string_view noun;  // `a Lustre file system`
  std::string_view key{}; // RunResult::storage_kind
  // Keys that only some kinds have. Of the section `storage`, besides `system` and `set`:
  const ParameterTable* keys = nullptr;
  std::vector<std::string_view> storage_sections; // `hsm`
  std::vector<std::string_view> sections;         // of the top level: `lustre`
  std::vector<std::string_view> network_keys;     // of `network`: `lnd`
  // Why this entry cannot have a key of `storage` that others have, of its kind or of another kind
  // alone, where there is more to say than that; else empty. May be nullptr.
  std::string_view (*why_not)(const CatalogEntry& entry, std::string_view key) = nullptr;
  // Reads `storage` and the sections above, and returns the design. `set` is read by the caller.
  // `foreign`: keys of `storage` that are reported already.
  std::shared_ptr<const StorageDesign> (*read)(const StorageReading& reading,
                                               const std::vector<std::string_view>& foreign);
  // Combines values of several sections. \pre the catalog has the entry and the instance
  void (*check)(const StorageReading& reading);
  // The same with the jobs, which are checked by then; called with an unknown entry too.
  void (*check_with_jobs)(const StorageReading& reading);
};

const std::vector<const StorageKind*>& storage_kinds();

// The kind of the entry; of an unknown one the only kind that has all keys of the section, or
// nullptr.
const StorageKind* kind_of(const CatalogEntry* entry, const YamlNode& storage);

// Reports what a scenario says that has no meaning for this storage: keys of `storage` that its
// kind or entry does not have, keys of `network` and whole sections that only other kinds have.
// Returns those of `storage`.
std::vector<std::string_view> reject_foreign_keys(const StorageKind& kind,
                                                  const StorageReading& reading);

} // namespace lustrum
