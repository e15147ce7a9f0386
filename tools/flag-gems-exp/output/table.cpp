// SPDX-License-Identifier: Apache-2.0
// Tables of results and their renderings: aligned text, Markdown, CSV.
#include "output/table.h"

#include <algorithm>
#include <cmath>

#include "support/text.h"

namespace cli {
namespace {

std::string pad(const std::string& text, size_t width, bool right) {
  const size_t have = display_width(text);
  const std::string space(width > have ? width - have : 0, ' ');
  return right ? space + text : text + space;
}

// A column is right-aligned if its cells are numbers (or empty).
std::vector<bool> number_columns(const Table& table) {
  std::vector<bool> numbers(table.columns.size(), true);
  std::vector<bool> any(table.columns.size(), false);
  for (const auto& row : table.rows) {
    for (size_t i = 0; i < row.size(); ++i) {
      if (row[i].is_number) {
        any[i] = true;
      } else if (!row[i].text.empty() && row[i].text != "-") {
        numbers[i] = false;
      }
    }
  }
  for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = numbers[i] && any[i];
  return numbers;
}

std::string csv_field(const std::string& field) {
  std::string text = printable(field);
  // A spreadsheet runs fields that begin so; numbers may begin with a sign.
  if (!text.empty() && std::string_view("=+-@").find(text[0]) != std::string_view::npos) {
    const bool is_number = (text[0] == '-' || text[0] == '+') &&
                           text.find_first_not_of("0123456789.eE+-") == std::string::npos;
    if (!is_number) text = "'" + text;
  }
  if (text.find_first_of(",\"") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

std::string markdown_field(const std::string& field) {
  std::string out;
  for (const char c : printable(field)) {
    if (std::string_view("|\\`*_<[").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

const char* color_code(Tone tone) {
  switch (tone) {
    case Tone::kStrong:
      return "1";
    case Tone::kGood:
      return "32";
    case Tone::kBad:
      return "31";
    case Tone::kWarning:
      return "33";
    case Tone::kDim:
      return "2";
    case Tone::kPlain:
      break;
  }
  return "0";
}

}  // namespace

Cell Cell::number(double value) {
  Cell cell(std::isnan(value) ? "-" : short_number(value));
  cell.exact = exact_number(value);
  cell.is_number = true;
  return cell;
}

Cell Cell::integer(long long value) {
  Cell cell(format("%lld", value));
  cell.is_number = true;
  return cell;
}

std::string paint(std::string_view text, Tone tone, bool color) {
  if (!color || tone == Tone::kPlain) return std::string(text);
  return format("\x1b[%sm", color_code(tone)) + std::string(text) + "\x1b[0m";
}

std::string render_text(const Table& table, bool color) {
  const std::vector<bool> right = number_columns(table);
  std::vector<size_t> widths;
  widths.reserve(table.columns.size());
  for (const std::string& column : table.columns) widths.push_back(display_width(column));
  std::vector<std::vector<std::string>> texts;
  for (const auto& row : table.rows) {
    std::vector<std::string> line;
    line.reserve(row.size());
    for (size_t i = 0; i < row.size(); ++i) {
      line.push_back(printable(row[i].text));
      widths[i] = std::max(widths[i], display_width(line.back()));
    }
    texts.push_back(std::move(line));
  }
  std::string out;
  if (!table.title.empty()) out += paint(printable(table.title), Tone::kStrong, color) + "\n";
  const auto append_line = [&](const std::vector<std::string>& line, auto tone_of) {
    std::string row;
    for (size_t i = 0; i < line.size(); ++i) {
      const bool last = i + 1 == line.size();
      const std::string field = last && !right[i] ? line[i] : pad(line[i], widths[i], right[i]);
      if (i > 0) row += "  ";
      row += paint(field, tone_of(i), color);
    }
    out += std::string(row, 0, row.find_last_not_of(' ') + 1) + '\n';
  };
  append_line(table.columns, [](size_t) { return Tone::kStrong; });
  for (size_t r = 0; r < texts.size(); ++r) {
    append_line(texts[r], [&](size_t i) { return table.rows[r][i].tone; });
  }
  return out;
}

std::string render_markdown(const Table& table) {
  const std::vector<bool> right = number_columns(table);
  std::string out;
  if (!table.title.empty()) out += "### " + markdown_field(table.title) + "\n\n";
  out += '|';
  for (const std::string& column : table.columns) out += ' ' + markdown_field(column) + " |";
  out += "\n|";
  for (size_t i = 0; i < table.columns.size(); ++i) out += right[i] ? "---:|" : "---|";
  out += '\n';
  for (const auto& row : table.rows) {
    out += '|';
    for (const Cell& cell : row) out += ' ' + markdown_field(cell.text) + " |";
    out += '\n';
  }
  return out;
}

std::string render_csv(const Table& table) {
  std::string out;
  for (size_t i = 0; i < table.columns.size(); ++i) {
    out += (i > 0 ? "," : "") + csv_field(table.columns[i]);
  }
  out += "\n";
  for (const auto& row : table.rows) {
    for (size_t i = 0; i < row.size(); ++i) out += (i > 0 ? "," : "") + csv_field(row[i].exact);
    out += "\n";
  }
  return out;
}

}  // namespace cli
