// SPDX-License-Identifier: Apache-2.0
// JSON documents: parsed strictly, read with errors that name the place, written deterministically.
//
// A Json owns a tree (cJSON's nodes, which nothing outside this layer sees); a JsonView points at a
// value inside one and is valid while that Json lives unchanged. Reading the wrong type, a number
// out of range or an absent member throws Error with the document's code and the JSON pointer:
//
//   const Json doc = Json::parse(text);
//   const int64_t rows = doc.get_int64("rows", 1, 1 << 20);   // required, within a range
//   const std::string name = doc.get_string("name", "none");  // optional: absent or null
//   for (const JsonView item : doc.at("items").elements()) use(item.as_double());
//
//   Json out = Json::object();
//   out.set("name", "gelu").set("times", Json::array({0.5, 0.25}));
//   return out.dump();
//
// Numbers keep the text they were parsed from, so documents round-trip bit for bit.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/json_scan.h"
#include "base/json_text.h"
#include "flaggems_exp.h"

struct cJSON;

namespace fgx {

enum class JsonType { kNull, kBool, kNumber, kString, kArray, kObject };

template <bool kNamed>
class JsonRange;
using JsonElements = JsonRange<false>;
using JsonMembers = JsonRange<true>;

class JsonView {
 public:
  JsonView() = default;
  JsonView(const cJSON* root, const cJSON* node, fgx_status code)
      : root_(root), node_(node), code_(code) {}

  // False for what find() did not find. All other functions but get_*(name, fallback) and find()
  // need a value that is present.
  explicit operator bool() const { return node_ != nullptr; }
  JsonType type() const;
  bool is_null() const { return type() == JsonType::kNull; }
  bool is_bool() const { return type() == JsonType::kBool; }
  bool is_number() const { return type() == JsonType::kNumber; }
  bool is_string() const { return type() == JsonType::kString; }
  bool is_array() const { return type() == JsonType::kArray; }
  bool is_object() const { return type() == JsonType::kObject; }
  // Whether it is a number written without fraction and exponent that fits int64.
  bool is_int64() const;

  // RFC 6901 pointer from the document's root; "" for the root itself. Slow: for messages.
  std::string pointer() const;
  // Throws with the document's code: "<pointer>: <message>".
  [[noreturn, gnu::format(printf, 2, 3)]] void fail(const char* format, ...) const;

  // Number of elements or members; 0 for scalars.
  size_t size() const;
  bool empty() const { return size() == 0; }

  // Members, by exact name. find() gives an empty view when it is absent or this is no object.
  JsonView find(std::string_view name) const;
  bool has(std::string_view name) const { return static_cast<bool>(find(name)); }
  JsonView at(std::string_view name) const;  // throws when absent
  // Elements. Walks a list: iterate instead of calling this in a loop.
  JsonView at(size_t index) const;
  // By pointer, e.g. "/ops/gelu/status"; an empty view when any part is absent.
  JsonView resolve(std::string_view pointer) const;

  bool as_bool() const;
  // Refuses 1.5, and 1e3 too: an integer is written as one. Inclusive range.
  int64_t as_int64(int64_t least = std::numeric_limits<int64_t>::min(),
                   int64_t most = std::numeric_limits<int64_t>::max()) const;
  uint64_t as_uint64() const;
  int32_t as_int32(int32_t least = std::numeric_limits<int32_t>::min(),
                   int32_t most = std::numeric_limits<int32_t>::max()) const {
    return static_cast<int32_t>(as_int64(least, most));
  }
  double as_double() const;
  std::string_view as_string() const;    // decoded
  std::string_view number_text() const;  // as written
  std::vector<int64_t> as_int64_list(int64_t least = std::numeric_limits<int64_t>::min(),
                                     int64_t most = std::numeric_limits<int64_t>::max()) const;
  std::vector<double> as_double_list() const;
  std::vector<std::string> as_string_list() const;

  // Required members.
  bool get_bool(std::string_view name) const { return at(name).as_bool(); }
  int64_t get_int64(std::string_view name, int64_t least, int64_t most) const {
    return at(name).as_int64(least, most);
  }
  int64_t get_int64(std::string_view name) const { return at(name).as_int64(); }
  int32_t get_int32(std::string_view name) const { return at(name).as_int32(); }
  double get_double(std::string_view name) const { return at(name).as_double(); }
  std::string get_string(std::string_view name) const { return std::string(at(name).as_string()); }
  JsonView get_array(std::string_view name) const;
  JsonView get_object(std::string_view name) const;
  // Optional members: absent and null give `fallback`; any other type still throws.
  bool get_bool_or(std::string_view name, bool fallback) const;
  int64_t get_int64_or(std::string_view name, int64_t fallback) const;
  double get_double_or(std::string_view name, double fallback) const;
  std::string get_string_or(std::string_view name, std::string_view fallback) const;

  // Iteration; throws when this is no array, or no object.
  JsonElements elements() const;
  JsonMembers members() const;

  // Text without spaces; with indentation of two spaces. Deterministic: members in their order.
  std::string dump() const;
  std::string dump_pretty() const;
  void append_to(std::string* out) const;
  void append_pretty_to(std::string* out, int indent) const;

  bool operator==(const JsonView& other) const;  // same type and value; member order is ignored

  const cJSON* node() const { return node_; }

