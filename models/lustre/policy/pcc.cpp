#include "models/lustre/policy/pcc.hpp"

#include <algorithm>

namespace lustrum::lustre {

bool name_matches(std::string_view pattern, std::string_view name) {
  constexpr std::size_t kNone = std::string_view::npos;
  std::size_t p = 0;
  std::size_t star = kNone; // the last *, and up to where of the name it reaches
  std::size_t reach = 0;
  for (std::size_t n = 0; n < name.size();) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      reach = n;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == name[n])) {
      ++p;
      ++n;
    } else if (star != kNone) {
      p = star + 1;
      n = ++reach;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == kNone;
}

PccCache::PccCache(Settings settings) : settings_(std::move(settings)) {}

PccCache::Admission PccCache::admission(const PccFile& file) const {
  const bool admits =
      std::any_of(settings_.rules.begin(), settings_.rules.end(), [&](const PccRule& rule) {
        return (!rule.projid || *rule.projid == file.projid) && file.size >= rule.min_size &&
               file.size <= rule.max_size &&
               (rule.name.empty() || name_matches(rule.name, file.name));
      });
  if (!admits || file.size > settings_.capacity) return Admission::none;
  if (settings_.mode == PccMode::read_write) {
    // Nothing has to be copied; there must be room now.
    return used_ + file.size <= settings_.capacity ? Admission::inline_copy : Admission::none;
  }
  return file.size <= settings_.inline_limit ? Admission::inline_copy : Admission::async_copy;
}

bool PccCache::attach(FileIndex file, Bytes size, std::vector<FileIndex>& detached) {
  if (cached(file)) return true;
  if (size > settings_.capacity) return false;
  if (settings_.mode == PccMode::read_write && used_ + size > settings_.capacity) return false;
  while (used_ + size > settings_.capacity) {
    detached.emplace_back(pool_[oldest_].file);
    detach(detached.back());
  }
  if (free_slots_.empty()) {
    free_slots_.push_back(static_cast<std::uint32_t>(pool_.size()));
    pool_.emplace_back();
  }
  const std::uint32_t slot = free_slots_.back();
  free_slots_.pop_back();
  pool_[slot] = {.file = file.value(), .size = size};
  append(slot);
  slots_.find_or_insert(file.value(), slot);
  used_ += size;
  ++stats_.attach;
  ++stats_.auto_attach;
  if (settings_.mode == PccMode::read_only) {
    stats_.attach_bytes += size;
    stats_.attached.add(size.count());
  }
  return true;
}

bool PccCache::resize(FileIndex file, Bytes size) {
  const std::uint32_t slot = slots_.find(file.value());
  if (slot == NumberIndex::kNone) return false;
  const Bytes others = used_ - pool_[slot].size;
  if (others + size > settings_.capacity) return false;
  used_ = others + size;
  pool_[slot].size = size;
  return true;
}

void PccCache::detach(FileIndex file) {
  const std::uint32_t slot = slots_.find(file.value());
  if (slot == NumberIndex::kNone) return;
  unlink(slot);
  slots_.erase_if(file.value(), slot);
  used_ -= pool_[slot].size;
  free_slots_.push_back(slot);
  ++stats_.detach;
}

bool PccCache::hit(FileIndex file, Bytes bytes) {
  const std::uint32_t slot = slots_.find(file.value());
  if (slot == NumberIndex::kNone) return false;
  stats_.hit_bytes += bytes;
  stats_.hits.add(bytes.count());
  if (slot != newest_) {
    unlink(slot);
    append(slot);
  }
  return true;
}

void PccCache::unlink(std::uint32_t slot) {
  const Slot& gone = pool_[slot];
  (gone.older == NumberIndex::kNone ? oldest_ : pool_[gone.older].newer) = gone.newer;
  (gone.newer == NumberIndex::kNone ? newest_ : pool_[gone.newer].older) = gone.older;
}

void PccCache::append(std::uint32_t slot) {
  pool_[slot].older = newest_;
  pool_[slot].newer = NumberIndex::kNone;
  (newest_ == NumberIndex::kNone ? oldest_ : pool_[newest_].newer) = slot;
  newest_ = slot;
}

} // namespace lustrum::lustre
