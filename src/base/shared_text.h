// SPDX-License-Identifier: Apache-2.0
// A text that many objects hold, kept once: names of implementations in rows of measurements, for example.
#pragma once

#include <compare>
#include <concepts>
#include <memory>
#include <string>
#include <string_view>

namespace fgx {

// Immutable. Equal texts share one string while any of them lives. Thread-safe.
class SharedText {
 public:
  SharedText();  // the empty text; takes no lock
  // Implicit, as for std::string: it stands for the text wherever one is given.
  SharedText(std::string_view text);
  SharedText(const std::string& text) : SharedText(std::string_view(text)) {}
  SharedText(const char* text) : SharedText(std::string_view(text)) {}
  operator const std::string&() const { return *text_; }

  const std::string& text() const { return *text_; }

  friend bool operator==(const SharedText& a, const SharedText& b) { return *a.text_ == *b.text_; }
  friend auto operator<=>(const SharedText& a, const SharedText& b) {
    return *a.text_ <=> *b.text_;
  }
  template <std::convertible_to<std::string_view> T>
  friend bool operator==(const SharedText& a, const T& b) {
    return std::string_view(*a.text_) == std::string_view(b);
  }
  template <std::convertible_to<std::string_view> T>
  friend auto operator<=>(const SharedText& a, const T& b) {
    return std::string_view(*a.text_) <=> std::string_view(b);
  }

 private:
  std::shared_ptr<const std::string> text_;  // never null
};

}  // namespace fgx
