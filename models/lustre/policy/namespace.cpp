#include "models/lustre/policy/namespace.hpp"

#include "sim/base/random.hpp"

#include <algorithm>
#include <cassert>

namespace lustrum::lustre {

namespace {

// An entry of a list: the number, with this bit for directories.
constexpr std::uint32_t kDirectoryBit = 1U << 31U;

std::uint32_t packed(DirectoryEntry entry) {
  assert(entry.index < kDirectoryBit - 1);
  return entry.is_directory ? entry.index | kDirectoryBit : entry.index;
}

} // namespace

Namespace::Namespace(std::uint32_t mdts, std::uint64_t inodes, std::uint64_t seed,
                     std::uint32_t qos_threshold)
    : placement_(mdts, inodes, seed, qos_threshold) {}

std::uint32_t Namespace::plan_directory(const DirectoryOptions& options) {
  constexpr std::uint32_t kStripesPerMdt = 5; // overstriped directories, Lustre 2.16
  const std::uint32_t index = directories();
  const DirectoryEntry entry{.is_directory = true, .index = index};
  const Directory& parent = at(options.parent);
  assert(options.stripes > 0);
  Directory planned{.parent = options.parent,
                    .depth = parent.depth + 1,
                    .stripes = std::min(options.stripes, kStripesPerMdt * placement_.mdts()),
                    .hash = options.hash,
                    .exists = false,
                    .layout = options.layout ? options.layout : parent.layout};
  if (options.mdt)
    planned.mdt = *options.mdt;
  else if (parent.stripes > 1)
    planned.mdt = mdt_of(options.parent, entry); // children of striped ones are never remote
  else
    planned.mdt = placement_.place(parent.mdt, parent.depth);
  if (planned.stripes > 1) planned.on_stripe.resize(planned.stripes);
  directories_.push_back(std::move(planned));
  return index;
}

void Namespace::create_directory(std::uint32_t directory) {
  Directory& made = at(directory);
  assert(!made.exists && at(made.parent).exists);
  made.exists = true;
  made.place = add(made.parent, {.is_directory = true, .index = directory});
  // Each stripe is a directory of its own on its MDT.
  for (std::uint32_t s = 0; s < made.stripes; ++s) placement_.add_inode(stripe_mdt(directory, s));
}

std::uint32_t Namespace::make_directory(const DirectoryOptions& options) {
  const std::uint32_t index = plan_directory(options);
  create_directory(index);
  return index;
}

void Namespace::remove_directory(std::uint32_t directory) {
  Directory& removed = at(directory);
  assert(directory != kRoot && removed.exists && removed.list.size() == 0);
  removed.exists = false;
  for (std::uint32_t s = 0; s < removed.stripes; ++s)
    placement_.remove_inode(stripe_mdt(directory, s));
  remove(removed.parent, {.is_directory = true, .index = directory}, removed.place);
}

void Namespace::make_up_to(std::uint32_t directory) {
  if (directory == kRoot) return;
  while (directories() <= directory) make_directory({});
}

std::uint32_t Namespace::mdts_in_use() const {
  std::vector<bool> used(placement_.mdts());
  for (std::uint32_t d = 0; d < directories(); ++d)
    for (std::uint32_t s = 0; exists(d) && s < std::min(stripes(d), placement_.mdts()); ++s)
      used[stripe_mdt(d, s).value()] = true;
  return std::max(1U, static_cast<std::uint32_t>(std::count(used.begin(), used.end(), true)));
}

MdtIndex Namespace::stripe_mdt(std::uint32_t directory, std::uint32_t stripe) const {
  return MdtIndex{(at(directory).mdt.value() + stripe) % placement_.mdts()};
}

std::uint32_t Namespace::stripe_of(std::uint32_t directory, DirectoryEntry entry) const {
  const Directory& in = at(directory);
  if (in.stripes == 1) return 0;
  const std::uint64_t name = entry.index + (entry.is_directory ? 1ULL << 32U : 0);
  constexpr std::uint64_t kHash = random::component("lustre.directory_hash");
  if (in.hash == DirectoryHash::fnv)
    return static_cast<std::uint32_t>(random::draw(0, kHash, name) % in.stripes);
  std::uint32_t chosen = 0;
  std::uint64_t highest = 0;
  for (std::uint32_t s = 0; s < in.stripes; ++s) {
    const std::uint64_t straw = random::draw(s, kHash, name);
    if (straw >= highest) {
      highest = straw;
      chosen = s;
    }
  }
  return chosen;
}

std::uint32_t Namespace::add(std::uint32_t directory, DirectoryEntry entry) {
  Directory& in = at(directory);
  if (in.stripes > 1) ++in.on_stripe[stripe_of(directory, entry)];
  return in.list.append(packed(entry));
}

void Namespace::remove(std::uint32_t directory, DirectoryEntry entry, std::uint32_t place) {
  Directory& in = at(directory);
  if (in.stripes > 1) --in.on_stripe[stripe_of(directory, entry)];
  in.list.remove(place);
}

std::uint32_t Namespace::add_file(std::uint32_t directory, FileIndex file) {
  assert(at(directory).exists);
  const DirectoryEntry entry{.is_directory = false, .index = file.value()};
  placement_.add_inode(mdt_of(directory, entry));
  return add(directory, entry);
}

void Namespace::remove_file(std::uint32_t directory, FileIndex file, std::uint32_t place) {
  const DirectoryEntry entry{.is_directory = false, .index = file.value()};
  placement_.remove_inode(mdt_of(directory, entry));
  remove(directory, entry, place);
}

DirectoryEntry Namespace::entry(std::uint32_t directory, std::size_t n) const {
  const std::uint32_t word = at(directory).list.nth(n);
  return {.is_directory = (word & kDirectoryBit) != 0, .index = word & ~kDirectoryBit};
}

void Namespace::files_after(std::uint32_t directory, std::uint32_t place, std::size_t most,
                            std::vector<FileIndex>& files) const {
  const EntryList& list = at(directory).list;
  for (std::uint32_t p = place + 1; p < list.places() && most > 0; ++p) {
    const std::uint32_t word = list.at(p);
    if (word == EntryList::kRemoved || (word & kDirectoryBit) != 0) continue;
    files.emplace_back(word);
    --most;
  }
}

Bytes Namespace::readdir_bytes(std::uint32_t directory, std::uint32_t stripe) const {
  // lustre_idl.h: struct lu_dirent, 32 bytes, then the name and two bytes of type, padded to 8.
  constexpr std::uint64_t kEntryBytes = 32 + 32;
  const Directory& listed = at(directory);
  const std::uint64_t count = listed.stripes > 1 ? listed.on_stripe[stripe] : listed.list.size();
  return Bytes{count * kEntryBytes};
}

} // namespace lustrum::lustre
