#include "models/object/connection_pool.hpp"

#include <algorithm>
#include <cassert>

namespace lustrum::object {

using fabric::Direction;
using kernel::Task;

namespace {

// What a transfer's time is put down to, from the station that served it last.
Cause cause_of(const kernel::Station* slowest) {
  if (!slowest) return Cause::network;
  const std::string_view where = slowest->label().station_class;
  return where == "client_nic" || where == "pcie" ? Cause::client_nic : Cause::network;
}

Cause cause_of(RequestClass request) {
  const bool data = request == RequestClass::get || request == RequestClass::put;
  return data ? Cause::network : Cause::metadata;
}

} // namespace

ConnectionPool::ConnectionPool(kernel::World& world, ObjectService& service,
                               const fabric::HostLinks& links, ClientIndex client,
                               std::uint32_t number, const ConnectionSettings& settings,
                               std::uint64_t seed)
    : world_(world), service_(service), links_(links), client_(client), number_(number),
      settings_(settings),
      retry_(settings.retry, seed, random::component("object.retry", number + 1)),
      in_flight_(
          world.add_slots({"object_in_flight", "client{}.pool{}.in_flight", client.value(), number},
                          std::max(settings.in_flight, settings.connections))),
      slots_(world.add_slots({"connections", "client{}.pool{}.connections", client.value(), number},
                             settings.connections)),
      pauses_(
          world.add_delay({"object_backoff", "client{}.pool{}.backoff", client.value(), number})),
      session_(world) {
  assert(settings.nics > 0 && settings.nics <= links.settings().nics);
}

void ConnectionPool::Lease::pause() {
  Connection& connection = pool_->connection(connection_);
  connection.last_used = pool_->world_.now();
  pool_->free_.push_back(connection_);
  slot_.reset();
  in_flight_.reset();
}

void ConnectionPool::Lease::end() {
  if (!pool_) return;
  if (!paused()) pause();
  if (taken_) {
    --pool_->counts_.under_way;
    pool_->service_.finished(request_);
  }
  pool_ = nullptr;
  taken_ = false;
}

Task ConnectionPool::resume(Lease& lease, Outcome& outcome) {
  Stopwatch watch(world_, outcome.time);
  lease.slot_.emplace(co_await slots_.acquire());
  lease.connection_ = take_connection();
  // The body's own connection was kept open: another pays no handshake in its place.
  connection(lease.connection_).open = true;
  watch.lap(Cause::rpc_slots);
}

void ConnectionPool::add_connection() {
  const auto n = static_cast<std::uint32_t>(connections_.size());
  Connection& made = connections_.emplace_back();
  const BytesPerSecond rate = service_.settings().connection_rate;
  // Two stations, one each way: a request moves its body in one direction only.
  made.to_client.add(world_.add_shared({"connection", "pool{}.connection{}.rx", number_, n}, rate));
  made.to_store.add(world_.add_shared({"connection", "pool{}.connection{}.tx", number_, n}, rate));
  const std::uint32_t nic = n % settings_.nics;
  for (const Direction direction : {Direction::to_client, Direction::to_server}) {
    kernel::Path& path = direction == Direction::to_client ? made.to_client : made.to_store;
    links_.add_to(path, client_, nic, direction);
    service_.add_to(path, direction);
  }
  free_.push_back(n);
}

std::uint32_t ConnectionPool::take_connection() {
  if (free_.empty()) add_connection();
  const std::uint32_t number = free_.back();
  free_.pop_back();
  return number;
}

Task ConnectionPool::get_session(Outcome& outcome) {
  Stopwatch watch(world_, outcome.time);
  while (world_.now() >= session_ends_) {
    if (session_coming_) {
      co_await session_.wait();
      continue;
    }
    session_coming_ = true;
    // CreateSession has no published rate limit, so it is not counted against one.
    co_await service_.answer(RequestClass::session);
    service_.finished_session();
    session_ends_ = world_.now() + service_.settings().session_life;
    session_coming_ = false;
    session_.notify();
  }
  watch.lap(Cause::metadata);
}

Task ConnectionPool::open(Connection& connection, Outcome& outcome) {
  Stopwatch watch(world_, outcome.time);
  ++counts_.connects;
  co_await service_.connect();
  connection.open = true;
  watch.lap(Cause::network);
}

Task ConnectionPool::begin(RequestTarget target, Lease& lease, Outcome& outcome) {
  assert(!lease.pool_);
  Stopwatch watch(world_, outcome.time);
  ++counts_.begun;
  lease.in_flight_.emplace(co_await in_flight_.acquire());
  for (std::uint32_t retry = 0;; ++retry) {
    lease.slot_.emplace(co_await slots_.acquire());
    watch.lap(Cause::rpc_slots);
    lease.pool_ = this;
    lease.connection_ = take_connection();
    lease.request_ = target.request;
    Connection& used = connection(lease.connection_);
    const bool closed = !used.open || world_.now() - used.last_used > settings_.idle;
    Outcome setting_up;
    if (closed) co_await open(used, setting_up);
    if (service_.settings().sessions) co_await get_session(setting_up);
    watch.lap_as(setting_up.time, Cause::network);
    if (service_.admit(target)) {
      lease.taken_ = true;
      ++counts_.under_way;
      retry_.succeeded(retry);
      // A PUT is answered after its body.
      if (target.request != RequestClass::put) co_await service_.answer(target.request);
      watch.lap(cause_of(target.request));
      co_return;
    }
    co_await service_.refusal();
    // The pause does not hold the connection, but keeps its place among the requests in flight.
    std::optional<kernel::SlotHold> place = std::move(lease.in_flight_);
    lease.end();
    const std::optional<Seconds> pause = retry_.pause(retry);
    if (!pause) {
      ++counts_.given_up;
      outcome.fail(StorageError::io);
      watch.lap(Cause::throttle);
      co_return;
    }
    ++counts_.retries;
    co_await world_.delay(pauses_, *pause);
    watch.lap(Cause::throttle);
    lease.in_flight_.emplace(std::move(*place));
  }
}

Task ConnectionPool::transfer(Lease& lease, Direction direction, Bytes bytes, Outcome& outcome) {
  Stopwatch watch(world_, outcome.time);
  Connection& used = connection(lease.connection_);
  const bool down = direction == Direction::to_client;
  const kernel::Station* slowest =
      co_await world_.transfer(down ? used.to_client : used.to_store, bytes);
  if (!down) service_.uploaded(bytes);
  if (lease.request_ == RequestClass::get) service_.retrieved(bytes);
  watch.lap(cause_of(slowest));
}

Task ConnectionPool::finish_put(Lease& lease, Outcome& outcome) {
  Stopwatch watch(world_, outcome.time);
  co_await service_.answer(RequestClass::put);
  watch.lap(Cause::network);
  lease.end();
}

Task ConnectionPool::call(RequestTarget target, Bytes bytes, Outcome& outcome) {
  Lease lease;
  co_await begin(target, lease, outcome);
  if (!outcome.ok()) co_return;
  if (target.request == RequestClass::put) co_return co_await finish_put(lease, outcome);
  if (bytes > Bytes{}) co_await transfer(lease, Direction::to_client, bytes, outcome);
}

} // namespace lustrum::object
