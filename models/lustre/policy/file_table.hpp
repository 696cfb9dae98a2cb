// Files: size, directory, layout, the OSTs of their objects, the space these take. With the
// directories (`namespace.hpp`) this is what the MDTs know of the file system.
#pragma once

#include "models/lustre/policy/allocator.hpp"
#include "models/lustre/policy/hsm_flags.hpp"
#include "models/lustre/policy/layout_table.hpp"
#include "models/lustre/policy/namespace.hpp"
#include "models/lustre/policy/ost_space.hpp"

#include <optional>
#include <unordered_map>
#include <vector>

namespace lustrum::lustre {

struct FileTableSettings {
  Layout layout{{LayoutComponent{}}}; // of files in directories without a layout of their own
  std::uint32_t osts = 1;
  std::uint32_t servers = 1; // OST i lies on OSS i mod servers
  Bytes ost_capacity{};      // of each; 0: without end
  OstSpace::Reserved reserved{};
  std::uint32_t mdts = 1;
  std::uint64_t mdt_inodes = 0; // of each; 0: without end
  std::uint32_t mdt_threshold_rr = MdtPlacement::kUsualThreshold;
  std::uint32_t max_stripes = kMaxStripes;
  Bytes dom_stripesize{kMib}; // lod.*.dom_stripesize
  // Files from an archive get a stripe for each whole chunk and one more, whatever the default
  // layout is (FSx: ImportedFileChunkSize). 0: they get the default.
  Bytes import_chunk{};
  // mdd.*.append_stripe_count: stripes of files created with O_APPEND; 0: as other files.
  std::uint32_t append_stripe_count = 1;
  QosSettings qos{};
  std::uint64_t seed = 0;
};

class FileTable {
public:
  // The objects of one component: consecutive numbers.
  struct Objects {
    std::uint32_t first = 0;
    std::uint32_t count = 0;
  };

  explicit FileTable(const FileTableSettings& settings);

  // --- Layouts and directories

  // The number of a layout, limited to this system, for directories and files.
  LayoutIndex add_layout(const Layout& layout);
  Namespace& tree() { return tree_; }
  const Namespace& tree() const { return tree_; }

  // --- Files

  // A file that exists before the run, with the components that its size reaches and all its data.
  // Directories up to this number are made, in the root. Throws InputError when no OST has room.
  FileIndex add(std::uint32_t directory, Bytes size, std::optional<LayoutIndex> layout = {});
  // The same for a file whose data lies in an archive: it has no objects, and hsm::kImported.
  FileIndex add_imported(std::uint32_t directory, Bytes size,
                         std::optional<LayoutIndex> layout = {});
  // Of such a file; none: that of its directory.
  std::optional<LayoutIndex> import_layout(Bytes size);
  // Reserves the name of a file that does not exist yet. The layout is the directory's unless
  // given.
  FileIndex plan_file(std::uint32_t directory, std::optional<LayoutIndex> layout = {});
  // Makes the empty file with its first component. False, and no file, when no OST can take an
  // object (ENOSPC). A file that was unlinked can be made again, with new objects.
  bool create(FileIndex file, Seconds now, bool append = false);
  // Makes the empty file without objects, with hsm::kImported: its data is kept elsewhere.
  void create_released(FileIndex file);
  // Removes the file and appends the numbers of its objects, which the MDT has destroyed later:
  // their space is free after destroy_object(). \pre it exists
  void unlink(FileIndex file, std::vector<std::uint32_t>& objects);
  // Into another directory, or, as under another name, to the end of its own. The inode stays on
  // its MDT. \pre file and directory exist
  void move(FileIndex file, std::uint32_t directory);

  std::uint32_t files() const { return static_cast<std::uint32_t>(inodes_.size()); }
  bool exists(FileIndex file) const { return inode(file).exists; }
  Bytes size(FileIndex file) const { return inode(file).size; }
  void set_size(FileIndex file, Bytes size) { inode(file).size = size; }
  // A write up to `end`: sizes only rise.
  void grow(FileIndex file, Bytes end) {
    if (inode(file).size < end) inode(file).size = end;
  }
  std::uint32_t directory(FileIndex file) const { return inode(file).directory; }
  std::uint32_t place(FileIndex file) const { return inode(file).place; } // in its directory
  // Where its inode lies: with its name, unless it was moved to a directory of another MDT.
  MdtIndex mdt_of(FileIndex file) const {
    if (!strays_.empty()) [[unlikely]]
      if (const auto stray = strays_.find(file.value()); stray != strays_.end())
        return stray->second;
    return tree_.mdt_of(directory(file), {.is_directory = false, .index = file.value()});
  }
  // Changes when a component gets fewer stripes than wanted, for lack of OSTs: look it up after
  // the components of an extent are instantiated.
  const Layout& layout(FileIndex file) const { return layouts_[inode(file).layout]; }
  const Layout& default_layout() const { return layouts_[0]; }

