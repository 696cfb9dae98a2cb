// A figure that somebody published beside the one that runs, bills and arithmetic give.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lustrum {

struct ClaimRow {
  std::string file{};   // without folder and ending
  std::string title{};  // of the claim
  std::string chosen{}; // inputs that the publication leaves open, and what stands for them
  std::string claim{};  // `A9`, `003-26`
  std::string name{};
  std::string unit{};
  std::string stated{};   // as written: `802.53`, `5 to 15`
  double low = 0;         // what agrees with it
  double high = 0;        // infinite: stated as `at least`
  double middle = 0;      // of what is stated; an edge when there is but one
  bool corrected = false; // what is stated is wrong, and the range is that of the correct figure
  double simulated = 0;
  bool fitted = false; // an input was chosen to meet this row
  std::string note{};
};

enum class ClaimVerdict : std::uint8_t {
  agrees,
  fitted,    // agrees, because an input was chosen for it
  corrected, // the published figure is wrong; this is the correct one
  explained, // off, and the note says why
  off,       // off without a note
};

ClaimVerdict verdict(const ClaimRow& row);
std::string_view to_string(ClaimVerdict verdict);
// (simulated - stated) / stated, in percent; of a range the nearest edge counts, within it 0. A
// corrected row differs from what is stated: its middle.
double difference_pct(const ClaimRow& row);

// A claim that nothing stands for, and why.
struct NotSimulated {
  std::string claim;
  std::string reason;
};

} // namespace lustrum
