// Lustre's own counter files, as a run leaves them: what `lctl get_param` would print on each host
// at its end, for scripts that read real systems. Folders are hosts; below each is what
// /proc/fs/lustre, /sys/fs/lustre and /sys/kernel/debug/lustre hold there, in one tree:
//
//   client0/llite/lustre-ffff880000000000/stats       llite.lustre-ffff880000000000.stats
//   client0/osc/lustre-OST0000-osc-ffff880000000000/rpc_stats
//   mds0/mdt/lustre-MDT0000/md_stats
//   oss0/obdfilter/lustre-OST0000/brw_stats
//
// The times in them are simulated seconds since the run began. README.md lists the files, and which
// of Lustre's are left out for want of a counterpart.
#pragma once

#include "models/lustre/filesystem.hpp"

#include <string>
#include <vector>

namespace lustrum::lustre {

struct CounterFile {
  std::string path; // of folders and name, with `/`
  std::string text;
};

// What the model has no names for.
struct CounterNames {
  std::vector<std::string> job_ids;  // [job]
  std::vector<std::uint32_t> job_of; // [client]; further ones are HSM agents
  Bytes ost_capacity{};              // of each, for `lfs df`; 0: as the model has it
};

// Pre: FilesystemSettings::rpc_counters.
std::vector<CounterFile> counter_files(const Filesystem& filesystem, Seconds now,
                                       const CounterNames& names);

// The parts, in the order of the whole: one client, one OSS with its OSTs, one MDS.
void client_counter_files(const Filesystem& filesystem, std::uint32_t client,
                          const std::string& host, Seconds now, std::vector<CounterFile>& files);
void oss_counter_files(const Filesystem& filesystem, const Oss& oss, Seconds now,
                       const CounterNames& names, std::vector<CounterFile>& files);
void mds_counter_files(const Filesystem& filesystem, const Mds& mds, Seconds now,
                       const CounterNames& names, std::vector<CounterFile>& files);

// What lnetctl shows on clients and OSSs: interfaces, and credits as far as the model counts them.
void lnet_counter_files(const Filesystem& filesystem, std::vector<CounterFile>& files);

// What LDLM has granted on the servers.
void lock_counter_files(const Filesystem& filesystem, std::vector<CounterFile>& files);

// `lfs getstripe` of the first so many files that exist. A file's name is its number.
std::string lfs_getstripe(const FileTable& files, std::uint32_t most);

std::string ost_name(OstIndex ost); // lustre-OST0000
std::string mdt_name(MdtIndex mdt); // lustre-MDT0000

} // namespace lustrum::lustre
