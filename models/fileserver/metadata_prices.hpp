// What metadata calls take of provisioned metadata IOPS. Source: FSx for Lustre guide, metadata
// performance: for each IOPS 2 creates, opens and closes, 1 removal, 0.1 new directories, 0.2
// removals of one. Of stats and listings it says nothing: 4, as on this project's other classes.
#pragma once

#include <cstdint>

namespace lustrum::fileserver {

enum class MetadataCall : std::uint8_t {
  open, // creates and truncates too
  close,
  look, // stat, or a page of a listing
  truncate,
  remove,
  make_directory,
  remove_directory
};

constexpr bool changes(MetadataCall call) {
  return call != MetadataCall::open && call != MetadataCall::close && call != MetadataCall::look;
}

struct MetadataPrices {
  double open = 0.5; // and close, truncate
  double look = 0.25;
  double remove = 1;
  double make_directory = 10;
  double remove_directory = 5;

  constexpr double of(MetadataCall call) const {
    switch (call) {
    case MetadataCall::open:
    case MetadataCall::close:
    case MetadataCall::truncate:
      return open;
    case MetadataCall::look:
      return look;
    case MetadataCall::remove:
      return remove;
    case MetadataCall::make_directory:
      return make_directory;
    case MetadataCall::remove_directory:
      return remove_directory;
    }
    return open;
  }
};

} // namespace lustrum::fileserver