  std::uint8_t hsm_flags(FileIndex file) const { return hsm_.of(file); }
  void set_hsm_flags(FileIndex file, std::uint8_t flags) { hsm_.set(file, flags); }

  // --- Objects

  // \pre the file exists
  bool instantiated(FileIndex file, std::size_t component) const;
  // The objects of a component, allotted now if it is new; none when no OST can take one (ENOSPC).
  std::optional<Objects> instantiate(FileIndex file, std::size_t component, Seconds now);

  // All objects that the file's size reaches, with all their space; false, with nothing taken, when
  // an OST is full. \pre it exists and has no objects
  bool instantiate_whole(FileIndex file, Seconds now);
  // Takes the file's objects away and appends their numbers: the file is released. Their space is
  // free after destroy_object(). \pre it exists
  void take_objects(FileIndex file, std::vector<std::uint32_t>& objects);

  // Objects are numbered over all files, each number used once; locks are kept by this number.
  // \pre the object's component is instantiated
  std::uint32_t object_number(FileIndex file, std::uint32_t object) const;
  std::uint32_t objects() const { return static_cast<std::uint32_t>(object_ost_.size()); }
  OstIndex ost_of(std::uint32_t object_number) const {
    return OstIndex{object_ost_[object_number]};
  }

  // --- Space

  // An object's data now reaches `end`: takes the blocks of 4 KiB that are new. False, with nothing
  // taken, when the OST is full (ENOSPC). What lies before a component's begin takes none; other
  // holes are not told apart from data.
  bool extend_object(std::uint32_t object_number, Bytes end);
  void truncate_object(std::uint32_t object_number, Bytes end);
  void destroy_object(std::uint32_t object_number) { truncate_object(object_number, Bytes{}); }
  // The end of its data, in blocks.
  Bytes object_space(std::uint32_t object_number) const {
    return Bytes{object_blocks_[object_number] * kBlock};
  }
  OstSpace& space() { return space_; }
  const OstSpace& space() const { return space_; }

private:
  static constexpr std::uint64_t kBlock = 4 * kKib; // of ldiskfs
  static constexpr std::uint32_t kNone = UINT32_MAX;
  static constexpr LayoutIndex kUnmade = UINT16_MAX;

  struct Inode {
    Bytes size{};
    std::uint32_t directory = 0;
    std::uint32_t place = 0; // in the directory
    // The first object of the first component, or, once the file has more than that, the row of
    // component_objects_ with those of each.
    std::uint32_t objects = 0;
    LayoutIndex layout = 0;
    bool exists = false;
    bool has_row = false;
  };
  static_assert(sizeof(Inode) == 24);

  Inode& inode(FileIndex file) { return inodes_[file.value()]; }
  const Inode& inode(FileIndex file) const { return inodes_[file.value()]; }
  std::uint32_t first_object(const Inode& inode, std::size_t component) const;
  LayoutIndex append_layout_of(LayoutIndex planned);
  void set_first_object(Inode& inode, std::size_t component, std::uint32_t object);
  std::optional<Objects> allocate(Inode& inode, std::size_t component, Seconds now);
  void note_holes(const Layout& layout, std::size_t component);
  void append_objects(const Inode& inode, std::vector<std::uint32_t>& objects) const;

  FileTableSettings settings_;
  OstSpace space_;
  ObjectAllocator allocator_;
  Namespace tree_;
  LayoutTable layouts_;
  std::optional<LayoutIndex> append_layout_{};
  std::vector<LayoutIndex> import_layouts_; // [stripes]
  std::vector<LayoutIndex> append_layouts_; // of files planned with each layout
  HsmFlags hsm_;
  std::unordered_map<std::uint32_t, MdtIndex> strays_; // files whose inode is not with their name
  std::vector<Inode> inodes_;
  std::vector<std::uint32_t> component_objects_; // rows of one number per component
  std::vector<std::uint16_t> object_ost_;
  std::vector<std::uint32_t> object_blocks_;
  // Blocks of the file that are other components' lie before an object's first: a hole there.
  std::vector<std::uint32_t> object_hole_;
  std::vector<OstIndex> chosen_;      // scratch
  std::vector<ObjectExtent> extents_; // scratch
};

} // namespace lustrum::lustre
