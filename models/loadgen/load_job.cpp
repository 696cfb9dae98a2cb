#include "models/loadgen/load_job.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace lustrum::loadgen {

using kernel::Task;

LoadJob::LoadJob(kernel::Engine& engine, Storage& storage, LoadPlace place)
    : engine_(engine), storage_(storage), place_(std::move(place)), time_(place_.ranks()),
      passed_(engine.world()), done_(engine), running_(place_.ranks()) {
  const auto kind = place_.background ? kernel::ActorKind::background : kernel::ActorKind::regular;
  engine_.add_actor(
      place_.name, [this] { run(); }, kind);
}

void LoadJob::run() {
  engine_.sleep(place_.start);
  for (std::uint32_t r = 0; r < rank_count(); ++r) engine_.spawn(run_rank(r), {"load rank", r});
  done_.wait("its ranks");
  ended_ = true;
  end_ = engine_.clock();
}

Task LoadJob::run_rank(std::uint32_t rank) {
  for (std::uint32_t i = 0; !aborted() && (place_.background || i < repetitions()); ++i) {
    co_await run_once(rank);
    co_await barrier(rank);
  }
  if (--running_ == 0) done_.open();
}

void LoadJob::name_phase(PhaseIndex phase, std::string_view name, bool counts_bytes) {
  assert(phase < kMostPhases);
  phases_[phase].name = name;
  phases_[phase].counts_bytes = counts_bytes;
  phase_count_ = std::max(phase_count_, phase + 1);
}

Caller LoadJob::caller(std::uint32_t rank) const {
  return {.client = ClientIndex{place_.first_client.value() + rank / place_.ranks_per_client},
          .job = place_.job,
          .process = rank % place_.ranks_per_client};
}

Task LoadJob::barrier(std::uint32_t rank) {
  if (aborted()) co_return;
  const Seconds before = now();
  if (++waiting_ == rank_count()) {
    waiting_ = 0;
    ++barriers_passed_;
    passed_.notify();
    co_return;
  }
  const std::uint64_t mine = barriers_passed_;
  while (mine == barriers_passed_ && !aborted()) co_await passed_.wait();
  time_[rank][Cause::barrier] += (now() - before).count();
}

void LoadJob::begin(PhaseIndex phase) {
  Phase& p = phases_[phase];
  if (p.ranks_inside++ == 0 && p.ranks_ended == 0) p.current = {.begin = now()};
}

void LoadJob::end(PhaseIndex phase) {
  if (aborted()) return;
  Phase& p = phases_[phase];
  assert(p.ranks_inside > 0);
  --p.ranks_inside;
  if (++p.ranks_ended < rank_count()) return;
  p.ranks_ended = 0;
  p.current.end = now();
  p.runs.push_back(p.current);
}

bool LoadJob::note(std::uint32_t rank, Seconds before, const Outcome& outcome, PhaseIndex phase) {
  time_[rank].add_split_as(outcome.time, (now() - before).count(), Cause::other);
  if (!outcome.ok()) count_error(phase);
  return outcome.ok();
}

void LoadJob::count(PhaseIndex phase, Bytes bytes) {
  ++phases_[phase].current.operations;
  phases_[phase].current.bytes += bytes;
}

void LoadJob::count_error(PhaseIndex phase) {
  ++errors_;
  if (phase != kNoPhase) ++phases_[phase].current.errors;
}

void LoadJob::abort(std::uint32_t rank, PhaseIndex phase, StorageError error) {
  if (aborted()) return;
  abort_ = {.rank = rank, .phase = phases_[phase].name, .error = error, .at = now()};
  passed_.notify();
}

void LoadJob::drop_caches(std::uint32_t rank) {
  if (rank % place_.ranks_per_client == 0) storage_.drop_caches(caller(rank).client);
}

LoadOutcome LoadJob::outcome() const {
  LoadOutcome outcome;
  outcome.ranks = rank_count();
  outcome.start = place_.start;
  const Seconds end = ended_ ? end_ : now();
  outcome.makespan = std::max(Seconds{}, end - place_.start);
  outcome.errors = errors_;
  outcome.abort = abort_;
  for (std::size_t i = 0; i < phase_count_; ++i) {
    const Phase& p = phases_[i];
    const bool under_way = p.ranks_inside > 0 || p.ranks_ended > 0;
    if (p.runs.empty() && !under_way) continue;
    PhaseOutcome row{.name = p.name, .counts_bytes = p.counts_bytes, .runs = p.runs};
    if (p.runs.empty()) {
      row.runs.push_back(p.current);
      row.runs.back().end = end;
      row.complete = false;
    }
    outcome.phases.push_back(std::move(row));
  }
  for (const TimeAccount& time : time_) outcome.time += time;
  // What was under way when a background job was cut short belongs to no cause yet.
  const double all_s = outcome.ranks * outcome.makespan.count();
  outcome.time[Cause::other] += std::max(0.0, all_s - outcome.time.total());
  return outcome;
}

} // namespace lustrum::loadgen
