// The section `storage.hsm` of a scenario: an archive behind the file system (for FSx, a data
// repository in S3), and where the data set is when the job begins.
#pragma once

#include "sim/base/diagnostics.hpp"
#include "sim/base/parameter.hpp"
#include "sim/scenario/yaml_reader.hpp"

#include <cstdint>
#include <string>

namespace lustrum {

class YamlNode;
struct Scenario;

struct HsmChoice {
  struct Archive {
    Seconds first_byte{};
    BytesPerSecond connection_rate{};
    BytesPerSecond total_rate{};
    PerSecond requests{};
    Bytes part{};
    std::string product; // whose prices hold; empty: nothing is charged
  };
  struct Export {
    bool automatic = false;
    Seconds delay{};
  };
  // What others do to the bucket, and how soon the file system knows.
  struct Import {
    PerSecond created{};
    PerSecond changed{};
    PerSecond removed{};
    Bytes object_size{};
    Seconds delay{};
    PerSecond rate{};
    Bytes chunk{}; // of stripes; 0: the default layout
    bool any() const { return created.count() + changed.count() + removed.count() > 0; }
  };
  struct Release {
    double high_watermark = 0;
    double low_watermark = 0;
    std::string order;
    Seconds min_age{};
    Seconds interval{};
  };
  bool on = false; // the section is there
  std::string state;
  bool preload = false;
  std::uint32_t preload_processes = 0;
  Archive archive;
  std::uint32_t agents = 0; // after loading: the real number
  std::string agents_on;
  BytesPerSecond agent_bandwidth{};
  std::uint32_t agent_files = 0;
  Seconds agent_file_overhead{};
  std::uint32_t max_requests = 0; // after loading: the real number, as the next
  Seconds scan_interval{};
  Seconds loop_period{};
  Seconds grace_delay{};
  Seconds active_request_timeout{};
  std::string policy;
  Release release;
  Export exports;
  Import imports;

  static const ParameterTable& parameters();
};

// Sets scenario.storage.hsm. `tunables`: those of section `lustre` that the file gives; `mdt.hsm.*`
// mean the same as keys of `storage.hsm`. \pre the other sections are read
void read_hsm(const YamlNode& root, const GivenKeys& tunables, Scenario& scenario,
              Diagnostics& diagnostics);

} // namespace lustrum
