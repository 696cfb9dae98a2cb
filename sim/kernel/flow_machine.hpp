// Clients and servers as SimGrid knows them without our stations: hosts behind a link each. The
// yardstick of the kernel benchmark.
#pragma once

#include "sim/base/units.hpp"
#include "sim/kernel/engine.hpp"

#include <memory>

namespace lustrum::kernel {

class FlowMachine {
public:
  struct Shape {
    std::uint32_t clients;
    std::uint32_t servers;
    BytesPerSecond client_nic;
    BytesPerSecond server_nic;
    Seconds latency; // one way
  };

  // Builds the platform. Pre: the engine has not run.
  FlowMachine(Engine& engine, const Shape& shape);
  ~FlowMachine();

  // For actors: moves bytes from a server to a client and returns when they are there.
  void send(std::uint32_t server, std::uint32_t client, Bytes bytes);

private:
  struct Hosts;
  std::unique_ptr<Hosts> hosts_;
};

} // namespace lustrum::kernel
