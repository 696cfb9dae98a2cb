#include "models/assembly/file_service_kind.hpp"

#include "models/assembly/cloud_hosts.hpp"
#include "models/assembly/scenario.hpp"
#include "sim/scenario/yaml_reader.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lustrum {
namespace {

using enum DiagnosticCode;

constexpr double kMegabyte = 1e6;
constexpr double kTerabyte = 1e12;
constexpr std::string_view kCapacity = "capacity";
constexpr std::string_view kThroughput = "throughput";
constexpr std::string_view kBursting = "bursting";

double in_gib(Bytes bytes) { return bytes.as_double() / static_cast<double>(kGib); }

struct Settings {
  fileserver::FileServerSettings service;
  FileChoice choice;
  BytesPerSecond included{}; // of the throughput: not billed
  fabric::HostLinkSettings links;
};

class FileServiceSystem : public StorageSystem {
public:
  FileServiceSystem(const Scenario& scenario, const Settings& settings, kernel::World& world)
      : scenario_(scenario), choice_(settings.choice), included_(settings.included),
        links_(world, settings.links), server_(world, links_, for_run(scenario, settings.service)) {
  }

  Storage& storage() override { return server_; }
  const Storage& storage() const override { return server_; }
  std::vector<std::string> check_laws() const override { return server_.check_laws(); }
  kernel::Topology::Cut read_bound(Bytes bytes, Seconds not_reading) const override {
    return server_.read_bound(bytes, not_reading);
  }

  void describe(RunResult& result) override {
    const fileserver::ServerUsage usage = server_.usage();
    const std::uint64_t data = usage.reads + usage.writes;
    result.metrics.rpcs = data + usage.metadata;
    result.metrics.metadata_rpcs = usage.metadata;
    result.networks = {{.name = "nfs",
                        .data_rpcs = data,
                        .metadata_rpcs = usage.metadata,
                        .read_bytes = usage.read.as_double(),
                        .written_bytes = usage.written.as_double()}};
  }

  std::vector<Charge> charges() const override {
    const fileserver::ServerUsage usage = server_.usage();
    std::vector<Charge> charges;
    charges.push_back(
        charge("capacity", "capacity", in_gib(choice_.capacity), PriceUnit::gib_month));
    charges.push_back(charge("throughput", "throughput",
                             std::max(0.0, (choice_.throughput - included_).count()) / kMegabyte,
                             PriceUnit::mbps_month));
    // Only some services charge for data by size; those that do not have no such price.
    const std::string& name = scenario_.storage.system;
    if (scenario_.prices.find(name, "data_read"))
      charges.push_back(charge("data_read", "data read", in_gib(usage.read), PriceUnit::gib));
    if (scenario_.prices.find(name, "data_written"))
      charges.push_back(
          charge("data_written", "data written", in_gib(usage.written), PriceUnit::gib));
    return charges;
  }

private:
  Charge charge(std::string component, std::string_view what, double amount, PriceUnit unit) const {
    return {.product = scenario_.storage.system,
            .component = std::move(component),
            .label = fmt::format("{}, {}", scenario_.storage.system, what),
            .amount = amount,
            .unit = unit,
            .counted = {}};
  }

  static fileserver::FileServerSettings for_run(const Scenario& scenario,
                                                fileserver::FileServerSettings settings) {
    settings.jobs = static_cast<std::uint32_t>(scenario.jobs.size());
    settings.seed = scenario.run.seed; // which the command line may have changed
    return settings;
  }

  const Scenario& scenario_;
  const FileChoice choice_;
  const BytesPerSecond included_;
  fabric::HostLinks links_;
  fileserver::FileServer server_;
};

class FileServiceDesign : public StorageDesign {
public:
  const StorageKind& kind() const override { return file_service_kind(); }
  std::unique_ptr<StorageSystem> build(const Scenario& scenario, kernel::World& world,
                                       bool /*counters*/) const override {
    Settings settings = chosen;
    settings.links = host_links_of(scenario);
    return std::make_unique<FileServiceSystem>(scenario, settings, world);
  }
  BytesPerSecond client_copy_rate(const Scenario&) const override {
    return chosen.service.mount.copy_rate;
  }
  std::optional<double> free_bytes(const Scenario&) const override {
    return chosen.choice.capacity.as_double();
  }
  std::string no_counters_because() const override {
    return "a file service has none of Lustre's counters";
  }

