// SPDX-License-Identifier: Apache-2.0
// A strict, non-recursive reader of JSON text (RFC 8259) that reports what it meets to a handler.
//
// Every JSON text the library reads passes through scan_json first. It refuses what cJSON lets
// pass: trailing bytes, duplicate keys, NUL bytes and \u0000, malformed UTF-8, lone surrogates,
// leading zeros, hexadecimal, NaN and Infinity, numbers beyond the range of a double, and deep
// nesting.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "flaggems_exp.h"

namespace fgx {

struct JsonLimits {
  size_t max_bytes = size_t{64} << 20;
  int max_depth = 64;
  fgx_status error = FGX_METADATA_INVALID;  // the code of every error that reading reports
  const char* what = "JSON";                // begins every message, e.g. "record"
};

// Receives what scan_json meets, in order. Text arguments point into the scanned text and are raw:
// a string excludes its quotes and keeps its escapes (decode_json_string).
class JsonHandler {
 public:
  virtual ~JsonHandler() = default;
  virtual void on_begin(bool is_object) = 0;
  virtual void on_end(bool is_object) = 0;
  virtual void on_key(std::string_view raw, bool has_escapes) = 0;
  virtual void on_string(std::string_view raw, bool has_escapes) = 0;
  virtual void on_number(std::string_view text) = 0;
  virtual void on_literal(std::string_view text) = 0;  // true, false, null
};

// Writes what it receives to `out`, without any space between tokens.
class JsonCompactor final : public JsonHandler {
 public:
  explicit JsonCompactor(std::string* out) : out_(out) {}
  void on_begin(bool is_object) override {
    separate();
    *out_ += is_object ? '{' : '[';
    comma_ = false;
  }
  void on_end(bool is_object) override {
    *out_ += is_object ? '}' : ']';
    comma_ = true;
  }
  void on_key(std::string_view raw, bool) override {
    separate();
    *out_ += '"';
    *out_ += raw;
    *out_ += "\":";
    comma_ = false;
  }
  void on_string(std::string_view raw, bool) override {
    separate();
    *out_ += '"';
    *out_ += raw;
    *out_ += '"';
    comma_ = true;
  }
  void on_number(std::string_view text) override { token(text); }
  void on_literal(std::string_view text) override { token(text); }

 private:
  void separate() {
    if (comma_) *out_ += ',';
  }
  void token(std::string_view text) {
    separate();
    *out_ += text;
    comma_ = true;
  }

  std::string* out_;
  bool comma_ = false;
};

// Reads one JSON value that fills `text`. `handler` may be null: then the text is only checked.
// Throws Error(limits.error) naming line:column and, inside containers, the JSON pointer.
void scan_json(std::string_view text, const JsonLimits& limits, JsonHandler* handler);

// Removes the escapes of a string that scan_json accepted.
std::string decode_json_string(std::string_view raw);

// The same value without any space between tokens. Throws as scan_json.
std::string compact_json(std::string_view text, const JsonLimits& limits = {});

// Finds the extent of members in a big object that arrives in pieces, keeping only one member in
// memory. Only brackets and strings are followed: each value must still be read with scan_json.
// Members of the member named `descend` are reported instead of that member itself.
class JsonSplitter {
 public:
  // Receives one member: `inside` tells members of `descend` from top-level ones; `key` is decoded;
  // `value` is raw and starts `offset` bytes after the start of the text.
  class Receiver {
   public:
    virtual ~Receiver() = default;
    virtual void on_member(bool inside, std::string_view key, std::string_view value,
                           uint64_t offset) = 0;
  };

  JsonSplitter(std::string_view descend, size_t max_member_bytes, const JsonLimits& limits,
               Receiver* receiver);
  // Hands over the next bytes of the text.
  void feed(std::string_view bytes);
  // Says that the text is complete; throws if the object is not.
  void finish();

 private:
  enum class State { kStart, kKeyOrEnd, kKey, kKeyText, kColon, kValue, kInValue, kComma, kDone };
  [[noreturn]] void bad(const char* reason) const;
  void check_name();
  void end_member(std::string_view value);
  size_t skip_value(std::string_view bytes, size_t i);

  std::string descend_;
  size_t max_member_bytes_;
  JsonLimits limits_;
  Receiver* receiver_;
  State state_ = State::kStart;
  bool inside_ = false;
  bool in_string_ = false;
  bool escaped_ = false;
  bool scalar_ = false;
  int depth_ = 0;  // of the value that is being read
  uint64_t offset_ = 0;
  uint64_t line_ = 1;
  uint64_t value_offset_ = 0;
  std::string key_;
  std::string value_;               // of the value: what earlier pieces held
  size_t value_begin_ = 0;          // of the value in this piece
  std::vector<std::string> names_;  // top-level keys so far, to refuse repeated ones
};

}  // namespace fgx
