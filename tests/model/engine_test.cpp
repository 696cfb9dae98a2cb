// How a run ends when it cannot go on: exit code 3, and a message that names what waits.
#include "sim/kernel/child_process.hpp"
#include "sim/kernel/engine.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <stdexcept>

using namespace lustrum;
using namespace lustrum::kernel;

namespace {

ChildOutcome outcome_of(const Engine::Options& options, const std::function<void(Engine&)>& body) {
  return run_in_child([&] {
    Engine engine(options);
    body(engine);
    engine.run();
    return std::string("finished");
  });
}

bool says(const ChildOutcome& outcome, const std::string& text) {
  INFO(outcome.output);
  return outcome.output.find(text) != std::string::npos;
}

Task hold_two_slots(SlotsStation& slots) {
  const SlotHold first = co_await slots.acquire();
  const SlotHold second = co_await slots.acquire(); // there is only one
}

Task fail_after(World& world, DelayStation& delay) {
  co_await world.delay(delay, Seconds{1});
  throw std::runtime_error("the disk is on fire");
}

Task for_ever(World& world, DelayStation& delay) {
  for (;;) co_await world.delay(delay, Seconds{1});
}

} // namespace

TEST_CASE("a deadlock names the actors, the tasks and the station they wait at") {
  const ChildOutcome outcome = outcome_of({}, [](Engine& engine) {
    auto& slots = engine.world().add_slots({"rpc_slots", "client{}.osc{}.rpc_slots", 3, 5}, 1);
    auto* gate = new Gate(engine); // the child never tears down
    engine.spawn(hold_two_slots(slots), {"greedy task", 7});
    engine.add_actor("rank 0", [gate] { gate->wait("its data"); });
  });
  CHECK(outcome.exit_code == 3);
  CHECK(says(outcome, "deadlock"));
  CHECK(says(outcome, "actor `rank 0` waits for its data"));
  CHECK(says(outcome, "1 task(s) `greedy task`: 7"));
  CHECK(says(outcome, "client3.osc5.rpc_slots: 1 wait for one of 1 slots, first `greedy task 7`"));
}

TEST_CASE("an exception in an actor ends the run and names the actor") {
  const ChildOutcome outcome = outcome_of({}, [](Engine& engine) {
    engine.add_actor("rank 1", [] { throw std::runtime_error("no more GPUs"); });
    engine.add_actor("rank 2", [&engine] { engine.sleep(Seconds{5}); });
  });
  CHECK(outcome.exit_code == 3);
  CHECK(says(outcome, "actor `rank 1` failed: no more GPUs"));
}

TEST_CASE("an exception in a task ends the run") {
  const ChildOutcome outcome = outcome_of({}, [](Engine& engine) {
    auto& delay = engine.world().add_delay({"delay", "delay"});
    engine.spawn(fail_after(engine.world(), delay), {"burning task", 0});
    engine.add_actor("rank 0", [&engine] { engine.sleep(Seconds{5}); });
  });
  CHECK(outcome.exit_code == 3);
  CHECK(says(outcome, "the disk is on fire at t = 1.000000 s"));
}

TEST_CASE("the event limit ends a run that goes on for ever") {
  const ChildOutcome outcome = outcome_of({.event_limit = 100}, [](Engine& engine) {
    auto& delay = engine.world().add_delay({"delay", "delay"});
    engine.spawn(for_ever(engine.world(), delay), {"endless task", 4});
    auto* gate = new Gate(engine);
    engine.add_actor("rank 0", [gate] { gate->wait("the end"); });
  });
  CHECK(outcome.exit_code == 3);
  CHECK(says(outcome, "the event limit of 100 was reached at t = "));
  CHECK(says(outcome, "1 task(s) `endless task`: 4"));
}

TEST_CASE("actors and tasks keep one clock") {
  // The actor wakes at the very time at which the task opens the gate, and the other way round.
  const ChildOutcome outcome = run_in_child([] {
    Engine engine({});
    World& world = engine.world();
    auto& delay = world.add_delay({"delay", "delay"});
    Gate gate(engine);
    std::string log;
    const auto task = [](World& w, DelayStation& d, Gate& g) -> Task {
      co_await w.delay(d, Seconds{0.75});
      g.open();
    };
    engine.add_actor("rank 0", [&] {
      for (int i = 0; i < 3; ++i) {
        engine.sleep(Seconds{0.5});
        engine.spawn(task(world, delay, gate), {"task", 0});
        gate.wait("the task");
        log += std::to_string(engine.clock().count()) + " ";
      }
    });
    engine.run();
    return log;
  });
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.output == "1.250000 2.500000 3.750000 ");
}
