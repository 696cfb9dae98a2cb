// Links that are slowed, unhealthy or down while transfers are on them.
#include "models/fabric/fabric.hpp"
#include "sim/base/random.hpp"
#include "tests/model/ideal_filesystem.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <utility>
#include <vector>

using namespace lustrum;
using namespace lustrum::fabric;
using namespace lustrum::test;
using doctest::Approx;

namespace {

// Cards of 1000 MiB/s; all else takes no time.
FabricSettings two_cards(std::uint32_t clients = 1, std::uint32_t servers = 1) {
  FabricSettings s;
  s.clients = clients;
  s.servers = servers;
  s.nics_per_client = 2;
  s.client_nic = BytesPerSecond{1000.0 * kMib};
  s.server_nic = BytesPerSecond{kBoundless};
  return s;
}

class Run {
public:
  explicit Run(const FabricSettings& settings)
      : fabric(world, settings), clock_(world.add_delay({"clock", "clock"})) {}

  // A transfer from server 0 to client 0; where its end is noted.
  double& read_at(double start_s, std::uint64_t mib) {
    double& end_s = ends_.emplace_back(-1);
    world.spawn(read(*this, start_s, Bytes{mib * kMib}, end_s), {"read", 0});
    return end_s;
  }
  void at(double at_s, std::function<void()> what) {
    world.spawn(later(*this, at_s, std::move(what)), {"fault", 0});
  }
  void finish() {
    world.run_all();
    CHECK(world.check_laws().empty());
  }

  kernel::World world;
  Fabric fabric;

private:
  static kernel::Task read(Run& run, double start_s, Bytes bytes, double& end_s) {
    co_await run.world.delay(run.clock_, Seconds{start_s});
    co_await run.fabric.transfer(ClientIndex{0}, OssIndex{0}, Direction::to_client, bytes);
    end_s = run.world.now().count();
  }
  static kernel::Task later(Run& run, double at_s, std::function<void()> what) {
    co_await run.world.delay(run.clock_, Seconds{at_s});
    what();
  }

  kernel::DelayStation& clock_;
  std::deque<double> ends_;
};

const LinkId kNic0 = LinkId::client_nic(ClientIndex{0}, 0);
const LinkId kNic1 = LinkId::client_nic(ClientIndex{0}, 1);

} // namespace

TEST_CASE("a slowed link serves what is on it at its new rate") {
  // 1000 MiB from 0; at 0.5 s the card drops to a quarter: 500 MiB left at 250 MiB/s: ends at 2.5.
  FabricSettings settings = two_cards();
  settings.nics_per_client = 1;
  Run run(settings);
  const double& end_s = run.read_at(0, 1000);
  run.at(0.5, [&] { run.fabric.set_link_factor(kNic0, 0.25); });
  run.finish();
  CHECK(end_s == Approx(2.5));
}

TEST_CASE("an unhealthy card is left alone as long as there is a healthier one") {
  // Eight transfers at once would spread over two cards. With one of less health they all go over
  // the other: 8 x 100 MiB at 1000 MiB/s. Healthy again, they spread.
  Run run(two_cards());
  run.fabric.set_health(kNic0, Fabric::kFullHealth - 100);
  for (int i = 0; i < 8; ++i) run.read_at(0, 100);
  run.at(1, [&] { run.fabric.set_health(kNic0, Fabric::kFullHealth); });
  std::vector<double*> late;
  late.reserve(8);
  for (int i = 0; i < 8; ++i) late.push_back(&run.read_at(1, 100));
  run.finish();
  CHECK(station(run.world, "client0.nic0.rx").counts().arrivals == 4);
  CHECK(station(run.world, "client0.nic1.rx").counts().arrivals == 12);
  for (const double* end_s : late) CHECK(*end_s == Approx(1.4));
}

TEST_CASE("a card that goes down: what is on it is sent anew over the other") {
  // Two transfers of 1000 MiB, one per card. At 0.5 s card 0 fails with half of its transfer done;
  // the whole of it starts over on card 1, beside 500 MiB that are left there: 500 MiB/s each. The
  // second ends at 1.5; the first has 500 MiB left then and ends at 2.
  Run run(two_cards());
  const double& a_s = run.read_at(0, 1000);
  const double& b_s = run.read_at(0, 1000);
  run.at(0.5, [&] { run.fabric.set_down(kNic0, true); });
  run.at(0.6, [&] { run.fabric.set_down(kNic1, false); }); // was up: nothing happens
  const double& c_s = run.read_at(3, 1000);                // only one card is left
  const double& d_s = run.read_at(3, 1000);
  run.finish();
  CHECK(std::min(a_s, b_s) == Approx(1.5));
  CHECK(std::max(a_s, b_s) == Approx(2.0));
  CHECK(c_s == Approx(5));
  CHECK(d_s == Approx(5));
}

