#include "models/lustre/policy/file_table.hpp"
#include "sim/base/input_error.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <map>
#include <set>

using namespace lustrum;
using namespace lustrum::lustre;

namespace {

Layout layout(std::string_view text) { return std::get<Layout>(parse_layout(text)); }

Bytes used(const FileTable& files) {
  Bytes sum{};
  for (std::uint32_t t = 0; t < files.space().osts(); ++t) sum += files.space().used(OstIndex{t});
  return sum;
}

} // namespace

TEST_CASE("round robin keeps first components in balance under FSx's layout") {
  // Each file takes one object, then eight: without the shift of a lap, a number of OSTs that 3
  // divides would put all first components on a third of them.
  for (const std::uint32_t osts : {6U, 9U, 12U, 18U, 20U, 24U}) {
    CAPTURE(osts);
    FileTable files({.layout = layout("-E 100M -c 1 -E -1 -c 8"), .osts = osts, .seed = 1});
    std::vector<std::uint32_t> first(osts);
    std::vector<std::uint32_t> second(osts);
    for (std::uint32_t f = 0; f < 100 * osts; ++f) {
      const FileIndex file = files.add(0, Bytes{140 * kMib});
      ++first[files.ost_of(files.object_number(file, 0)).value()];
      ++second[files.ost_of(files.object_number(file, 1)).value()];
    }
    CHECK(*std::max_element(first.begin(), first.end()) <= 102);
    CHECK(*std::min_element(first.begin(), first.end()) >= 98);
    CHECK(*std::max_element(second.begin(), second.end()) <= 140);
    CHECK(*std::min_element(second.begin(), second.end()) >= 60);
  }
}

TEST_CASE("a placed file has the components that its size reaches") {
  FileTable files({.layout = layout("-E 64K -L mdt -E 1G -c 1 -E -1 -c 4"), .osts = 8});
  const FileIndex tiny = files.add(0, Bytes{64 * kKib});
  const FileIndex small = files.add(0, Bytes{64 * kKib + 1});
  const FileIndex large = files.add(0, Bytes{kGib + 1});
  CHECK(files.objects() == 0 + 1 + 5);
  CHECK(files.instantiated(tiny, 0));
  CHECK_FALSE(files.instantiated(tiny, 1));
  CHECK(files.instantiated(small, 1));
  CHECK_FALSE(files.instantiated(small, 2));
  CHECK(files.instantiated(large, 2));
  // One byte on an object is a block of 4 KiB; what lies on the MDT takes nothing on OSTs. The
  // component of the large file that begins at 1 GiB has 1 GiB / 4 of hole in each object, which
  // is not told apart from data: byte 1 GiB lies in stripe 1024 mod 4 = 0 at offset 256 MiB.
  CHECK(files.object_space(files.object_number(small, 0)) == Bytes{68 * kKib});
  CHECK(files.object_space(files.object_number(large, 1)) == Bytes{256 * kMib + 4 * kKib});
}

TEST_CASE("property: which OSTs a file gets does not depend on when its components are made") {
  // Components of one kind are made in the order of the files in both tables; how the kinds mix
  // differs: file by file in one, component by component in the other.
  CHECK(rc::check([] {
    FileTableSettings settings{.layout = layout("-E 1M -c 1 -E 4M -c 3 -E -1 -C 20")};
    settings.osts = *rc::gen::inRange(1U, 16U);
    settings.seed = *rc::gen::arbitrary<std::uint64_t>();
    FileTable by_file(settings);
    FileTable by_component(settings);
    const auto n = *rc::gen::inRange(1U, 40U);
    for (std::uint32_t f = 0; f < n; ++f) {
      const FileIndex file = by_file.plan_file(0);
      by_component.plan_file(0);
      RC_ASSERT(by_file.create(file, Seconds{}));
      for (const std::size_t c : {2U, 1U}) RC_ASSERT(by_file.instantiate(file, c, Seconds{}));
    }
    for (std::size_t c = 0; c < 3; ++c)
      for (std::uint32_t f = 0; f < n; ++f)
        RC_ASSERT((c == 0 ? by_component.create(FileIndex{f}, Seconds{})
                          : by_component.instantiate(FileIndex{f}, c, Seconds{}).has_value()));
    std::set<std::uint32_t> numbers;
    for (std::uint32_t f = 0; f < n; ++f)
      for (std::uint32_t o = 0; o < by_file.layout(FileIndex{f}).object_count(); ++o) {
        const std::uint32_t number = by_file.object_number(FileIndex{f}, o);
        RC_ASSERT(numbers.insert(number).second);
        RC_ASSERT(by_file.ost_of(number) ==
                  by_component.ost_of(by_component.object_number(FileIndex{f}, o)));
      }
    RC_ASSERT(numbers.size() == by_file.objects());
    RC_ASSERT(by_file.objects() == by_component.objects());
    RC_ASSERT(by_file.objects() == 0 || *numbers.rbegin() + 1 == by_file.objects());
  }));
}

