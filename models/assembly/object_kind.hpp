// Object stores as a kind of storage: the store of the catalog, and the client that a scenario
// reads it through.
#pragma once

#include "models/assembly/storage_kind.hpp"
#include "models/object/object_storage.hpp"
#include "models/object/service_settings.hpp"

namespace lustrum {

const StorageKind& object_kind();

// The section `storage` of a scenario on an object store.
struct ObjectChoice {
  std::string client;
  BytesPerSecond target{}; // 0: the host's network
  Bytes cache{};           // on the host's disks
  Bytes stored_part{};
  std::uint32_t prefixes = 0;

  static const ParameterTable& parameters();
};

// What a scenario's words come to: the client and how objects lie. \pre loaded without errors
object::ObjectStorageSettings object_settings(const Scenario& scenario, const ObjectChoice& choice);

struct ObjectDesignSettings {
  object::ServiceSettings service;
  object::ObjectStorageSettings storage;
  fabric::HostLinkSettings links;
};
std::unique_ptr<StorageSystem> build_object_system(const Scenario& scenario,
                                                   const ObjectDesignSettings& settings,
                                                   kernel::World& world);

} // namespace lustrum
