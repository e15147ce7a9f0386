// SPDX-License-Identifier: Apache-2.0
// Tokens of one-line texts.
#include "schema/text_cursor.h"

#include <charconv>
#include <cstdio>
#include <limits>

#include "base/error.h"

namespace fgx {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

// Value of a hexadecimal digit, -1 for another character.
int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

void TextCursor::skip_spaces() {
  while (peek() == ' ' || peek() == '\t') ++position_;
}

bool TextCursor::accept(std::string_view literal) {
  skip_spaces();
  if (text_.substr(position_, literal.size()) != literal) return false;
  position_ += literal.size();
  return true;
}

void TextCursor::expect(std::string_view literal) {
  if (!accept(literal)) fail_expected("'" + std::string(literal) + "'");
}

std::string_view TextCursor::accept_identifier() {
  skip_spaces();
  if (is_digit(peek())) return {};
  const size_t begin = position_;
  while (is_word(peek())) ++position_;
  return text_from(begin);
}

std::string_view TextCursor::identifier(const char* expected) {
  const std::string_view name = accept_identifier();
  if (name.empty()) fail_expected(expected);
  return name;
}

std::string_view TextCursor::word(const char* expected) {
  const size_t begin = position_;
  while (is_word(peek())) ++position_;
  if (position_ == begin) fail_expected(expected);
  return text_from(begin);
}

bool TextCursor::at_number() {
  skip_spaces();
  size_t ahead = peek() == '-' || peek() == '+' ? 1 : 0;
  if (peek(ahead) == '.') ++ahead;
  if (is_digit(peek(ahead))) return true;
  const std::string_view rest = text_.substr(position_ + ahead, 3);
  return (rest == "inf" || rest == "nan") && !is_word(peek(ahead + 3));
}

std::variant<int64_t, double> TextCursor::number() {
  if (!at_number()) fail_expected("a number");
  const size_t begin = position_;
  const bool negative = peek() == '-';
  if (negative || peek() == '+') ++position_;
  if (peek() == 'i' || peek() == 'n') {
    const double value = peek() == 'i' ? std::numeric_limits<double>::infinity()
                                       : std::numeric_limits<double>::quiet_NaN();
    position_ += 3;
    return negative ? -value : value;
  }
  bool whole = true;
  while (is_digit(peek())) ++position_;
  if (peek() == '.') {
    whole = false;
    ++position_;
    while (is_digit(peek())) ++position_;
  }
  if (peek() == 'e' || peek() == 'E') {
    whole = false;
    ++position_;
    if (peek() == '-' || peek() == '+') ++position_;
    if (!is_digit(peek())) fail_expected("digits of an exponent");
    while (is_digit(peek())) ++position_;
  }
  if (is_word(peek())) fail_at(begin, "malformed number");
  const char* first = text_.data() + begin + (text_[begin] == '+' ? 1 : 0);
  const char* last = text_.data() + position_;
  if (whole) {
    int64_t value = 0;
    const auto result = std::from_chars(first, last, value);
    if (result.ec != std::errc() || result.ptr != last) {
      fail_at(begin, "integer beyond 64 bits");
    }
    return value;
  }
  double value = 0;
  const auto result = std::from_chars(first, last, value);
  if (result.ec != std::errc() || result.ptr != last) {
    fail_at(begin, "number beyond the range of float64");
  }
  return value;
}

int64_t TextCursor::integer(const char* expected) {
  skip_spaces();
  const size_t begin = position_;
  if (!at_number()) fail_expected(expected);
  const std::variant<int64_t, double> value = number();
  if (!std::holds_alternative<int64_t>(value)) {
    fail_at(begin, std::string("expected ") + expected + ", found a fraction");
  }
  return std::get<int64_t>(value);
}

bool TextCursor::at_string() {
  skip_spaces();
  return peek() == '\'' || peek() == '"';
}

std::string TextCursor::quoted() {
  if (!at_string()) fail_expected("a quoted string");
  const size_t begin = position_;
  const char quote = text_[position_++];
  std::string value;
  while (true) {
    if (at_end()) fail_at(begin, "string without closing quote");
    const char c = text_[position_++];
    if (c == quote) return value;
    if (c != '\\') {
      value += c;
      continue;
    }
    const char escape = peek();
    ++position_;
    switch (escape) {
      case 'n':
        value += '\n';
        break;
      case 't':
        value += '\t';
        break;
      case 'r':
        value += '\r';
        break;
      case 'f':
        value += '\f';
        break;
      case 'v':
        value += '\v';
        break;
      case '\\':
      case '\'':
      case '"':
        value += escape;
        break;
      case 'x': {
        const int high = hex_value(peek());
        const int low = hex_value(peek(1));
        if (high < 0 || low < 0) fail_expected("two hexadecimal digits");
        value += static_cast<char>(high * 16 + low);
        position_ += 2;
        break;
      }
      default:
        fail_at(position_ - 2, "unknown escape in a string");
    }
  }
}

void TextCursor::fail_expected(const std::string& expected) const {
  std::string found = "the end";
  if (!at_end()) {
    const unsigned char c = static_cast<unsigned char>(text_[position_]);
    char shown[8];
    if (c >= 0x20 && c < 0x7f) {
      std::snprintf(shown, sizeof shown, "'%c'", c);
    } else {
      std::snprintf(shown, sizeof shown, "\\x%02x", c);
    }
    found = shown;
  }
  fail_at(position_, "expected " + expected + ", found " + found);
}

void TextCursor::fail_at(size_t position, const std::string& message) const {
  fail(code_, "%s, column %zu: %s", what_, position + 1, message.c_str());
}

}  // namespace fgx
