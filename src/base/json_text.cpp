// SPDX-License-Identifier: Apache-2.0
// JSON escapes and numbers.
#include "base/json_text.h"

#include <array>
#include <charconv>
#include <cmath>

#include "base/strings.h"

namespace fgx {
namespace {

constexpr std::array<bool, 256> make_plain_table() {
  std::array<bool, 256> table{};
  for (size_t c = 0x20; c < 0x7f; ++c) table[c] = c != '"' && c != '\\';
  return table;
}
constexpr auto kPlain = make_plain_table();

}  // namespace

void append_json_string(std::string_view text, std::string* out) {
  constexpr char kDigits[] = "0123456789abcdef";
  *out += '"';
  for (size_t i = 0; i < text.size();) {
    // Most text needs no escape: copy it in runs.
    const size_t run = i;
    while (i < text.size() && kPlain[static_cast<unsigned char>(text[i])]) ++i;
    out->append(text.data() + run, i - run);
    if (i == text.size()) break;
    const unsigned char c = static_cast<unsigned char>(text[i]);
    if (c >= 0x80) {
      const size_t length = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
      const std::string_view piece = text.substr(i, length);
      if (piece.size() < length || !is_valid_utf8(piece)) {
        *out += "\xef\xbf\xbd";
        ++i;
      } else if (c == 0xc2 && static_cast<unsigned char>(piece[1]) < 0xa0) {
        *out += "\\u00";
        *out += kDigits[static_cast<unsigned char>(piece[1]) >> 4];
        *out += kDigits[static_cast<unsigned char>(piece[1]) & 0xf];
        i += 2;
      } else {
        *out += piece;
        i += length;
      }
      continue;
    }
    switch (c) {
      case '"':
        *out += "\\\"";
        break;
      case '\\':
        *out += "\\\\";
        break;
      case '\n':
        *out += "\\n";
        break;
      case '\r':
        *out += "\\r";
        break;
      case '\t':
        *out += "\\t";
        break;
      default:
        *out += "\\u00";
        *out += kDigits[c >> 4];
        *out += kDigits[c & 0xf];
    }
    ++i;
  }
  *out += '"';
}

std::string quote_json(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 2);
  append_json_string(text, &out);
  return out;
}

void append_json_double(double value, std::string* out) {
  if (!std::isfinite(value)) {
    *out += "null";
    return;
  }
  char digits[40];
  const auto result = std::to_chars(digits, digits + sizeof(digits), value);
  out->append(digits, result.ptr);
}

std::string escape_json_pointer(std::string_view segment) {
  std::string text;
  for (const char c : segment) {
    if (c == '~') {
      text += "~0";
    } else if (c == '/') {
      text += "~1";
    } else {
      text += c;
    }
  }
  return text;
}

}  // namespace fgx
