// Directories and files as numbers, with sizes: what every storage but Lustre needs to know of
// names. Nothing here takes simulated time.
#pragma once

#include "models/storage.hpp"

#include <cassert>
#include <vector>

namespace lustrum {

class FileTree {
public:
  FileTree() { directories_.push_back({.exists = true}); } // the root

  DirectoryIndex add_directory(DirectoryIndex parent, bool exists) {
    directories_.push_back({.parent = parent, .exists = exists});
    if (exists) ++at(parent).subdirectories;
    return DirectoryIndex{static_cast<std::uint32_t>(directories_.size() - 1)};
  }
  FileIndex add_file(DirectoryIndex directory) {
    files_.push_back({.directory = directory});
    return FileIndex{static_cast<std::uint32_t>(files_.size() - 1)};
  }

  std::uint32_t files() const { return static_cast<std::uint32_t>(files_.size()); }
  bool exists(FileIndex file) const { return files_[file.value()].exists; }
  Bytes size(FileIndex file) const { return files_[file.value()].size; }
  void set_size(FileIndex file, Bytes size) { files_[file.value()].size = size; }
  DirectoryIndex directory(FileIndex file) const { return files_[file.value()].directory; }

  // \pre the file does not exist
  void create(FileIndex file, Bytes size) {
    File& f = files_[file.value()];
    assert(!f.exists);
    f.exists = true;
    f.size = size;
    std::vector<FileIndex>& list = at(f.directory).files;
    f.place = static_cast<std::uint32_t>(list.size());
    list.push_back(file);
  }
  // \pre the file exists
  void remove(FileIndex file) {
    File& f = files_[file.value()];
    assert(f.exists);
    f.exists = false;
    std::vector<FileIndex>& list = at(f.directory).files;
    list[f.place] = list.back();
    files_[list[f.place].value()].place = f.place;
    list.pop_back();
  }

  bool exists(DirectoryIndex directory) const { return at(directory).exists; }
  bool is_empty(DirectoryIndex directory) const {
    return at(directory).files.empty() && at(directory).subdirectories == 0;
  }
  const std::vector<FileIndex>& list(DirectoryIndex directory) const { return at(directory).files; }
  void make(DirectoryIndex directory) {
    at(directory).exists = true;
    ++at(at(directory).parent).subdirectories;
  }
  void remove(DirectoryIndex directory) {
    at(directory).exists = false;
    --at(at(directory).parent).subdirectories;
  }

private:
  struct File {
    Bytes size{};
    DirectoryIndex directory{};
    std::uint32_t place = 0; // in the directory
    bool exists = false;
  };
  struct Directory {
    DirectoryIndex parent{};
    std::uint32_t subdirectories = 0;
    bool exists = false;
    std::vector<FileIndex> files{};
  };
  Directory& at(DirectoryIndex d) { return directories_[d.value()]; }
  const Directory& at(DirectoryIndex d) const { return directories_[d.value()]; }

  std::vector<File> files_;
  std::vector<Directory> directories_;
};

} // namespace lustrum
