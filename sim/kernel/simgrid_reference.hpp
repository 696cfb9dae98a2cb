// The independent reference: each transfer is a SimGrid communication over a route of links
// (max-min fair sharing), each disk service a SimGrid disk operation. Exact and slow; for
// cross-checks.
#pragma once

#include "sim/kernel/world.hpp"

#include <simgrid/s4u.hpp>

#include <functional>
#include <map>
#include <vector>

namespace lustrum::kernel {

class SimgridReference : public ReferenceEngine {
public:
  using Wake = std::function<void(const simgrid::s4u::SemaphorePtr&)>;

  SimgridReference(World& world, simgrid::s4u::NetZone& zone, Wake wake)
      : world_(world), zone_(zone), wake_(std::move(wake)) {}

  void add_route(Path& path) override;
  void add_disk(FifoStation& disk) override;
  void start_transfer(const Path& path, double bytes, Transfer& transfer) override;
  void start_service(FifoStation& disk, double service_s, Task::Handle task) override;

private:
  struct Route {
    simgrid::s4u::Host* from;
    simgrid::s4u::Host* to;
  };
  // One thing to be done by a mover: a transfer, or a disk service when `disk` is set.
  struct Job {
    const Path* path = nullptr;
    Transfer* transfer = nullptr;
    FifoStation* disk = nullptr;
    Task::Handle task = nullptr;
    double amount = 0; // bytes, or seconds of service
    double arrived_s = 0;
  };
  // An actor that does one job after the other. There are as many as jobs at once.
  struct Mover {
    simgrid::s4u::SemaphorePtr work = simgrid::s4u::Semaphore::create(0);
    Job job;
  };

  simgrid::s4u::Host* endpoint(const SharedStation* station);
  void start(const Job& job);
  void move(Mover& mover);
  void do_job(const Job& job);

  World& world_;
  simgrid::s4u::NetZone& zone_;
  Wake wake_;
  std::map<const SharedStation*, simgrid::s4u::Link*> links_;
  std::map<const FifoStation*, simgrid::s4u::Disk*> disks_;
  std::map<const SharedStation*, simgrid::s4u::Host*> endpoints_;
  std::vector<Route> routes_;
  std::deque<Mover> movers_;
  std::vector<Mover*> idle_;
};

} // namespace lustrum::kernel
