// SPDX-License-Identifier: Apache-2.0
// Text on its way to a terminal, a shell or a JSON document: escaping, quoting, number formats.
#pragma once

#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace cli {

// Formats like printf.
[[gnu::format(printf, 1, 2)]] std::string format(const char* pattern, ...);

// The text with control characters (C0, DEL, C1) and bytes that are no UTF-8 written as \xNN, so
// that nothing read from a file can steer the terminal.
std::string printable(std::string_view text);

// A JSON document made safe for terminals without changing its meaning: DEL and C1 controls inside
// strings become \u escapes.
std::string printable_json(std::string_view json);

// The text as a JSON string, with its quotes.
std::string json_quote(std::string_view text);

// One word of a POSIX shell command, quoted only if it has to be.
std::string shell_quote(std::string_view word);
std::string shell_join(const std::vector<std::string>& words);

// Columns the text takes on a terminal (one per UTF-8 code point).
size_t display_width(std::string_view text);

// Significant digits for people: 0.0123, 12.3, 1234.
std::string short_number(double value);
// The shortest text that reads back as the same double; "" for nan and infinities.
std::string exact_number(double value);

std::string join(const std::vector<std::string>& parts, std::string_view separator);
// The text of each item, by `text_of`.
template <typename Range, typename Function>
std::vector<std::string> texts_of(const Range& items, Function text_of) {
  std::vector<std::string> texts;
  texts.reserve(std::size(items));
  for (const auto& item : items) texts.push_back(text_of(item));
  return texts;
}
std::vector<std::string> split(std::string_view text, char separator);
std::string_view trim(std::string_view text);

}  // namespace cli
