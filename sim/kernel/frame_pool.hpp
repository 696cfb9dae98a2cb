// Free lists of coroutine frames by size: a task costs no allocation once its kind has run before.
// Under the address sanitizer every frame comes from the heap, so that misuse is seen.
#pragma once

#include <array>
#include <cstddef>
#include <new>

namespace lustrum::kernel {

class FramePool {
public:
  static void* allocate(std::size_t size) {
    const std::size_t bin = bin_of(size);
    if (kBypassed || bin >= kBins) return ::operator new(size);
    Free*& list = lists_[bin];
    if (!list) return ::operator new((bin + 1) * kGrain);
    Free* frame = list;
    list = frame->next;
    return frame;
  }
  static void release(void* frame, std::size_t size) {
    const std::size_t bin = bin_of(size);
    if (kBypassed || bin >= kBins) return ::operator delete(frame);
    lists_[bin] = new (frame) Free{lists_[bin]};
  }

private:
  struct Free {
    Free* next;
  };
  static constexpr std::size_t kGrain = 64;
  static constexpr std::size_t kBins = 64; // frames of up to 4 KiB are pooled
#if defined(__SANITIZE_ADDRESS__)
  static constexpr bool kBypassed = true;
#else
  static constexpr bool kBypassed = false;
#endif
  static std::size_t bin_of(std::size_t size) { return (size - 1) / kGrain; }

  static inline std::array<Free*, kBins> lists_{};
};

} // namespace lustrum::kernel
