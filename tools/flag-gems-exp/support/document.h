// SPDX-License-Identifier: Apache-2.0
// Reads the JSON documents that the library returns.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct cJSON;

namespace cli {

// A value inside a Document; valid while that lives. Absent members and wrong types read as empty:
// the documents come from the library, and a newer one may word them differently.
class Value {
 public:
  Value() = default;
  explicit Value(const cJSON* node) : node_(node) {}

  bool present() const;  // neither absent nor null
  bool is_object() const;
  bool is_array() const;
  Value operator[](std::string_view name) const;
  Value operator[](size_t index) const;
  size_t size() const;
  std::vector<Value> items() const;        // elements or member values
  std::vector<std::string> names() const;  // member names

  std::string text(std::string_view fallback = "") const;  // of a string
  double number() const;                                   // nan unless a number
  long long integer(long long fallback = 0) const;
  bool truth(bool fallback = false) const;
  // Any value as people would write it: strings bare, lists with commas.
  std::string show() const;
  // As compact JSON.
  std::string json() const;

 private:
  const cJSON* node_ = nullptr;
};

class Document {
 public:
  // Throws Failure(kInternal) if `text` is no JSON: the library would be at fault.
  explicit Document(std::string_view text);
  Value root() const { return Value(root_.get()); }
  Value operator[](std::string_view name) const { return root()[name]; }

 private:
  struct Delete {
    void operator()(cJSON* node) const;
  };
  std::unique_ptr<cJSON, Delete> root_;
};

}  // namespace cli
