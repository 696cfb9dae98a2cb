// The metadata half of a Lustre file system: clients, MDTs, OSTs and their locks, without reads and
// writes, in which nothing takes time but what a test puts in.
#pragma once

#include "models/lustre/client/metadata.hpp"
#include "tests/model/ideal_filesystem.hpp"

#include <deque>

namespace lustrum::test {

struct MetadataSystemSettings {
  std::uint32_t clients = 1;
  std::uint32_t mdts = 1;
  std::uint32_t osts = 1;
  Bytes ost_capacity{};
  lustre::Layout layout{{lustre::LayoutComponent{}}};
  Seconds latency{}; // one way, of metadata and lock RPCs alike
  lustre::MdsSettings mds{.cores = kPlenty};
  lustre::LustreTunables tunables = lustre::LustreTunables::defaults();
  lustre::MetadataSettings metadata{};
  lustre::ObjectSupplySettings supply{};
};

class MetadataSystem {
  struct Holder : lustre::LockHolder {
    explicit Holder(lustre::ObjectCache& cache) : objects(cache) {}
    void called_back(std::uint32_t object, lustre::LockId lock) override {
      objects.called_back(object, lock);
    }
    Bytes written_end(std::uint32_t) const override { return {}; }
    bool responds() const override { return true; }
    lustre::ObjectCache& objects;
  };

  static fabric::FabricSettings fabric_settings(const MetadataSystemSettings& s) {
    return {.clients = s.clients,
            .client_nic = BytesPerSecond{kBoundless},
            .servers = s.osts,
            .server_nic = BytesPerSecond{kBoundless},
            .latency = s.latency,
            .metadata_latency = s.latency,
            .mdss = s.mdts};
  }
  static lustre::OssSettings oss_settings() { return ideal_filesystem().oss; }

public:
  explicit MetadataSystem(const MetadataSystemSettings& s)
      : fabric(world, fabric_settings(s)), files({.layout = s.layout,
                                                  .osts = s.osts,
                                                  .servers = s.osts,
                                                  .ost_capacity = s.ost_capacity,
                                                  .mdts = s.mdts}),
        extent_locks(world, fabric, Seconds{100}), inode_locks(world, fabric, Seconds{100}),
        oss_settings_(oss_settings()), totals_(1) {
    for (std::uint32_t m = 0; m < s.mdts; ++m)
      mds.emplace_back(world, MdtIndex{m}, s.mds, s.clients);
    kernel::DelayStation& delay = world.add_delay({"delay", "delay"});
    for (std::uint32_t t = 0; t < s.osts; ++t) {
      oss.emplace_back(world, fabric, OssIndex{t}, oss_settings_);
      osts.emplace_back(world, oss.back(), delay, OstIndex{t}, oss_settings_, s.clients, files, 0);
    }
    supply.emplace(world, fabric, files, osts, extent_locks, s.mdts, s.supply);
    std::vector<lustre::LockHolder*> holders;
    std::vector<lustre::InodeLockHolder*> inode_holders;
    const lustre::MetadataParts parts{world,   fabric,      files,       mds,
                                      *supply, inode_locks, extent_locks};
    for (std::uint32_t c = 0; c < s.clients; ++c) {
      objects.emplace_back(
          world, fabric, files, osts, extent_locks, ClientIndex{c}, states.emplace_back(world),
          tunables, lustre::ObjectCacheSettings{.max_cached = Bytes{kGib}}, delay, delay, totals_);
      holders.push_back(&holders_.emplace_back(objects.back()));
      inode_holders.push_back(&clients.emplace_back(parts, objects.back(), ClientIndex{c},
                                                    states.back(), s.tunables, s.metadata));
    }
    extent_locks.connect(holders, [](ClientIndex, std::uint32_t) {});
    inode_locks.connect(inode_holders, [this](ClientIndex client, lustre::Inode inode) {
      const MdtIndex mdt = clients.front().mdt_of(inode);
      mds[mdt.value()].target().evict(client, 0);
      clients[client.value()].evicted_by(mdt);
      inode_locks.evict(client,
                        [&](lustre::Inode held) { return clients.front().mdt_of(held) == mdt; });
    });
  }

  // Runs a task to its end; the time it took.
  Seconds run(kernel::Task task) {
    const Seconds start = world.now();
    Seconds end{};
    world.spawn(timed(world, std::move(task), end), {"test", 0});
    world.run_all();
    return end - start;
  }

  // RPCs so far: those of all clients to all MDTs, and those to OSTs that clients wait for.
  std::uint64_t mdt_rpcs() const {
    std::uint64_t sum = 0;
    for (const lustre::MetadataClient& client : clients)
      for (std::size_t op = 0; op < lustre::kMetadataOperations; ++op)
        sum += client.rpcs(static_cast<lustre::MetadataOperation>(op));
    return sum;
  }
  std::uint64_t ost_rpcs() const {
    std::uint64_t sum = 0;
    for (const lustre::MetadataClient& client : clients)
      sum += client.glimpses() + client.punches();
    return sum;
  }

  kernel::World world;
  fabric::Fabric fabric;
  lustre::FileTable files;
  lustre::LockService extent_locks;
  lustre::InodeLockService inode_locks;
  std::deque<lustre::Mds> mds;
  std::deque<lustre::Oss> oss;
  std::deque<lustre::Ost> osts;
  std::optional<lustre::ObjectSupply> supply;
  std::deque<lustre::ClientState> states;
  std::deque<lustre::ObjectCache> objects;
  std::deque<lustre::MetadataClient> clients;

private:
  static kernel::Task timed(kernel::World& world, kernel::Task task, Seconds& end) {
    co_await task;
    end = world.now();
  }

  lustre::LustreTunables tunables = lustre::LustreTunables::defaults();
  lustre::OssSettings oss_settings_;
  lustre::JobTotals totals_;
  std::deque<Holder> holders_;
};

} // namespace lustrum::test
