#include "models/assembly/scenario.hpp"

#include "models/assembly/scenario_jobs.hpp"
#include "models/assembly/storage_kind.hpp"
#include "sim/base/did_you_mean.hpp"
#include "sim/scenario/yaml_reader.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <utility>

namespace lustrum {
namespace {

using enum DiagnosticCode;

std::string choose_from(const std::string& name, const std::vector<std::string>& names) {
  std::string hint = did_you_mean(name, names);
  if (!hint.empty()) hint += " ";
  return hint + fmt::format("there are `{}`", fmt::join(names, "`, `"));
}

// Reads one scenario; lives as long as the call of read_scenario.
class ScenarioReader {
public:
  // `design`: whose storage and so on take the place of the document's own, or nullptr.
  ScenarioReader(const YamlDocument& document, const YamlDocument* design, const Catalog& catalog,
                 Diagnostics& diagnostics)
      : document_(document), root_(document.root()), design_document_(design),
        design_(design ? design->root() : document.root()), catalog_(catalog),
        diagnostics_(diagnostics), jobs_(document, diagnostics) {}

  Scenario read() {
    for (const ScenarioSection& section : scenario_sections()) apply_section_defaults(section.path);
    scenario_.files.push_back(document_.name());
    scenario_.files.insert(scenario_.files.end(), catalog_.files().begin(), catalog_.files().end());
    if (!root_ || !require_map(root_, diagnostics_)) return std::move(scenario_);
    if (!design_ || !require_map(design_, diagnostics_)) return std::move(scenario_);
    read_section(root_, Scenario::parameters(), &scenario_, diagnostics_,
                 {.extra_keys = {"workload", "jobs", "cluster", "storage", "network", "lustre",
                                 "run", "prices", "validate", "faults"}});
    if (scenario_.name.empty())
      scenario_.name = std::filesystem::path{document_.name()}.stem().string();
    if (design_document_) read_design_head();
    read_cluster();
    find_storage();
    if (root_.get("jobs") || required_section("workload")) jobs_.read(root_, scenario_);
    if (const YamlNode node = design_.get("network"))
      read_section(node, NetworkSettings::parameters(), &scenario_.network, diagnostics_);
    read_optional("run", RunSettings::parameters(), &scenario_.run);
    std::size_t storage_errors = diagnostics_.error_count();
    read_storage(); // defaults of its sections depend on what was read so far
    storage_errors = diagnostics_.error_count() - storage_errors;
    read_prices_section();
    if (const YamlNode node = root_.get("validate"))
      scenario_.validation = read_validation(node, diagnostics_);
    // What follows combines values: one that is wrong would give a second, misleading message.
    if (entries_known_) {
      const std::size_t errors_before = diagnostics_.error_count();
      kind_->check(reading());
      storage_errors += diagnostics_.error_count() - errors_before;
      jobs_.check(scenario_, storage_errors == 0);
    }
    if (kind_) kind_->check_with_jobs(reading());
    return std::move(scenario_);
  }

private:
  void apply_section_defaults(std::string_view path) {
    if (path.empty()) apply_defaults(Scenario::parameters(), &scenario_);
    if (path == "cluster") apply_defaults(ClusterSettings::parameters(), &scenario_.cluster);
    if (path == "storage") apply_defaults(StorageSettings::parameters(), &scenario_.storage);
    if (path == "network") apply_defaults(NetworkSettings::parameters(), &scenario_.network);
    if (path == "lustre") scenario_.lustre = lustre::LustreTunables::defaults();
    if (path == "run") apply_defaults(RunSettings::parameters(), &scenario_.run);
  }

  // What a design says beside its sections.
  void read_design_head() {
    scenario_.files.insert(scenario_.files.begin() + 1, design_document_->name());
    Scenario head;
    apply_defaults(Scenario::parameters(), &head);
    read_section(design_, Scenario::parameters(), &head, diagnostics_,
                 {.extra_keys = {"cluster", "storage", "network", "lustre", "prices", "faults"}});
    if (head.name.empty())
      head.name = std::filesystem::path{design_document_->name()}.stem().string();
    scenario_.name += " on " + head.name;
    scenario_.description = head.description; // the document's speaks of its own storage
  }

  // A section that both files may have.
  YamlNode shared_section(std::string_view key) const {
    const YamlNode node = design_.get(key);
    return node ? node : root_.get(key);
  }

  // A section that must be there; absent and reported when it is not.
  YamlNode required_section(std::string_view key) {
    const YamlNode& owner = key == "storage" ? design_ : root_;
    const YamlNode node = key == "cluster" ? shared_section(key) : owner.get(key);
    if (!node) {
      diagnostics_.add(missing_key, owner.section_span(),
                       fmt::format("missing key `{}` at the top level", key),
                       "a mapping is needed");
      entries_known_ = entries_known_ && key == "workload";
    }
    return node;
  }

  void read_optional(std::string_view key, const ParameterTable& table, void* owner) {
    if (const YamlNode node = root_.get(key)) read_section(node, table, owner, diagnostics_);
  }

