// What causes of waiting are called: by kind of storage, and by who failed.
#include "sim/result/storage_words.hpp"

#include <doctest/doctest.h>

namespace lustrum {
namespace {

TEST_CASE("a failure is the storage's, the job's, or both") {
  RunResult result;
  result.storage_kind = "lustre";
  CHECK(cause_text(Cause::failure, result) == "target or link down, recovery");
  CHECK(is_storage(Cause::failure, result));
  result.checkpoints.resize(2);
  result.checkpoints[1].failures = 2;
  CHECK(cause_text(Cause::failure, result) ==
        "the job itself failed: restart, reading the checkpoint");
  CHECK_FALSE(is_storage(Cause::failure, result)); // no storage could have helped
  result.faults.resize(1);
  CHECK(cause_text(Cause::failure, result).starts_with("target or link down, recovery; the job"));
  CHECK(is_storage(Cause::failure, result));
  CHECK(is_storage(Cause::disk, result));
  CHECK_FALSE(is_storage(Cause::barrier, result));
}

TEST_CASE("the list of metrics says what a cause is on every kind of storage") {
  const std::string lock = cause_texts(Cause::lock);
  CHECK(lock == "LDLM extent lock enqueue; on object stores: waiting for a lock; on file services: "
                "waiting for a lock; on local disks: waiting for a lock");
  CHECK(cause_texts(Cause::client_cpu) ==
        "copy to or from the page cache, checksums; on object stores: copy to or from the "
        "application, checksums");
  CHECK(cause_texts(Cause::barrier) == "waiting for slower ranks");
}

} // namespace
} // namespace lustrum
