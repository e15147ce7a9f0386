// SPDX-License-Identifier: Apache-2.0
// Splitting of big JSON objects that arrive in pieces.
#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/json_scan.h"
#include "base/strings.h"

namespace fgx {
namespace {

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

constexpr std::array<bool, 256> make_structural_table() {
  std::array<bool, 256> table{};
  for (const char c : {'"', '{', '}', '[', ']'}) table[static_cast<unsigned char>(c)] = true;
  return table;
}
constexpr auto kStructural = make_structural_table();

}  // namespace

JsonSplitter::JsonSplitter(std::string_view descend, size_t max_member_bytes,
                           const JsonLimits& limits, Receiver* receiver)
    : descend_(descend),
      max_member_bytes_(max_member_bytes),
      limits_(limits),
      receiver_(receiver) {}

void JsonSplitter::bad(const char* reason) const {
  fail(limits_.error, "%s: line %llu: %s", limits_.what, static_cast<unsigned long long>(line_),
       reason);
}

void JsonSplitter::check_name() {
  if (std::find(names_.begin(), names_.end(), key_) != names_.end()) bad("a key occurs twice");
  if (names_.size() >= 1024) bad("more than 1024 members");
  names_.push_back(key_);
}

void JsonSplitter::end_member(std::string_view value) {
  // Reading the key as a JSON text of its own checks its escapes.
  const std::string quoted = "\"" + key_ + "\"";
  scan_json(quoted, limits_, nullptr);
  const std::string key = decode_json_string(key_);
  receiver_->on_member(inside_, key, value, value_offset_);
  line_ += static_cast<uint64_t>(std::count(value.begin(), value.end(), '\n'));
  key_.clear();
  value_.clear();
}

// Follows strings and brackets from bytes[i]; returns where the value or the piece ends.
size_t JsonSplitter::skip_value(std::string_view bytes, size_t i) {
  const char* const data = bytes.data();
  const size_t size = bytes.size();
  if (scalar_) {
    while (i < size && data[i] != ',' && data[i] != '}' && !is_space(data[i])) ++i;
    return i;
  }
  while (i < size) {
    if (in_string_) {
      if (escaped_) {
        escaped_ = false;
        ++i;
        continue;
      }
      while (i < size && data[i] != '"' && data[i] != '\\') ++i;
      if (i == size) break;
      if (data[i] == '\\') {
        escaped_ = true;
      } else {
        in_string_ = false;
        if (depth_ == 0) return i + 1;
      }
      ++i;
      continue;
    }
    while (i < size && !kStructural[static_cast<unsigned char>(data[i])]) ++i;
    if (i == size) break;
    const char c = data[i++];
    if (c == '"') {
      in_string_ = true;
    } else if (c == '{' || c == '[') {
      ++depth_;
    } else if (--depth_ == 0) {
      return i;
    }
  }
  return i;
}

void JsonSplitter::feed(std::string_view bytes) {
  for (size_t i = 0; i < bytes.size(); ++i) {
    const char c = bytes[i];
    if (state_ == State::kInValue) {
      // The bulk of the text: run to the end of the value, or of this piece.
      const size_t end = skip_value(bytes, i);
      offset_ += end - i;
      const bool ended = depth_ == 0 && !in_string_ && (!scalar_ || end < bytes.size());
      if (value_.size() + (end - value_begin_) > max_member_bytes_)
        bad("a member is larger than the limit");
      if (ended) {
        std::string_view value = bytes.substr(value_begin_, end - value_begin_);
        if (!value_.empty()) {
          value_.append(value);
          value = value_;
        }
        state_ = State::kComma;
        end_member(value);
      }
      i = end - 1;
      continue;
    }
    ++offset_;
    if (c == '\n') ++line_;
    if (state_ == State::kKeyText) {
      if (escaped_) {
        escaped_ = false;
      } else if (c == '\\') {
        escaped_ = true;
      } else if (c == '"') {
        state_ = State::kColon;
        continue;
      }
      key_ += c;
      if (key_.size() > 4096) bad("a key is longer than 4096 bytes");
      continue;
    }
    if (is_space(c)) continue;
    switch (state_) {
      case State::kStart:
        if (c != '{') bad("expected an object");
        state_ = State::kKeyOrEnd;
        break;
      case State::kKeyOrEnd:
      case State::kKey:
        if (c == '}' && state_ == State::kKeyOrEnd) {
          state_ = inside_ ? State::kComma : State::kDone;
          inside_ = false;
        } else if (c == '"') {
          state_ = State::kKeyText;
        } else {
          bad("expected a key in double quotes");
        }
        break;
      case State::kColon:
        if (c != ':') bad("expected ':'");
        if (!inside_) check_name();
        state_ = State::kValue;
        break;
      case State::kValue:
        if (!inside_ && c == '{' && key_ == descend_) {
          key_.clear();
          inside_ = true;
          state_ = State::kKeyOrEnd;
          break;
        }
        value_offset_ = offset_ - 1;
        scalar_ = c != '{' && c != '[' && c != '"';
        in_string_ = c == '"';
        depth_ = c == '{' || c == '[' ? 1 : 0;
        value_.clear();
        value_begin_ = i;
        if (c == ',' || c == '}' || c == ']' || c == ':') bad("expected a JSON value");
        state_ = State::kInValue;
        break;
      case State::kComma:
        if (c == ',') {
          state_ = State::kKey;
        } else if (c == '}') {
          state_ = inside_ ? State::kComma : State::kDone;
          inside_ = false;
        } else {
          bad("expected ',' or '}'");
        }
        break;
      case State::kDone:
        bad("bytes after the end of the value");
      default:
        break;
    }
  }
  // What is not finished waits for the next piece.
  if (state_ == State::kInValue) value_.append(bytes.substr(value_begin_));
  value_begin_ = 0;
}

void JsonSplitter::finish() {
  if (state_ != State::kDone) bad("the text ends before the object is closed");
}

}  // namespace fgx
