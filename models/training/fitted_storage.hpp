// The simple device that fit_device() fits to a recording, as a storage: a constant time for
// metadata, a latency and a rate for data, without caches. A read takes the longer the more reads
// of its client are in flight when it begins, as the fit has it.
#pragma once

#include "models/storage/tree_storage.hpp"
#include "models/training/trace_fit.hpp"
#include "sim/base/parameter.hpp"

#include <type_traits>
#include <vector>

namespace lustrum::training {

// A call takes its latency + bytes / rate; a read + bytes n / shared_read_rate, n being the reads
// of its client in flight when it begins, itself included. With many that comes to the shared rate
// for all of them together.
struct FittedDevice {
  Seconds open_latency{};
  Seconds close_latency{};
  Seconds stat_latency{};
  Seconds read_latency{};
  Seconds write_latency{};
  BytesPerSecond read_rate{};        // of a call; 0: no limit
  BytesPerSecond write_rate{};       // of a call; 0: no limit
  BytesPerSecond shared_read_rate{}; // see above; 0: no limit

  static const ParameterTable& parameters();
};
static_assert(std::is_standard_layout_v<FittedDevice>);

FittedDevice device_of(const DeviceFit& fit);

class FittedStorage : public TreeStorage {
public:
  FittedStorage(kernel::World& world, const FittedDevice& device, std::uint32_t clients,
                std::uint32_t jobs = 1);

  // Empty when all holds.
  std::vector<std::string> check_laws(bool idle) const { return check_totals(idle); }
  const FittedDevice& device() const { return device_; }

  void drop_caches(ClientIndex /*client*/) override {}
  kernel::Task open(Caller caller, FileIndex file, OpenMode mode, std::unique_ptr<OpenFile>& opened,
                    Outcome& outcome) override;
  kernel::Task read(OpenFile& file, Bytes offset, Bytes length, Outcome& outcome) override;
  kernel::Task write(OpenFile& file, Bytes offset, Bytes length, Outcome& outcome) override;
  kernel::Task sync(OpenFile& file, Outcome& outcome) override;
  kernel::Task close(std::unique_ptr<OpenFile> file, Outcome& outcome) override;
  kernel::Task truncate(Caller caller, FileIndex file, Bytes size, Outcome& outcome) override;
  kernel::Task stat(Caller caller, FileIndex file, Outcome& outcome) override;
  kernel::Task remove(Caller caller, FileIndex file, Outcome& outcome) override;
  kernel::Task make_directory(Caller caller, DirectoryIndex directory, Outcome& outcome) override;
  kernel::Task remove_directory(Caller caller, DirectoryIndex directory, Outcome& outcome) override;
  kernel::Task list(Caller caller, DirectoryIndex directory, std::vector<FileIndex>& files,
                    Outcome& outcome) override;

private:
  kernel::Task spend(Seconds time, Cause cause, Outcome& outcome);

  kernel::World& world_;
  const FittedDevice device_;
  kernel::DelayStation& delay_;
  std::vector<std::uint32_t> reads_in_flight_; // [client]
};

} // namespace lustrum::training
