#include "sim/kernel/simgrid_reference.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace lustrum::kernel {

namespace sg = simgrid::s4u;

namespace {
constexpr double kHostSpeed = 1e9;
// A disk of c servers works off c seconds of service per second; SimGrid wants whole units.
constexpr double kUnitsPerSecond = 1e9;
} // namespace

sg::Host* SimgridReference::endpoint(const SharedStation* station) {
  sg::Host*& host = endpoints_[station];
  if (!host) host = zone_.create_host(fmt::format("endpoint{}", endpoints_.size()), kHostSpeed);
  return host;
}

// A path is told apart by its two ends: what lies between follows from them.
void SimgridReference::add_route(Path& path) {
  path.route = static_cast<std::uint32_t>(routes_.size());
  sg::Host* from = endpoint(path.stations[0]);
  sg::Host* to = endpoint(path.stations[path.count - 1]);
  std::vector<sg::LinkInRoute> links;
  for (std::uint32_t i = 0; i < path.count; ++i) {
    sg::Link*& link = links_[path.stations[i]];
    if (!link)
      link = zone_.create_link(fmt::format("link{}", links_.size()),
                               path.stations[i]->capacity().count());
    links.emplace_back(link);
  }
  zone_.add_route(from->get_netpoint(), to->get_netpoint(), nullptr, nullptr, links, false);
  routes_.push_back({from, to});
}

void SimgridReference::add_disk(FifoStation& disk) {
  disk.set_outside();
  const double servers = disk.servers();
  const double full = servers * kUnitsPerSecond;
  sg::Host* host = zone_.create_host(fmt::format("server{}", disks_.size()), kHostSpeed);
  sg::Disk* device = host->create_disk(fmt::format("disk{}", disks_.size()), full, full);
  if (servers > 1)
    // n requests keep min(n, c) of c servers busy.
    device->set_sharing_policy(
        sg::Disk::Operation::READ, sg::Disk::SharingPolicy::NONLINEAR,
        [servers](double, int n) { return std::min(double(n), servers) * kUnitsPerSecond; });
  disks_[&disk] = device;
}

void SimgridReference::start_transfer(const Path& path, double bytes, Transfer& transfer) {
  start({.path = &path, .transfer = &transfer, .amount = bytes, .arrived_s = world_.now().count()});
}

void SimgridReference::start_service(FifoStation& disk, double service_s, Task::Handle task) {
  start({.disk = &disk, .task = task, .amount = service_s, .arrived_s = world_.now().count()});
}

void SimgridReference::start(const Job& job) {
  if (idle_.empty()) {
    Mover& mover = movers_.emplace_back();
    sg::Actor::create("mover", zone_.get_all_hosts().front(), [this, &mover] {
      move(mover);
    })->daemonize();
    idle_.push_back(&mover);
  }
  Mover* mover = idle_.back();
  idle_.pop_back();
  mover->job = job;
  wake_(mover->work);
}

void SimgridReference::move(Mover& mover) {
  for (;;) {
    mover.work->acquire();
    do_job(mover.job);
    idle_.push_back(&mover);
  }
}

void SimgridReference::do_job(const Job& job) {
  if (job.disk) {
    disks_.at(job.disk)->read(static_cast<sg_size_t>(std::llround(job.amount * kUnitsPerSecond)));
  } else {
    const Route& route = routes_[job.path->route];
    sg::Comm::sendto(route.from, route.to, static_cast<std::uint64_t>(job.amount));
  }
  world_.advance_to(sg::Engine::get_clock());
  if (job.disk)
    world_.finish_service(*job.disk, job.amount, job.arrived_s, job.task);
  else
    world_.finish_transfer(*job.path, job.amount, job.arrived_s, *job.transfer);
}

} // namespace lustrum::kernel
