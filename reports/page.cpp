#include "reports/page.hpp"

#include "reports/number_text.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <utility>

namespace lustrum::reports {
namespace {

constexpr std::size_t kIndent = 2; // of a table's rows; also the space between its columns

constexpr std::string_view escape_of(Style style) {
  switch (style) {
  case Style::bold:
    return "\033[1m";
  case Style::good:
    return "\033[32m";
  case Style::bad:
    return "\033[1;31m";
  case Style::warning:
    return "\033[33m";
  case Style::plain:
    break;
  }
  return "";
}

// Words as they stay together on a line: a number with its unit.
std::vector<std::string> unbroken_words(std::string_view text) {
  std::vector<std::string> words;
  bool after_number = false;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    const std::string_view word = text.substr(at, end - at);
    at = end + 1;
    if (word.empty()) continue;
    if (after_number)
      words.back().append(" ").append(word);
    else
      words.emplace_back(word);
    after_number = !after_number && word.back() >= '0' && word.back() <= '9';
  }
  return words;
}

// At least one line.
std::vector<std::string> wrap(std::string_view text, std::size_t width) {
  std::vector<std::string> lines(1);
  for (const std::string& word : unbroken_words(text)) {
    if (!lines.back().empty() && columns(lines.back()) + 1 + columns(word) > width)
      lines.emplace_back();
    if (!lines.back().empty()) lines.back() += ' ';
    lines.back() += word;
  }
  return lines;
}

std::string repeated(char c, std::size_t count) {
  std::string text;
  return text.append(count, c);
}

std::string spaces(std::size_t count) { return repeated(' ', count); }

} // namespace

std::size_t columns(std::string_view text) {
  const auto starts_character = [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  };
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), starts_character));
}

std::string align_left(std::string_view text, std::size_t width) {
  const std::size_t used = columns(text);
  return std::string(text).append(used < width ? width - used : 0, ' ');
}

std::string align_right(std::string_view text, std::size_t width) {
  const std::size_t used = columns(text);
  return spaces(used < width ? width - used : 0).append(text);
}

Page::Page(const TerminalOptions& options) : options_(options) {
  constexpr std::size_t kNarrowest = 72;
  constexpr std::size_t kWidest = 100;
  options_.width = std::clamp(options_.width, kNarrowest, kWidest);
}

void Page::line(std::string text, Style style) {
  text.erase(text.find_last_not_of(' ') + 1);
  text_ += styled(text, style) + '\n';
}

void Page::heading(const std::string& text) {
  line("");
  line(text, Style::bold);
}

void Page::paragraph(std::string before, std::string_view text, Style style_of_before) {
  const std::size_t indent = columns(before);
  before = styled(before, style_of_before);
  for (const std::string& part : wrap(printable(text), width() - indent)) {
    line(before + part);
    before = spaces(indent);
  }
}

std::string Page::styled(const std::string& text, Style style) const {
  if (!options_.colour || style == Style::plain || text.empty()) return text;
  return std::string(escape_of(style)) + text + "\033[0m";
}

std::string Page::bar(double share, std::size_t cells) const {
  constexpr std::array<std::string_view, 9> kEighths{"", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"};
  constexpr std::size_t kParts = kEighths.size() - 1;
  const double filled = std::clamp(share, 0.0, 1.0) * static_cast<double>(cells);
  if (!unicode()) return repeated('#', static_cast<std::size_t>(std::floor(filled + 0.5)));
  const auto parts = static_cast<std::size_t>(std::floor(filled * kParts + 0.5));
  std::string text;
  for (std::size_t i = 0; i < parts / kParts; ++i) text += kEighths.back();
  return text += kEighths.at(parts % kParts);
}

std::string Page::gauge(double share, std::size_t cells) const {
  std::string text = bar(share, cells);
  for (std::size_t used = columns(text); used < cells; ++used) text += unicode() ? "·" : ".";
  return text;
}

Table::Table(std::vector<std::string> head, std::vector<std::size_t> left_columns)
    : left_columns_(std::move(left_columns)) {
  left_columns_.push_back(0);
  rows_.push_back({std::move(head), Style::bold});
}

void Table::add(std::vector<std::string> row, Style style) {
  assert(row.size() <= rows_.front().cells.size());
  row.resize(rows_.front().cells.size());
  for (std::string& cell : row) cell = printable(cell);
  row[0].insert(0, kIndent, ' ');
  rows_.push_back({std::move(row), style});
}

std::vector<std::size_t> Table::widths(std::size_t page_width) const {
  std::vector<std::size_t> widths(rows_.front().cells.size());
  for (const Row& row : rows_)
    for (std::size_t i = 0; i < widths.size(); ++i)
      widths[i] = std::max(widths[i], columns(row.cells[i]));
  std::size_t others = 0;
  for (std::size_t i = 1; i < widths.size(); ++i) others += kIndent + widths[i];
  const std::size_t left_over = others < page_width ? page_width - others : 0;
  widths[0] = std::min(widths[0], std::max(left_over, columns(rows_.front().cells[0])));
  return widths;
}

void Table::print(Page& page) const {
  const std::vector<std::size_t> width = widths(page.width());
  page.line("");
  for (const Row& row : rows_) {
    const bool head = &row == &rows_.front();
    const std::size_t indent = head ? 0 : kIndent;
    const std::vector<std::string> names = wrap(row.cells[0], width[0] - indent);
    std::string text = align_left(spaces(indent) + names[0], width[0]);
    for (std::size_t i = 1; i < width.size(); ++i) {
      const bool left =
          std::find(left_columns_.begin(), left_columns_.end(), i) != left_columns_.end();
      text += spaces(kIndent) +
              (left ? align_left(row.cells[i], width[i]) : align_right(row.cells[i], width[i]));
    }
    page.line(text, row.style);
    for (std::size_t i = 1; i < names.size(); ++i) page.line(spaces(2 * kIndent) + names[i]);
  }
}

} // namespace lustrum::reports
