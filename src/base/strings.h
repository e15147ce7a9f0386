// SPDX-License-Identifier: Apache-2.0
// Small text helpers: splitting, trimming, case, and the nearest names for "did you mean".
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace fgx {

// Splits at every `separator`; an empty text gives one empty piece.
std::vector<std::string_view> split(std::string_view text, char separator);
// Removes spaces, tabs and line ends from both ends.
std::string_view trim(std::string_view text);
std::string join(const std::vector<std::string>& pieces, std::string_view separator);
// ASCII only, independent of the locale.
std::string to_lower(std::string_view text);
std::string to_upper(std::string_view text);
bool equals_ignoring_case(std::string_view a, std::string_view b);
bool starts_with(std::string_view text, std::string_view prefix);
bool ends_with(std::string_view text, std::string_view suffix);

// Number of insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`;
// stops counting above `limit` and returns limit + 1.
size_t edit_distance(std::string_view a, std::string_view b, size_t limit);

// At most `count` of `candidates` that resemble `name`, nearest first (ties in alphabetical order).
// Names that share nothing with `name` are left out.
std::vector<std::string> nearest_names(std::string_view name,
                                       const std::vector<std::string>& candidates,
                                       size_t count = 3);
// "; did you mean 'a', 'b'?" for the end of a message, or "" when nothing is near.
std::string did_you_mean(std::string_view name, const std::vector<std::string>& candidates);

// Whether `text` is well-formed UTF-8 without NUL.
bool is_valid_utf8(std::string_view text);
// Makes text safe for a terminal or a log line: control characters, escape sequences and
// bidirectional overrides become visible escapes such as \x1b; the rest is kept.
std::string escape_for_display(std::string_view text);
// Whether `text` holds nothing that escape_for_display would change.
bool is_displayable(std::string_view text);

// printf into a std::string.
[[gnu::format(printf, 1, 2)]] std::string format_text(const char* format, ...);

}  // namespace fgx
