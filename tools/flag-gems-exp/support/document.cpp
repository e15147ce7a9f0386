// SPDX-License-Identifier: Apache-2.0
// Reads the JSON documents that the library returns.
#include "support/document.h"

#include <cjson/cJSON.h>

#include <cmath>

#include "support/failure.h"
#include "support/text.h"

namespace cli {
namespace {

// cJSON's own writer rounds numbers to 15 digits where it thinks that is close enough.
void write_json(const cJSON* node, std::string* out) {
  const bool object = cJSON_IsObject(node) != 0;
  if (object || cJSON_IsArray(node) != 0) {
    *out += object ? '{' : '[';
    for (const cJSON* item = node->child; item != nullptr; item = item->next) {
      if (item != node->child) *out += ',';
      if (object) *out += json_quote(item->string) + ":";
      write_json(item, out);
    }
    *out += object ? '}' : ']';
  } else if (cJSON_IsString(node) != 0) {
    *out += json_quote(node->valuestring);
  } else if (cJSON_IsNumber(node) != 0) {
    *out += exact_number(node->valuedouble);
  } else if (cJSON_IsBool(node) != 0) {
    *out += cJSON_IsTrue(node) != 0 ? "true" : "false";
  } else {
    *out += "null";
  }
}

}  // namespace

bool Value::present() const { return node_ != nullptr && cJSON_IsNull(node_) == 0; }
bool Value::is_object() const { return cJSON_IsObject(node_) != 0; }
bool Value::is_array() const { return cJSON_IsArray(node_) != 0; }

Value Value::operator[](std::string_view name) const {
  if (!is_object()) return Value();
  return Value(cJSON_GetObjectItemCaseSensitive(node_, std::string(name).c_str()));
}

Value Value::operator[](size_t index) const {
  if (!is_array()) return Value();
  return Value(cJSON_GetArrayItem(node_, static_cast<int>(index)));
}

size_t Value::size() const {
  return is_array() || is_object() ? static_cast<size_t>(cJSON_GetArraySize(node_)) : 0;
}

std::vector<Value> Value::items() const {
  std::vector<Value> values;
  if (!is_array() && !is_object()) return values;
  for (const cJSON* item = node_->child; item != nullptr; item = item->next)
    values.emplace_back(item);
  return values;
}

std::vector<std::string> Value::names() const {
  std::vector<std::string> result;
  if (!is_object()) return result;
  for (const cJSON* item = node_->child; item != nullptr; item = item->next) {
    result.emplace_back(item->string);
  }
  return result;
}

std::string Value::text(std::string_view fallback) const {
  return cJSON_IsString(node_) != 0 ? std::string(node_->valuestring) : std::string(fallback);
}

double Value::number() const {
  return cJSON_IsNumber(node_) != 0 ? node_->valuedouble : std::nan("");
}

long long Value::integer(long long fallback) const {
  const double value = number();
  return value >= -9e15 && value <= 9e15 ? static_cast<long long>(value) : fallback;
}

bool Value::truth(bool fallback) const {
  return cJSON_IsBool(node_) != 0 ? cJSON_IsTrue(node_) != 0 : fallback;
}

std::string Value::show() const {
  if (!present()) return "-";
  if (cJSON_IsString(node_) != 0) return node_->valuestring;
  if (cJSON_IsBool(node_) != 0) return cJSON_IsTrue(node_) != 0 ? "yes" : "no";
  if (cJSON_IsNumber(node_) != 0) return exact_number(node_->valuedouble);
  if (is_array()) {
    std::vector<std::string> parts;
    bool flat = true;
    for (const Value item : items()) {
      flat = flat && !item.is_object() && !item.is_array();
      parts.push_back(item.show());
    }
    if (flat) return parts.empty() ? "-" : join(parts, ", ");
  }
  return json();
}

std::string Value::json() const {
  std::string text;
  if (node_ == nullptr) return "null";
  write_json(node_, &text);
  return text;
}

void Document::Delete::operator()(cJSON* node) const { cJSON_Delete(node); }

Document::Document(std::string_view text) : root_(cJSON_ParseWithLength(text.data(), text.size())) {
  if (root_ == nullptr) throw Failure(kInternal, "the library returned a document that is no JSON");
}

}  // namespace cli
