// An object store whose every figure is a round number, with clients to read and write it.
#pragma once

#include "models/object/object_storage.hpp"
#include "tests/model/ideal_filesystem.hpp"

#include <doctest/doctest.h>

#include <deque>

namespace lustrum::test {

inline constexpr BytesPerSecond kMegabytes100{100e6};

// First byte 15 ms, PUT 20 ms, LIST 30 ms, HEAD 10 ms, connections of 100 MB/s at no cost, no
// rates.
inline object::ServiceSettings round_service() {
  object::ServiceSettings s = object::ServiceSettings::s3_standard();
  s.connect = {};
  s.get = {Seconds{0.015}, Seconds{0.015}};
  s.put = {Seconds{0.020}, Seconds{0.020}};
  s.list = {Seconds{0.030}, Seconds{0.030}};
  s.head = {Seconds{0.010}, Seconds{0.010}};
  s.session = {Seconds{0.005}, Seconds{0.005}};
  s.connection_rate = kMegabytes100;
  s.reads = s.writes = {};
  s.throttle_answer = Seconds{0.010};
  return s;
}

struct ObjectRun {
  ObjectRun(const object::ServiceSettings& service_settings,
            const object::ObjectStorageSettings& settings,
            const fabric::HostLinkSettings& link_settings = {.nic = BytesPerSecond{kBoundless}})
      : links(world, link_settings), service(world, service_settings, 1),
        storage(world, links, service, settings), clock(world.add_delay({"clock", "clock"})) {}

  kernel::World world;
  fabric::HostLinks links;
  object::ObjectService service;
  object::ObjectStorage storage;
  kernel::DelayStation& clock;

  // Runs to the end and returns the time.
  double finish() {
    world.run_all();
    if (world.failure()) std::rethrow_exception(world.failure());
    const std::vector<std::string> broken = world.check_laws();
    CHECK_MESSAGE(broken.empty(), (broken.empty() ? "" : broken.front()));
    const std::vector<std::string> laws = storage.check_laws();
    CHECK_MESSAGE(laws.empty(), (laws.empty() ? "" : laws.front()));
    const auto under_way = storage.pool_counts().under_way;
    CHECK(service.check_laws(under_way).empty());
    return world.now().count();
  }

  // One process reads files whole, one after the other, in calls of `call` bytes.
  kernel::Task read_files(Caller caller, std::vector<FileIndex> files, Bytes call, Outcome& sum) {
    for (const FileIndex file : files) {
      Outcome outcome;
      std::unique_ptr<OpenFile> open;
      co_await storage.open(caller, file, {}, open, outcome);
      const Bytes size = storage.file_size(file);
      for (Bytes at{}; open && at < size && outcome.ok(); at += std::min(call, size - at))
        co_await storage.read(*open, at, std::min(call, size - at), outcome);
      if (open) co_await storage.close(std::move(open), outcome);
      sum += outcome;
    }
  }
  Outcome& start_reading(Caller caller, std::vector<FileIndex> files, Bytes call = kWholeFile) {
    Outcome& sum = outcomes.emplace_back();
    world.spawn(read_files(caller, std::move(files), call, sum), {"reader", caller.process});
    return sum;
  }
  kernel::Task write_file(Caller caller, FileIndex file, Bytes size, Bytes call, Outcome& outcome) {
    std::unique_ptr<OpenFile> open;
    co_await storage.open(caller, file, {.write = true, .create = true}, open, outcome);
    for (Bytes at{}; open && at < size && outcome.ok(); at += std::min(call, size - at))
      co_await storage.write(*open, at, std::min(call, size - at), outcome);
    if (open) co_await storage.close(std::move(open), outcome);
  }
  Outcome& start_writing(Caller caller, FileIndex file, Bytes size, Bytes call) {
    Outcome& outcome = outcomes.emplace_back();
    world.spawn(write_file(caller, file, size, call, outcome), {"writer", caller.process});
    return outcome;
  }
  std::vector<FileIndex> place(std::uint32_t count, Bytes size,
                               DirectoryIndex directory = kRootDirectory) {
    std::vector<FileIndex> files;
    for (std::uint32_t f = 0; f < count; ++f) files.push_back(storage.place_file(directory, size));
    return files;
  }

  std::deque<Outcome> outcomes;
};

inline object::ObjectStorageSettings with_client(const object::ClientSettings& client) {
  object::ObjectStorageSettings s;
  s.client = client;
  s.cache_disks = with_defaults<block::VolumeSettings>(block::VolumeSettings::parameters());
  return s;
}

} // namespace lustrum::test
