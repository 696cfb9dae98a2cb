// A whole Lustre file system with its clients, as a Storage.
#pragma once

#include "models/lustre/client.hpp"
#include "models/storage.hpp"
#include "sim/kernel/topology.hpp"

#include <deque>
#include <string>
#include <vector>

namespace lustrum::lustre {

struct FilesystemSettings {
  fabric::FabricSettings fabric; // one client per host, one server per OSS
  OssSettings oss;
  std::uint32_t mdts = 1;
  MdsSettings mds; // of one MDT
  Layout layout{{LayoutComponent{}}};
  LustreTunables tunables;
  std::uint64_t seed = 0; // of the object allocator
};

class Filesystem : public Storage {
public:
  Filesystem(kernel::World& world, const FilesystemSettings& settings);

  FileIndex place_file(std::uint32_t directory, Bytes size) override {
    return files_.add(directory, size);
  }
  Bytes file_size(FileIndex file) const override { return files_.size(file); }

  kernel::Task open(ClientIndex client, FileIndex file, std::unique_ptr<OpenFile>& opened,
                    TimeAccount& account) override {
    return clients_[client.value()].open(file, opened, account);
  }
  kernel::Task read(OpenFile& file, Bytes offset, Bytes length, TimeAccount& account) override {
    return clients_[file.client().value()].read(file, offset, length, account);
  }
  kernel::Task write(OpenFile& file, Bytes offset, Bytes length, TimeAccount& account) override {
    return clients_[file.client().value()].write(file, offset, length, account);
  }
  kernel::Task close(std::unique_ptr<OpenFile> file, TimeAccount& account) override {
    Client& client = clients_[file->client().value()];
    return client.close(std::move(file), account);
  }
  kernel::Task stat(ClientIndex client, FileIndex file, TimeAccount& account) override {
    return clients_[client.value()].stat(file, account);
  }
  IoTotals totals() const override { return totals_; }

  const FilesystemSettings& settings() const { return settings_; }

  // The most that all clients together can read, by max-flow over disks, servers and network, for a
  // run that reads `bytes` in all: burst credit counts as far as it reaches, and fills up during
  // the time in which the job does not read.
  kernel::Topology::Cut read_bound(Bytes bytes, Seconds not_reading) const;
  // The same without any burst credit.
  kernel::Topology::Cut read_bound_of_baseline() const;
  // Files per second that the metadata servers can open and close in a run that opens this many.
  PerSecond open_close_bound(std::uint64_t opens) const;

  // Conservation: what the OSTs read and wrote is what clients fetched. Empty when all holds.
  std::vector<std::string> check_laws() const;

private:
  kernel::Topology::Cut cut_with(BytesPerSecond network, BytesPerSecond disk) const;

  const kernel::World& world_;
  FilesystemSettings settings_;
  FileTable files_;
  fabric::Fabric fabric_;
  std::deque<Mds> mds_;
  std::deque<Oss> oss_;
  std::deque<Ost> ost_;
  IoTotals totals_;
  std::deque<Client> clients_;
};

} // namespace lustrum::lustre