  void read_cluster() {
    const YamlNode node = required_section("cluster");
    if (!node) return;
    // A design may name the instance alone: how many there are is the workload's affair.
    const YamlNode own = root_.get("cluster");
    const bool on_top = design_document_ && design_.get("cluster") && own;
    if (on_top)
      read_section(own, ClusterSettings::parameters(), &scenario_.cluster, diagnostics_,
                   {.extra_keys = {"set"}});
    const GivenKeys given = read_section(node, ClusterSettings::parameters(), &scenario_.cluster,
                                         diagnostics_, {.extra_keys = {"set"}, .partial = on_top});
    const std::string& name = scenario_.cluster.instance;
    const Instance* entry = catalog_.find_instance(name);
    if (entry != nullptr)
      scenario_.instance = *entry;
    else if (given.contains("instance") && !name.empty())
      diagnostics_.add(no_such_entry, node.get("instance").span(),
                       fmt::format("the catalog has no instance `{}`", name),
                       choose_from(name, catalog_.instance_names()));
    entries_known_ = entries_known_ && entry != nullptr;
    read_changes(node.get("set"), Instance::parameters(), &scenario_.instance);
    scenario_.instance_entry = {.name = name,
                                .kind = entry_kinds().front(),
                                .figures = std::make_shared<Instance>(scenario_.instance),
                                .where = {},
                                .provenances = {}};
  }

  StorageReading reading() {
    return {.root = design_,
            .storage = storage_,
            .entry = entry_,
            .scenario = scenario_,
            .diagnostics = diagnostics_,
            .catalog = catalog_};
  }

  // Which entry, and so which kind: what other sections may say depends on it.
  void find_storage() {
    storage_ = required_section("storage");
    if (!storage_.is_map()) { // missing, or no section: reported
      entries_known_ = false;
      return;
    }
    const YamlNode name = storage_.get("system");
    if (!name || !name.is_scalar() || name.text().empty()) {
      entries_known_ = false; // the reader of the section says so
      kind_ = kind_of(nullptr, storage_);
      return;
    }
    entry_ = catalog_.find_storage(name.text());
    kind_ = kind_of(entry_, storage_);
    if (entry_) {
      scenario_.storage_entry = *entry_;
      return;
    }
    entries_known_ = false;
    diagnostics_.add(no_such_entry, name.span(),
                     fmt::format("the catalog has no storage system `{}`", name.text()),
                     choose_from(std::string(name.text()), catalog_.storage_names()));
  }

  void read_storage() {
    if (!storage_ || !require_map(storage_, diagnostics_)) return;
    std::vector<std::string_view> reported;
    if (const YamlNode old = storage_.get("filesystem")) {
      diagnostics_.add(unknown_key, old.key_span(), "unknown key `filesystem` in `storage`",
                       "did you mean `system`?");
      reported.emplace_back("filesystem");
    }
    if (!kind_) { // no entry that decides, and keys that no kind has all of
      if (!storage_.get("system"))
        diagnostics_.add(missing_key, storage_.section_span(), "missing key `system` in `storage`",
                         "text is needed, the name of a storage system of the catalog");
      return;
    }
    for (const std::string_view key : reject_foreign_keys(*kind_, reading()))
      reported.push_back(key);
    read_changed_figures();
    scenario_.design = kind_->read(reading(), reported);
  }

  // The entry's figures with `storage.set`.
  void read_changed_figures() {
    if (!entry_) return;
    const YamlNode set = storage_.get("set");
    if (!set) return;
    const std::shared_ptr<void> figures = entry_->kind->copy(entry_->figures.get());
    Provenances& provenances = scenario_.storage_entry.provenances;
    read_section(set, *entry_->kind->table, figures.get(), diagnostics_,
                 {.figures_may_be_bare = true,
                  .partial = true,
                  .provenances = entry_->kind->plain ? &provenances : nullptr});
    for (const std::string& problem : entry_->kind->problems(figures.get()))
      diagnostics_.add(impossible, set.section_span(), problem);
    scenario_.storage_entry.figures = figures;
  }

  void read_prices_section() {
    std::vector<std::string> products = catalog_.instance_names();
    for (std::string& name : catalog_.storage_names()) products.push_back(std::move(name));
    scenario_.prices = read_prices(shared_section("prices"), catalog_.price_lists(), products,
                                   scenario_.pricing, diagnostics_);
  }

  void read_changes(const YamlNode& set, const ParameterTable& table, void* owner) {
    if (set)
      read_section(set, table, owner, diagnostics_, {.figures_may_be_bare = true, .partial = true});
  }

  const YamlDocument& document_;
  YamlNode root_;
  const YamlDocument* design_document_;
  YamlNode design_; // without a design the root
  const Catalog& catalog_;
  Diagnostics& diagnostics_;
  JobReader jobs_;
  Scenario scenario_;
  YamlNode storage_;
  const CatalogEntry* entry_ = nullptr; // that `storage` names
  const StorageKind* kind_ = nullptr;   // nullptr: cannot be told, reported
  bool entries_known_ = true;           // the catalog has what cluster and storage name
};

} // namespace

Scenario read_scenario(const YamlDocument& document, const Catalog& catalog,
                       Diagnostics& diagnostics, const YamlDocument* design) {
  return ScenarioReader{document, design, catalog, diagnostics}.read();
}

Scenario load_scenario(const std::string& path, const Catalog& catalog, Diagnostics& diagnostics) {
  return read_scenario(YamlDocument::load(path, diagnostics), catalog, diagnostics);
}

Scenario load_scenario(const std::string& path, const std::string& design_path,
                       const Catalog& catalog, Diagnostics& diagnostics) {
  const YamlDocument design = YamlDocument::load(design_path, diagnostics);
  return read_scenario(YamlDocument::load(path, diagnostics), catalog, diagnostics, &design);
}

} // namespace lustrum
