// The object store of a run.
#include "models/assembly/object_charges.hpp"
#include "models/assembly/object_kind.hpp"
#include "models/assembly/scenario.hpp"
#include "models/object/object_service.hpp"
#include "sim/base/units_text.hpp"

#include <fmt/format.h>

namespace lustrum {
namespace {

using object::RequestClass;

object::ObjectStorageSettings for_run(const Scenario& scenario,
                                      object::ObjectStorageSettings settings) {
  settings.jobs = static_cast<std::uint32_t>(scenario.jobs.size());
  settings.seed = scenario.run.seed; // which the command line may have changed
  return settings;
}

class ObjectSystem : public StorageSystem {
public:
  ObjectSystem(const Scenario& scenario, const ObjectDesignSettings& settings, kernel::World& world)
      : scenario_(scenario), world_(world), links_(world, settings.links),
        service_(world, settings.service, scenario.run.seed),
        storage_(world, links_, service_, for_run(scenario, settings.storage)) {}

  Storage& storage() override { return storage_; }
  const Storage& storage() const override { return storage_; }
  std::vector<std::string> check_laws() const override { return storage_.check_laws(); }
  kernel::Topology::Cut read_bound(Bytes bytes, Seconds) const override {
    return storage_.read_bound(bytes);
  }

  void describe(RunResult& result) override {
    const object::ServiceUsage usage = service_.usage_now();
    const std::uint64_t data = usage.count(RequestClass::get) + usage.count(RequestClass::put);
    result.metrics.rpcs = usage.all_requests();
    result.metrics.metadata_rpcs = usage.all_requests() - data;
    result.networks = {{.name = "https",
                        .data_rpcs = data,
                        .metadata_rpcs = result.metrics.metadata_rpcs,
                        .read_bytes = usage.retrieved.as_double(),
                        .written_bytes = usage.uploaded.as_double()}};
    if (usage.throttled > 0)
      result.notes.push_back(fmt::format(
          "{} requests were refused with 503 Slow Down: more than {} reads or {} writes a second "
          "for each {}",
          usage.throttled, service_.settings().reads.count(), service_.settings().writes.count(),
          service_.settings().rate_scope));
  }

  std::vector<Charge> charges() const override {
    return object_charges(scenario_, scenario_.storage.system, service_.usage_now(), world_.now());
  }

private:
  const Scenario& scenario_;
  const kernel::World& world_;
  fabric::HostLinks links_;
  object::ObjectService service_;
  object::ObjectStorage storage_;
};

} // namespace

std::unique_ptr<StorageSystem> build_object_system(const Scenario& scenario,
                                                   const ObjectDesignSettings& settings,
                                                   kernel::World& world) {
  return std::make_unique<ObjectSystem>(scenario, settings, world);
}

} // namespace lustrum
