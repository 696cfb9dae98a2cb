#include "sim/result/claim.hpp"

namespace lustrum {

ClaimVerdict verdict(const ClaimRow& row) {
  const bool within = row.low <= row.simulated && row.simulated <= row.high;
  if (!within) return row.note.empty() ? ClaimVerdict::off : ClaimVerdict::explained;
  if (row.corrected) return ClaimVerdict::corrected;
  return row.fitted ? ClaimVerdict::fitted : ClaimVerdict::agrees;
}

std::string_view to_string(ClaimVerdict verdict) {
  switch (verdict) {
  case ClaimVerdict::agrees:
    return "agrees";
  case ClaimVerdict::fitted:
    return "fitted";
  case ClaimVerdict::corrected:
    return "corrected";
  case ClaimVerdict::explained:
    return "off, explained";
  case ClaimVerdict::off:
    return "off";
  }
  return "?";
}

double difference_pct(const ClaimRow& row) {
  constexpr double kPercent = 100;
  double reference = row.middle;
  if (!row.corrected) {
    // Of a single number low and high are its tolerance: the number itself counts.
    const bool range = row.stated.find(' ') != std::string::npos;
    if (range && row.low <= row.simulated && row.simulated <= row.high) return 0;
    if (range) reference = row.simulated < row.low ? row.low : row.high;
  }
  return (row.simulated / reference - 1) * kPercent;
}

} // namespace lustrum
