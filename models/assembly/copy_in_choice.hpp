// The section `storage.copy_in` of a scenario on local disks: where the data set comes from before
// the job can begin.
#pragma once

#include "models/object/client_settings.hpp"
#include "models/object/service_settings.hpp"
#include "sim/base/parameter.hpp"
#include "sim/scenario/yaml_reader.hpp"

#include <string>

namespace lustrum {

struct StorageReading;

struct CopyInChoice {
  bool on = false;                 // the section is there
  std::string from;                // an object store of the catalog
  std::string client;              // what copies
  BytesPerSecond target{};         // 0: the host's network
  std::uint32_t files_at_once = 0; // per node
  Bytes piece{};                   // read and written at a time
  bool shards = false;             // each node gets its part, else all get all

  static const ParameterTable& parameters();
};

// What the choice comes to.
struct CopyInSource {
  object::ServiceSettings service;
  object::ClientSettings client;
};

// Reports what is wrong; `on` is false where the section is absent.
CopyInChoice read_copy_in(const StorageReading& reading, CopyInSource& source, GivenKeys& given);

} // namespace lustrum
