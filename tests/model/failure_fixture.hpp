// Processes on an otherwise ideal Lustre file system, and the failures that they meet.
#pragma once

#include "models/lustre/faults.hpp"
#include "tests/model/ideal_filesystem.hpp"

#include <doctest/doctest.h>

#include <utility>

namespace lustrum::test {

// When the calls of a process ended, and what came of them.
struct Journal {
  std::vector<double> end_s;
  std::vector<StorageError> errors;
  bool all_ok() const {
    return std::ranges::all_of(errors, [](StorageError e) { return e == StorageError::none; });
  }
};

// A world with a file system whose data paths take no time besides what a test asks for.
struct Machine {
  kernel::World world;
  lustre::Filesystem fs;
  kernel::DelayStation& clock;
  explicit Machine(const lustre::FilesystemSettings& settings)
      : fs(world, settings), clock(world.add_delay({"test", "test"})) {}

  void finish() {
    world.run_all();
    for (const std::string& problem : fs.check_laws()) FAIL_CHECK(problem);
    for (const std::string& problem : world.check_laws()) FAIL_CHECK(problem);
  }
};

struct Step {
  Seconds at{};    // not before
  char what = 'r'; // read, write, sync
  Bytes offset{};
  Bytes length{};
};

inline kernel::Task play(Machine& machine, ClientIndex client, FileIndex file, OpenMode mode,
                         std::vector<Step> steps, Journal& journal) {
  Outcome opening;
  std::unique_ptr<OpenFile> open;
  co_await machine.fs.open({client, {}, 0}, file, mode, open, opening);
  for (const Step& step : steps) {
    if (step.at > machine.world.now())
      co_await machine.world.delay(machine.clock, step.at - machine.world.now());
    Outcome outcome;
    if (step.what == 'w') co_await machine.fs.write(*open, step.offset, step.length, outcome);
    if (step.what == 'r') co_await machine.fs.read(*open, step.offset, step.length, outcome);
    if (step.what == 's') co_await machine.fs.sync(*open, outcome);
    journal.end_s.push_back(machine.world.now().count());
    journal.errors.push_back(outcome.error);
  }
  co_await machine.fs.close(std::move(open), opening);
}

inline void run(Machine& machine, std::uint32_t client, FileIndex file, std::vector<Step> steps,
                Journal& journal) {
  machine.world.spawn(
      play(machine, ClientIndex{client}, file, {.write = true}, std::move(steps), journal),
      {"process", client});
}

inline std::vector<lustre::FaultEvent> run_with(Machine& machine,
                                                std::vector<lustre::Fault> faults) {
  lustre::Faults all(machine.world, machine.fs, std::move(faults), 1);
  all.start();
  machine.finish();
  return all.events();
}

inline lustre::FilesystemSettings of_clients(std::uint32_t clients) {
  lustre::FilesystemSettings settings = ideal_filesystem();
  settings.fabric.clients = clients;
  settings.fabric.latency = settings.fabric.metadata_latency = Seconds{1e-4};
  return settings;
}

inline lustre::Fault fault(lustre::FaultKind kind, double at_s, std::uint32_t component,
                           double duration_s = 0) {
  return {
      .kind = kind, .at = Seconds{at_s}, .component = component, .duration = Seconds{duration_s}};
}

} // namespace lustrum::test