  // Filled while the scenario is read.
  Settings chosen;
};

void check_choice(const StorageReading& reading, const FileService& service,
                  const FileChoice& choice) {
  const std::string& name = reading.entry->name;
  if (choice.capacity > Bytes{} && choice.capacity < service.capacity_min)
    reading.diagnostics.add(out_of_range, reading.storage.get("capacity").span(),
                            fmt::format("`storage.capacity`: `{}` starts at {} GiB", name,
                                        service.capacity_min / Bytes{kGib}));
  const bool given = choice.throughput.count() > 0;
  const bool bought = service.scale == kThroughput;
  if (bought && !given)
    reading.diagnostics.add(missing_key, reading.storage.section_span(),
                            fmt::format("missing key `throughput` in `storage`: `{}` is bought by "
                                        "throughput",
                                        name),
                            "e.g. `throughput: 1024 MB/s`");
  if (!bought && given)
    reading.diagnostics.add(impossible, reading.storage.get("throughput").key_span(),
                            fmt::format("`{}` has no provisioned throughput", name));
}

std::shared_ptr<const StorageDesign> read(const StorageReading& reading,
                                          const std::vector<std::string_view>& foreign) {
  Scenario& scenario = reading.scenario;
  auto design = std::make_shared<FileServiceDesign>();
  Settings& settings = design->chosen;
  settings.choice = with_defaults<FileChoice>(FileChoice::parameters());
  settings.service.mount =
      with_defaults<fileserver::MountSettings>(fileserver::MountSettings::parameters());
  std::vector<std::string_view> extra{"system", "set", "mount"};
  extra.insert(extra.end(), foreign.begin(), foreign.end());
  read_section(reading.storage, FileChoice::parameters(), &settings.choice, reading.diagnostics,
               {.extra_keys = std::move(extra)});
  if (const YamlNode name = reading.storage.get("system"); name && name.is_scalar())
    scenario.storage.system = name.text();
  if (const YamlNode node = reading.storage.get("mount"))
    read_section(node, fileserver::MountSettings::parameters(), &settings.service.mount,
                 reading.diagnostics);
  if (!reading.entry) return design;
  const auto& service = scenario.storage_entry.as<FileService>();
  check_choice(reading, service, settings.choice);
  settings.service.server = scaled(service, settings.choice);
  settings.included = service.throughput_included *
                      (settings.choice.capacity.as_double() / static_cast<double>(kTib));
  return design;
}

} // namespace

fileserver::ServerSettings scaled(const FileService& service, const FileChoice& choice) {
  fileserver::ServerSettings server = service.server;
  if (choice.servers > 0) server.servers = choice.servers;
  if (service.scale == kBursting) {
    const double terabytes = choice.capacity.as_double() / kTerabyte;
    const BytesPerSecond metered = std::max(service.burst_min, service.burst * terabytes);
    server.write = std::min(server.write, metered);
    server.read = std::min(server.read, metered / server.read_metering);
    server.baseline = std::max(service.baseline_min, server.baseline * terabytes);
    const double holds = std::max(1.0, choice.capacity.as_double() / static_cast<double>(kTib));
    for (Bytes* credit : {&server.credit, &server.initial_credit})
      *credit = Bytes{static_cast<std::uint64_t>(credit->as_double() * holds)};
  }
  if (service.scale == kCapacity) {
    const double tib = choice.capacity.as_double() / static_cast<double>(kTib);
    for (BytesPerSecond* rate :
         {&server.read, &server.write, &server.disk_read, &server.disk_write})
      *rate = *rate * tib;
    for (PerSecond* rate : {&server.read_iops, &server.write_iops, &server.disk_iops})
      *rate = *rate * tib;
  }
  if (service.scale == kThroughput) {
    const BytesPerSecond reads = choice.throughput * service.read_per_throughput;
    // What comes out of memory is not what is bought; without disks of their own all is.
    BytesPerSecond& bought_read = server.disk_read.count() > 0 ? server.disk_read : server.read;
    BytesPerSecond& bought_write = server.disk_write.count() > 0 ? server.disk_write : server.write;
    bought_read = std::min(bought_read, reads);
    bought_write = std::min(bought_write, choice.throughput);
    server.write = std::min(server.write, std::max(choice.throughput, bought_write));
  }
  return server;
}

const StorageKind& file_service_kind() {
  static const StorageKind kind{
      .entry = entry_kind<FileService>("file service", "file_services.yaml", true),
      .noun = "a file service",
      .key = "fileserver",
      .keys = &FileChoice::parameters(),
      .storage_sections = {"mount"},
      .sections = {},
      .network_keys = {},
      .read = read,
      .check = check_host_cards,
      .check_with_jobs = [](const StorageReading&) {}};
  return kind;
}

} // namespace lustrum
