// A small scenario-like struct, and what the reader says about a text for it.
#pragma once

#include "sim/scenario/yaml_reader.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace lustrum::rejects {

struct Osc {
  std::uint32_t max_rpcs_in_flight = 0;
  Bytes rpc_size;
};

struct Storage {
  std::string kind;
  Osc osc;
  Bytes stripe_size;
  double fill = 0;
  bool checksums = false;
  bool trace = false;
  std::vector<std::string> pools;
  Spread seek;
  Figure<BytesPerSecond> rate;
  Figure<Spread> first_byte;
};

inline const ParameterTable& storage_table() {
  static const ParameterTable kTable{
      {.key = "kind",
       .field = field<&Storage::kind>,
       .default_text = kRequired,
       .choices = {"lustre", "s3", "nfs"},
       .doc = "Kind."},
      {.key = "osc.max_rpcs_in_flight",
       .field = field<&Storage::osc, &Osc::max_rpcs_in_flight>,
       .default_text = "8",
       .min = 1,
       .max = 256,
       .doc = "RPCs."},
      {.key = "osc.rpc_size",
       .field = field<&Storage::osc, &Osc::rpc_size>,
       .default_text = kRequired,
       .min = 4096,
       .doc = "RPC."},
      {.key = "stripe_size",
       .field = field<&Storage::stripe_size>,
       .default_text = "1 MiB",
       .min = 65536,
       .max = 4294967296,
       .doc = "Stripe."},
      {.key = "fill",
       .field = field<&Storage::fill>,
       .default_text = "0",
       .min = 0,
       .max = 1,
       .doc = "Filled."},
      {.key = "checksums",
       .field = field<&Storage::checksums>,
       .default_text = "false",
       .doc = "Checksums."},
      {.key = "trace",
       .field = field<&Storage::trace>,
       .default_text = "false",
       .doc = "Ignored.",
       .has_effect = false},
      {.key = "pools",
       .field = field<&Storage::pools>,
       .default_text = "[]",
       .choices = {"flash", "disk"},
       .doc = "Pools."},
      {.key = "seek",
       .field = field<&Storage::seek>,
       .default_text = "4 ms",
       .max = 1,
       .doc = "Seek."},
      {.key = "rate", .field = field<&Storage::rate>, .default_text = "1 GB/s", .doc = "Rate."},
      {.key = "first_byte",
       .field = field<&Storage::first_byte>,
       .default_text = "20 ms",
       .doc = "Latency."},
  };
  return kTable;
}

struct Outcome {
  Storage storage;
  GivenKeys given;
  std::string said;
};

// The text holds one section, `storage`; "" reads the document's root instead.
inline Outcome read_storage(const std::string& text, const SectionOptions& options = {},
                            std::string_view section = "storage") {
  Diagnostics diagnostics;
  const YamlDocument file = YamlDocument::parse(text, "f.yaml", diagnostics);
  Outcome outcome{.storage = with_defaults<Storage>(storage_table()), .given = {}, .said = {}};
  const YamlNode node = section.empty() ? file.root() : file.root().get(section);
  outcome.given = read_section(node, storage_table(), &outcome.storage, diagnostics, options);
  outcome.said = diagnostics.render();
  return outcome;
}

// Of the file itself, before anyone asks for its sections.
inline std::string said_of_file(const std::string& text) {
  Diagnostics diagnostics;
  YamlDocument::parse(text, "f.yaml", diagnostics);
  return diagnostics.render();
}

// For a text without what is required, where that is not the point.
inline std::string said_of(const std::string& text) {
  return read_storage(text, {.extra_keys = {}, .figures_may_be_bare = false, .partial = true}).said;
}

} // namespace lustrum::rejects
