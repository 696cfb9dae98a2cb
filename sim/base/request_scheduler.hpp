// What decides which waiting request goes next: the kernel's scheduled slots ask, a policy answers.
// It lies here so that the kernel knows no policy and a policy knows no kernel.
#pragma once

#include "sim/base/units.hpp"

#include <cstddef>
#include <cstdint>

namespace lustrum {

// What a request says of itself to a scheduler.
struct RequestTag {
  ClientIndex client{};
  std::uint32_t job = 0;
  std::uint32_t uid = 0;
  OstIndex target{};
  std::uint64_t object = 0; // unique over all targets
  Bytes offset{};           // in the object
  Bytes bytes{};
  std::uint16_t opcode = 0; // of the protocol that the policy knows
  bool high_priority = false;
};

// Orders the requests that wait at one station. No clock of its own: `now` never goes back.
class RequestScheduler {
public:
  // The station's number of a waiting request: small, and given out again once it was taken.
  using RequestNumber = std::uint32_t;
  static constexpr RequestNumber kNone = UINT32_MAX;

  RequestScheduler() = default;
  RequestScheduler(const RequestScheduler&) = delete;
  RequestScheduler& operator=(const RequestScheduler&) = delete;
  virtual ~RequestScheduler() = default;

  virtual void add(RequestNumber request, const RequestTag& tag, Seconds now) = 0;
  // Takes the next request away; kNone when none may go now, which is exactly when eligible_at(now)
  // is later than now.
  virtual RequestNumber take(Seconds now) = 0;
  // When the next of the requests may go: not before `now`. \pre queued() > 0
  virtual Seconds eligible_at(Seconds now) const = 0;
  virtual std::size_t queued() const = 0;
};

} // namespace lustrum