 private:
  friend class Json;
  const cJSON* root_ = nullptr;
  const cJSON* node_ = nullptr;
  fgx_status code_ = FGX_METADATA_INVALID;
};

class Json {
 public:
  Json() : Json(nullptr) {}
  Json(std::nullptr_t);
  Json(bool value);
  Json(double value);
  Json(const char* text) : Json(std::string_view(text)) {}
  Json(const std::string& text) : Json(std::string_view(text)) {}
  Json(std::string_view text);  // NUL is refused (InvalidArgument), bad UTF-8 is replaced
  template <typename T,
            std::enable_if_t<std::is_integral_v<T> && !std::is_same_v<T, bool>, int> = 0>
  Json(T value)
      : Json(std::is_signed_v<T> ? from_signed(static_cast<int64_t>(value))
                                 : from_unsigned(static_cast<uint64_t>(value))) {}
  explicit Json(JsonView view);  // a copy
  Json(const Json& other);
  Json(Json&& other) noexcept : root_(std::exchange(other.root_, nullptr)), code_(other.code_) {}
  Json& operator=(const Json& other);
  Json& operator=(Json&& other) noexcept;
  ~Json();

  static Json object();
  static Json array();
  static Json array(std::initializer_list<Json> items);
  template <typename Range>
  static Json array_of(const Range& items) {
    Json result = array();
    for (const auto& item : items) result.push(Json(item));
    return result;
  }
  // A number with exactly this text, which must be a JSON number.
  static Json number(std::string_view text);

  // Throws Error(limits.error) naming line and column.
  static Json parse(std::string_view text, const JsonLimits& limits = {});

  // Adds or replaces a member, in place; the position of a replaced member is kept.
  Json& set(std::string_view name, Json value) &;
  Json&& set(std::string_view name, Json value) && {
    return std::move(set(name, std::move(value)));
  }
  // Adds a member that is known to be new: constant time.
  Json& append(std::string_view name, Json value);
  // Adds an element.
  Json& push(Json value);
  // Removes a member and returns it; null when there was none.
  Json take(std::string_view name);
  // Removes a member; false when there was none.
  bool erase(std::string_view name);
  // Applies a JSON merge patch (RFC 7396): null removes, objects merge, everything else replaces.
  void merge_patch(JsonView patch);

  JsonView view() const { return {root_, root_, code_}; }
  operator JsonView() const { return view(); }

  // What JsonView offers.
  JsonType type() const { return view().type(); }
  bool is_null() const { return view().is_null(); }
  bool is_string() const { return view().is_string(); }
  bool is_number() const { return view().is_number(); }
  bool is_array() const { return view().is_array(); }
  bool is_object() const { return view().is_object(); }
  size_t size() const { return view().size(); }
  JsonView find(std::string_view name) const { return view().find(name); }
  bool has(std::string_view name) const { return view().has(name); }
  JsonView at(std::string_view name) const { return view().at(name); }
  JsonView at(size_t index) const { return view().at(index); }
  JsonView resolve(std::string_view pointer) const { return view().resolve(pointer); }
  bool get_bool(std::string_view name) const { return view().get_bool(name); }
  int64_t get_int64(std::string_view name) const { return view().get_int64(name); }
  int64_t get_int64(std::string_view name, int64_t least, int64_t most) const {
    return view().get_int64(name, least, most);
  }
  int32_t get_int32(std::string_view name) const { return view().get_int32(name); }
  double get_double(std::string_view name) const { return view().get_double(name); }
  std::string get_string(std::string_view name) const { return view().get_string(name); }
  JsonView get_array(std::string_view name) const { return view().get_array(name); }
  JsonView get_object(std::string_view name) const { return view().get_object(name); }
  bool get_bool_or(std::string_view name, bool fallback) const {
    return view().get_bool_or(name, fallback);
  }
  int64_t get_int64_or(std::string_view name, int64_t fallback) const {
    return view().get_int64_or(name, fallback);
  }
  double get_double_or(std::string_view name, double fallback) const {
    return view().get_double_or(name, fallback);
  }
  std::string get_string_or(std::string_view name, std::string_view fallback) const {
    return view().get_string_or(name, fallback);
  }
  inline JsonElements elements() const;
  inline JsonMembers members() const;
  std::string dump() const { return view().dump(); }
  std::string dump_pretty() const { return view().dump_pretty(); }

 private:
  struct Adopt {};
  Json(Adopt, cJSON* root, fgx_status code) : root_(root), code_(code) {}
  static Json from_signed(int64_t value);
  static Json from_unsigned(uint64_t value);

  cJSON* root_ = nullptr;
  fgx_status code_ = FGX_METADATA_INVALID;
};

namespace detail {
const cJSON* json_next(const cJSON* node);
std::string_view json_key(const cJSON* node);
}  // namespace detail

// The children of an array or object, for range-for. `kNamed`: with their names, for structured bindings
// [name, value].
template <bool kNamed>
class JsonRange {
 public:
  class Iterator {
   public:
    Iterator(const cJSON* root, const cJSON* node, fgx_status code)
        : root_(root), node_(node), code_(code) {}
    auto operator*() const {
      const JsonView view(root_, node_, code_);
      if constexpr (kNamed) {
        return std::pair<std::string_view, JsonView>(detail::json_key(node_), view);
      } else {
        return view;
      }
    }
    Iterator& operator++() {
      node_ = detail::json_next(node_);
      return *this;
    }
    bool operator!=(const Iterator& other) const { return node_ != other.node_; }

   private:
    const cJSON* root_;
    const cJSON* node_;
    fgx_status code_;
  };
  JsonRange(const cJSON* root, const cJSON* first, fgx_status code)
      : root_(root), first_(first), code_(code) {}
  Iterator begin() const { return {root_, first_, code_}; }
  Iterator end() const { return {root_, nullptr, code_}; }

 private:
  const cJSON* root_;
  const cJSON* first_;
  fgx_status code_;
};

inline JsonElements Json::elements() const { return view().elements(); }
inline JsonMembers Json::members() const { return view().members(); }

}  // namespace fgx
