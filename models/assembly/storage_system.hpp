// The storage system of a run, whatever its kind: what jobs call, and what the result says of it.
#pragma once

#include "models/assembly/observe.hpp"
#include "models/cost/cost.hpp"
#include "models/lustre/counter_files.hpp"
#include "models/storage.hpp"
#include "models/storage/data_ready.hpp"
#include "sim/kernel/topology.hpp"
#include "sim/result/run_result.hpp"

#include <string>
#include <vector>

namespace lustrum {

class StorageSystem {
public:
  StorageSystem() = default;
  virtual ~StorageSystem() = default;
  StorageSystem(const StorageSystem&) = delete;
  StorageSystem& operator=(const StorageSystem&) = delete;

  virtual Storage& storage() = 0;
  virtual const Storage& storage() const = 0;
  // What jobs that train wait for before they begin; nullptr: nothing. It is opened after begin().
  virtual const DataReady* data_ready() const { return nullptr; }
  // What comes before or with the jobs: a preload, failures. \pre the jobs have placed their files,
  // and no simulated time has passed
  virtual void begin() {}
  // Conservation and the like; empty when all holds.
  virtual std::vector<std::string> check_laws() const = 0;

  // The most that all clients together can read, for a run that takes `bytes` from servers and does
  // not read for some of its time; a rate of 0: no bound is known.
  virtual kernel::Topology::Cut read_bound(Bytes bytes, Seconds not_reading) const = 0;
  // The same once all burst credit is spent; a rate of 0: the same bound.
  virtual kernel::Topology::Cut lasting_read_bound(Bytes) const { return {}; }
  // Files per second that can be opened and closed in a run that opens this many; 0: not known.
  virtual PerSecond open_bound(std::uint64_t) const { return {}; }

  // Its part of the result: networks, HSM, PCC, failures, warnings and notes. Reads the metrics,
  // which are there.
  virtual void describe(RunResult& result) = 0;
  // What is to be paid for it. \post metrics.makespan_s is that of the run
  virtual std::vector<Charge> charges() const = 0;
  // Lustre's own counter files. \pre StorageDesign::no_counters_because() is empty
  virtual std::vector<lustre::CounterFile> counter_files(Seconds) const { return {}; }
};

} // namespace lustrum
