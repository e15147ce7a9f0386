// SPDX-License-Identifier: Apache-2.0
// Where a command's words go: results to stdout in the chosen format, everything else to stderr.
#pragma once

#include <string>
#include <string_view>

#include "output/table.h"

namespace cli {

enum class Format { kTable, kJson, kMarkdown, kCsv };
enum class ColorMode { kAuto, kAlways, kNever };

class Output {
 public:
  // Colour is used on a terminal unless NO_COLOR is set (and not empty); --color decides otherwise.
  Output(Format format, ColorMode mode);

  Format format() const { return format_; }
  bool wants_json() const { return format_ == Format::kJson; }

  // The one document of --format json, printed as it is but for control characters.
  void json(std::string_view document);
  // A result. In CSV only the first table of a command is printed, for there can be one only.
  void table(const Table& table);
  // A sentence beside the tables: to stdout in table and Markdown, else to stderr.
  void line(std::string_view text, Tone tone = Tone::kPlain);
  // A sentence for the person at the terminal: always stderr.
  void note(std::string_view text);
  void warn(std::string_view text);
  void error(std::string_view text);
  // What is going on, overwritten by the next; only if stderr is a terminal.
  void progress(std::string_view text);
  // The only output of commands that print something else than tables (completion scripts).
  void raw(std::string_view text);
  // False if anything could not be written.
  bool flush();

 private:
  void clear_progress();
  Format format_;
  bool color_;
  bool error_color_;
  bool error_terminal_;
  bool progress_shown_ = false;
  bool after_table_ = false;
  int tables_ = 0;
};

}  // namespace cli
