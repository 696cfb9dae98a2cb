// Whether and when a refused request is sent again: at most so many times, after a random pause
// that doubles ("full jitter"), and only while a bucket of retry tokens that all requests of a
// client share is not empty. Pure; the AWS Common Runtime's rule with its constants as settings.
// Source: awslabs/aws-c-io, standard retry strategy; awslabs/aws-c-s3.
#pragma once

#include "sim/base/random.hpp"
#include "sim/base/units.hpp"

#include <algorithm>
#include <optional>

namespace lustrum::object {

struct RetrySettings {
  std::uint32_t retries = 0; // of one request, after the first try
  Seconds base{};            // the first pause is below this
  Seconds longest{};         // and none is above this
  std::uint32_t tokens = 0;  // in the bucket; 0: there is no bucket
  std::uint32_t cost = 1;    // tokens of one retry; given back when the request succeeds
};

class RetryBucket {
public:
  RetryBucket(const RetrySettings& settings, std::uint64_t seed, std::uint64_t component)
      : settings_(settings), tokens_(settings.tokens), seed_(seed), component_(component) {}

  // The pause before retry number `retry` (from 0), or none when it must not be sent again.
  std::optional<Seconds> pause(std::uint32_t retry) {
    if (retry >= settings_.retries) return std::nullopt;
    if (settings_.tokens > 0) {
      if (tokens_ < settings_.cost) return std::nullopt;
      tokens_ -= settings_.cost;
    }
    double limit_s = settings_.base.count();
    for (std::uint32_t n = 0; n < retry && limit_s < settings_.longest.count(); ++n) limit_s *= 2;
    limit_s = std::min(limit_s, settings_.longest.count());
    return Seconds{limit_s * random::uniform(seed_, component_, drawn_++)};
  }
  // A request succeeded after so many retries.
  void succeeded(std::uint32_t retries) {
    // A success without a retry refills by one: so the bucket recovers.
    const std::uint32_t back = retries > 0 ? settings_.cost * retries : 1;
    tokens_ = std::min(settings_.tokens, tokens_ + back);
  }
  std::uint32_t tokens() const { return tokens_; }

private:
  RetrySettings settings_;
  std::uint32_t tokens_;
  std::uint64_t seed_;
  std::uint64_t component_;
  std::uint64_t drawn_ = 0;
};

} // namespace lustrum::object
