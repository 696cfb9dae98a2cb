#include "sim/result/storage_words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace lustrum {
namespace {

constexpr std::array<StorageWords, 5> kWords{{{"lustre", "RPC", "of them to MDTs"},
                                              {"object", "request", "of them without data"},
                                              {"fileserver", "request", "of them for metadata"},
                                              {"local", "request", "of them without data"},
                                              {"recorded", "call", "of them without data"}}};

// Where the explanation of kCauseTable, which is Lustre's, would be wrong. Empty: it holds.
struct OtherTexts {
  Cause cause;
  std::string_view object, fileserver, local;
  std::string_view recorded = local; // a device fitted to a recording
};

constexpr std::array<OtherTexts, 9> kOtherTexts{{
    {Cause::metadata, "HEAD, LIST and other requests without data",
     "open, close, stat at the file service", "open, close, stat"},
    {Cause::lock, "waiting for a lock", "waiting for a lock", "waiting for a lock"},
    {Cause::rpc_slots, "waiting for a connection or a request slot of the client",
     "waiting for a request slot or connection of the mount", "waiting for a free request slot"},
    {Cause::ost_queue, "waiting for the store's servers", "waiting for the service's servers",
     "waiting in the disk's queue"},
    {Cause::disk, "disk of the client, queue and service",
     "disks of the file service, queue and service", "disk, queue and service",
     "reads and writes, as the recorded system took for them"},
    {Cause::throttle, "request rate or burst credit used up",
     "burst credit spent or provisioned rate reached",
     "burst credit spent or provisioned rate reached"},
    {Cause::client_cpu, "copy to or from the application, checksums", "", ""},
    {Cause::write_back, "buffers for uploads full", "dirty pages at their limit",
     "dirty pages at their limit"},
    {Cause::restore, "data fetched from the store below", "data fetched from the tier below",
     "data copied in from the store"},
}};

std::string_view lustre_text(Cause cause) {
  return kCauseTable.at(static_cast<std::size_t>(cause)).text;
}

constexpr std::string_view kJobFailed = "the job itself failed: restart, reading the checkpoint";
constexpr std::string_view kBothFailed =
    "target or link down, recovery; the job itself failed: restart, reading the checkpoint";

bool job_failed(const RunResult& result) {
  return std::any_of(result.checkpoints.begin(), result.checkpoints.end(),
                     [](const CheckpointRow& row) { return row.failures > 0; });
}

} // namespace

const StorageWords& storage_words(std::string_view kind) {
  const auto found = std::find_if(kWords.begin(), kWords.end(),
                                  [&](const StorageWords& row) { return row.kind == kind; });
  return found == kWords.end() ? kWords.front() : *found;
}

std::string_view cause_text(Cause cause, std::string_view kind) {
  const auto row = std::find_if(kOtherTexts.begin(), kOtherTexts.end(),
                                [&](const OtherTexts& texts) { return texts.cause == cause; });
  std::string_view text;
  if (row != kOtherTexts.end()) {
    if (kind == "object") text = row->object;
    if (kind == "fileserver") text = row->fileserver;
    if (kind == "local") text = row->local;
    if (kind == "recorded") text = row->recorded;
  }
  return text.empty() ? lustre_text(cause) : text;
}

std::string_view cause_text(Cause cause, const RunResult& result) {
  if (cause == Cause::failure && job_failed(result))
    return result.faults.empty() ? kJobFailed : kBothFailed;
  return cause_text(cause, result.storage_kind);
}

std::string cause_texts(Cause cause) {
  std::string text{cause == Cause::failure ? kBothFailed : lustre_text(cause)};
  for (const auto& [kind, name] :
       {std::pair{"object", "object stores"}, std::pair{"fileserver", "file services"},
        std::pair{"local", "local disks"}})
    if (const std::string_view other = cause_text(cause, kind); other != lustre_text(cause))
      text += fmt::format("; on {}: {}", name, other);
  return text;
}

bool is_storage(Cause cause, const RunResult& result) {
  if (cause == Cause::failure && job_failed(result)) return !result.faults.empty();
  return kCauseTable.at(static_cast<std::size_t>(cause)).storage;
}

} // namespace lustrum
