#include "sim/kernel/engine.hpp"

#include "sim/kernel/engine_simgrid.hpp"

#include <fmt/format.h>
#include <simgrid/kernel/Timer.hpp>
#include <simgrid/kernel/resource/Model.hpp>
#include <simgrid/s4u.hpp>

#include <algorithm>

namespace lustrum::kernel {

namespace sg = simgrid::s4u;

namespace {

// LV08, SimGrid's default, is fitted to wide-area TCP and would distort a data centre's links.
constexpr const char* kSettings[] = {"network/model:CM02", "network/crosstraffic:0",
                                     "network/TCP-gamma:0"};

#if defined(__SANITIZE_ADDRESS__)
constexpr const char* kContexts[] = {"contexts/factory:thread"};
#else
constexpr const char* kContexts[] = {"contexts/stack-size:128"};
#endif

// SimGrid keeps pointers into argv, so the strings must live on.
std::vector<std::string>& engine_arguments() {
  static std::vector<std::string> arguments = [] {
    // Our own message says what deadlocked; SimGrid's would only repeat it without our names.
    std::vector<std::string> a{"lustrum", "--log=root.app:file:/dev/null"};
    for (const char* setting : kSettings) a.push_back(std::string("--cfg=") + setting);
    for (const char* setting : kContexts) a.push_back(std::string("--cfg=") + setting);
    return a;
  }();
  return arguments;
}

std::unique_ptr<sg::Engine> make_simgrid_engine() {
  static std::vector<char*> argv;
  argv.clear();
  for (std::string& argument : engine_arguments()) argv.push_back(argument.data());
  int argc = static_cast<int>(argv.size());
  argv.push_back(nullptr);
  return std::make_unique<sg::Engine>(&argc, argv.data());
}

} // namespace

Engine::Simgrid::Simgrid(World& w)
    : engine(make_simgrid_engine()), zone(sg::create_full_zone("root")), world(w),
      ranks(zone->create_host("ranks", 1e9)) {}

// The whole world is one resource model to SimGrid. How an actor comes back to life:
//   a task calls Gate::open() while we look ahead; wake() notes the actor's semaphore, and the
//   look-ahead ends with that instant; next_occurring_event() returns the time until then; SimGrid
//   moves its clock there and calls update_actions_state(); release_wakes() lets the actor go on.
class Engine::Simgrid::RpcModel : public simgrid::kernel::resource::Model {
public:
  explicit RpcModel(Simgrid& owner) : Model("lustrum"), owner_(owner) {}

  // Safe look-ahead: one SimGrid step costs as much as several of our events, so run all of ours
  // that nothing outside can influence: up to the next event of another model or timer, and up to
  // the first that wakes an actor.
  double next_occurring_event(double now) override {
    World& rpcs = owner_.world;
    if (owner_.actors_left == 0) return -1;
    const double outside = next_outside(now);
    rpcs.advance_to(std::min(now, rpcs.next_time()));
    owner_.looking_ahead = true;
    if (rpcs.has_ready()) rpcs.advance_to(now);
    // Once an actor is to be woken, only what happens at the same instant still belongs to it.
    double until = outside;
    while (!rpcs.stopped() && rpcs.next_time() < kNever && rpcs.next_time() <= until) {
      rpcs.run_one();
      if (!owner_.wakes.empty()) until = std::min(until, rpcs.now().count());
    }
    owner_.looking_ahead = false;
    if (rpcs.stopped()) return -1;
    if (!owner_.wakes.empty()) return std::max(0.0, rpcs.now().count() - now);
    const double next = rpcs.next_time();
    return next == kNever ? -1.0 : std::max(0.0, next - now);
  }

  void update_actions_state(double now, double /*delta*/) override {
    World& rpcs = owner_.world;
    if (owner_.actors_left == 0) return;
    // The world must never be ahead of the actors: what they do now would come too late for it.
    if (rpcs.now().count() > now + kClockSlack)
      rpcs.fail(std::make_exception_ptr(SimulationError(fmt::format(
          "the storage world ran ahead to {:.9f} s while actors are at {:.9f} s: a bug of Lustrum",
          rpcs.now().count(), now))));
    owner_.release_wakes(); // SimGrid's clock has come to where the look-ahead stopped
    while (!rpcs.stopped() && rpcs.next_time() <= now) rpcs.run_one();
  }

private:
  // Adding a delta to SimGrid's clock rounds: the clock may miss the exact time by this much.
  static constexpr double kClockSlack = 1e-9;

