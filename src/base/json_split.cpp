// SPDX-License-Identifier: Apache-2.0
// Splitting of big JSON objects that arrive in pieces.
#include <algorithm>

#include "base/error.h"
#include "base/json_scan.h"
#include "base/strings.h"

namespace fgx {
namespace {

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

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

void JsonSplitter::end_member() {
  std::string key;
  // Reading the key as a JSON text of its own checks its escapes.
  const std::string quoted = "\"" + key_ + "\"";
  scan_json(quoted, limits_, nullptr);
  key = decode_json_string(key_);
  receiver_->on_member(inside_, key, value_, value_offset_);
  key_.clear();
  value_.clear();
}

void JsonSplitter::feed(std::string_view bytes) {
  for (size_t i = 0; i < bytes.size(); ++i) {
    const char c = bytes[i];
    if (state_ == State::kInValue) {
      // The bulk of the text: run to the next byte that may change the state.
      size_t end = i;
      bool finished = false;
      for (; end < bytes.size() && !finished; ++end) {
        const char b = bytes[end];
        if (in_string_) {
          if (escaped_) {
            escaped_ = false;
          } else if (b == '\\') {
            escaped_ = true;
          } else if (b == '"') {
            in_string_ = false;
            finished = depth_ == 0;
          }
        } else if (scalar_) {
          if (b == ',' || b == '}' || is_space(b)) break;
        } else if (b == '"') {
          in_string_ = true;
        } else if (b == '{' || b == '[') {
          ++depth_;
        } else if (b == '}' || b == ']') {
          finished = --depth_ == 0;
        }
        if (b == '\n') ++line_;
      }
      value_.append(bytes.substr(i, end - i));
      if (value_.size() > max_member_bytes_) bad("a member is larger than the limit");
      const bool scalar_ended = scalar_ && end < bytes.size();
      if (finished || scalar_ended) {
        state_ = State::kComma;
        end_member();
      }
      offset_ += end - i;
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
        value_.assign(1, c);
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
}

void JsonSplitter::finish() {
  if (state_ != State::kDone) bad("the text ends before the object is closed");
}

}  // namespace fgx
