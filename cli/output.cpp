#include "cli/output.hpp"

#include "sim/base/did_you_mean.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <vector>

namespace lustrum::cli {

namespace {

std::string_view environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

bool locale_is_utf8() {
  std::string_view locale;
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"})
    if (locale.empty()) locale = environment(name);
  for (const std::string_view spelling : {"UTF-8", "utf-8", "UTF8", "utf8"})
    if (locale.find(spelling) != std::string_view::npos) return true;
  return false;
}

} // namespace

std::string catalog_folder() {
  const std::filesystem::path home = environment("LUSTRUM_HOME");
  return (home / "models" / "catalog").string();
}

std::string design_file(const std::string& name) {
  if (name.find('/') != std::string::npos || name.ends_with(".yaml")) return name;
  const std::filesystem::path home = environment("LUSTRUM_HOME");
  return (home / "configs" / "designs" / (name + ".yaml")).string();
}

std::string unknown_design(const std::string& name) {
  namespace fs = std::filesystem;
  const std::string file = design_file(name);
  std::error_code ignored;
  if (file == name || fs::exists(file, ignored)) return {};
  std::vector<std::string> names;
  for (const fs::directory_entry& entry :
       fs::directory_iterator(fs::path(file).parent_path(), ignored))
    if (entry.path().extension() == ".yaml") names.push_back(entry.path().stem().string());
  std::sort(names.begin(), names.end());
  std::string hint = did_you_mean(name, names);
  if (!hint.empty()) hint += " ";
  return fmt::format("no design `{}`: {}there are `{}`", name, hint, fmt::join(names, "`, `"));
}

bool colour_on(std::FILE* stream) {
  return ::isatty(::fileno(stream)) != 0 && environment("NO_COLOR").empty() &&
         environment("TERM") != "dumb";
}

reports::TerminalOptions terminal_options() {
  reports::TerminalOptions options;
  options.colour = colour_on(stdout);
  // A file or pipe gets what any terminal shows.
  options.unicode = locale_is_utf8();
  winsize size{};
  if (::ioctl(::fileno(stdout), TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
    options.width = size.ws_col;
  return options;
}

std::string unwritable(const std::string& folder) {
  namespace fs = std::filesystem;
  if (folder.empty()) return {};
  std::error_code ignored;
  fs::path place = fs::absolute(folder);
  while (!fs::exists(place, ignored) && place.has_relative_path()) place = place.parent_path();
  if (!fs::is_directory(place, ignored)) return fmt::format("`{}` is not a folder", place.string());
  // Permissions do not tell all: nobody can make a folder in /proc.
  std::string probe = (place / "lustrum-XXXXXX").string();
  if (::access(place.c_str(), W_OK) != 0 || ::mkdtemp(probe.data()) == nullptr)
    return fmt::format("cannot write to folder `{}`", place.string());
  ::rmdir(probe.c_str());
  return {};
}

std::string occupied(const std::string& folder) {
  if (folder.empty()) return {};
  if (std::string problem = unwritable(folder); !problem.empty()) return problem;
  std::error_code ignored;
  if (!std::filesystem::exists(folder, ignored) || std::filesystem::is_empty(folder, ignored))
    return {};
  return fmt::format("folder `{}` is not empty: files of two runs would mix", folder);
}

void write_whole(const std::string& folder, const std::string& name, const std::string& text) {
  std::filesystem::create_directories(folder);
  const std::filesystem::path target = std::filesystem::path(folder) / name;
  const std::filesystem::path partial = target.string() + ".partial";
  {
    std::ofstream out(partial, std::ios::binary);
    out << text;
    out.close();
    if (!out) {
      std::error_code ignored;
      std::filesystem::remove(partial, ignored);
      throw std::runtime_error(fmt::format("cannot write `{}`", target.string()));
    }
  }
  std::filesystem::rename(partial, target);
}

} // namespace lustrum::cli
