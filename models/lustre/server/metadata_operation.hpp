// What metadata servers are asked to do: each kind is served, counted and priced on its own.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace lustrum::lustre {

enum class MetadataOperation : std::uint8_t {
  open,
  close,
  getattr,
  getattr_batch, // of one entry of an MDS_BATCH request (2.16+)
  lookup,        // of a directory on the way to a file
  create,
  setattr,
  unlink,
  mkdir,
  rmdir,
  rename,
  rename_across, // to another directory
  readdir,       // asking for a directory's lock before its pages
  readpage,      // up to 1 MiB of directory entries
  layout,        // asking for a file's layout
  instantiate,
  statfs,
  sync,
  read, // Data-on-MDT
  write,
  update, // from another MDT: its part of an operation on two
};
inline constexpr std::size_t kMetadataOperations =
    static_cast<std::size_t>(MetadataOperation::update) + 1;

constexpr std::size_t number(MetadataOperation operation) {
  return static_cast<std::size_t>(operation);
}

// The services of an MDS, each with threads of its own. OUT_UPDATE requests come from servers,
// whose threads wait for them: they are given none here, so that two MDTs never wait for each
// other.
enum class MdsPortal : std::uint8_t { mdt, mdt_readpage, mdt_io, mdt_out };
inline constexpr std::size_t kMdsPortals = 4;

struct MetadataOperationRow {
  MetadataOperation operation;
  std::string_view rpc;   // as Lustre calls the request
  std::string_view stats; // its line in mdt.*.md_stats; empty: it has none
  MdsPortal portal;
  bool mod_slot; // counts for mdc.max_mod_rpcs_in_flight, else for mdc.max_rpcs_in_flight
  bool journal;  // a transaction of the MDT
};

// \source Lustre 2.15 lustre/mdc/mdc_locks.c, lustre/mdt/mdt_mds.c (services), mdt_lproc.c
inline constexpr std::array<MetadataOperationRow, kMetadataOperations> kMetadataOperationTable{{
    {MetadataOperation::open, "IT_OPEN", "open", MdsPortal::mdt, true, false},
    {MetadataOperation::close, "MDS_CLOSE", "close", MdsPortal::mdt_readpage, true, false},
    {MetadataOperation::getattr, "IT_GETATTR", "getattr", MdsPortal::mdt, false, false},
    {MetadataOperation::getattr_batch, "MDS_BATCH", "getattr", MdsPortal::mdt, false, false},
    {MetadataOperation::lookup, "IT_LOOKUP", "getattr", MdsPortal::mdt, false, false},
    {MetadataOperation::create, "IT_OPEN|IT_CREAT", "open", MdsPortal::mdt, true, true},
    {MetadataOperation::setattr, "MDS_REINT setattr", "setattr", MdsPortal::mdt, true, true},
    {MetadataOperation::unlink, "MDS_REINT unlink", "unlink", MdsPortal::mdt, true, true},
    {MetadataOperation::mkdir, "MDS_REINT mkdir", "mkdir", MdsPortal::mdt, true, true},
    {MetadataOperation::rmdir, "MDS_REINT rmdir", "rmdir", MdsPortal::mdt, true, true},
    {MetadataOperation::rename, "MDS_REINT rename", "samedir_rename", MdsPortal::mdt, true, true},
    {MetadataOperation::rename_across, "MDS_REINT rename", "crossdir_rename", MdsPortal::mdt, true,
     true},
    {MetadataOperation::readdir, "IT_READDIR", "", MdsPortal::mdt, false, false},
    {MetadataOperation::readpage, "MDS_READPAGE", "readpage", MdsPortal::mdt_readpage, false,
     false},
    {MetadataOperation::layout, "IT_LAYOUT", "", MdsPortal::mdt, false, false},
    {MetadataOperation::instantiate, "IT_LAYOUT write", "", MdsPortal::mdt, true, true},
    {MetadataOperation::statfs, "MDS_STATFS", "statfs", MdsPortal::mdt, false, false},
    {MetadataOperation::sync, "MDS_SYNC", "sync", MdsPortal::mdt, false, true},
    {MetadataOperation::read, "OST_READ to mdt_io", "read", MdsPortal::mdt_io, false, false},
    {MetadataOperation::write, "OST_WRITE to mdt_io", "write", MdsPortal::mdt_io, false, true},
    {MetadataOperation::update, "OUT_UPDATE", "", MdsPortal::mdt_out, false, true},
}};

constexpr const MetadataOperationRow& row_of(MetadataOperation operation) {
  return kMetadataOperationTable[number(operation)];
}

template <class T> using PerOperation = std::array<T, kMetadataOperations>;

} // namespace lustrum::lustre
