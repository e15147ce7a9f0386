// SPDX-License-Identifier: Apache-2.0
// A position in a line of text and the few things that parsers of one line look for; errors name the
// column.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "flaggems_exp.h"

namespace fgx {

class TextCursor {
 public:
  // `what` names the text in errors ("schema", "call expression"), `code` is their status.
  TextCursor(std::string_view text, const char* what, fgx_status code)
      : text_(text), what_(what), code_(code) {}

  size_t position() const { return position_; }
  void seek(size_t position) { position_ = position; }
  bool at_end() const { return position_ >= text_.size(); }
  // The next character, '\0' at the end of the text.
  char peek(size_t ahead = 0) const {
    return position_ + ahead < text_.size() ? text_[position_ + ahead] : '\0';
  }
  std::string_view text_from(size_t begin) const { return text_.substr(begin, position_ - begin); }

  void skip_spaces();
  // Skips spaces, then takes `literal` if it comes next.
  bool accept(std::string_view literal);
  // The same; an error when something else comes.
  void expect(std::string_view literal);
  // Skips spaces, then reads [A-Za-z_][A-Za-z0-9_]*; an error naming `expected` if there is none.
  std::string_view identifier(const char* expected);
  // The same, "" and no movement if there is none.
  std::string_view accept_identifier();
  // Letters, digits and underscores: an identifier that may start with a digit.
  std::string_view word(const char* expected);

  bool at_number();
  // An integer or a number with fraction, exponent, "inf" or "nan", with an optional sign.
  std::variant<int64_t, double> number();
  int64_t integer(const char* expected);
  bool at_string();
  // 'text' or "text" with C escapes.
  std::string quoted();

  // Throws an error about what stands at the cursor.
  [[noreturn]] void fail_expected(const std::string& expected) const;
  // Throws an error about the given position.
  [[noreturn]] void fail_at(size_t position, const std::string& message) const;

 private:
  std::string_view text_;
  size_t position_ = 0;
  const char* what_;
  fgx_status code_;
};

}  // namespace fgx
