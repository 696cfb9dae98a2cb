// Layouts as `lfs setstripe` takes them.
#include "models/lustre/policy/layout.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace lustrum::lustre {

namespace {

constexpr std::uint64_t kStripeGrain = 64 * kKib;

// A size as lfs takes it: bytes, or with K, M, G, T (powers of 1024).
std::optional<std::uint64_t> parse_lfs_size(std::string_view text) {
  std::uint64_t value = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) return std::nullopt;
  const std::string_view suffix(rest, static_cast<std::size_t>(text.data() + text.size() - rest));
  std::uint64_t unit = 0;
  if (suffix.empty()) unit = 1;
  if (suffix == "K" || suffix == "k") unit = kKib;
  if (suffix == "M" || suffix == "m") unit = kMib;
  if (suffix == "G" || suffix == "g") unit = kGib;
  if (suffix == "T" || suffix == "t") unit = kTib;
  if (unit == 0 || value > UINT64_MAX / unit) return std::nullopt;
  return value * unit;
}

std::string lfs_size(Bytes size) {
  return size.count() % kMib == 0 ? fmt::format("{}M", size.count() / kMib)
                                  : fmt::format("{}K", size.count() / kKib);
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  for (std::size_t at = text.find_first_not_of(' '); at != std::string_view::npos;
       at = text.find_first_not_of(' ', at)) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    words.push_back(text.substr(at, end - at));
    at = end;
  }
  return words;
}

// The components as they are read, option by option. Each function returns what is wrong with its
// argument, empty when nothing is.
class LayoutReader {
public:
  explicit LayoutReader(const LayoutDefaults& defaults)
      : stripe_size_(defaults.stripe_size), stripe_count_(defaults.stripe_count) {}

  std::string apply(std::string_view option, std::string_view value) {
    if (option == "-E") return start_component(value);
    if (components_.empty()) components_.push_back({kToEnd, stripe_count_, stripe_size_});
    LayoutComponent& component = components_.back();
    if (option == "-c" || option == "-C") return set_count(component, value, option == "-C");
    if (option == "-S") return set_stripe_size(component, value);
    if (option == "-L") return set_pattern(component, value);
    return fmt::format("unknown option `{}` (known: -E end, -c stripe count, -C stripe count "
                       "with several stripes on one OST, -S stripe size, -L mdt)",
                       option);
  }

  std::variant<Layout, std::string> finish() && {
    Bytes start{};
    for (std::size_t c = 0; c < components_.size(); ++c) {
      LayoutComponent& component = components_[c];
      if (component.end <= start) return std::string("component ends must rise");
      start = component.end;
      while (component.end != kToEnd && component.end % component.stripe_size != Bytes{} &&
             component.stripe_size.count() % (2 * kStripeGrain) == 0)
        component.stripe_size = component.stripe_size / 2;
      if (!component.on_mdt) continue;
      if (c > 0)
        return std::string(
            "only the first component can lie on the MDT: put `-E 64K -L mdt` first");
      if (component.end == kToEnd)
        return std::string("the component on the MDT needs an end: `-E 64K -L mdt -E -1 -c 1`");
    }
    if (components_.back().end != kToEnd)
      return std::string("the last component must reach the end of the file (-E -1)");
    if (components_.size() > kMaxComponents)
      return fmt::format("{} components are too many (at most {})", components_.size(),
                         kMaxComponents);
    return Layout(std::move(components_));
  }

private:
  static bool means_all(std::string_view value) {
    return value == "-1" || value == "eof" || value == "EOF";
  }

  std::string start_component(std::string_view value) {
    const std::optional<std::uint64_t> end = parse_lfs_size(value);
    if (!means_all(value) && !end)
      return fmt::format("`{}` is not a component end (try 100M, 10G or -1)", value);
    if (!means_all(value) && *end % kStripeGrain != 0)
      return fmt::format("`{}` is not a component end (a multiple of 64K)", value);
    components_.push_back({means_all(value) ? kToEnd : Bytes{*end}, stripe_count_, stripe_size_});
    has_count_ = false;
    return {};
  }

  std::string set_count(LayoutComponent& component, std::string_view value, bool overstriped) {
    if (component.on_mdt) return "a component on the MDT has no stripes: leave out -c";
    const std::optional<std::uint64_t> count = parse_lfs_size(value);
    const bool all = means_all(value) && !overstriped;
    if (!all && (!count || *count == 0 || *count > kMaxStripes))
      return fmt::format("`{}` is not a stripe count (1 to {}{})", value, kMaxStripes,
                         overstriped ? "" : ", or -1 for all OSTs");
    component.stripe_count = all ? kAllOsts : static_cast<std::uint32_t>(*count);
    component.overstriped = overstriped;
    has_count_ = true;
    return {};
  }

  std::string set_stripe_size(LayoutComponent& component, std::string_view value) {
    if (component.on_mdt) return "a component on the MDT has no stripes: leave out -S";
    const std::optional<std::uint64_t> size = parse_lfs_size(value);
    if (!size || *size == 0 || *size % kStripeGrain != 0)
      return fmt::format("`{}` is not a stripe size (a multiple of 64K)", value);
    if (component.end != kToEnd && component.end.count() % *size != 0)
      return fmt::format("the component's end {} is not a multiple of its stripe size {}",
                         lfs_size(component.end), value);
    // As in lfs, later components inherit the size.
    stripe_size_ = component.stripe_size = Bytes{*size};
    return {};
  }

  std::string set_pattern(LayoutComponent& component, std::string_view value) const {
    if (value == "raid0") return {};
    if (value == "mdt" && has_count_) return "a component on the MDT has no stripes: leave out -c";
    if (value != "mdt") return fmt::format("`{}` is not a pattern (mdt or raid0)", value);
    component.on_mdt = true;
    component.stripe_size = component.end; // in one piece
    return {};
  }

  std::vector<LayoutComponent> components_;
  Bytes stripe_size_;
  std::uint32_t stripe_count_;
  bool has_count_ = false; // the last component
};

} // namespace

std::variant<Layout, std::string> parse_layout(std::string_view text,
                                               const LayoutDefaults& defaults) {
  const std::vector<std::string_view> words = words_of(text);
  if (words.empty()) return std::string("the layout is empty (try \"-c 1\")");
  if (words.size() % 2 != 0) return fmt::format("`{}` has no value", words.back());
  LayoutReader reader(defaults);
  for (std::size_t i = 0; i < words.size(); i += 2) {
    std::string problem = reader.apply(words[i], words[i + 1]);
    if (!problem.empty()) return problem;
  }
  return std::move(reader).finish();
}

std::string to_string(const Layout& layout) {
  std::string text;
  for (const LayoutComponent& component : layout.components()) {
    if (!text.empty()) text += ' ';
    if (component.end != kToEnd)
      text += fmt::format("-E {} ", lfs_size(component.end));
    else if (layout.components().size() > 1)
      text += "-E -1 ";
    if (component.on_mdt) {
      text += "-L mdt";
      continue;
    }
    text += component.stripe_count == kAllOsts
                ? std::string("-c -1")
                : fmt::format("{} {}", component.overstriped ? "-C" : "-c", component.stripe_count);
    text += fmt::format(" -S {}K", component.stripe_size / Bytes{kKib});
  }
  return text;
}

} // namespace lustrum::lustre
