#include "models/assembly/scenario_hsm.hpp"

#include "models/assembly/scenario.hpp"
#include "models/assembly/scenario_lustre.hpp"
#include "sim/base/units_text.hpp"
#include "sim/scenario/yaml_reader.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lustrum {

namespace {

using H = HsmChoice;

ParameterTable data_rows() {
  return {
      {.key = "state",
       .field = field<&H::state>,
       .default_text = "released",
       .choices = {"released", "archived", "resident"},
       .doc = "Where the files are that exist before the run: only in the archive (`released`), in "
              "both (`archived`), or only in the file system (`resident`)."},
      {.key = "preload",
       .field = field<&H::preload>,
       .default_text = "false",
       .doc =
           "Restore all files with `lfs hsm_restore` before the job begins. Its time is reported "
           "beside that of the job."},
      {.key = "preload_processes",
       .field = field<&H::preload_processes>,
       .default_text = "8",
       .min = 1,
       .max = 4096,
       .doc = "Processes that send restore requests: `xargs -P`.",
       .source = "FSx for Lustre guide, preloading files: `xargs -P 8`"},
      {.key = "archive.first_byte",
       .field = field<&H::archive, &H::Archive::first_byte>,
       .default_text = "100 ms",
       .min = 0,
       .doc = "Time from a request to the first byte.",
       .source = "assumed: S3 answers in 100 to 200 ms"},
      {.key = "archive.connection_rate",
       .field = field<&H::archive, &H::Archive::connection_rate>,
       .default_text = "90 MB/s",
       .min = 0,
       .doc = "Rate of one connection, which carries one file; 0 B/s: no limit.",
       .source = "assumed: S3 gives 85 to 90 MB/s to a connection"},
      {.key = "archive.total_rate",
       .field = field<&H::archive, &H::Archive::total_rate>,
       .default_text = "0 B/s",
       .min = 0,
       .doc = "Rate of the archive to all agents together; 0 B/s: no limit."},
      {.key = "archive.requests",
       .field = field<&H::archive, &H::Archive::requests>,
       .default_text = "5500 /s",
       .min = 0,
       .doc = "Requests that the archive takes; 0: no limit.",
       .source = "S3: 5,500 GET per second and prefix"},
      {.key = "archive.part",
       .field = field<&H::archive, &H::Archive::part>,
       .default_text = "8 MiB",
       .doc = "Ranges in which agents ask for a file, and parts in which they send it: how many "
              "requests are made, and charged; 0 B: one for each file.",
       .source = "assumed: S3 user guide, ranges of 8 to 16 MB"},
      {.key = "archive.product",
       .field = field<&H::archive, &H::Archive::product>,
       .default_text = "",
       .doc = "Whose prices hold for what the archive keeps and for its requests, `s3_standard`; "
              "without it S3 Standard on FSx, else nothing is charged."},
  };
}

// NOLINTNEXTLINE(readability-function-size): a table, row after row
ParameterTable agent_rows() {
  return {
      {.key = "agents",
       .field = field<&H::agents>,
       .default_text = "0",
       .max = 10000,
       .doc = "Copytools; 0: one, on FSx one for each object storage server.",
       .source = "assumed: nothing is published on the agents of FSx"},
      {.key = "agents_on",
       .field = field<&H::agents_on>,
       .default_text = "hosts",
       .choices = {"hosts", "clients"},
       .doc =
           "Where they run: on hosts of their own, linked as the job's clients are, or on these."},
      {.key = "agent_bandwidth",
       .field = field<&H::agent_bandwidth>,
       .default_text = "10 Gbit/s",
       .min = 0,
       .doc = "Rate of one agent's way to the archive; 0 B/s: no limit.",
       .source = "assumed: a host with a card of 10 Gbit/s"},
      {.key = "agent_files",
       .field = field<&H::agent_files>,
       .default_text = "0",
       .max = 1e6,
       .doc = "Files that an agent moves at a time; 0: as many as it is sent.",
       .source = "Lustre 2.15 lustre/utils/lhsmtool_posix.c: a thread for each"},
      {.key = "agent_file_overhead",
       .field = field<&H::agent_file_overhead>,
       .default_text = "0 s",
       .min = 0,
       .doc = "An agent's own time for each file, besides RPCs and data."},
      {.key = "max_requests",
       .field = field<&H::max_requests>,
       .default_text = "0",
       .max = 1e6,
       .doc = "hsm.max_requests: actions that one MDT has with agents at a time; 0: 3, on FSx 23.",
       .source =
           "Lustre 2.15 lustre/mdt/mdt_coordinator.c; FSx: fitted, see models/lustre/README.md"},
      {.key = "scan_interval",
       .field = field<&H::scan_interval>,
       .default_text = "1 s",
       .min = 0,
       .doc = "How soon an MDT's coordinator looks again for actions to start; on FSx 0 s unless "
              "given.",
       .source = "Lustre 2.15 lustre/mdt/mdt_coordinator.c: it sleeps a second between two looks"},
      {.key = "loop_period",
       .field = field<&H::loop_period>,
       .default_text = "10 s",
       .min = 1,
       .doc = "hsm.loop_period: how often it looks for actions that timed out.",
       .source = "Lustre 2.15 lustre/mdt/mdt_coordinator.c"},
      {.key = "grace_delay",
       .field = field<&H::grace_delay>,
       .default_text = "60 s",
       .min = 0,
       .doc = "hsm.grace_delay: how long finished actions stay in the list.",
       .source = "Lustre 2.15 lustre/mdt/mdt_coordinator.c"},
      {.key = "active_request_timeout",
       .field = field<&H::active_request_timeout>,
       .default_text = "3600 s",
       .min = 0,
       .doc = "hsm.active_request_timeout: when an agent that is silent is given up.",
       .source = "Lustre 2.15 lustre/mdt/mdt_coordinator.c"},
      {.key = "policy",
       .field = field<&H::policy>,
       .default_text = "NRA",
       .choices = {"none", "NRA", "NBR", "NRA NBR"},
       .doc = "hsm.policy: NRA, failed actions are not tried again; NBR, a read of a released file "
              "fails with ENODATA instead of waiting.",
       .source = "Lustre 2.15: NRA"},
  };
}

ParameterTable release_rows() {
  return {
      {.key = "release.high_watermark",
       .field = field<&H::release, &H::Release::high_watermark>,
       .default_text = "0 %",
       .min = 0,
       .max = 1,
       .doc = "Usage above which a policy engine releases files; 0 %: there is none, and a restore "
              "that finds no room fails."},
      {.key = "release.low_watermark",
       .field = field<&H::release, &H::Release::low_watermark>,
       .default_text = "0 %",
       .min = 0,
       .max = 1,
       .doc = "Usage at which it stops."},
      {.key = "release.order",
       .field = field<&H::release, &H::Release::order>,
       .default_text = "oldest",
       .choices = {"oldest", "largest"},
       .doc = "Which files go first: by last access, or by size."},
      {.key = "release.min_age",
       .field = field<&H::release, &H::Release::min_age>,
       .default_text = "0 s",
       .min = 0,
       .doc = "Files that were opened or restored more recently than this stay."},
      {.key = "release.interval",
       .field = field<&H::release, &H::Release::interval>,
       .default_text = "0 s",
       .min = 0,
       .doc = "How often a release task gives up all files older than min_age, however full the "
              "file system is; 0 s: never."},
  };
}

ParameterTable repository_rows() {
  return {
      {.key = "export.automatic",
       .field = field<&H::exports, &H::Export::automatic>,
       .default_text = "false",
       .doc = "Automatic export: files that were changed are archived after their close, and "
              "deleted there when they are unlinked."},
      {.key = "export.delay",
       .field = field<&H::exports, &H::Export::delay>,
       .default_text = "10 s",
       .min = 0,
       .doc = "From the close until the file stands in line for an agent.",
       .source = "assumed: FSx exports asynchronously, how soon is not published"},
      {.key = "import.created",
       .field = field<&H::imports, &H::Import::created>,
       .default_text = "0 /s",
       .min = 0,
       .doc = "Automatic import: objects that others put into the bucket during the run."},
      {.key = "import.changed",
       .field = field<&H::imports, &H::Import::changed>,
       .default_text = "0 /s",
       .min = 0,
       .doc = "Objects of the data set that others write anew: what the file system has of them is "
              "given up."},
      {.key = "import.removed",
       .field = field<&H::imports, &H::Import::removed>,
       .default_text = "0 /s",
       .min = 0,
       .doc = "Objects of the data set that others delete."},
      {.key = "import.object_size",
       .field = field<&H::imports, &H::Import::object_size>,
       .default_text = "1 MiB",
       .doc = "Size of created objects."},
      {.key = "import.delay",
       .field = field<&H::imports, &H::Import::delay>,
       .default_text = "10 s",
       .min = 0,
       .doc = "From a change of the bucket until its event notification is read.",
       .source = "assumed: S3 user guide, events are delivered in seconds as a rule"},
      {.key = "import.rate",
       .field = field<&H::imports, &H::Import::rate>,
       .default_text = "0 /s",
       .min = 0,
       .doc = "Notifications that are worked through; 0: no limit.",
       .source = "assumed: FSx tells only a quota of 10 million a month"},
      {.key = "import.chunk_size",
       .field = field<&H::imports, &H::Import::chunk>,
       .default_text = "0 B",
       .doc = "Files that come from the archive have a stripe for each whole chunk and one more, "
              "whatever `storage.layout` says; 0: they have that layout, on FSx 1 GiB.",
       .source = "FSx for Lustre guide: ImportedFileChunkSize"},
  };
}

constexpr std::string_view kSection = "storage.hsm";

// What FSx does is not published: what reproduces the one measured preload.
constexpr std::uint32_t kFsxMaxRequests = 23;
constexpr std::string_view kFsxFit =
    "345 GB in 37,000 files took 5 to 6 minutes to preload (aws-parallelcluster issue 6799)";

void note(Scenario& scenario, std::string_view key, const std::string& value, FigureKind kind,
          std::string_view source) {
  scenario.fitted.push_back({fmt::format("{}.{}", kSection, key), value,
                             std::string(to_string(kind)), std::string(source)});
}

void resolve_defaults(const GivenKeys& given, Scenario& scenario) {
  HsmChoice& hsm = scenario.storage.hsm;
  const bool fsx = scenario.storage.system.starts_with("fsx_");
  if (hsm.max_requests == 0) {
    constexpr std::uint32_t kLustre = 3;
    hsm.max_requests = fsx ? kFsxMaxRequests : kLustre;
    if (fsx)
      note(scenario, "max_requests", fmt::format("{}", kFsxMaxRequests), FigureKind::fitted,
           kFsxFit);
  }
  if (fsx && !given.contains("scan_interval")) {
    hsm.scan_interval = {};
    note(scenario, "scan_interval", "0 s", FigureKind::fitted, kFsxFit);
  }
  if (fsx && !given.contains("import.chunk_size")) hsm.imports.chunk = Bytes{kGib};
  if (fsx && !given.contains("archive.product")) hsm.archive.product = "s3_standard";
  constexpr std::string_view kAssumed = "assumed: ";
  const bool one_agent = hsm.agents == 0 && !fsx; // the usual, and no guess
  if (hsm.agents == 0) hsm.agents = fsx ? std::max(1U, scenario.oss_count()) : 1;
  for (const Parameter& row : HsmChoice::parameters()) {
    if (!row.source.starts_with(kAssumed) || given.contains(row.key)) continue;
    if (row.key == "agents" && one_agent) continue;
    if (row.key.starts_with("export.") && !hsm.exports.automatic) continue;
    if (row.key.starts_with("import.") && !hsm.imports.any()) continue;
    note(scenario, row.key,
         row.key == "agents" ? fmt::format("{}", hsm.agents) : std::string{row.default_text},
         FigureKind::assumed, row.source.substr(kAssumed.size()));
  }
}

// The coordinator's settings under Lustre's own names.
void take_tunables(const YamlNode& section, const GivenKeys& tunables, GivenKeys& given,
                   Scenario& scenario, Diagnostics& diagnostics) {
  HsmChoice& hsm = scenario.storage.hsm;
  const auto take = [&](std::string_view name, auto& setting, const auto& value) {
    const std::string key = fmt::format("mdt.hsm.{}", name);
    if (!tunables.contains(key)) return;
    if (hsm.on && given.emplace(name).second) {
      setting = value;
      return;
    }
    diagnostics.add(DiagnosticCode::key_without_effect, node_of_tunable(section, key).span(),
                    fmt::format("`lustre.{}` has no effect: {}", key,
                                hsm.on ? fmt::format("`{}.{}` is given too", kSection, name)
                                       : "the file system has no archive"),
                    hsm.on ? "" : "a section `storage.hsm` gives it one");
  };
  const lustre::LustreTunables& tunable = scenario.lustre;
  take("max_requests", hsm.max_requests, tunable.hsm_max_requests);
  take("loop_period", hsm.loop_period, tunable.hsm_loop_period);
  take("grace_delay", hsm.grace_delay, tunable.hsm_grace_delay);
  take("active_request_timeout", hsm.active_request_timeout, tunable.hsm_active_request_timeout);
  take("policy", hsm.policy, tunable.hsm_policy);
}

} // namespace

