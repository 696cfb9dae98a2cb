#include "models/assembly/packed_run.hpp"

#include <fmt/format.h>

#include <charconv>
#include <stdexcept>

namespace lustrum {

namespace {

// Each piece is its length, a line end, and its bytes.
void append(std::string& text, std::string_view piece) {
  text += fmt::format("{}\n", piece.size());
  text += piece;
}

std::string take(std::string_view& text) {
  std::size_t size = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), size);
  const auto digits = static_cast<std::size_t>(stop - text.data());
  if (error != std::errc{} || digits >= text.size() || text[digits] != '\n' ||
      size > text.size() - digits - 1)
    throw std::runtime_error("the run handed over a broken text");
  std::string piece(text.substr(digits + 1, size));
  text.remove_prefix(digits + 1 + size);
  return piece;
}

} // namespace

std::string pack(const PackedRun& run) {
  std::string text;
  append(text, run.result);
  for (const lustre::CounterFile& file : run.counters) {
    append(text, file.path);
    append(text, file.text);
  }
  return text;
}

PackedRun unpack(std::string_view text) {
  PackedRun run{.result = take(text), .counters = {}};
  while (!text.empty()) {
    std::string path = take(text);
    run.counters.push_back({std::move(path), take(text)});
  }
  return run;
}

lustre::CounterNames counter_names(const Scenario& scenario) {
  lustre::CounterNames names;
  for (const ScenarioJob& job : scenario.jobs) {
    const auto number = static_cast<std::uint32_t>(names.job_ids.size());
    names.job_ids.push_back(job.name);
    if (names.job_of.size() < job.first_client + std::size_t{job.nodes})
      names.job_of.resize(job.first_client + std::size_t{job.nodes}, UINT32_MAX);
    for (std::uint32_t n = 0; n < job.nodes; ++n) names.job_of[job.first_client + n] = number;
  }
  names.job_of.resize(std::max<std::size_t>(names.job_of.size(), scenario.cluster.nodes),
                      UINT32_MAX);
  names.ost_capacity = scenario.ost_capacity();
  return names;
}

} // namespace lustrum
