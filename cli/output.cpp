#include "cli/output.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string_view>
#include <sys/ioctl.h>
#include <unistd.h>

namespace lustrum::cli {

namespace {

std::string_view environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

} // namespace

std::string catalog_folder() {
  const std::filesystem::path home = environment("LUSTRUM_HOME");
  return (home / "models" / "catalog").string();
}

bool colour_on(std::FILE* stream) {
  return ::isatty(::fileno(stream)) != 0 && environment("NO_COLOR").empty() &&
         environment("TERM") != "dumb";
}

reports::TerminalOptions terminal_options() {
  reports::TerminalOptions options;
  options.colour = colour_on(stdout);
  // A file or pipe gets what any terminal shows.
  const std::string_view locale = environment("LC_ALL").empty() ? environment("LANG") : environment("LC_ALL");
  options.unicode = locale.find("UTF-8") != std::string_view::npos ||
                    locale.find("utf8") != std::string_view::npos;
  winsize size{};
  if (::ioctl(::fileno(stdout), TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
    options.width = size.ws_col;
  return options;
}

void write_whole(const std::string& folder, const std::string& name, const std::string& text) {
  std::filesystem::create_directories(folder);
  const std::filesystem::path target = std::filesystem::path(folder) / name;
  const std::filesystem::path partial = target.string() + ".partial";
  {
    std::ofstream out(partial, std::ios::binary);
    out << text;
    out.close();
    if (!out) throw std::runtime_error(fmt::format("cannot write {}", partial.string()));
  }
  std::filesystem::rename(partial, target);
}

} // namespace lustrum::cli