  double next_outside(double now) const {
    double outside = kNever;
    for (auto* other : owner_.engine->get_all_models()) {
      if (other == this) continue;
      const double delta = other->next_occurring_event(now);
      if (delta >= 0) outside = std::min(outside, now + delta);
    }
    const double timer = simgrid::kernel::timer::Timer::next();
    return timer >= 0 ? std::min(outside, timer) : outside;
  }

  Simgrid& owner_;
};

Engine::Engine(const Options& options) : simgrid_(std::make_unique<Simgrid>(world_)) {
  world_.set_event_limit(options.event_limit);
  simgrid_->model = std::make_shared<Simgrid::RpcModel>(*simgrid_);
  simgrid_->engine->add_model(simgrid_->model);
  if (options.data_path == DataPath::simgrid) {
    simgrid_->reference = std::make_unique<SimgridReference>(
        world_, *simgrid_->zone, [this](const sg::SemaphorePtr& s) { simgrid_->wake(s); });
    world_.set_reference(simgrid_->reference.get());
  }
  sg::Engine::on_deadlock_cb([this] {
    std::string text = "deadlock: nothing can happen any more, but these still wait:\n";
    for (const auto& [name, what] : simgrid_->waiting_actors)
      text += fmt::format("  actor `{}` waits for {}\n", name, what);
    simgrid_->error = text + world_.describe_waiting();
  });
}

Engine::~Engine() = default;

Seconds Engine::clock() const { return Seconds{sg::Engine::get_clock()}; }

void Engine::add_actor(const std::string& name, std::function<void()> body, ActorKind kind) {
  const bool regular = kind == ActorKind::regular;
  if (regular) ++simgrid_->actors_left;
  const auto actor =
      sg::Actor::create(name, simgrid_->ranks, [this, name, regular, body = std::move(body)] {
        try {
          body();
          if (regular) --simgrid_->actors_left;
        } catch (const std::exception& e) {
          world_.fail(std::make_exception_ptr(
              SimulationError(fmt::format("actor `{}` failed: {}", name, e.what()))));
          sg::this_actor::exit();
        }
      });
  if (!regular) actor->daemonize();
}

void Engine::run() {
  simgrid_->zone->seal();
  simgrid_->engine->run();
  if (const std::exception_ptr failure = world_.failure()) {
    try {
      std::rethrow_exception(failure);
    } catch (const SimulationError&) {
      throw;
    } catch (const std::exception& e) {
      throw SimulationError(fmt::format("{} at t = {:.6f} s, with these waiting:\n{}", e.what(),
                                        world_.now().count(), world_.describe_waiting()));
    }
  }
  if (!simgrid_->error.empty()) throw SimulationError(simgrid_->error);
  // The last thing may have been an actor's: averages are taken over the whole run.
  world_.advance_to(clock().count());
}

void Engine::sleep(Seconds duration) {
  if (duration.count() > 0) sg::this_actor::sleep_for(duration.count());
}

void Engine::spawn(Task task, TaskName name) { world_.spawn(std::move(task), name); }

const std::vector<std::string>& Engine::simgrid_settings() {
  static const std::vector<std::string> settings(std::begin(kSettings), std::end(kSettings));
  return settings;
}

struct Gate::State {
  sg::SemaphorePtr semaphore = sg::Semaphore::create(0);
};

Gate::Gate(Engine& engine) : engine_(engine), state_(std::make_unique<State>()) {}
Gate::~Gate() = default;

void Gate::wait(const char* what) {
  auto& waiting = engine_.simgrid_->waiting_actors;
  const std::string name = sg::this_actor::get_name();
  waiting[name] = what;
  state_->semaphore->acquire();
  waiting.erase(name);
}

void Gate::open() { engine_.simgrid_->wake(state_->semaphore); }

struct Barrier::State {
  explicit State(std::uint32_t count) : barrier(sg::Barrier::create(count)) {}
  sg::BarrierPtr barrier;
};

Barrier::Barrier(Engine& engine, std::uint32_t count)
    : engine_(engine), state_(std::make_unique<State>(count)) {}
Barrier::~Barrier() = default;

void Barrier::wait() {
  auto& waiting = engine_.simgrid_->waiting_actors;
  const std::string name = sg::this_actor::get_name();
  waiting[name] = "the other ranks (barrier)";
  state_->barrier->wait();
  waiting.erase(name);
}

} // namespace lustrum::kernel
