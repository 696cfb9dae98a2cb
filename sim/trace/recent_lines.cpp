#include "sim/trace/recent_lines.hpp"

#include "sim/trace/text_hash.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <memory>
#include <utility>

namespace lustrum::trace {
namespace {

// Before the memory is used: in small pages, looking up where each of them is takes longer than the
// rest of an insertion. What the system does not grant only takes that time.
void ask_for_large_pages(void* memory, std::size_t bytes) {
  constexpr std::size_t kPage = 4096;
  constexpr std::size_t kWorthIt = std::size_t{4} << 20;
  std::size_t room = bytes;
  if (bytes >= kWorthIt && std::align(kPage, bytes - kPage, memory, room) != nullptr)
    madvise(memory, room / kPage * kPage, MADV_HUGEPAGE);
}

} // namespace

std::uint64_t RecentLines::hash_of(std::string_view text) const {
  const std::uint64_t hash = std::max<std::uint64_t>(text_hash(text), 1);
  newer_.prefetch(hash);
  older_.prefetch(hash);
  return hash;
}

bool RecentLines::insert(std::uint64_t hash) {
  if (older_.contains(hash) || !newer_.insert(hash)) return false;
  if (newer_.count() < kWindow) return true;
  older_ = std::move(newer_);
  newer_ = {};
  return true;
}

bool RecentLines::Set::insert(std::uint64_t hash) {
  if ((count_ + 1) * 2 > slots_.size()) grow();
  if (!place(hash)) return false;
  ++count_;
  return true;
}

bool RecentLines::Set::contains(std::uint64_t hash) const {
  if (slots_.empty()) return false;
  for (std::size_t i = hash & (slots_.size() - 1);; i = (i + 1) & (slots_.size() - 1)) {
    if (slots_[i] == hash) return true;
    if (slots_[i] == 0) return false;
  }
}

bool RecentLines::Set::place(std::uint64_t hash) {
  for (std::size_t i = hash & (slots_.size() - 1);; i = (i + 1) & (slots_.size() - 1)) {
    if (slots_[i] == hash) return false;
    if (slots_[i] != 0) continue;
    slots_[i] = hash;
    return true;
  }
}

void RecentLines::Set::grow() {
  const std::vector<std::uint64_t> old = std::move(slots_);
  const std::size_t count = std::max<std::size_t>(old.size() * 2, 1024);
  slots_ = {};
  slots_.reserve(count);
  ask_for_large_pages(slots_.data(), count * sizeof(std::uint64_t));
  slots_.resize(count);
  for (const std::uint64_t hash : old)
    if (hash != 0) place(hash);
}

} // namespace lustrum::trace
