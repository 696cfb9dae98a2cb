// Lines of a fixed width for a terminal: headings, wrapped paragraphs, bars and tables.
//
//   Page page(options);
//   page.paragraph("  Bound  ", "a sentence that may be long");
//   Table table({"Stations", "busy"});
//   table.add({"ost_disk", "98.2 %"});
//   table.print(page);
#pragma once

#include "reports/terminal.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lustrum::reports {

enum class Style : std::uint8_t { plain, bold, good, bad, warning };

// Width of a text in characters; UTF-8.
std::size_t columns(std::string_view text);
std::string align_left(std::string_view text, std::size_t width);
std::string align_right(std::string_view text, std::size_t width);

class Page {
public:
  explicit Page(const TerminalOptions& options);

  std::size_t width() const { return options_.width; }
  bool unicode() const { return options_.unicode; }
  const std::string& text() const { return text_; }

  void line(std::string text, Style style = Style::plain);
  // An empty line and a bold one.
  void heading(const std::string& text);
  // `before` and the text; further lines stand under the first one's text.
  void paragraph(std::string before, std::string_view text, Style style_of_before = Style::plain);

  std::string styled(const std::string& text, Style style) const;
  // Filled to `share` (0 to 1) of `cells` columns.
  std::string bar(double share, std::size_t cells) const;
  // The same with dots up to `cells`, so that one sees what is missing.
  std::string gauge(double share, std::size_t cells) const;

private:
  TerminalOptions options_;
  std::string text_;
};

// The first row is the heading, its first cell the title. Cells are aligned right, except in the
// first column, which is broken into lines where the page is too narrow, and in those named.
class Table {
public:
  explicit Table(std::vector<std::string> head, std::vector<std::size_t> left_columns = {});

  // Cells that are not given are empty.
  void add(std::vector<std::string> row, Style style = Style::plain);
  void print(Page& page) const;

private:
  struct Row {
    std::vector<std::string> cells;
    Style style;
  };
  std::vector<std::size_t> widths(std::size_t page_width) const;

  std::vector<Row> rows_;
  std::vector<std::size_t> left_columns_;
};

} // namespace lustrum::reports
