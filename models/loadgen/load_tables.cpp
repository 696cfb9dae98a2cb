// The keys of workload.ior and workload.mdtest, and the presets of IO500.
// Sources: hpc/ior, doc/sphinx/userDoc/options.rst and src/mdtest.c; IO500/io500, src/phase_ior_*.c
// and src/phase_mdtest_*.c for the presets.
#include "models/loadgen/ior.hpp"
#include "models/loadgen/mdtest.hpp"

namespace lustrum::loadgen {
namespace {

// Of a counter of transfers or items of one rank.
constexpr double kMost = 1e9;
// IO500's: longer than any storage needs to write so much within the stonewall.
constexpr Bytes kEasyBlock{9'920'000 * kMib};
constexpr std::uint64_t kHardSegments = 10'000'000;
constexpr Bytes kHardTransfer{47'008};
constexpr Bytes kHardFile{3'901};
constexpr std::uint32_t kManyItems = 1'000'000;
constexpr Seconds kStonewall{300};

// NOLINTNEXTLINE(readability-function-size): a table, row after row
ParameterTable ior_shape_rows() {
  using S = IorSettings;
  return {
      {.key = "preset",
       .field = field<&S::preset>,
       .default_text = "none",
       .choices = {"none", "ior-easy", "ior-hard"},
       .doc = "IO500's options; those given beside it replace its own. Stripe count 1 is IO500's "
              "usual choice for the files of ior-easy: see storage.layout."},
      {.key = "api",
       .field = field<&S::api>,
       .default_text = "POSIX",
       .choices = {"POSIX", "MMAP"},
       .doc = "-a: how files are accessed; MMAP reads by page faults, its writes are those of "
              "POSIX."},
      {.key = "ranks_per_client",
       .field = field<&S::ranks_per_client>,
       .default_text = "1",
       .min = 1,
       .max = 1024,
       .doc = "Processes on each client; ranks fill clients in blocks."},
      {.key = "block_size",
       .field = field<&S::block_size>,
       .default_text = "1 MiB",
       .min = 1,
       .doc = "-b: contiguous bytes of one rank in a segment."},
      {.key = "transfer_size",
       .field = field<&S::transfer_size>,
       .default_text = "256 KiB",
       .min = 1,
       .doc = "-t: bytes of one call; divides block_size."},
      {.key = "segments",
       .field = field<&S::segments>,
       .default_text = "1",
       .min = 1,
       .max = kMost,
       .doc = "-s: how often the row of blocks of all ranks is repeated."},
      {.key = "file_per_process",
       .field = field<&S::file_per_process>,
       .default_text = "false",
       .doc = "-F: a file for each rank instead of one for all."},
      {.key = "random_offset",
       .field = field<&S::random_offset>,
       .default_text = "false",
       .doc = "-z: transfers in random order within the file."},
      {.key = "reorder_tasks",
       .field = field<&S::reorder_tasks>,
       .default_text = "false",
       .doc = "-C: read what a rank of another client wrote."},
      {.key = "task_per_node_offset",
       .field = field<&S::task_per_node_offset>,
       .default_text = "1",
       .doc = "-Q: with reorder_tasks, how many clients further on."},
      {.key = "direct",
       .field = field<&S::direct>,
       .default_text = "false",
       .doc = "O_DIRECT: past the page cache."},
      {.key = "group_lock",
       .field = field<&S::group_lock>,
       .default_text = "false",
       .doc = "All ranks open the file under one Lustre group lock: no lock conflicts among them, "
              "and nobody else gets in before they close."},
      {.key = "lock_ahead",
       .field = field<&S::lock_ahead>,
       .default_text = "0",
       .max = 1e6,
       .doc = "Each rank asks for the locks of so many of its transfers before it writes them "
              "(ladvise lockahead, as MPI-IO libraries do for a shared file); 0: none."},
  };
}

ParameterTable ior_phase_rows() {
  using S = IorSettings;
  return {
      {.key = "write", .field = field<&S::write>, .default_text = "true", .doc = "-w: write."},
      {.key = "read",
       .field = field<&S::read>,
       .default_text = "true",
       .doc = "-r: read; without `write`, files that are there from before."},
      {.key = "fsync",
       .field = field<&S::fsync>,
       .default_text = "false",
       .doc = "-e: fsync before close, inside the write phase."},
      {.key = "fsync_per_write",
       .field = field<&S::fsync_per_write>,
       .default_text = "false",
       .doc = "-Y: fsync after each write."},
      {.key = "intra_test_barriers",
       .field = field<&S::intra_test_barriers>,
       .default_text = "false",
       .doc = "-g: barriers between open, transfers and close."},
      {.key = "stonewall",
       .field = field<&S::stonewall>,
       .default_text = "0 s",
       .min = 0,
       .doc = "-D: a rank stops once so much time has passed since its first transfer; 0: never."},
      {.key = "stonewall_wear_out",
       .field = field<&S::stonewall_wear_out>,
       .default_text = "false",
       .doc = "stoneWallingWearOut: all ranks then write as many transfers as the fastest, and all "
              "is read."},
      {.key = "drop_caches",
       .field = field<&S::drop_caches>,
       .default_text = "false",
       .doc = "Clients' page caches are emptied before each phase."},
      {.key = "keep_file",
       .field = field<&S::keep_file>,
       .default_text = "false",
       .doc = "-k: files are not removed after the last phase."},
      {.key = "iterations",
       .field = field<&S::iterations>,
       .default_text = "1",
       .min = 1,
       .max = 1e6,
       .doc = "-i: repetitions; a background job repeats until the run ends."},
  };
}

} // namespace

const ParameterTable& IorSettings::parameters() {
  static const ParameterTable table = joined_tables({ior_shape_rows(), ior_phase_rows()});
  return table;
}

void IorSettings::apply_preset(std::string_view name) {
  if (name != "ior-easy" && name != "ior-hard") return;
  reorder_tasks = true;
  fsync = true;
  intra_test_barriers = true;
  keep_file = true;
  stonewall = kStonewall;
  stonewall_wear_out = true;
  if (name == "ior-easy") {
    file_per_process = true;
    transfer_size = Bytes{2 * kMib};
    block_size = kEasyBlock;
  } else {
    transfer_size = kHardTransfer;
    block_size = kHardTransfer;
    segments = kHardSegments;
  }
}

// NOLINTNEXTLINE(readability-function-size): a table, row after row
const ParameterTable& MdtestSettings::parameters() {
  using S = MdtestSettings;
  static const ParameterTable table{
      {.key = "preset",
       .field = field<&S::preset>,
       .default_text = "none",
       .choices = {"none", "mdtest-easy", "mdtest-hard"},
       .doc = "IO500's options; those given beside it replace its own."},
      {.key = "ranks_per_client",
       .field = field<&S::ranks_per_client>,
       .default_text = "1",
       .min = 1,
       .max = 1024,
       .doc = "Processes on each client; ranks fill clients in blocks."},
      {.key = "items",
       .field = field<&S::items>,
       .default_text = "1000",
       .min = 1,
       .max = kMost,
       .doc = "-n: files (or directories) of each rank."},
      {.key = "unique_dir_per_task",
       .field = field<&S::unique_dir_per_task>,
       .default_text = "false",
       .doc = "-u: a directory for each rank instead of one for all."},
      {.key = "dirs_only",
       .field = field<&S::dirs_only>,
       .default_text = "false",
       .doc = "-D: directories instead of files; only created and removed."},
      {.key = "shared_file",
       .field = field<&S::shared_file>,
       .default_text = "false",
       .doc = "-S: all ranks stat and read the items of rank 0, which alone creates and removes, "
              "as processes that import the same program do."},
      {.key = "nstride",
       .field = field<&S::nstride>,
       .default_text = "0",
       .doc =
           "-N: stat the files of the rank so much further on, read those of twice, remove those "
           "of three times as far."},
      {.key = "write_bytes",
       .field = field<&S::write_bytes>,
       .default_text = "0 B",
       .doc = "-w: bytes written to each file when it is created."},
      {.key = "read_bytes",
       .field = field<&S::read_bytes>,
       .default_text = "0 B",
       .doc = "-e: bytes read of each file; 0: the read phase opens and closes."},
      {.key = "sync_file",
       .field = field<&S::sync_file>,
       .default_text = "false",
       .doc = "-y: fsync after writing."},
      {.key = "create",
       .field = field<&S::create>,
       .default_text = "true",
       .doc = "-C: create; without it the files are there from before."},
      {.key = "stat", .field = field<&S::stat>, .default_text = "true", .doc = "-T: stat."},
      {.key = "list",
       .field = field<&S::list>,
       .default_text = "false",
       .doc =
           "Not mdtest's: `ls -l` of the directory whose files are stat'ed; one operation is one "
           "entry."},
      {.key = "read", .field = field<&S::read>, .default_text = "true", .doc = "-E: read."},
      {.key = "remove", .field = field<&S::remove>, .default_text = "true", .doc = "-r: remove."},
      {.key = "stonewall",
       .field = field<&S::stonewall>,
       .default_text = "0 s",
       .min = 0,
       .doc = "-W: a rank stops creating once so much time has passed; all then create as many as "
              "the fastest. 0: never."},
      {.key = "drop_caches",
       .field = field<&S::drop_caches>,
       .default_text = "false",
       .doc = "Clients' page caches are emptied before each phase."},
      {.key = "iterations",
       .field = field<&S::iterations>,
       .default_text = "1",
       .min = 1,
       .max = 1e6,
       .doc = "-i: repetitions; a background job repeats until the run ends."},
  };
  return table;
}

void MdtestSettings::apply_preset(std::string_view name) {
  if (name != "mdtest-easy" && name != "mdtest-hard") return;
  items = kManyItems;
  nstride = 1;
  stonewall = kStonewall;
  if (name == "mdtest-easy") {
    unique_dir_per_task = true;
    read = false; // IO500 has no such phase
  } else {
    write_bytes = kHardFile;
    read_bytes = kHardFile;
  }
}

} // namespace lustrum::loadgen
