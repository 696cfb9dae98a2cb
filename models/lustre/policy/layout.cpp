#include "models/lustre/policy/layout.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <charconv>
#include <optional>

namespace lustrum::lustre {

namespace {

// Bytes of object k (of c, with this stripe size) that lie at file offsets below `offset`.
std::uint64_t object_bytes_below(std::uint64_t offset, std::uint64_t k, std::uint64_t c,
                                 std::uint64_t stripe_size) {
  const std::uint64_t row = stripe_size * c;
  const std::uint64_t in_row = offset % row;
  const std::uint64_t in_stripe =
      in_row > k * stripe_size ? std::min(in_row - k * stripe_size, stripe_size) : 0;
  return offset / row * stripe_size + in_stripe;
}

} // namespace

Layout::Layout(std::vector<LayoutComponent> components) : components_(std::move(components)) {
  assert(!components_.empty() && components_.back().end == kToEnd);
  Bytes start{};
  for (const LayoutComponent& component : components_) {
    assert(component.end > start && component.stripe_count > 0 && component.stripe_size > Bytes{});
    start = component.end;
  }
}

Layout Layout::limited_to(std::uint32_t osts) const {
  std::vector<LayoutComponent> limited = components_;
  for (LayoutComponent& component : limited)
    component.stripe_count = std::min(component.stripe_count, osts);
  return Layout(std::move(limited));
}

std::uint32_t Layout::object_count(Bytes file_size) const {
  std::uint32_t count = 0;
  Bytes start{};
  for (const LayoutComponent& component : components_) {
    if (count > 0 && start >= file_size) break;
    count += component.stripe_count;
    start = component.end;
  }
  return count;
}

void Layout::map(Bytes offset, Bytes length, std::vector<ObjectExtent>& out) const {
  const Bytes end = offset + length;
  Bytes start{};
  std::uint32_t first_object = 0;
  for (const LayoutComponent& component : components_) {
    const Bytes low = std::max(offset, start);
    const Bytes high = std::min(end, component.end);
    if (low < high) {
      const std::uint64_t c = component.stripe_count;
      const std::uint64_t stripe_size = component.stripe_size.count();
      const std::uint64_t first = low.count() / stripe_size;
      const std::uint64_t touched = std::min(c, (high.count() - 1) / stripe_size - first + 1);
      for (std::uint64_t i = 0; i < touched; ++i) {
        const std::uint64_t k = (first + i) % c;
        const std::uint64_t from = object_bytes_below(low.count(), k, c, stripe_size);
        const std::uint64_t to = object_bytes_below(high.count(), k, c, stripe_size);
        out.push_back(
            {first_object + static_cast<std::uint32_t>(k), Bytes{from}, Bytes{to - from}});
      }
    }
    if (component.end >= end) return;
    start = component.end;
    first_object += component.stripe_count;
  }
}

namespace {

// A size as lfs takes it: bytes, or with K, M, G, T (powers of 1024).
std::optional<std::uint64_t> parse_lfs_size(std::string_view text) {
  std::uint64_t value = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) return std::nullopt;
  const std::string_view suffix(rest, static_cast<std::size_t>(text.data() + text.size() - rest));
  if (suffix.empty()) return value;
  if (suffix == "K" || suffix == "k") return value * kKib;
  if (suffix == "M" || suffix == "m") return value * kMib;
  if (suffix == "G" || suffix == "g") return value * kGib;
  if (suffix == "T" || suffix == "t") return value * kTib;
  return std::nullopt;
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

// Applies one option to the components so far; returns what is wrong, empty when nothing is.
std::string apply_option(std::string_view option, std::string_view value,
                         std::vector<LayoutComponent>& components, Bytes& stripe_size) {
  constexpr std::uint32_t kMaxStripes = 2000;
  constexpr std::uint64_t kStripeGrain = 64 * kKib;
  const bool all = value == "-1" || value == "eof" || value == "EOF";
  const std::optional<std::uint64_t> number = parse_lfs_size(value);
  if (option == "-E") {
    if (!all && !number)
      return fmt::format("`{}` is not a component end (try 100M, 10G or -1)", value);
    components.push_back({all ? kToEnd : Bytes{*number}, 1, stripe_size});
    return {};
  }
  if (components.empty()) components.push_back({kToEnd, 1, stripe_size});
  if (option == "-c") {
    if (!all && (!number || *number == 0 || *number > kMaxStripes))
      return fmt::format("`{}` is not a stripe count (1 to {}, or -1 for all OSTs)", value,
                         kMaxStripes);
    components.back().stripe_count = all ? kMaxStripes : static_cast<std::uint32_t>(*number);
    return {};
  }
  if (option == "-S") {
    if (!number || *number == 0 || *number % kStripeGrain != 0)
      return fmt::format("`{}` is not a stripe size (a multiple of 64K)", value);
    // As in lfs, later components inherit the size.
    stripe_size = components.back().stripe_size = Bytes{*number};
    return {};
  }
  return fmt::format("unknown option `{}` (known: -E end, -c stripe count, -S stripe size)",
                     option);
}

} // namespace

std::variant<Layout, std::string> parse_layout(std::string_view text) {
  const std::vector<std::string_view> words = words_of(text);
  if (words.empty()) return std::string("the layout is empty (try \"-c 1\")");
  if (words.size() % 2 != 0) return fmt::format("`{}` has no value", words.back());
  std::vector<LayoutComponent> components;
  Bytes stripe_size{kMib};
  for (std::size_t i = 0; i < words.size(); i += 2) {
    std::string problem = apply_option(words[i], words[i + 1], components, stripe_size);
    if (!problem.empty()) return problem;
  }
  Bytes start{};
  for (const LayoutComponent& component : components) {
    if (component.end <= start) return std::string("component ends must rise");
    start = component.end;
  }
  if (components.back().end != kToEnd)
    return std::string("the last component must reach the end of the file (-E -1)");
  return Layout(std::move(components));
}

std::string to_string(const Layout& layout) {
  std::string text;
  for (const LayoutComponent& component : layout.components()) {
    if (!text.empty()) text += ' ';
    if (component.end != kToEnd)
      text += fmt::format("-E {}M ", component.end / Bytes{kMib});
    else if (layout.components().size() > 1)
      text += "-E -1 ";
    text +=
        fmt::format("-c {} -S {}K", component.stripe_count, component.stripe_size / Bytes{kKib});
  }
  return text;
}

} // namespace lustrum::lustre
