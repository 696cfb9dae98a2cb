// Lustre's network drivers as figures.
#include "models/fabric/fabric_settings.hpp"

#include <doctest/doctest.h>

#include <cmath>

using namespace lustrum;
using namespace lustrum::fabric;
using doctest::Approx;

namespace {

BytesPerSecond gbit(double n) { return BytesPerSecond{n * 1e9 / 8}; }

} // namespace

TEST_CASE("receiving threads: half of a partition's cores, 3 to 6 of them") {
  CHECK(socklnd_threads(2, 1) == 2); // never more than there are
  CHECK(socklnd_threads(4, 1) == 3);
  CHECK(socklnd_threads(8, 1) == 4);
  CHECK(socklnd_threads(96, 1) == 6);
  CHECK(socklnd_threads(192, 2) == 12);
}

TEST_CASE("a pair is capped by its connections, each by the network and by its receiver") {
  SocklndSettings tcp{.conns_per_peer = 4, .per_connection = gbit(10), .threads = 6};
  CHECK(socklnd_pair_ceiling(tcp).count() == Approx(gbit(40).count()));
  CHECK(socklnd_receive_ceiling(tcp).count() == 0); // nothing said of copies
  tcp.copy = gbit(8);
  CHECK(socklnd_pair_ceiling(tcp).count() == Approx(gbit(32).count()));
  CHECK(socklnd_receive_ceiling(tcp).count() == Approx(gbit(48).count()));
  tcp.copy = gbit(20);
  CHECK(socklnd_pair_ceiling(tcp).count() == Approx(gbit(40).count()));
  tcp.per_connection = {};
  CHECK(socklnd_pair_ceiling(tcp).count() == Approx(gbit(80).count()));
}

TEST_CASE("credits bind exactly when the closed loop is slower than the path") {
  // k messages of m in a loop of a round r and a part C: k m / (r + m/C) < C. With r = 2 ms and
  // k = 8 the loop alone gives 4,000 MiB/s; with C the cross-over is at C = (k - 1) m / r.
  const Seconds round{0.002};
  const double crossing = 7.0 * kMib / 0.002;
  CHECK(credits_bind(8, round, BytesPerSecond{crossing * 1.001}));
  CHECK_FALSE(credits_bind(8, round, BytesPerSecond{crossing * 0.999}));
  CHECK_FALSE(credits_bind(2, Seconds{0}, BytesPerSecond{1e12})); // nothing to wait for
  // The defaults of TCP on FSx: 5 Gbit/s and a round of 160 us.
  CHECK_FALSE(credits_bind(8, Seconds{160e-6}, gbit(5)));
}

TEST_CASE("how often a byte crosses the memory bus") {
  using enum HostPath;
  CHECK(memory_crossings(Lnd::o2ib, Direction::to_client, buffered) == 3);
  CHECK(memory_crossings(Lnd::o2ib, Direction::to_server, buffered) == 3);
  CHECK(memory_crossings(Lnd::tcp, Direction::to_client, buffered) == 5);
  CHECK(memory_crossings(Lnd::tcp, Direction::to_server, buffered) == 3);
  CHECK(memory_crossings(Lnd::efa, Direction::to_client, direct) == 1);
  CHECK(memory_crossings(Lnd::efa, Direction::to_client, gpu) == 0);
}
