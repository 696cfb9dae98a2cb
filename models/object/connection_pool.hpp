// The connections of one client (or one of its processes) to an object store, and a request's way:
// wait for a connection, connect when it is new or was closed, get a session token where one is
// needed, ask, be refused and try again after a pause, wait for the first byte. Connections are
// bound to the host's NICs in turn.
#pragma once

#include "models/fabric/host_links.hpp"
#include "models/object/object_service.hpp"
#include "models/object/retry.hpp"
#include "models/storage/stopwatch.hpp"

#include <deque>
#include <optional>
#include <vector>

namespace lustrum::object {

struct ConnectionSettings {
  std::uint32_t connections = 1;
  std::uint32_t in_flight = 1; // requests that may wait for one or hold one
  std::uint32_t nics = 1;      // of the host's, that are used
  Seconds idle{};              // an unused connection is closed after this
  RetrySettings retry{};
};

struct PoolCounts {
  std::uint64_t begun = 0;    // requests, first tries
  std::uint64_t retries = 0;  // sent again after a 503
  std::uint64_t given_up = 0; // failed with the last 503
  std::uint64_t connects = 0;
  std::uint32_t under_way = 0; // taken by the store, not yet done
};

class ConnectionPool {
public:
  // `number` tells the pools of a run apart in names.
  ConnectionPool(kernel::World& world, ObjectService& service, const fabric::HostLinks& links,
                 ClientIndex client, std::uint32_t number, const ConnectionSettings& settings,
                 std::uint64_t seed);

  // A connection that a request holds, from begin() until the lease ends.
  class Lease {
  public:
    Lease() = default;
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    ~Lease() { end(); }
    void end();
    // Lends the connection to others while the reader does not take what the store would send; the
    // body goes on with ConnectionPool::resume().
    void pause();
    bool paused() const { return pool_ && !slot_; }

  private:
    friend class ConnectionPool;
    ConnectionPool* pool_ = nullptr;
    std::uint32_t connection_ = 0;
    RequestClass request_{};
    bool taken_ = false; // by the store
    std::optional<kernel::SlotHold> in_flight_;
    std::optional<kernel::SlotHold> slot_;
  };

  // Until the answer's first byte; for a PUT until its body may be sent. Fails with `io` when the
  // store refuses it once too often. \pre the lease is fresh
  kernel::Task begin(RequestTarget target, Lease& lease, Outcome& outcome);
  kernel::Task resume(Lease& lease, Outcome& outcome);
  // Moves bytes of the body.
  kernel::Task transfer(Lease& lease, fabric::Direction direction, Bytes bytes, Outcome& outcome);
  // The answer to a body that was sent.
  kernel::Task finish_put(Lease& lease, Outcome& outcome);
  // A request whose answer is `bytes` long (HEAD, DELETE, POST, a page of LIST).
  kernel::Task call(RequestTarget target, Bytes bytes, Outcome& outcome);

  const PoolCounts& counts() const { return counts_; }
  std::uint32_t connections() const { return settings_.connections; }

private:
  struct Connection {
    kernel::Path to_client;
    kernel::Path to_store;
    bool open = false;
    Seconds last_used{};
  };
  kernel::Task open(Connection& connection, Outcome& outcome);
  kernel::Task get_session(Outcome& outcome);
  Connection& connection(std::uint32_t number) { return connections_[number]; }
  std::uint32_t take_connection();
  void add_connection();

  kernel::World& world_;
  ObjectService& service_;
  const fabric::HostLinks& links_;
  ClientIndex client_;
  std::uint32_t number_;
  ConnectionSettings settings_;
  RetryBucket retry_;
  kernel::SlotsStation& in_flight_;
  kernel::SlotsStation& slots_;
  kernel::DelayStation& pauses_;
  std::deque<Connection> connections_; // made when first needed; they stay where they are
  std::vector<std::uint32_t> free_;    // the last used comes first
  PoolCounts counts_;
  Seconds session_ends_{-1};
  bool session_coming_ = false;
  kernel::Signal session_;
};

} // namespace lustrum::object
