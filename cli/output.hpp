// Where the program finds its data and how it writes.
#pragma once

#include "reports/terminal.hpp"

#include <cstdio>
#include <string>

namespace lustrum::cli {

// Folder of the catalog: below $LUSTRUM_HOME, else below the working directory.
std::string catalog_folder();

// A design by its name in configs/designs, or else the file itself.
std::string design_file(const std::string& name);

// Why there is no such design: the names there are. Empty: the file exists, or a path was given.
std::string unknown_design(const std::string& name);

// Colours: only on a terminal and unless NO_COLOR is set.
bool colour_on(std::FILE* stream);

// Width, colour and character set of stdout.
reports::TerminalOptions terminal_options();

// Why nothing can be written into the folder (which may have to be made); empty: it can. An empty
// name is fine: nothing is asked.
std::string unwritable(const std::string& folder);

// Why the folder cannot take files that belong together; empty: it can, it is new or empty. An
// empty name is fine.
std::string occupied(const std::string& folder);

// Writes a file of the folder (made where missing) whole or not at all. Throws std::runtime_error.
void write_whole(const std::string& folder, const std::string& name, const std::string& text);

} // namespace lustrum::cli