TEST_CASE("instantiating twice gives the same objects") {
  FileTable files({.layout = layout("-E 1M -c 1 -E -1 -c 4"), .osts = 8});
  const FileIndex file = files.add(0, Bytes{});
  files.add(0, Bytes{});
  const auto first = files.instantiate(file, 1, Seconds{});
  const auto again = files.instantiate(file, 1, Seconds{});
  REQUIRE(first);
  REQUIRE(again);
  CHECK(first->first == again->first);
  CHECK(again->count == 4);
  CHECK(files.object_number(file, 0) == 0);
  CHECK(files.object_number(file, 1) == first->first);
  CHECK(files.object_number(file, 4) == first->first + 3);
}

TEST_CASE("layouts: of the file system, a directory, a file, an append") {
  FileTable files({.layout = layout("-c 2"), .osts = 8});
  const LayoutIndex four = files.add_layout(layout("-c 4"));
  CHECK(files.add_layout(layout("-c 4")) == four);
  CHECK(files.add_layout(layout("-c 100")) == files.add_layout(layout("-c -1")));
  const std::uint32_t d = files.tree().make_directory({.layout = four});
  const std::uint32_t inheriting = files.tree().make_directory({.parent = d});
  const std::uint32_t other = files.tree().make_directory({});
  const auto stripes = [&](FileIndex file) { return files.layout(file).object_count(); };
  CHECK(stripes(files.add(d, Bytes{1})) == 4);
  CHECK(stripes(files.add(inheriting, Bytes{1})) == 4);
  CHECK(stripes(files.add(other, Bytes{1})) == 2);
  CHECK(stripes(files.add(d, Bytes{1}, files.add_layout(layout("-c -1")))) == 8);
  // FSx and the default of mdd.*.append_stripe_count: one stripe. Made anew without O_APPEND it is
  // a file like others.
  const FileIndex log = files.plan_file(d);
  REQUIRE(files.create(log, Seconds{}, true));
  CHECK(stripes(log) == 1);
  std::vector<std::uint32_t> objects;
  files.unlink(log, objects);
  CHECK(objects.size() == 1);
  REQUIRE(files.create(log, Seconds{}));
  CHECK(stripes(log) == 4);
}

TEST_CASE("files get fewer stripes, then none, when OSTs go") {
  FileTable files({.layout = layout("-E 1M -c 1 -E -1 -c 4"), .osts = 4});
  const FileIndex file = files.add(0, Bytes{});
  files.space().set_active(OstIndex{1}, false);
  const auto reduced = files.instantiate(file, 1, Seconds{});
  REQUIRE(reduced);
  CHECK(reduced->count == 3);
  CHECK(files.layout(file).components()[1].stripe_count == 3);
  CHECK(files.ost_of(files.object_number(file, 3)) != OstIndex{1});
  for (std::uint32_t t = 0; t < 4; ++t) files.space().set_active(OstIndex{t}, false);
  const FileIndex late = files.plan_file(0);
  CHECK_FALSE(files.create(late, Seconds{}));
  CHECK_FALSE(files.exists(late));
  CHECK(files.tree().entries(0) == 1);
  // Made anew when the OSTs are back, the file has all its stripes.
  for (std::uint32_t t = 0; t < 4; ++t) files.space().set_active(OstIndex{t}, true);
  std::vector<std::uint32_t> objects;
  files.unlink(file, objects);
  CHECK(objects.size() == 4);
  REQUIRE(files.create(file, Seconds{}));
  CHECK(files.instantiate(file, 1, Seconds{})->count == 4);
}

