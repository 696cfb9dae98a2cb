// What the user gave cannot be used, found out too late for a diagnostic with a position. Exit
// code 2.
#pragma once

#include <stdexcept>

namespace lustrum {

class InputError : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

} // namespace lustrum
