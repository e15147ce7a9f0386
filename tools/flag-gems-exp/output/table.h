// SPDX-License-Identifier: Apache-2.0
// Tables of results and their renderings: aligned text, Markdown, CSV.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cli {

enum class Tone { kPlain, kStrong, kGood, kBad, kWarning, kDim };

// One field. `text` is for people, `exact` for programs (CSV).
struct Cell {
  std::string text;
  std::string exact;
  bool is_number = false;
  Tone tone = Tone::kPlain;

  Cell(std::string_view value) : text(value), exact(value) {}
  Cell(const std::string& value) : text(value), exact(value) {}
  Cell(const char* value) : text(value), exact(value) {}
  // A measured number, shortened for people; nan is shown as "-".
  static Cell number(double value);
  static Cell integer(long long value);
  Cell with(Tone t) && {
    tone = t;
    return std::move(*this);
  }
};

struct Table {
  std::string title;  // "" for none
  std::vector<std::string> columns;
  std::vector<std::vector<Cell>> rows;  // each as long as `columns`
};

// All three escape control characters of the cells.
std::string render_text(const Table& table, bool color);
std::string render_markdown(const Table& table);
// RFC 4180, with a header line. Fields that a spreadsheet would run as a formula get a leading '.
std::string render_csv(const Table& table);

// The text in the colour of its tone, or as it is.
std::string paint(std::string_view text, Tone tone, bool color);

}  // namespace cli