TEST_CASE("three quarters of the stripes do when the other OSTs are degraded") {
  // lod_qos.c: a default layout of c stripes is content with c - c/4 before slow OSTs are used.
  FileTable files({.layout = layout("-c 8"), .osts = 8});
  for (const std::uint32_t t : {1U, 5U}) files.space().set_degraded(OstIndex{t}, true);
  const auto stripes = [&] { return files.layout(files.add(0, Bytes{})).object_count(); };
  CHECK(stripes() == 6);
  files.space().set_degraded(OstIndex{6}, true);
  CHECK(stripes() == 8);
}

TEST_CASE("files from an archive have a stripe for each whole chunk and one more") {
  // FSx for Lustre, ImportedFileChunkSize of 1 GiB, ten OSTs; the default layout is not theirs.
  FileTable files({.layout = layout("-c 4"), .osts = 10, .import_chunk = Bytes{kGib}});
  const auto stripes = [&](double gib) {
    const Bytes size{static_cast<std::uint64_t>(gib * static_cast<double>(kGib))};
    return files.layout(files.add_imported(0, size)).object_count();
  };
  CHECK(stripes(0) == 1);
  CHECK(stripes(0.99) == 1);
  CHECK(stripes(1) == 2);
  CHECK(stripes(3.5) == 4);
  CHECK(stripes(9) == 10);
  CHECK(stripes(500) == 10);
  CHECK(files.layout(files.add(0, Bytes{kGib})).object_count() == 4);
}

TEST_CASE("one full OST stops a file though others have space") {
  FileTable files({.layout = layout("-c 1"), .osts = 2, .ost_capacity = Bytes{100 * kMib}});
  CHECK_THROWS_AS(files.add(0, Bytes{101 * kMib}), InputError);
  FileTable writing({.layout = layout("-c 1"), .osts = 2, .ost_capacity = Bytes{100 * kMib}});
  const FileIndex file = writing.add(0, Bytes{60 * kMib});
  const std::uint32_t object = writing.object_number(file, 0);
  CHECK_FALSE(writing.extend_object(object, Bytes{101 * kMib}));
  CHECK(used(writing) == Bytes{60 * kMib});
  CHECK(writing.extend_object(object, Bytes{100 * kMib}));
  writing.truncate_object(object, Bytes{1});
  CHECK(used(writing) == Bytes{4 * kKib});
}

TEST_CASE("property: files come and go as in a naive model") {
  CHECK(rc::check("entries, existence and space", [] {
    FileTableSettings settings{.layout = layout("-E 256K -c 1 -E -1 -c 3")};
    settings.osts = *rc::gen::inRange(1U, 6U);
    settings.mdts = *rc::gen::inRange(1U, 4U);
    FileTable files(settings);
    const std::uint32_t directories = 3;
    files.tree().make_directory({.stripes = settings.mdts});
    files.tree().make_up_to(directories - 1);
    std::vector<std::vector<DirectoryEntry>> naive(directories);
    std::map<std::uint32_t, std::uint64_t> sizes; // of files that exist
    std::vector<std::uint32_t> planned;
    const auto steps = *rc::gen::inRange(1, 120);
    for (int step = 0; step < steps; ++step) {
      const auto d = *rc::gen::inRange(0U, directories);
      switch (*rc::gen::inRange(0, 5)) {
      case 0: {
        const auto size = *rc::gen::inRange<std::uint64_t>(0, 2 * kMib);
        const FileIndex file = files.add(d, Bytes{size});
        naive[d].push_back({false, file.value()});
        sizes[file.value()] = size;
        break;
      }
      case 1:
        planned.push_back(files.plan_file(d).value());
        break;
      case 2: {
        if (planned.empty()) break;
        const FileIndex file{planned.back()};
        planned.pop_back();
        RC_ASSERT(!files.exists(file));
        RC_ASSERT(files.create(file, Seconds{}));
        naive[files.directory(file)].push_back({false, file.value()});
        sizes[file.value()] = 0;
        break;
      }
      case 3: {
        if (sizes.empty()) break;
        const FileIndex file{
            std::next(sizes.begin(), *rc::gen::inRange<std::ptrdiff_t>(0, std::ssize(sizes)))
                ->first};
        std::vector<std::uint32_t> objects;
        files.unlink(file, objects);
        for (const std::uint32_t object : objects) files.destroy_object(object);
        std::erase(naive[files.directory(file)], DirectoryEntry{false, file.value()});
        sizes.erase(file.value());
        if (*rc::gen::arbitrary<bool>()) planned.push_back(file.value());
        break;
      }
      default:
        naive[d].push_back({true, files.tree().make_directory({.parent = d})});
      }
    }
    for (std::uint32_t d = 0; d < directories; ++d) {
      RC_ASSERT(files.tree().entries(d) == naive[d].size());
      for (std::size_t n = 0; n < naive[d].size(); ++n)
        RC_ASSERT(files.tree().entry(d, n) == naive[d][n]);
      std::uint64_t bytes = 0;
      for (std::uint32_t s = 0; s < files.tree().stripes(d); ++s)
        bytes += files.tree().readdir_bytes(d, s).count();
      RC_ASSERT(bytes == 64 * naive[d].size());
    }
    // Space: the blocks in which the data of existing files lies, object by object.
    Bytes held{};
    for (const auto& [f, size] : sizes) {
      const FileIndex file{f};
      RC_ASSERT(files.exists(file));
      RC_ASSERT(files.size(file) == Bytes{size});
      std::vector<ObjectExtent> parts;
      if (size > 0) files.layout(file).map(Bytes{}, Bytes{size}, parts);
      for (const ObjectExtent& part : parts) {
        const Bytes end = part.offset + part.length;
        held += Bytes{(end.count() + 4095) / 4096 * 4096 - part.offset.count() / 4096 * 4096};
        RC_ASSERT(files.object_space(files.object_number(file, part.object)) >= end);
      }
    }
    RC_ASSERT(used(files) == held);
  }));
}