TEST_CASE("with every card down transfers wait, and go over the first that is back") {
  // One transfer of 1000 MiB on each card. At 0.25 s card 0 goes down, its transfer starts anew on
  // card 1, and at the same moment card 1 goes down, too. At 10 s card 1 is back: 750 and 1000 MiB
  // share it until 11.5, the second has 250 left then: 11.75.
  Run run(two_cards());
  const double& a_s = run.read_at(0, 1000);
  const double& b_s = run.read_at(0, 1000);
  run.at(0.25, [&] {
    run.fabric.set_down(kNic0, true);
    run.fabric.set_down(kNic1, true);
  });
  run.at(10, [&] { run.fabric.set_down(kNic1, false); });
  run.finish();
  CHECK(std::min(a_s, b_s) == Approx(11.5));
  CHECK(std::max(a_s, b_s) == Approx(11.75));
}

TEST_CASE("a server without its card keeps its clients waiting") {
  Run run(two_cards());
  const double& a_s = run.read_at(0, 1000);
  run.at(0.5, [&] { run.fabric.set_down(LinkId::server(OssIndex{0}), true); });
  const double& b_s = run.read_at(2, 1000); // on the other card
  run.at(5, [&] { run.fabric.set_down(LinkId::server(OssIndex{0}), false); });
  run.finish();
  // The client's card had received nothing that the server did not send: in this model each station
  // serves by itself, so the card is through when the server comes back, and the server (boundless)
  // sent all of it at once before it failed. The second waits for the server.
  CHECK(a_s == Approx(1));
  CHECK(b_s == Approx(5));
}

TEST_CASE("a router that goes down: its transfers are sent anew, and capacity shrinks") {
  // Two routers of 1000 MiB/s, one transfer of 1000 MiB on each; router 0 fails at 0.5 s: as with
  // two cards, 1.5 and 2 s. Two more then share the one that is left; after its return they do not.
  FabricSettings settings = two_cards();
  settings.client_nic = BytesPerSecond{kBoundless};
  settings.routers = {.count = 2, .bandwidth = BytesPerSecond{1000.0 * kMib}};
  Run run(settings);
  const double& a_s = run.read_at(0, 1000);
  const double& b_s = run.read_at(0, 1000);
  run.at(0.5, [&] { run.fabric.set_down(LinkId::router(0), true); });
  const double& c_s = run.read_at(3, 1000);
  const double& d_s = run.read_at(3, 1000);
  run.at(6, [&] { run.fabric.set_down(LinkId::router(0), false); });
  const double& e_s = run.read_at(6, 1000);
  const double& f_s = run.read_at(6, 1000);
  run.finish();
  CHECK(std::min(a_s, b_s) == Approx(1.5));
  CHECK(std::max(a_s, b_s) == Approx(2.0));
  CHECK(c_s == Approx(5));
  CHECK(d_s == Approx(5));
  CHECK(e_s == Approx(7));
  CHECK(f_s == Approx(7));
}

TEST_CASE("no transfer is lost, whatever goes up and down") {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    CAPTURE(seed);
    FabricSettings settings = two_cards();
    settings.routers = {.count = 2, .bandwidth = BytesPerSecond{1500.0 * kMib}};
    if (seed % 2 == 1) { // message by message
      settings.credits.round = Seconds{0.02};
      settings.credits.credits = 16;
      settings.routers.credits = 8;
    }
    Run run(settings);
    const auto draw = [&](std::uint64_t component, std::uint64_t i) {
      return static_cast<double>(random::draw(seed, component, i) % 1000) / 1000;
    };
    const std::vector<LinkId> links{kNic0, kNic1, LinkId::router(0), LinkId::router(1),
                                    LinkId::server(OssIndex{0})};
    std::vector<double*> ends;
    ends.reserve(40);
    for (std::uint64_t i = 0; i < 40; ++i)
      ends.push_back(
          &run.read_at(2 * draw(0, i), 1 + static_cast<std::uint64_t>(100 * draw(1, i))));
    for (std::uint64_t i = 0; i < 30; ++i) {
      const LinkId id = links[random::draw(seed, 2, i) % links.size()];
      run.at(3 * draw(3, i), [&run, id, i] { run.fabric.set_down(id, i % 2 == 0); });
    }
    for (const LinkId& id : links) run.at(4, [&run, id] { run.fabric.set_down(id, false); });
    run.finish();
    for (const double* end_s : ends) CHECK(*end_s >= 0);
    for (const kernel::Station* s : run.world.stations()) CHECK(s->counts().present == 0);
  }
}
