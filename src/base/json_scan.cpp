// SPDX-License-Identifier: Apache-2.0
// The strict JSON reader.
#include "base/json_scan.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <deque>
#include <memory>
#include <vector>

#include "base/error.h"
#include "base/hash.h"
#include "base/json_text.h"
#include "base/strings.h"

namespace fgx {
namespace {

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Reads four hexadecimal digits; false when there are none.
bool read_hex4(const char* text, uint32_t* code) {
  *code = 0;
  for (int i = 0; i < 4; ++i) {
    const char c = text[i];
    uint32_t digit = 0;
    if (is_digit(c)) {
      digit = static_cast<uint32_t>(c - '0');
    } else if (c >= 'a' && c <= 'f') {
      digit = static_cast<uint32_t>(c - 'a' + 10);
    } else if (c >= 'A' && c <= 'F') {
      digit = static_cast<uint32_t>(c - 'A' + 10);
    } else {
      return false;
    }
    *code = *code << 4 | digit;
  }
  return true;
}

void append_utf8(uint32_t code, std::string* out) {
  if (code < 0x80) {
    *out += static_cast<char>(code);
  } else if (code < 0x800) {
    *out += static_cast<char>(0xc0 | code >> 6);
    *out += static_cast<char>(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    *out += static_cast<char>(0xe0 | code >> 12);
    *out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
    *out += static_cast<char>(0x80 | (code & 0x3f));
  } else {
    *out += static_cast<char>(0xf0 | code >> 18);
    *out += static_cast<char>(0x80 | (code >> 12 & 0x3f));
    *out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
    *out += static_cast<char>(0x80 | (code & 0x3f));
  }
}

// Bytes that end the fast path of a string: quote, backslash, control characters, non-ASCII.
constexpr std::array<bool, 256> make_special_table() {
  std::array<bool, 256> table{};
  for (size_t i = 0; i < 256; ++i) table[i] = i < 0x20 || i == '"' || i == '\\' || i >= 0x80;
  return table;
}
constexpr auto kSpecial = make_special_table();

class Scanner {
 public:
  Scanner(std::string_view text, const JsonLimits& limits, JsonHandler* handler)
      : text_(text), limits_(limits), handler_(handler) {
    frames_.swap(scratch().frames);
    keys_.swap(scratch().keys);
    frames_.clear();
    keys_.clear();
  }
  // Small scans are frequent: the buffers serve the thread's next one. A scan within a scan finds
  // empty ones and makes its own.
  ~Scanner() {
    constexpr size_t kKeep = 4096;
    if (keys_.capacity() > kKeep) return;
    frames_.swap(scratch().frames);
    keys_.swap(scratch().keys);
  }
  Scanner(const Scanner&) = delete;
  Scanner& operator=(const Scanner&) = delete;

  void run() {
    if (text_.size() > limits_.max_bytes)
      fail(limits_.error, "%s: %zu bytes, the limit is %zu", limits_.what, text_.size(),
           limits_.max_bytes);
    skip_space();
    if (at_end()) bad("the text is empty");
    value();
    while (!frames_.empty()) next_in_container();
    skip_space();
    if (!at_end()) bad("bytes after the end of the value");
  }

 private:
  struct Key {
    uint64_t hash;
    std::string_view name;  // decoded
    size_t offset;
  };
  struct Frame {
    bool is_object;
    size_t count;      // elements begun so far
    size_t first_key;  // in keys_
  };

  struct Scratch {
    std::vector<Frame> frames;
    std::vector<Key> keys;
  };
  static Scratch& scratch() {
    thread_local Scratch buffers;
    return buffers;
  }

  bool at_end() const { return position_ >= text_.size(); }
  char peek() const { return text_[position_]; }
  void skip_space() {
    while (position_ < text_.size() && is_space(text_[position_])) ++position_;
  }

  [[noreturn]] void bad(const char* reason) const { bad_at(position_, reason); }
  [[noreturn]] void bad_at(size_t position, const char* reason) const {
    size_t line = 1, line_start = 0;
    for (size_t i = 0; i < position && i < text_.size(); ++i) {
      if (text_[i] == '\n') {
        ++line;
        line_start = i + 1;
      }
    }
    std::string pointer;
    for (const Frame& frame : frames_) {
      if (frame.count == 0) break;
      if (frame.is_object) {
        const size_t last = &frame == &frames_.back() ? keys_.size() : (&frame)[1].first_key;
        if (last == frame.first_key) break;
        pointer += "/" + escape_json_pointer(keys_[last - 1].name);
      } else {
        pointer += "/" + std::to_string(frame.count - 1);
      }
    }
    const std::string where = pointer.empty() ? "" : " at " + escape_for_display(pointer);
    fail(limits_.error, "%s: line %zu, column %zu%s: %s", limits_.what, line,
         position - line_start + 1, where.c_str(), reason);
  }

  void value() {
    switch (peek()) {
      case '{':
        open(true);
        break;
      case '[':
        open(false);
        break;
      case '"': {
        bool escapes = false;
        const std::string_view raw = string(&escapes);
        if (handler_) handler_->on_string(raw, escapes);
        break;
      }
      case 't':
        literal("true");
        break;
      case 'f':
        literal("false");
        break;
      case 'n':
        literal("null");
        break;
      default:
        number();
    }
  }

  void open(bool is_object) {
    if (frames_.size() >= static_cast<size_t>(limits_.max_depth)) {
      const std::string reason = format_text("nested deeper than %d", limits_.max_depth);
      bad(reason.c_str());
    }
    ++position_;
    frames_.push_back({is_object, 0, keys_.size()});
    if (handler_) handler_->on_begin(is_object);
  }

  void close() {
    const Frame frame = frames_.back();
    if (frame.is_object) check_duplicates(frame.first_key);
    ++position_;
    frames_.pop_back();
    keys_.resize(frame.first_key);
    if (handler_) handler_->on_end(frame.is_object);
  }

  // Reads one element of the innermost container, or its end.
  void next_in_container() {
    Frame& frame = frames_.back();
    const char closing = frame.is_object ? '}' : ']';
    skip_space();
    if (at_end()) bad(frame.is_object ? "the object is not closed" : "the array is not closed");
    if (peek() == closing) return close();
    if (frame.count > 0) {
      if (peek() != ',') bad(frame.is_object ? "expected ',' or '}'" : "expected ',' or ']'");
      ++position_;
      skip_space();
      if (at_end()) bad("the text ends after ','");
      if (peek() == closing) bad("a comma before the closing bracket");
    }
    if (frame.is_object) {
      key();
    }
    ++frames_.back().count;
    value();
  }

  void key() {
    if (peek() != '"') bad("expected a key in double quotes");
    const size_t start = position_;
    bool escapes = false;
    const std::string_view raw = string(&escapes);
    std::string_view name = raw;
    if (escapes) {
      if (!decoded_) decoded_ = std::make_unique<std::deque<std::string>>();
      name = decoded_->emplace_back(decode_json_string(raw));
    }
    keys_.push_back({hash_text(name), name, start});
    if (handler_) handler_->on_key(raw, escapes);
    skip_space();
    if (at_end() || peek() != ':') bad("expected ':'");
    ++position_;
    skip_space();
    if (at_end()) bad("the text ends after ':'");
  }

  void check_duplicates(size_t first) {
    const size_t count = keys_.size() - first;
    if (count < 2) return;
    const auto begin = keys_.begin() + static_cast<std::ptrdiff_t>(first);
    if (count <= 24) {
      for (auto a = begin; a != keys_.end(); ++a)
        for (auto b = a + 1; b != keys_.end(); ++b)
          if (a->hash == b->hash && a->name == b->name) duplicate(*b);
      return;
    }
    std::sort(begin, keys_.end(), [](const Key& a, const Key& b) {
      if (a.hash != b.hash) return a.hash < b.hash;
      return a.name != b.name ? a.name < b.name : a.offset < b.offset;
    });
    for (auto a = begin; a + 1 != keys_.end(); ++a)
      if (a->hash == a[1].hash && a->name == a[1].name) duplicate(a[1]);
  }

  [[noreturn]] void duplicate(const Key& key) {
    const std::string reason =
        "the key \"" + escape_for_display(key.name.substr(0, 80)) + "\" occurs twice";
    keys_.back() = key;
    bad_at(key.offset, reason.c_str());
  }

  // Reads a string and returns what stands between the quotes.
  std::string_view string(bool* has_escapes) {
    const size_t start = ++position_;
    const char* const data = text_.data();
    const size_t size = text_.size();
    for (;;) {
      while (position_ + 4 <= size && !kSpecial[static_cast<unsigned char>(data[position_])] &&
             !kSpecial[static_cast<unsigned char>(data[position_ + 1])] &&
             !kSpecial[static_cast<unsigned char>(data[position_ + 2])] &&
             !kSpecial[static_cast<unsigned char>(data[position_ + 3])])
        position_ += 4;
      while (position_ < size && !kSpecial[static_cast<unsigned char>(data[position_])])
        ++position_;
      if (position_ >= size) bad("the string is not closed");
      const unsigned char c = static_cast<unsigned char>(data[position_]);
      if (c == '"') {
        ++position_;
        return text_.substr(start, position_ - 1 - start);
      }
      if (c == '\\') {
        *has_escapes = true;
        escape();
      } else if (c < 0x20) {
        bad(c == 0 ? "a NUL byte" : "a control character in a string");
      } else {
        utf8();
      }
    }
  }

  void escape() {
    if (position_ + 1 >= text_.size()) bad("the string is not closed");
    const char c = text_[position_ + 1];
    if (c != 'u') {
      if (std::strchr("\"\\/bfnrt", c) == nullptr || c == '\0') bad("an unknown escape");
      position_ += 2;
      return;
    }
    uint32_t code = 0;
    if (position_ + 6 > text_.size() || !read_hex4(text_.data() + position_ + 2, &code))
      bad("\\u needs four hexadecimal digits");
    if (code == 0) bad("\\u0000 is not allowed");
    if (code >= 0xdc00 && code <= 0xdfff) bad("a lone surrogate");
    if (code >= 0xd800 && code <= 0xdbff) {
      uint32_t low = 0;
      if (position_ + 12 > text_.size() || text_[position_ + 6] != '\\' ||
          text_[position_ + 7] != 'u' || !read_hex4(text_.data() + position_ + 8, &low) ||
          low < 0xdc00 || low > 0xdfff)
        bad("a lone surrogate");
      position_ += 6;
    }
    position_ += 6;
  }

  void utf8() {
    const unsigned char lead = static_cast<unsigned char>(text_[position_]);
    const size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (!is_valid_utf8(text_.substr(position_, length))) bad("malformed UTF-8");
    position_ += length;
  }

  void literal(std::string_view word) {
    if (text_.substr(position_, word.size()) != word) bad("expected a JSON value");
    position_ += word.size();
    if (handler_) handler_->on_literal(word);
  }

  void number() {
    const size_t start = position_;
    if (peek() == '-') ++position_;
    if (at_end() || !is_digit(peek())) {
      position_ = start;
      bad(text_[start] == '-' || text_[start] == '+' ? "malformed number"
          : text_[start] == '\0'                     ? "a NUL byte"
                                                     : "expected a JSON value");
    }
    if (peek() == '0' && position_ + 1 < text_.size() && is_digit(text_[position_ + 1]))
      bad("a number with a leading zero");
    size_t digits = skip_digits();
    bool plain = digits <= 300;
    if (!at_end() && peek() == '.') {
      ++position_;
      if (skip_digits() == 0) bad("a number needs digits after '.'");
    }
    if (!at_end() && (peek() == 'e' || peek() == 'E')) {
      plain = false;
      ++position_;
      if (!at_end() && (peek() == '+' || peek() == '-')) ++position_;
      if (skip_digits() == 0) bad("a number needs digits in its exponent");
    }
    if (!at_end() && (peek() == 'x' || peek() == 'X')) bad("hexadecimal numbers are not JSON");
    const std::string_view text = text_.substr(start, position_ - start);
    if (text.size() > 1100) bad_at(start, "a number of more than 1100 characters");
    if (!plain && !fits_double(text)) bad_at(start, "a number beyond the range of a double");
    if (handler_) handler_->on_number(text);
  }

  // Only an overflow is refused: a number too small to represent is zero to everyone.
  static bool fits_double(std::string_view text) {
    double value = 0;
    const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
    if (result.ec != std::errc::result_out_of_range) return true;
    const size_t exponent = text.find_first_of("eE");
    return exponent != std::string_view::npos && exponent + 1 < text.size() &&
           text[exponent + 1] == '-';
  }

  size_t skip_digits() {
    const size_t start = position_;
    while (!at_end() && is_digit(peek())) ++position_;
    return position_ - start;
  }

  const std::string_view text_;
  const JsonLimits& limits_;
  JsonHandler* const handler_;
  size_t position_ = 0;
  std::vector<Frame> frames_;
  std::vector<Key> keys_;
  std::unique_ptr<std::deque<std::string>> decoded_;  // keys that had escapes
};

}  // namespace

void scan_json(std::string_view text, const JsonLimits& limits, JsonHandler* handler) {
  Scanner(text, limits, handler).run();
}

std::string decode_json_string(std::string_view raw) {
  std::string text;
  text.reserve(raw.size());
  for (size_t i = 0; i < raw.size();) {
    if (raw[i] != '\\') {
      text += raw[i++];
      continue;
    }
    const char c = raw[i + 1];
    i += 2;
    switch (c) {
      case 'b':
        text += '\b';
        break;
      case 'f':
        text += '\f';
        break;
      case 'n':
        text += '\n';
        break;
      case 'r':
        text += '\r';
        break;
      case 't':
        text += '\t';
        break;
      case 'u': {
        uint32_t code = 0, low = 0;
        read_hex4(raw.data() + i, &code);
        i += 4;
        if (code >= 0xd800 && code <= 0xdbff) {
          read_hex4(raw.data() + i + 2, &low);
          i += 6;
          code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        }
        append_utf8(code, &text);
        break;
      }
      default:
        text += c;
    }
  }
  return text;
}

std::string compact_json(std::string_view text, const JsonLimits& limits) {
  std::string out;
  out.reserve(text.size());
  JsonCompactor compactor(&out);
  scan_json(text, limits, &compactor);
  return out;
}

}  // namespace fgx
