#include "models/fabric/lnd.hpp"

#include <algorithm>
#include <cassert>

namespace lustrum::fabric {

namespace {

constexpr std::uint32_t kLeastThreads = 3;
constexpr std::uint32_t kMostThreads = 6;

} // namespace

std::string_view to_string(Lnd lnd) {
  switch (lnd) {
  case Lnd::tcp:
    return "tcp";
  case Lnd::o2ib:
    return "o2ib";
  case Lnd::efa:
    return "efa";
  }
  return {};
}

std::uint32_t socklnd_threads(std::uint32_t cores, std::uint32_t partitions) {
  assert(partitions > 0);
  const std::uint32_t here = std::max(1U, cores / partitions);
  const std::uint32_t threads = std::min(std::max(kLeastThreads, here / 2), here);
  return partitions * std::min(kMostThreads, threads);
}

BytesPerSecond socklnd_pair_ceiling(const SocklndSettings& settings) {
  BytesPerSecond connection = settings.per_connection;
  if (settings.copy.count() > 0 && (connection.count() <= 0 || settings.copy < connection))
    connection = settings.copy;
  return connection * settings.conns_per_peer;
}

BytesPerSecond socklnd_receive_ceiling(const SocklndSettings& settings) {
  return settings.copy * settings.threads;
}

bool credits_bind(std::uint32_t credits, Seconds round, BytesPerSecond capacity) {
  const double message = kLnetMessage.as_double();
  return credits * message < capacity * round + message;
}

} // namespace lustrum::fabric
