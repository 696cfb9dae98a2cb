#include "models/lustre/policy/precreate.hpp"

#include <algorithm>

namespace lustrum::lustre {

bool PrecreatePool::take() {
  if (kept_up_ && batch_ < settings_.max_create_count && ready_ <= batch_ / 4 + 1) {
    batch_ = std::min(batch_ * 2, settings_.max_create_count);
    kept_up_ = false; // once per answer
  }
  if (ready_ == 0) return false;
  --ready_;
  return true;
}

std::uint32_t PrecreatePool::ask() {
  if (asked_ > 0 || ready_ >= batch_ / 2) return 0;
  asked_ = std::min(batch_, settings_.max_create_count / 2);
  return asked_;
}

void PrecreatePool::created(std::uint32_t count) {
  assert(asked_ > 0 && count <= asked_);
  ready_ += count;
  kept_up_ = count == asked_;
  if (!kept_up_) batch_ = std::max(count, settings_.min_create_count);
  asked_ = 0;
}

} // namespace lustrum::lustre
