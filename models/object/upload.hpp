// An open file of an ObjectStorage, and its upload.
#pragma once

#include "models/object/object_storage.hpp"

namespace lustrum::object {

struct ObjectStorage::Upload {
  Bytes written{};         // by the application
  Bytes sent{};            // in parts, under way or done
  std::uint32_t parts = 0; // under way
  bool multipart = false;  // CreateMultipartUpload has been called
  bool complete = false;   // the object is there
  Outcome outcome;         // of the parts so far
};

struct ObjectStorage::File : OpenFile {
  File(const Caller& caller, FileIndex file, OpenMode mode, kernel::World& world)
      : OpenFile(caller, file, mode), part_done(world) {}
  Stream* stream = nullptr; // once something was read from the store
  Bytes position{};         // where the last read ended
  Upload upload;
  kernel::Signal part_done;
};

} // namespace lustrum::object
