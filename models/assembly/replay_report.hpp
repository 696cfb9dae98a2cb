// What the kinds of replay have in common: their options, reading the trace, and rows that set the
// recording beside the replay.
#pragma once

#include "models/assembly/running_job.hpp"
#include "models/training/replay_options.hpp"
#include "sim/trace/read_trace.hpp"

#include <optional>

namespace lustrum {

// `FROM=TO`; nothing if it is not of that form, or either is no absolute path.
std::optional<training::PathRule> parse_path_rule(const std::string& text);

training::ReplayOptions replay_options(const JobContext& context);

// Damage is told in the result; what is whole is replayed. Throws InputError for a trace that
// cannot be read or is empty.
trace::ReadResult read_replayed_trace(const JobContext& context);

void add_read_report(const trace::ReadReport& report, JobReport& result);

// Seconds of computing and waiting, in all ranks.
struct LoopTimes {
  double step_s = 0;
  double wait_s = 0;
  double utilization_pct() const;
};

void add_loop_rows(const LoopTimes& measured, const LoopTimes& simulated, double ranks,
                   JobReport& result);
void add_replay_row(JobReport& result, std::string name, double value, std::string unit);

// Of a job that ran: what its storage delivered, and the times of its ranks.
void fill_replay_report(const JobContext& context, Seconds makespan, std::uint32_t ranks,
                        const TimeAccount& time, JobReport& result);

std::unique_ptr<RunningJob> start_pipeline_replay(const JobContext& context);

} // namespace lustrum
