#include "models/lustre/policy/file_table.hpp"

#include "sim/base/input_error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

namespace lustrum::lustre {

FileTable::FileTable(const FileTableSettings& settings)
    : settings_(settings), space_(settings.osts, settings.ost_capacity, settings.reserved),
      allocator_(settings.osts, settings.servers, settings.qos, settings.seed),
      tree_(settings.mdts, settings.mdt_inodes, settings.seed, settings.mdt_threshold_rr) {
  assert(settings.osts > 0 && settings.osts <= UINT16_MAX);
  add_layout(settings.layout);
  if (settings.append_stripe_count > 0)
    append_layout_ = add_layout(
        Layout(std::vector{LayoutComponent{.stripe_count = settings.append_stripe_count}}));
}

LayoutIndex FileTable::add_layout(const Layout& layout) {
  const Layout limited = layout.limited_to({.osts = settings_.osts,
                                            .max_stripes = settings_.max_stripes,
                                            .dom_stripesize = settings_.dom_stripesize});
  std::uint32_t first_walk = 0;
  // A walk for each component: the later components of a file are made when a write first reaches
  // them, while other files are being created, so the allocations of one kind follow one another.
  for (std::size_t c = 0; c < limited.components().size() && !layouts_.contains(limited); ++c) {
    constexpr std::uint64_t kInstances = 256; // more than components
    const std::uint32_t walk = allocator_.add_walk(layouts_.size() * kInstances + c);
    if (c == 0) first_walk = walk;
  }
  return layouts_.add(limited, first_walk);
}

std::uint32_t FileTable::first_object(const Inode& inode, std::size_t component) const {
  if (inode.has_row) return component_objects_[inode.objects + component];
  return component == 0 ? inode.objects : kNone;
}

void FileTable::set_first_object(Inode& inode, std::size_t component, std::uint32_t object) {
  if (component == 0 && !inode.has_row) {
    inode.objects = object;
    return;
  }
  if (!inode.has_row) {
    const auto row = static_cast<std::uint32_t>(component_objects_.size());
    component_objects_.push_back(inode.objects);
    component_objects_.resize(row + layouts_[inode.layout].components().size(), kNone);
    inode.objects = row;
    inode.has_row = true;
  }
  component_objects_[inode.objects + component] = object;
}

std::optional<FileTable::Objects> FileTable::allocate(Inode& inode, std::size_t component,
                                                      Seconds now) {
  const LayoutComponent& wanted = layouts_[inode.layout].components()[component];
  const std::uint32_t stripes = wanted.objects();
  Objects made{.first = objects(), .count = stripes};
  if (stripes > 0) {
    const ObjectAllocator::Set set{.walk = layouts_.walk(inode.layout) +
                                           static_cast<std::uint32_t>(component),
                                   .stripes = stripes,
                                   .minimum = stripes - stripes / 4, // lod_qos.c: three quarters do
                                   .overstriped = wanted.overstriped};
    chosen_.clear();
    made.count = allocator_.allocate(set, space_, now, chosen_);
    if (made.count == 0) return std::nullopt;
    for (const OstIndex ost : chosen_)
      object_ost_.push_back(static_cast<std::uint16_t>(ost.value()));
    object_blocks_.resize(object_ost_.size());
    object_hole_.resize(object_ost_.size());
  }
  set_first_object(inode, component, made.first);
  if (made.count < stripes)
    inode.layout = layouts_.add_instead_of(
        inode.layout, layouts_[inode.layout].with_stripes(component, made.count),
        layouts_.walk(inode.layout));
  if (component > 0) note_holes(layouts_[inode.layout], component);
  return made;
}

// An object's offset counts from the file's begin, whatever component it is of.
void FileTable::note_holes(const Layout& layout, std::size_t component) {
  const LayoutComponent& of = layout.components()[component];
  const Bytes start = layout.components()[component - 1].end;
  const Bytes row = std::min(of.stripe_size * of.stripe_count, of.end - start);
  const std::uint32_t first = objects() - of.objects();
  extents_.clear();
  layout.map(start, row, extents_);
  for (const ObjectExtent& extent : extents_)
    object_hole_[first + extent.stripe] =
        static_cast<std::uint32_t>(extent.offset.count() / kBlock);
}

LayoutIndex FileTable::append_layout_of(LayoutIndex planned) {
  if (!append_layout_) return planned;
  if (append_layouts_.size() <= planned) append_layouts_.resize(planned + std::size_t{1}, kUnmade);
  LayoutIndex& layout = append_layouts_[planned];
  if (layout == kUnmade)
    layout = layouts_.add_instead_of(planned, Layout(layouts_[*append_layout_]),
                                     layouts_.walk(*append_layout_));
  return layout;
}

FileIndex FileTable::plan_file(std::uint32_t directory, std::optional<LayoutIndex> layout) {
  tree_.make_up_to(directory);
  const FileIndex file{files()};
  inodes_.push_back(
      {.directory = directory, .layout = layout ? *layout : tree_.layout(directory).value_or(0)});
  return file;
}

bool FileTable::create(FileIndex file, Seconds now, bool append) {
  Inode& created = inode(file);
  assert(!created.exists);
  created.size = Bytes{};
  created.has_row = false;
  created.layout = layouts_.planned(created.layout);
  if (append) created.layout = append_layout_of(created.layout);
  if (!allocate(created, 0, now)) return false;
  created.exists = true;
  created.place = tree_.add_file(created.directory, file);
  return true;
}

void FileTable::create_released(FileIndex file) {
  Inode& created = inode(file);
  assert(!created.exists);
  created.size = Bytes{};
  created.has_row = false;
  created.objects = kNone;
  created.layout = layouts_.planned(created.layout);
  created.exists = true;
  created.place = tree_.add_file(created.directory, file);
  hsm_.set(file, hsm::kImported);
}

FileIndex FileTable::add(std::uint32_t directory, Bytes size, std::optional<LayoutIndex> layout) {
  const FileIndex file = plan_file(directory, layout);
  bool fits = create(file, Seconds{});
  set_size(file, size);
  if (fits && size > Bytes{}) fits = instantiate_whole(file, Seconds{});
  if (!fits)
    throw InputError(fmt::format("the file system is full at file {} of {} bytes: give the OSTs "
                                 "more capacity, or the files more stripes",
                                 file.value(), size.count()));
  return file;
}

// Source: FSx for Lustre guide, striping of imported files: floor(size / chunk) + 1.
std::optional<LayoutIndex> FileTable::import_layout(Bytes size) {
  if (settings_.import_chunk == Bytes{}) return std::nullopt;
  const std::uint64_t stripes = size / settings_.import_chunk + 1;
  const auto count = static_cast<std::uint32_t>(std::min<std::uint64_t>(stripes, settings_.osts));
  if (import_layouts_.size() <= count) import_layouts_.resize(count + std::size_t{1}, kUnmade);
  LayoutIndex& layout = import_layouts_[count];
  if (layout == kUnmade)
    layout = add_layout(Layout(std::vector{LayoutComponent{.end = kToEnd, .stripe_count = count}}));
  return layout;
}

FileIndex FileTable::add_imported(std::uint32_t directory, Bytes size,
                                  std::optional<LayoutIndex> layout) {
  const FileIndex file = plan_file(directory, layout ? layout : import_layout(size));
  Inode& imported = inode(file);
  imported.size = size;
  imported.objects = kNone;
  imported.exists = true;
  imported.place = tree_.add_file(directory, file);
  hsm_.set(file, hsm::kImported);
  return file;
}

bool FileTable::instantiate_whole(FileIndex file, Seconds now) {
  const Bytes size = this->size(file);
  const std::size_t reached = layout(file).components_of(Bytes{}, size).second;
  bool fits = true;
  for (std::size_t c = 0; c < reached && fits; ++c) fits = instantiate(file, c, now).has_value();
  extents_.clear();
  if (fits && size > Bytes{}) layout(file).map(Bytes{}, size, extents_);
  for (const ObjectExtent& extent : extents_)
    fits = fits && (extent.on_mdt || extend_object(object_number(file, extent.object),
                                                   extent.offset + extent.length));
  if (fits) return true;
  std::vector<std::uint32_t> objects;
  take_objects(file, objects);
  for (const std::uint32_t object : objects) destroy_object(object);
  return false;
}

void FileTable::append_objects(const Inode& inode, std::vector<std::uint32_t>& objects) const {
  const Layout& layout = layouts_[inode.layout];
  for (std::size_t c = 0; c < layout.components().size(); ++c) {
    const std::uint32_t first = first_object(inode, c);
    if (first == kNone) continue;
    for (std::uint32_t k = 0; k < layout.components()[c].objects(); ++k)
      objects.push_back(first + k);
  }
}

void FileTable::take_objects(FileIndex file, std::vector<std::uint32_t>& objects) {
  Inode& from = inode(file);
  assert(from.exists);
  append_objects(from, objects);
  from.layout = layouts_.planned(from.layout); // fewer stripes were for lack of room then
  from.objects = kNone;
  from.has_row = false;
}

void FileTable::unlink(FileIndex file, std::vector<std::uint32_t>& objects) {
  Inode& removed = inode(file);
  assert(removed.exists);
  append_objects(removed, objects);
  tree_.remove_file(removed.directory, file, removed.place);
  strays_.erase(file.value());
  removed.exists = false;
  removed.size = Bytes{};
  hsm_.set(file, 0);
}

// The inodes that placement counts go with the name: they decide over new directories only.
void FileTable::move(FileIndex file, std::uint32_t directory) {
  Inode& moved = inode(file);
  assert(moved.exists);
  const MdtIndex home = mdt_of(file);
  tree_.remove_file(moved.directory, file, moved.place);
  moved.directory = directory;
  moved.place = tree_.add_file(directory, file);
  strays_.erase(file.value());
  if (mdt_of(file) != home) strays_.emplace(file.value(), home);
}

bool FileTable::instantiated(FileIndex file, std::size_t component) const {
  return first_object(inode(file), component) != kNone;
}

std::optional<FileTable::Objects> FileTable::instantiate(FileIndex file, std::size_t component,
                                                         Seconds now) {
  Inode& of = inode(file);
  assert(of.exists);
  const std::uint32_t first = first_object(of, component);
  if (first == kNone) return allocate(of, component, now);
  return Objects{.first = first, .count = layouts_[of.layout].components()[component].objects()};
}

std::uint32_t FileTable::object_number(FileIndex file, std::uint32_t object) const {
  const Inode& of = inode(file);
  if (!of.has_row) return of.objects + object;
  const Layout& layout = layouts_[of.layout];
  const std::size_t component = layout.component_of_object(object);
  assert(component_objects_[of.objects + component] != kNone);
  return component_objects_[of.objects + component] + object - layout.first_object(component);
}

bool FileTable::extend_object(std::uint32_t object_number, Bytes end) {
  const std::uint64_t blocks = (end.count() + kBlock - 1) / kBlock;
  assert(blocks <= UINT32_MAX); // objects of 16 TiB, as in ldiskfs
  std::uint32_t& held = object_blocks_[object_number];
  if (blocks <= held) return true;
  const std::uint64_t hole = object_hole_[object_number];
  const std::uint64_t taken = std::max(blocks, hole) - std::max<std::uint64_t>(held, hole);
  if (!space_.take(ost_of(object_number), Bytes{taken * kBlock})) return false;
  held = static_cast<std::uint32_t>(blocks);
  return true;
}

void FileTable::truncate_object(std::uint32_t object_number, Bytes end) {
  const std::uint64_t blocks = (end.count() + kBlock - 1) / kBlock;
  std::uint32_t& held = object_blocks_[object_number];
  if (blocks >= held) return;
  const std::uint64_t hole = object_hole_[object_number];
  const std::uint64_t freed = std::max<std::uint64_t>(held, hole) - std::max(blocks, hole);
  space_.give_back(ost_of(object_number), Bytes{freed * kBlock});
  held = static_cast<std::uint32_t>(blocks);
}

} // namespace lustrum::lustre
