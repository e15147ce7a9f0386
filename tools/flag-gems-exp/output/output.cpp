// SPDX-License-Identifier: Apache-2.0
// Where a command's words go: results to stdout in the chosen format, everything else to stderr.
#include "output/output.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "support/text.h"

namespace cli {
namespace {

// Whether escape sequences mean something there.
bool is_terminal(int descriptor) {
  const char* terminal = std::getenv("TERM");
  return ::isatty(descriptor) == 1 && (terminal == nullptr || std::string_view(terminal) != "dumb");
}

bool use_color(ColorMode mode, int descriptor) {
  if (mode != ColorMode::kAuto) return mode == ColorMode::kAlways;
  const char* no_color = std::getenv("NO_COLOR");
  if (no_color != nullptr && no_color[0] != '\0') return false;
  return is_terminal(descriptor);
}

void put(std::FILE* stream, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stream);
}

}  // namespace

Output::Output(Format format, ColorMode mode)
    : format_(format),
      color_(format == Format::kTable && use_color(mode, STDOUT_FILENO)),
      error_color_(use_color(mode, STDERR_FILENO)),
      error_terminal_(is_terminal(STDERR_FILENO)) {}

void Output::json(std::string_view document) {
  clear_progress();
  put(stdout, printable_json(document));
  put(stdout, "\n");
}

void Output::table(const Table& table) {
  clear_progress();
  const bool first = tables_++ == 0;
  const std::string gap = first ? "" : "\n";
  if (format_ == Format::kTable) put(stdout, gap + render_text(table, color_));
  if (format_ == Format::kMarkdown) put(stdout, gap + render_markdown(table));
  if (format_ == Format::kCsv && first) put(stdout, render_csv(table));
  after_table_ = true;
}

void Output::line(std::string_view text, Tone tone) {
  clear_progress();
  const bool result = format_ == Format::kTable || format_ == Format::kMarkdown;
  // Markdown needs an empty line to end a table.
  if (result && after_table_ && format_ == Format::kMarkdown) put(stdout, "\n");
  after_table_ = false;
  put(result ? stdout : stderr,
      paint(printable(text), tone, result ? color_ : error_color_) + "\n");
}

void Output::note(std::string_view text) {
  clear_progress();
  put(stderr, printable(text) + "\n");
}

void Output::warn(std::string_view text) {
  clear_progress();
  put(stderr, paint("warning:", Tone::kWarning, error_color_) + " " + printable(text) + "\n");
}

void Output::error(std::string_view text) {
  clear_progress();
  put(stderr, paint("error:", Tone::kBad, error_color_) + " " + printable(text) + "\n");
}

void Output::progress(std::string_view text) {
  if (!error_terminal_) return;
  put(stderr, "\r\x1b[K" + printable(text));
  std::fflush(stderr);
  progress_shown_ = true;
}

void Output::clear_progress() {
  if (!progress_shown_) return;
  put(stderr, "\r\x1b[K");
  progress_shown_ = false;
}

void Output::raw(std::string_view text) { put(stdout, text); }

bool Output::flush() {
  clear_progress();
  return std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
}

}  // namespace cli
