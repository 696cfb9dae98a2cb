// Directories: their tree, their MDTs, their entries.
#pragma once

#include "models/lustre/policy/entry_list.hpp"
#include "models/lustre/policy/mdt_placement.hpp"

#include <optional>
#include <vector>

namespace lustrum::lustre {

// Directories are numbered from 0 in the order of their making; the root has no number.
inline constexpr std::uint32_t kRoot = UINT32_MAX;

// Names are numbers here: that of the file, or of the directory.
struct DirectoryEntry {
  bool is_directory = false;
  std::uint32_t index = 0;
  friend constexpr bool operator==(const DirectoryEntry&, const DirectoryEntry&) = default;
};

// Which stripe of a directory an entry lies on. crush (default since 2.14): the stripe with the
// highest draw for this name, so few entries move when stripes are added; fnv_1a_64: name hash
// modulo stripes.
enum class DirectoryHash : std::uint8_t { crush, fnv };

struct DirectoryOptions {
  std::uint32_t parent = kRoot;
  std::optional<MdtIndex> mdt{}; // `lfs mkdir -i`: a remote directory; else placed by default
  // `lfs mkdir -c`: entries over so many stripes, on MDTs in turn; at most 5 of them on each.
  std::uint32_t stripes = 1;
  DirectoryHash hash = DirectoryHash::crush;
  std::optional<std::uint16_t> layout{}; // default layout of files in it; else the parent's
};

class Namespace {
public:
  // \param inodes of each MDT; 0: without end
  // `qos_threshold`: of MdtPlacement
  Namespace(std::uint32_t mdts, std::uint64_t inodes, std::uint64_t seed,
            std::uint32_t qos_threshold = MdtPlacement::kUsualThreshold);

  // A directory that exists before the run.
  std::uint32_t make_directory(const DirectoryOptions& options);
  // Reserves the number and the place of one that does not exist yet, nor perhaps its parent.
  std::uint32_t plan_directory(const DirectoryOptions& options);
  // \pre it does not exist, its parent does
  void create_directory(std::uint32_t directory);
  void remove_directory(std::uint32_t directory); // \pre it exists and is empty
  // Makes directories in the root until this number exists.
  void make_up_to(std::uint32_t directory);

  // How many were ever made.
  std::uint32_t directories() const { return static_cast<std::uint32_t>(directories_.size()); }
  bool exists(std::uint32_t directory) const { return at(directory).exists; }
  std::uint32_t parent(std::uint32_t directory) const { return at(directory).parent; }
  std::uint32_t depth(std::uint32_t directory) const { return at(directory).depth; } // root: 0
  // Where the directory's own inode lies, which is where its first stripe lies.
  MdtIndex mdt(std::uint32_t directory) const { return at(directory).mdt; }
  std::optional<std::uint16_t> layout(std::uint32_t directory) const {
    return at(directory).layout;
  }
  void set_layout(std::uint32_t directory, std::uint16_t layout) { at(directory).layout = layout; }
  // How many MDTs have directories (those in the root and below) or stripes of them; at least 1.
  std::uint32_t mdts_in_use() const;

  std::uint32_t stripes(std::uint32_t directory) const { return at(directory).stripes; }
  MdtIndex stripe_mdt(std::uint32_t directory, std::uint32_t stripe) const;
  std::uint32_t stripe_of(std::uint32_t directory, DirectoryEntry entry) const;
  // The MDT with this entry and, for a file, its inode.
  MdtIndex mdt_of(std::uint32_t directory, DirectoryEntry entry) const {
    return stripe_mdt(directory, stripe_of(directory, entry));
  }

  // Adds a file's entry; returns its place, for remove_file().
  std::uint32_t add_file(std::uint32_t directory, FileIndex file);
  void remove_file(std::uint32_t directory, FileIndex file, std::uint32_t place);

  // What readdir lists, files and directories, in the order of their creation. (Lustre lists by
  // name hash.) Numbers shift when an earlier entry is removed.
  std::size_t entries(std::uint32_t directory) const { return at(directory).list.size(); }
  DirectoryEntry entry(std::uint32_t directory, std::size_t n) const;
  // The files that were made after the one at `place`, in their order; at most `most`.
  void files_after(std::uint32_t directory, std::uint32_t place, std::size_t most,
                   std::vector<FileIndex>& files) const;
  // What readdir transfers from one stripe: a 32-byte head, name and type of each entry, names of
  // 23 to 30 bytes assumed.
  Bytes readdir_bytes(std::uint32_t directory, std::uint32_t stripe) const;

  const MdtPlacement& placement() const { return placement_; }

private:
  struct Directory {
    std::uint32_t parent = kRoot;
    std::uint32_t depth = 0;
    std::uint32_t stripes = 1;
    std::uint32_t place = 0; // in the parent's list
    MdtIndex mdt{};
    DirectoryHash hash = DirectoryHash::crush;
    bool exists = true;
    std::optional<std::uint16_t> layout{};
    EntryList list{};
    std::vector<std::uint32_t> on_stripe{}; // entries, when there are several stripes
  };
  Directory& at(std::uint32_t d) { return d == kRoot ? root_ : directories_[d]; }
  const Directory& at(std::uint32_t d) const { return d == kRoot ? root_ : directories_[d]; }
  std::uint32_t add(std::uint32_t directory, DirectoryEntry entry);
  void remove(std::uint32_t directory, DirectoryEntry entry, std::uint32_t place);

  MdtPlacement placement_;
  Directory root_;
  std::vector<Directory> directories_;
};

} // namespace lustrum::lustre
