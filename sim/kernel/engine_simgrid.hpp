// What of SimGrid an Engine holds; for the .cpp files of this folder only.
#pragma once

#include "sim/kernel/engine.hpp"
#include "sim/kernel/simgrid_reference.hpp"

#include <simgrid/s4u.hpp>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace lustrum::kernel {

struct Engine::Simgrid {
  class RpcModel;

  explicit Simgrid(World& w);

  // Actors are woken only when the clock stands where it should: at once from an actor or from the
  // model's turn, otherwise when the look-ahead has brought the clock here.
  void wake(const simgrid::s4u::SemaphorePtr& semaphore) {
    if (looking_ahead)
      wakes.push_back(semaphore);
    else
      semaphore->release();
  }
  void release_wakes() {
    for (const simgrid::s4u::SemaphorePtr& semaphore : wakes) semaphore->release();
    wakes.clear();
  }

  std::unique_ptr<simgrid::s4u::Engine> engine;
  simgrid::s4u::NetZone* zone;
  World& world;
  simgrid::s4u::Host* ranks; // where actors live
  std::shared_ptr<RpcModel> model;
  std::unique_ptr<SimgridReference> reference;
  bool looking_ahead = false;
  std::uint32_t actors_left = 0; // the run ends with the last one, whatever tasks still do
  std::vector<simgrid::s4u::SemaphorePtr> wakes;
  std::map<std::string, const char*> waiting_actors; // name -> what for
  std::string error;
};

} // namespace lustrum::kernel
