#include "models/assembly/replay_scale.hpp"

#include <fmt/format.h>

#include <charconv>

namespace lustrum {

namespace {

constexpr std::uint32_t kMost = 1'000'000;

std::optional<std::uint32_t> parse_count(std::string_view text) {
  std::uint32_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || stop != end || number < 1 || number > kMost) return std::nullopt;
  return number;
}

} // namespace

std::optional<std::uint32_t> parse_factor(std::string_view text) {
  if (text.ends_with('x')) text.remove_suffix(1);
  return parse_count(text);
}

training::ReplayScale scale_of(const ReplaySettings& replay) {
  return {.ranks = replay.scale_ranks, .files = parse_factor(replay.scale_files).value_or(1)};
}

std::string scale_rule(const ReplaySettings& replay) {
  const training::ReplayScale scale = scale_of(replay);
  const bool pipeline = replay.mode == "pipeline";
  std::string rule;
  if (scale.ranks > 0)
    rule = fmt::format("scaled to {} ranks: {}", scale.ranks,
                       pipeline ? "each does as many steps as a recorded one, on a data set that "
                                  "grows with their number"
                                : "of R recorded ranks, rank r is copy r / R of rank r mod R, with "
                                  "its threads and times; files that one recorded rank alone used "
                                  "are its copies' own, others are shared by all");
  if (scale.files > 1)
    rule += fmt::format(
        "{}{} files for each recorded one, of its size: {}", rule.empty() ? "" : "; ", scale.files,
        pipeline ? "epochs are as long as recorded and pick from them"
                 : "the n-th time (from 0) that copy c of a thread opens it, number "
                   "(c + n) mod that is taken");
  return rule;
}

std::string too_many_ranks(std::uint32_t ranks, const Scenario& scenario, const ScenarioJob& job) {
  const std::uint64_t each = scenario.instance.gpus.value;
  const std::uint64_t gpus = each * job.nodes;
  if (ranks <= gpus || gpus == 0) return {};
  return fmt::format("{} ranks need as many GPUs, and {} x `{}` have {}: {} nodes would do", ranks,
                     job.nodes, scenario.cluster.instance, gpus, (ranks + each - 1) / each);
}

std::string scale_replay(Scenario& scenario, const std::vector<std::string>& words) {
  std::optional<std::uint32_t> ranks;
  std::optional<std::uint32_t> files;
  for (const std::string& word : words) {
    const std::string_view text = word;
    const std::size_t at = text.find('=');
    const std::string_view key = text.substr(0, at);
    const bool is_ranks = key == "ranks";
    if (at == std::string_view::npos || (!is_ranks && key != "files"))
      return fmt::format("`{}` is neither `ranks=N` nor `files=Nx`", word);
    std::optional<std::uint32_t>& asked = is_ranks ? ranks : files;
    if (asked) return fmt::format("`{}` is given twice", key);
    const std::string_view value = text.substr(at + 1);
    asked = is_ranks ? parse_count(value) : parse_factor(value);
    if (!asked)
      return fmt::format("`{}`: a whole number from 1 to {} is needed, e.g. `{}`", word, kMost,
                         is_ranks ? "ranks=64" : "files=10x");
  }
  bool any = false;
  for (ScenarioJob& job : scenario.jobs) {
    if (job.workload.trace.empty()) continue;
    any = true;
    if (ranks)
      if (std::string problem = too_many_ranks(*ranks, scenario, job); !problem.empty())
        return fmt::format("`ranks={}`: {}", *ranks, problem);
    if (ranks) job.workload.replay.scale_ranks = *ranks;
    if (files) job.workload.replay.scale_files = fmt::format("{}x", *files);
  }
  return any ? "" : "no job of the scenario replays a trace";
}

} // namespace lustrum
