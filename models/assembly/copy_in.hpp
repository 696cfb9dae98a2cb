// The phase in which a run's data set is copied from an object store to the disks of its nodes,
// before jobs that train begin: `aws s3 sync`, SageMaker's File mode.
#pragma once

#include "models/assembly/copy_in_choice.hpp"
#include "models/block/copy_in.hpp"
#include "models/cost/cost.hpp"
#include "models/object/object_storage.hpp"
#include "models/storage/data_ready.hpp"
#include "sim/result/run_result.hpp"

#include <string>
#include <vector>

namespace lustrum {

struct Scenario;

class CopyIn {
public:
  // All must outlive it. \pre the disks' placed files are absent
  CopyIn(kernel::World& world, const fabric::HostLinks& links, block::LocalStorage& disks,
         const CopyInChoice& choice, const CopyInSource& source, const Scenario& scenario);

  // Puts every file that exists into the store and begins to copy them to all nodes.
  void begin();
  const DataReady& ready() const { return ready_; }
  std::vector<std::string> check_laws() const { return store_.check_laws(); }
  // A phase `copy in`, the network, what could not be copied.
  void describe(RunResult& result) const;
  // Requests and data of the store, and the room that the data set takes there.
  std::vector<Charge> charges() const;

private:
  kernel::Task run();

  kernel::World& world_;
  block::LocalStorage& disks_;
  const CopyInChoice& choice_;
  const Scenario& scenario_;
  object::ObjectService service_;
  object::ObjectStorage store_;
  DataReady ready_;
  std::vector<block::CopyFile> files_;
  block::CopyInResult result_;
};

} // namespace lustrum
