// What tests of load generators share.
#pragma once

#include "models/loadgen/ior.hpp"
#include "models/loadgen/mdtest.hpp"
#include "tests/model/child_numbers.hpp"
#include "tests/model/memory_storage.hpp"

#include <doctest/doctest.h>

namespace lustrum::test {

inline constexpr double kMibPerS = static_cast<double>(kMib);

inline loadgen::IorSettings ior_defaults() {
  return with_defaults<loadgen::IorSettings>(loadgen::IorSettings::parameters());
}
inline loadgen::MdtestSettings mdtest_defaults() {
  return with_defaults<loadgen::MdtestSettings>(loadgen::MdtestSettings::parameters());
}

// Bytes or operations per second.
inline double rate(const loadgen::PhaseRun& run, bool bytes) {
  return (bytes ? run.bytes.as_double() : static_cast<double>(run.operations)) / run.time().count();
}

// A job alone in the engine.
template <class Job, class Settings>
loadgen::LoadOutcome run_alone(kernel::Engine& engine, MemoryStorage& storage,
                               const loadgen::LoadPlace& place, const Settings& settings) {
  Job job(engine, storage, place, settings);
  engine.run();
  return job.outcome();
}

} // namespace lustrum::test
