#include "models/lustre/policy/layout.hpp"

#include <algorithm>
#include <cassert>

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
  assert(components_.size() <= kMaxComponents && !components_.back().on_mdt);
  Bytes start{};
  std::uint32_t objects = 0;
  for (const LayoutComponent& component : components_) {
    assert(component.end > start && component.stripe_count > 0 && component.stripe_size > Bytes{});
    assert(!component.on_mdt || start == Bytes{});
    start = component.end;
    first_object_.push_back(objects);
    objects += component.objects();
  }
}

Layout Layout::limited_to(const LayoutLimits& limits) const {
  std::vector<LayoutComponent> limited;
  for (LayoutComponent component : components_) {
    if (component.on_mdt) {
      if (limits.dom_stripesize == Bytes{}) continue;
      component.end = std::min(component.end, limits.dom_stripesize);
    }
    if (component.stripe_count == kAllOsts || !component.overstriped)
      component.stripe_count = std::min(component.stripe_count, limits.osts);
    component.stripe_count = std::min(component.stripe_count, limits.max_stripes);
    limited.push_back(component);
  }
  return Layout(std::move(limited));
}

Layout Layout::with_stripes(std::size_t component, std::uint32_t stripes) const {
  std::vector<LayoutComponent> components = components_;
  components[component].stripe_count = stripes;
  return Layout(std::move(components));
}

std::uint32_t Layout::object_count(Bytes file_size) const {
  std::uint32_t count = 0;
  Bytes start{};
  for (std::size_t c = 0; c < components_.size(); ++c) {
    if (c > 0 && start >= file_size) break;
    count += components_[c].objects();
    start = components_[c].end;
  }
  return count;
}

std::size_t Layout::component_of_object(std::uint32_t object) const {
  std::size_t component = components_.size() - 1;
  while (first_object_[component] > object) --component;
  return component;
}

std::pair<std::size_t, std::size_t> Layout::components_of(Bytes offset, Bytes length) const {
  const Bytes end = offset + length;
  std::size_t first = 0;
  while (components_[first].end <= offset) ++first;
  std::size_t last = first;
  while (components_[last].end < end) ++last;
  return {first, last + 1};
}

void Layout::map(Bytes offset, Bytes length, std::vector<ObjectExtent>& out) const {
  const Bytes end = offset + length;
  Bytes start{};
  for (std::size_t index = 0; index < components_.size(); ++index) {
    const LayoutComponent& component = components_[index];
    const Bytes low = std::max(offset, start);
    const Bytes high = std::min(end, component.end);
    start = component.end;
    if (low >= high) {
      if (component.end >= end) return;
      continue;
    }
    ObjectExtent extent{.component = static_cast<std::uint8_t>(index), .on_mdt = component.on_mdt};
    if (component.on_mdt) {
      extent.offset = low;
      extent.length = high - low;
      out.push_back(extent);
      continue;
    }
    const std::uint64_t c = component.stripe_count;
    const std::uint64_t stripe_size = component.stripe_size.count();
    const std::uint64_t first = low.count() / stripe_size;
    const std::uint64_t touched = std::min(c, (high.count() - 1) / stripe_size - first + 1);
    for (std::uint64_t i = 0; i < touched; ++i) {
      const std::uint64_t k = (first + i) % c;
      const std::uint64_t from = object_bytes_below(low.count(), k, c, stripe_size);
      const std::uint64_t to = object_bytes_below(high.count(), k, c, stripe_size);
      extent.stripe = static_cast<std::uint16_t>(k);
      extent.object = first_object_[index] + extent.stripe;
      extent.offset = Bytes{from};
      extent.length = Bytes{to - from};
      out.push_back(extent);
    }
  }
}

} // namespace lustrum::lustre