const ParameterTable& HsmChoice::parameters() {
  static const ParameterTable table =
      joined_tables({data_rows(), agent_rows(), release_rows(), repository_rows()});
  return table;
}

void read_hsm(const YamlNode& root, const GivenKeys& tunables, Scenario& scenario,
              Diagnostics& diagnostics) {
  const YamlNode node = root.get("storage").get("hsm");
  HsmChoice& hsm = scenario.storage.hsm;
  hsm = with_defaults<HsmChoice>(HsmChoice::parameters());
  hsm.on = static_cast<bool>(node);
  GivenKeys given;
  if (hsm.on) given = read_section(node, HsmChoice::parameters(), &hsm, diagnostics);
  take_tunables(root.get("lustre"), tunables, given, scenario, diagnostics);
  if (!hsm.on) return;
  resolve_defaults(given, scenario);
  if (hsm.preload && hsm.state != "released")
    diagnostics.add(
        DiagnosticCode::impossible, node.get("preload").span(),
        fmt::format("`{}.preload`: files in state `{}` need no preload", kSection, hsm.state));
  if (hsm.release.interval > Seconds{} && !(hsm.release.min_age > Seconds{}))
    diagnostics.add(DiagnosticCode::impossible, node.get("release").get("interval").span(),
                    fmt::format("`{}.release.interval`: a release task needs `min_age`", kSection),
                    "without it every task would give up all that is not open");
  if (hsm.state == "resident" && hsm.imports.changed.count() + hsm.imports.removed.count() > 0)
    diagnostics.add(DiagnosticCode::impossible, node.get("import").span(),
                    fmt::format("`{}.import`: the data set is not in the bucket", kSection),
                    "`state: archived` or `released` puts it there");
  const YamlNode low = node.get("release").get("low_watermark");
  if (hsm.release.low_watermark > hsm.release.high_watermark)
    diagnostics.add(DiagnosticCode::impossible, low ? low.span() : node.section_span(),
                    fmt::format("`{}.release.low_watermark` is above `high_watermark`", kSection));
}

} // namespace lustrum