TEST_CASE("HSM flags are kept for the files that have some") {
  FileTable files({});
  const FileIndex plain = files.add(0, Bytes{1});
  const FileIndex imported = files.add(0, Bytes{1});
  CHECK(files.hsm_flags(imported) == 0);
  files.set_hsm_flags(imported, hsm::kImported);
  CHECK(files.hsm_flags(imported) == 0xd);
  CHECK(files.hsm_flags(plain) == 0);
  std::vector<std::uint32_t> objects;
  files.unlink(imported, objects);
  CHECK(files.hsm_flags(imported) == 0);
}

TEST_CASE("a released file has a size and no objects, and takes its space anew") {
  FileTable files({.layout = layout("-E 1M -c 1 -E -1 -c 4"), .osts = 4});
  const FileIndex imported = files.add_imported(0, Bytes{9 * kMib});
  CHECK(files.exists(imported));
  CHECK(files.size(imported) == Bytes{9 * kMib});
  CHECK(files.hsm_flags(imported) == hsm::kImported);
  CHECK_FALSE(files.instantiated(imported, 0));
  CHECK(used(files) == Bytes{});
  REQUIRE(files.instantiate_whole(imported, Seconds{}));
  CHECK(files.objects() == 5);
  // Bytes 1 to 9 MiB are two full stripes on each of four objects; the hole of one stripe before
  // them in the first takes no space.
  CHECK(used(files) == Bytes{9 * kMib});
  std::vector<std::uint32_t> objects;
  files.take_objects(imported, objects);
  CHECK(objects == std::vector<std::uint32_t>{0, 1, 2, 3, 4});
  CHECK_FALSE(files.instantiated(imported, 0));
  CHECK_FALSE(files.instantiated(imported, 1));
  CHECK(used(files) == Bytes{9 * kMib}); // until they are destroyed
  for (const std::uint32_t object : objects) files.destroy_object(object);
  CHECK(used(files) == Bytes{});
  REQUIRE(files.instantiate_whole(imported, Seconds{}));
  CHECK(files.object_number(imported, 0) == 5);
  objects.clear();
  files.unlink(imported, objects);
  CHECK(objects == std::vector<std::uint32_t>{5, 6, 7, 8, 9});
}

TEST_CASE("a file that does not fit takes nothing") {
  FileTable files({.osts = 1, .ost_capacity = Bytes{10 * kMib}});
  const FileIndex large = files.add_imported(0, Bytes{11 * kMib});
  CHECK_FALSE(files.instantiate_whole(large, Seconds{}));
  CHECK(used(files) == Bytes{});
  CHECK_FALSE(files.instantiated(large, 0));
  CHECK(files.instantiate_whole(files.add_imported(0, Bytes{9 * kMib}), Seconds{}));
}
