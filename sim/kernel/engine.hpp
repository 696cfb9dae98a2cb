// The two worlds on one clock: SimGrid actors outside (training ranks), the World of RPCs inside,
// which SimGrid sees as one resource model among its own. SimGrid headers stay in the .cpp files.
//
//   Engine engine({});
//   Gate gate(engine);
//   engine.add_actor("rank 0", [&] { engine.sleep(Seconds{0.3}); gate.wait("data"); });
//   engine.run();
//
// SimGrid allows one engine per process: run each in a child (child_process.hpp).
#pragma once

#include "sim/kernel/world.hpp"

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace lustrum::kernel {

// The simulation could not finish: deadlock, event limit, or an exception inside. Exit code 3.
class SimulationError : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

enum class DataPath : std::uint8_t { stations, simgrid };

// The run ends with the last regular actor; background ones are then cut short wherever they are.
enum class ActorKind : std::uint8_t { regular, background };

class Engine {
public:
  struct Options {
    DataPath data_path = DataPath::stations;
    std::uint64_t event_limit = UINT64_MAX;
  };

  explicit Engine(const Options& options);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  World& world() { return world_; }
  // Simulated seconds since the start.
  Seconds clock() const;

  // An actor that starts at time 0. An exception that leaves its body ends the run.
  void add_actor(const std::string& name, std::function<void()> body,
                 ActorKind kind = ActorKind::regular);

  // Runs until every regular actor has ended. Throws SimulationError when that cannot be.
  void run();

  // --- for actors, while the engine runs
  // ----------------------------------------------------------
  void sleep(Seconds duration);
  // Starts a task in the world at the present time.
  void spawn(Task task, TaskName name);

  // The settings that change SimGrid's results, as `key:value`, for the provenance of a result.
  static const std::vector<std::string>& simgrid_settings();

private:
  friend class Gate;
  friend class Barrier;
  friend class FlowMachine;
  struct Simgrid;

  World world_;
  std::unique_ptr<Simgrid> simgrid_;
};

// Where one actor waits for the world: wait() sleeps until a task calls open(). An open() without a
// waiting actor is kept for the next wait().
class Gate {
public:
  explicit Gate(Engine& engine);
  ~Gate();
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  // `what` names the thing waited for in deadlock messages; a string literal.
  void wait(const char* what);
  // While the world looks ahead, the actor wakes only when SimGrid's clock has come to this
  // instant.
  void open();

private:
  struct State;
  Engine& engine_;
  std::unique_ptr<State> state_;
};

// Actors wait until all `count` of them are here.
class Barrier {
public:
  Barrier(Engine& engine, std::uint32_t count);
  ~Barrier();
  Barrier(const Barrier&) = delete;
  Barrier& operator=(const Barrier&) = delete;
  void wait();

private:
  struct State;
  Engine& engine_;
  std::unique_ptr<State> state_;
};

} // namespace lustrum::kernel
