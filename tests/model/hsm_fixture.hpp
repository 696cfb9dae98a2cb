// A file system in which only HSM takes time, and what tests ask of it.
#pragma once

#include "tests/model/ideal_filesystem.hpp"

#include <deque>
#include <functional>
#include <vector>

namespace lustrum::test {

inline lustre::FilesystemSettings hsm_filesystem() {
  lustre::FilesystemSettings s = ideal_filesystem();
  s.hsm.emplace();
  s.hsm->service.coordinator.scan_interval = {};
  return s;
}

class HsmFixture {
public:
  explicit HsmFixture(const lustre::FilesystemSettings& settings) : fs(world, settings) {}

  lustre::HsmService& hsm() { return *fs.hsm(); }
  std::string state(FileIndex file) const {
    return lustre::hsm_state_words(fs.files().hsm_flags(file));
  }
  Bytes used() const {
    const lustre::OstSpace& space = fs.files().space();
    Bytes sum{};
    for (std::uint32_t t = 0; t < space.osts(); ++t) sum += space.used(OstIndex{t});
    return sum;
  }
  std::vector<FileIndex> place(std::uint32_t count, Bytes size) {
    std::vector<FileIndex> files;
    for (std::uint32_t f = 0; f < count; ++f) files.push_back(fs.place_file(kRootDirectory, size));
    return files;
  }

  // What came of a read or write, and when.
  struct Access {
    Outcome outcome;
    double end_s = 0;
  };
  // Opens, reads or writes the first `length` bytes at that time, closes.
  Access& access_at(double start_s, FileIndex file, Bytes length, ClientIndex client,
                    OpenMode mode) {
    Access& access = accesses.emplace_back();
    world.spawn(run(start_s, file, length, client, mode, access), {"reader", 0});
    return access;
  }
  Access& read_at(double start_s, FileIndex file, Bytes length = Bytes{4096},
                  ClientIndex client = {}) {
    return access_at(start_s, file, length, client, {});
  }
  Access& write_at(double start_s, FileIndex file, Bytes length = Bytes{4096}) {
    return access_at(start_s, file, length, {}, {.write = true});
  }
  lustre::HsmAnswer& request_at(double start_s, lustre::HsmAction action, FileIndex file) {
    lustre::HsmAnswer& answer = answers.emplace_back(lustre::HsmAnswer::not_permitted);
    world.spawn(ask(start_s, action, file, answer), {"lfs hsm", 0});
    return answer;
  }
  lustre::HsmService::Preload& preload(std::vector<FileIndex> files, std::uint32_t processes = 16) {
    to_load = std::move(files);
    world.spawn(hsm().preload(to_load, processes, loaded), {"preload", 0});
    return loaded;
  }
  template <class F> void at(double start_s, F what) {
    world.spawn(later(start_s, std::function<void()>(what)), {"later", 0});
  }
  // Runs to the end and returns what laws it broke.
  std::vector<std::string> finish() {
    world.run_all();
    std::vector<std::string> problems = world.check_laws();
    for (const std::string& problem : fs.check_laws()) problems.push_back(problem);
    return problems;
  }

  kernel::World world;
  lustre::Filesystem fs;
  kernel::DelayStation& clock = world.add_delay({"test_clock", "test_clock"});
  std::deque<Access> accesses;
  std::deque<lustre::HsmAnswer> answers;
  std::vector<FileIndex> to_load;
  lustre::HsmService::Preload loaded;

private:
  kernel::Task run(double start_s, FileIndex file, Bytes length, ClientIndex client, OpenMode mode,
                   Access& access) {
    co_await world.delay(clock, Seconds{start_s});
    std::unique_ptr<OpenFile> open;
    co_await fs.open({client, {}, 0}, file, mode, open, access.outcome);
    if (mode.write)
      co_await fs.write(*open, Bytes{}, length, access.outcome);
    else
      co_await fs.read(*open, Bytes{}, length, access.outcome);
    access.end_s = world.now().count();
    co_await fs.close(std::move(open), access.outcome);
  }
  kernel::Task ask(double start_s, lustre::HsmAction action, FileIndex file,
                   lustre::HsmAnswer& answer) {
    co_await world.delay(clock, Seconds{start_s});
    co_await hsm().request(action, file, answer);
  }
  kernel::Task later(double start_s, std::function<void()> what) {
    co_await world.delay(clock, Seconds{start_s});
    what();
  }
};

} // namespace lustrum::test
