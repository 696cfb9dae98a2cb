// `lfs getstripe`, as Lustre 2.15 prints it.
// \source Lustre 2.15 lustre/utils/liblustreapi.c; Lustre manual, "Progressive File Layout"
#include "models/lustre/counter_files.hpp"

#include <fmt/format.h>

namespace lustrum::lustre {

namespace {

// One component's objects; without any yet its start is -1.
std::string stripes(const LayoutComponent& component, std::string_view indent, int first_ost) {
  return fmt::format("{0}lmm_stripe_count:  {1}\n{0}lmm_stripe_size:   {2}\n"
                     "{0}lmm_pattern:       {3}\n{0}lmm_layout_gen:    0\n"
                     "{0}lmm_stripe_offset: {4}\n",
                     indent, component.objects(), component.stripe_size.count(),
                     component.on_mdt        ? "mdt"
                     : component.overstriped ? "raid0,overstriped"
                                             : "raid0",
                     first_ost);
}

int first_ost(const FileTable& files, FileIndex file, std::size_t component) {
  const Layout& layout = files.layout(file);
  if (layout.components()[component].on_mdt) return 0;
  if (!files.instantiated(file, component)) return -1;
  return static_cast<int>(
      files.ost_of(files.object_number(file, layout.first_object(component))).value());
}

std::string plain(const FileTable& files, FileIndex file) {
  const LayoutComponent& only = files.layout(file).components().front();
  std::string text = stripes(only, "", first_ost(files, file, 0));
  if (!files.instantiated(file, 0)) return text;
  text += "\tobdidx\t\t objid\t\t objid\t\t group\n";
  for (std::uint32_t k = 0; k < only.objects(); ++k) {
    const std::uint32_t object = files.object_number(file, k);
    text += fmt::format("\t{:6}\t{:14}\t{:#14x}\t{:14}\n", files.ost_of(object).value(), object,
                        object, 0);
  }
  return text;
}

std::string composite(const FileTable& files, FileIndex file) {
  constexpr std::uint64_t kFirstSequence = 0x100000000; // of OST 0; the next OST's is 0x10000 more
  constexpr std::uint64_t kPerOst = 0x10000;
  const Layout& layout = files.layout(file);
  const std::vector<LayoutComponent>& components = layout.components();
  std::string text =
      fmt::format("  lcm_layout_gen:    {0}\n  lcm_mirror_count:  1\n  lcm_entry_count:   {0}\n",
                  components.size());
  Bytes begin{};
  for (std::size_t c = 0; c < components.size(); ++c) {
    const LayoutComponent& component = components[c];
    const bool there = files.instantiated(file, c);
    text += fmt::format("    lcme_id:             {}\n    lcme_mirror_id:      0\n"
                        "    lcme_flags:          {}\n    lcme_extent.e_start: {}\n"
                        "    lcme_extent.e_end:   {}\n",
                        c + 1, there ? "init" : "0", begin.count(),
                        component.end == kToEnd ? "EOF" : fmt::format("{}", component.end.count()));
    text += stripes(component, "      ", first_ost(files, file, c));
    if (there && component.objects() > 0) {
      text += "      lmm_objects:\n";
      for (std::uint32_t k = 0; k < component.objects(); ++k) {
        const std::uint32_t object = files.object_number(file, layout.first_object(c) + k);
        const std::uint32_t ost = files.ost_of(object).value();
        text += fmt::format("      - {}: {{ l_ost_idx: {}, l_fid: [{:#x}:{:#x}:0x0] }}\n", k, ost,
                            kFirstSequence + ost * kPerOst, object);
      }
    }
    text += "\n";
    begin = component.end;
  }
  return text;
}

} // namespace

std::string lfs_getstripe(const FileTable& files, std::uint32_t most) {
  std::string text;
  for (std::uint32_t f = 0; f < files.files() && most > 0; ++f) {
    const FileIndex file{f};
    if (!files.exists(file)) continue;
    --most;
    const std::vector<LayoutComponent>& components = files.layout(file).components();
    const bool is_plain = components.size() == 1 && components.front().end == kToEnd;
    text += fmt::format("/mnt/lustre/{}\n{}\n", f,
                        is_plain ? plain(files, file) : composite(files, file));
  }
  return text;
}

} // namespace lustrum::lustre
