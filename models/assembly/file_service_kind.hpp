// File services over NFS (EFS, FSx for OpenZFS and ONTAP, Filestore) as a kind of storage.
#pragma once

#include "models/assembly/storage_kind.hpp"
#include "models/fileserver/file_server.hpp"

#include <type_traits>

namespace lustrum {

const StorageKind& file_service_kind();

// An entry of file_services.yaml: a server, and what of it grows with what one buys.
struct FileService {
  fileserver::ServerSettings server; // first: the model's rows find it at the address of the entry
  std::string scale;                 // fixed, capacity, throughput or bursting
  double read_per_throughput = 1;    // of one provisioned MBps, `scale: throughput`
  BytesPerSecond throughput_included{}; // with each TiB stored: not billed
  Bytes capacity_min{};
  // `scale: bursting`: metered rate while credit lasts, of 10^12 bytes stored; at least.
  BytesPerSecond burst{};
  BytesPerSecond burst_min{};
  BytesPerSecond baseline_min{};

  static const ParameterTable& parameters();
};
static_assert(std::is_standard_layout_v<FileService>);

// The section `storage` of a scenario on a file service.
struct FileChoice {
  Bytes capacity{};
  BytesPerSecond throughput{}; // provisioned; 0: none is
  std::uint32_t servers = 0;   // 0: as the entry says

  static const ParameterTable& parameters();
};

// The server that one gets for that choice.
fileserver::ServerSettings scaled(const FileService& service, const FileChoice& choice);

} // namespace lustrum
