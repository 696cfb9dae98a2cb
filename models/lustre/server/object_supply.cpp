#include "models/lustre/server/object_supply.hpp"

#include "models/storage/stopwatch.hpp"

namespace lustrum::lustre {

using kernel::Task;

ObjectSupply::ObjectSupply(kernel::World& world, fabric::Fabric& fabric, FileTable& files,
                           std::deque<Ost>& osts, LockService& lock_service, std::uint32_t mdts,
                           const ObjectSupplySettings& settings)
    : world_(world), fabric_(fabric), files_(files), osts_(osts), lock_service_(lock_service),
      settings_(settings) {
  for (std::uint32_t ost = 0; ost < osts.size(); ++ost)
    makers_.push_back(&world.add_fifo({"ost_objects", "ost{}.objects", ost}, 1));
  links_.resize(mdts * osts.size());
  for (Link& link : links_) link.pool = PrecreatePool(settings.precreate);
}

bool ObjectSupply::try_take(MdtIndex mdt, FileTable::Objects objects) {
  if (objects.count != 1) return objects.count == 0; // several pools: take() sees to them
  const OstIndex ost = files_.ost_of(objects.first);
  Link& link = at(mdt, ost);
  const bool taken = link.pool.take();
  refill(link, ost);
  return taken;
}

Task ObjectSupply::take(MdtIndex mdt, FileTable::Objects objects, TimeAccount& account) {
  Stopwatch watch(world_, account);
  for (std::uint32_t i = 0; i < objects.count; ++i) {
    const OstIndex ost = files_.ost_of(objects.first + i);
    Link& link = at(mdt, ost);
    while (!link.pool.take()) {
      refill(link, ost);
      ++waits_;
      if (!link.created) link.created = std::make_unique<kernel::Signal>(world_);
      co_await link.created->wait();
    }
    refill(link, ost);
  }
  watch.lap(Cause::metadata);
}

void ObjectSupply::refill(Link& link, OstIndex ost) {
  // The allocator prefers OSTs with objects at hand. With several MDTs, the last one's word counts.
  if (link.pool.ready() == 0) files_.space().set_objects_ready(ost, false);
  if (const std::uint32_t count = link.pool.ask(); count > 0)
    world_.spawn(precreate(link, ost, count), {"precreating on ost", ost.value()});
}

Task ObjectSupply::precreate(Link& link, OstIndex ost, std::uint32_t count) {
  ++create_rpcs_;
  Target& target = osts_[ost.value()].target();
  TimeAccount unused;
  // Objects of an OST that is gone for good can be had: who uses them finds out.
  for (bool answered = target.lost(); !answered;) {
    while (!target.available() && !target.lost()) co_await target.change();
    const std::uint32_t boot = target.boot();
    co_await fabric_.latency();
    co_await osts_[ost.value()].oss().serve_small(unused, Cause::metadata);
    const std::uint32_t transactions =
        (count + settings_.transaction_objects - 1) / settings_.transaction_objects;
    const Seconds begin = world_.now();
    co_await world_.serve(*makers_[ost.value()], settings_.transaction * transactions);
    osts_[ost.value()].count(RpcOpcode::ost_create, world_.now() - begin);
    co_await fabric_.latency();
    answered = target.boot() == boot || target.lost();
  }
  link.pool.created(count);
  files_.space().set_objects_ready(ost, true);
  if (link.created) link.created->notify();
}

void ObjectSupply::destroy(MdtIndex mdt, std::uint32_t object) {
  const OstIndex ost = files_.ost_of(object);
  Link& link = at(mdt, ost);
  link.doomed.push(object);
  if (link.destroying < settings_.destroys_in_flight) {
    ++link.destroying;
    world_.spawn(destroy_doomed(link, ost), {"destroying on ost", ost.value()});
  }
}

// One of the requests in flight: takes the next object as long as there are any.
Task ObjectSupply::destroy_doomed(Link& link, OstIndex ost) {
  Target& target = osts_[ost.value()].target();
  TimeAccount unused;
  while (!link.doomed.empty()) {
    const std::uint32_t object = link.doomed.pop();
    ++destroy_rpcs_;
    while (!target.available() && !target.lost()) co_await target.change();
    co_await fabric_.latency();
    co_await osts_[ost.value()].oss().serve_small(unused, Cause::metadata);
    // Clients with locks on it throw away what they have of it.
    if (const ExtentResource* locks = lock_service_.resource(object); locks && !locks->empty()) {
      ExtentDecision decision;
      const ExtentRequest whole{.client = kServerItself, .mode = LockMode::pw};
      co_await lock_service_.enqueue(object, whole, decision);
      lock_service_.cancel(object, decision.lock.id);
    }
    const Seconds begin = world_.now();
    co_await world_.serve(*makers_[ost.value()], settings_.destroy);
    osts_[ost.value()].count(RpcOpcode::ost_destroy, world_.now() - begin);
    osts_[ost.value()].destroyed(object, files_.object_space(object));
    files_.destroy_object(object);
    co_await fabric_.latency();
  }
  --link.destroying;
}

} // namespace lustrum::lustre
