// SPDX-License-Identifier: Apache-2.0
// JSON documents over cJSON's tree. Text is read and written here, never by cJSON: it cuts numbers
// to 15 digits, accepts what is not JSON, and recurses without limit.
#include "base/json.h"

#include <charconv>
#include <cmath>
#include <cstdarg>
#include <cstdlib>
#include <cstring>
#include <new>
#include <vector>

#include "base/error.h"
#include "base/strings.h"
#include "cjson/cJSON.h"

namespace fgx {
namespace {

// Deeper trees can only be built by our own code; copying and writing refuse them.
constexpr int kMaxTreeDepth = 256;

// All nodes come from operator new, so that one allocator serves the library and tests can fail it.
void* allocate_node(size_t size) { return ::operator new(size, std::nothrow); }
void free_node(void* memory) { ::operator delete(memory); }

void install_allocator() {
  static const bool installed = [] {
    cJSON_Hooks hooks{allocate_node, free_node};
    cJSON_InitHooks(&hooks);
    return true;
  }();
  static_cast<void>(installed);
}

char* copy_text(std::string_view text) {
  char* copy = static_cast<char*>(cJSON_malloc(text.size() + 1));
  if (copy == nullptr) throw std::bad_alloc();
  std::memcpy(copy, text.data(), text.size());
  copy[text.size()] = '\0';
  return copy;
}

// cJSON_Delete recurses; this frees children by splicing them into the list instead.
void free_tree(cJSON* node) noexcept {
  while (node != nullptr) {
    if (node->child != nullptr) {
      cJSON* last = node->child;
      while (last->next != nullptr) last = last->next;
      last->next = node->next;
      node->next = node->child;
      node->child = nullptr;
    }
    cJSON* next = node->next;
    node->next = nullptr;
    cJSON_Delete(node);
    node = next;
  }
}

// Owns a node until it is linked into a tree.
class NodePtr {
 public:
  explicit NodePtr(cJSON* node) : node_(node) {}
  ~NodePtr() { free_tree(node_); }
  NodePtr(const NodePtr&) = delete;
  NodePtr& operator=(const NodePtr&) = delete;
  cJSON* get() const { return node_; }
  cJSON* operator->() const { return node_; }
  cJSON* release() { return std::exchange(node_, nullptr); }

 private:
  cJSON* node_;
};

cJSON* make_node(int type) {
  install_allocator();
  cJSON* node = cJSON_CreateNull();
  if (node == nullptr) throw std::bad_alloc();
  node->type = type;
  return node;
}

cJSON* make_text_node(int type, std::string_view text) {
  NodePtr node(make_node(type));
  node->valuestring = copy_text(text);
  return node.release();
}

void link(cJSON* parent, cJSON* node) { cJSON_AddItemToArray(parent, node); }

cJSON* copy_tree(const cJSON* source, int depth) {
  if (depth > kMaxTreeDepth) fail(FGX_INTERNAL, "JSON is nested deeper than %d", kMaxTreeDepth);
  NodePtr copy(make_node(source->type & 0xff));
  if (source->valuestring != nullptr) copy->valuestring = copy_text(source->valuestring);
  for (const cJSON* child = source->child; child != nullptr; child = child->next) {
    NodePtr item(copy_tree(child, depth + 1));
    if (child->string != nullptr) item->string = copy_text(child->string);
    link(copy.get(), item.release());
  }
  return copy.release();
}

cJSON* find_member(const cJSON* object, std::string_view name) {
  if (object == nullptr || (object->type & 0xff) != cJSON_Object) return nullptr;
  for (cJSON* child = object->child; child != nullptr; child = child->next)
    if (name == child->string) return child;
  return nullptr;
}

// Replaces `old` by `fresh`, which takes over its key.
void replace_node(cJSON* parent, cJSON* old, cJSON* fresh) {
  std::swap(fresh->string, old->string);
  cJSON_ReplaceItemViaPointer(parent, old, fresh);
}

void check_name(std::string_view name) {
  if (!is_valid_utf8(name)) fail(FGX_INVALID_ARGUMENT, "a JSON key is not valid UTF-8");
}

class TreeBuilder final : public JsonHandler {
 public:
  ~TreeBuilder() override { free_tree(root_); }
  cJSON* release() { return std::exchange(root_, nullptr); }

  void on_begin(bool is_object) override {
    cJSON* node = make_node(is_object ? cJSON_Object : cJSON_Array);
    add(node);
    open_.push_back(node);
  }
  void on_end(bool) override { open_.pop_back(); }
  void on_key(std::string_view raw, bool has_escapes) override {
    key_ = has_escapes ? decode_json_string(raw) : std::string(raw);
  }
  void on_string(std::string_view raw, bool has_escapes) override {
    add(make_text_node(cJSON_String, has_escapes ? decode_json_string(raw) : raw));
  }
  void on_number(std::string_view text) override { add(make_text_node(cJSON_Number, text)); }
  void on_literal(std::string_view text) override {
    add(make_node(text == "true" ? cJSON_True : text == "false" ? cJSON_False : cJSON_NULL));
  }

 private:
  void add(cJSON* raw) {
    NodePtr node(raw);
    if (open_.empty()) {
      root_ = node.release();
      return;
    }
    if (open_.back()->type == cJSON_Object) node->string = copy_text(key_);
    link(open_.back(), node.release());
  }

  cJSON* root_ = nullptr;
  std::vector<cJSON*> open_;
  std::string key_;
};

const char* type_name(int type) {
  switch (type & 0xff) {
    case cJSON_True:
    case cJSON_False:
      return "a boolean";
    case cJSON_NULL:
      return "null";
    case cJSON_Number:
      return "a number";
    case cJSON_String:
      return "a string";
    case cJSON_Array:
      return "an array";
    default:
      return "an object";
  }
}

// Finds the way from `from` to `target`; appends its segments to `pointer`.
bool find_path(const cJSON* from, const cJSON* target, int depth, std::string* pointer) {
  if (from == target) return true;
  if (depth > kMaxTreeDepth) return false;
  const size_t length = pointer->size();
  size_t index = 0;
  for (const cJSON* child = from->child; child != nullptr; child = child->next, ++index) {
    *pointer += '/';
    *pointer += child->string ? escape_json_pointer(child->string) : std::to_string(index);
    if (find_path(child, target, depth + 1, pointer)) return true;
    pointer->resize(length);
  }
  return false;
}

void write_tree(const cJSON* node, int depth, int indent, std::string* out) {
  if (depth > kMaxTreeDepth) fail(FGX_INTERNAL, "JSON is nested deeper than %d", kMaxTreeDepth);
  const auto new_line = [&](int levels) {
    if (indent < 0) return;
    *out += '\n';
    out->append(size_t{2} * static_cast<size_t>(indent + levels), ' ');
  };
  switch (node->type & 0xff) {
    case cJSON_True:
      *out += "true";
      return;
    case cJSON_False:
      *out += "false";
      return;
    case cJSON_Number:
      *out += node->valuestring;
      return;
    case cJSON_String:
      append_json_string(node->valuestring, out);
      return;
    case cJSON_Array:
    case cJSON_Object:
      break;
    default:
      *out += "null";
      return;
  }
  const bool is_object = (node->type & 0xff) == cJSON_Object;
  // Arrays of scalars stay on one line: shapes read better so.
  bool flat = !is_object;
  for (const cJSON* child = node->child; child != nullptr && flat; child = child->next)
    flat = child->child == nullptr;
  *out += is_object ? '{' : '[';
  for (const cJSON* child = node->child; child != nullptr; child = child->next) {
    if (!flat) new_line(depth + 1);
    if (is_object) {
      append_json_string(child->string, out);
      *out += indent < 0 ? ":" : ": ";
    }
    write_tree(child, depth + 1, indent, out);
    if (child->next != nullptr) *out += flat && indent >= 0 ? ", " : ",";
  }
  if (!flat && node->child != nullptr) new_line(depth);
  *out += is_object ? '}' : ']';
}

bool numbers_equal(const char* a, const char* b) {
  return std::strcmp(a, b) == 0 || std::strtod(a, nullptr) == std::strtod(b, nullptr);
}

bool trees_equal(const cJSON* a, const cJSON* b, int depth) {
  if (depth > kMaxTreeDepth || (a->type & 0xff) != (b->type & 0xff)) return false;
  switch (a->type & 0xff) {
    case cJSON_Number:
      return numbers_equal(a->valuestring, b->valuestring);
    case cJSON_String:
      return std::strcmp(a->valuestring, b->valuestring) == 0;
    case cJSON_Object: {
      size_t count_a = 0, count_b = 0;
      for (const cJSON* x = b->child; x != nullptr; x = x->next) ++count_b;
      for (const cJSON* x = a->child; x != nullptr; x = x->next, ++count_a) {
        const cJSON* y = find_member(b, x->string);
        if (y == nullptr || !trees_equal(x, y, depth + 1)) return false;
      }
      return count_a == count_b;
    }
    case cJSON_Array: {
      const cJSON* x = a->child;
      const cJSON* y = b->child;
      for (; x != nullptr && y != nullptr; x = x->next, y = y->next)
        if (!trees_equal(x, y, depth + 1)) return false;
      return x == nullptr && y == nullptr;
    }
    default:
      return true;
  }
}

void patch_tree(cJSON* target, const cJSON* patch, int depth) {
  if (depth > kMaxTreeDepth) fail(FGX_INTERNAL, "JSON is nested deeper than %d", kMaxTreeDepth);
  for (const cJSON* change = patch->child; change != nullptr; change = change->next) {
    cJSON* old = find_member(target, change->string);
    const int type = change->type & 0xff;
    if (type == cJSON_NULL) {
      if (old != nullptr) free_tree(cJSON_DetachItemViaPointer(target, old));
    } else if (type == cJSON_Object && old != nullptr && (old->type & 0xff) == cJSON_Object) {
      patch_tree(old, change, depth + 1);
    } else {
      // An object that replaces another value is itself merged into nothing, which drops its nulls.
      NodePtr fresh(type == cJSON_Object ? make_node(cJSON_Object) : copy_tree(change, depth));
      if (type == cJSON_Object) patch_tree(fresh.get(), change, depth + 1);
      if (old != nullptr) {
        replace_node(target, old, fresh.release());
      } else {
        fresh->string = copy_text(change->string);
        link(target, fresh.release());
      }
    }
  }
}

}  // namespace

namespace detail {
const cJSON* json_next(const cJSON* node) { return node->next; }
std::string_view json_key(const cJSON* node) { return node->string ? node->string : ""; }
}  // namespace detail

// ------------------------------------------------------------------------------------- JsonView

JsonType JsonView::type() const {
  switch (node_ ? node_->type & 0xff : cJSON_NULL) {
    case cJSON_True:
    case cJSON_False:
      return JsonType::kBool;
    case cJSON_Number:
      return JsonType::kNumber;
    case cJSON_String:
      return JsonType::kString;
    case cJSON_Array:
      return JsonType::kArray;
    case cJSON_Object:
      return JsonType::kObject;
    default:
      return JsonType::kNull;
  }
}

std::string JsonView::pointer() const {
  std::string text;
  if (node_ != nullptr && root_ != nullptr) find_path(root_, node_, 0, &text);
  return text;
}

void JsonView::fail(const char* format, ...) const {
  va_list arguments;
  va_start(arguments, format);
  va_list again;
  va_copy(again, arguments);
  const int size = std::vsnprintf(nullptr, 0, format, arguments);
  va_end(arguments);
  std::vector<char> text(static_cast<size_t>(size > 0 ? size : 0) + 1);
  std::vsnprintf(text.data(), text.size(), format, again);
  va_end(again);
  const std::string where = pointer();
  throw Error(code_, (where.empty() ? std::string("document") : escape_for_display(where)) + ": " +
                         text.data());
}

size_t JsonView::size() const {
  size_t count = 0;
  for (const cJSON* child = node_ ? node_->child : nullptr; child != nullptr; child = child->next)
    ++count;
  return count;
}

JsonView JsonView::find(std::string_view name) const {
  return {root_, find_member(node_, name), code_};
}

JsonView JsonView::at(std::string_view name) const {
  if (type() != JsonType::kObject) fail("expected an object, found %s", type_name(node_->type));
  const JsonView member = find(name);
  if (!member) fail("\"%s\" is missing", escape_for_display(name).c_str());
  return member;
}

JsonView JsonView::at(size_t index) const {
  if (type() != JsonType::kArray) fail("expected an array, found %s", type_name(node_->type));
  const cJSON* child = node_->child;
  for (size_t i = 0; i < index && child != nullptr; ++i) child = child->next;
  if (child == nullptr) fail("element %zu is missing", index);
  return {root_, child, code_};
}

JsonView JsonView::resolve(std::string_view path) const {
  JsonView value = *this;
  if (path.empty()) return value;
  const std::vector<std::string_view> segments = split(path, '/');
  for (size_t i = 1; i < segments.size() && value; ++i) {
    std::string name;
    for (size_t k = 0; k < segments[i].size(); ++k) {
      const bool escape = segments[i][k] == '~' && k + 1 < segments[i].size();
      name += escape ? (segments[i][++k] == '0' ? '~' : '/') : segments[i][k];
    }
    if (value.is_array()) {
      size_t index = 0;
      const auto parsed = std::from_chars(name.data(), name.data() + name.size(), index);
      const cJSON* child = value.node_->child;
      if (parsed.ec != std::errc() || parsed.ptr != name.data() + name.size()) child = nullptr;
      for (size_t k = 0; k < index && child != nullptr; ++k) child = child->next;
      value = {root_, child, code_};
    } else {
      value = value.find(name);
    }
  }
  return value;
}

bool JsonView::is_int64() const {
  if (!is_number()) return false;
  const std::string_view text = node_->valuestring;
  int64_t value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  return result.ec == std::errc() && result.ptr == text.data() + text.size();
}

bool JsonView::as_bool() const {
  if (type() != JsonType::kBool)
    fail("expected true or false, found %s", node_ ? type_name(node_->type) : "nothing");
  return (node_->type & 0xff) == cJSON_True;
}

int64_t JsonView::as_int64(int64_t least, int64_t most) const {
  if (!is_number())
    fail("expected an integer, found %s", node_ ? type_name(node_->type) : "nothing");
  const std::string_view text = node_->valuestring;
  int64_t value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (result.ptr != text.data() + text.size() && result.ec == std::errc())
    fail("expected an integer, found %s", node_->valuestring);
  if (result.ec != std::errc() || value < least || value > most)
    fail("%.40s is out of range (%lld to %lld)", node_->valuestring, static_cast<long long>(least),
         static_cast<long long>(most));
  return value;
}

uint64_t JsonView::as_uint64() const {
  if (!is_number())
    fail("expected an integer, found %s", node_ ? type_name(node_->type) : "nothing");
  const std::string_view text = node_->valuestring;
  uint64_t value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (result.ec != std::errc() || result.ptr != text.data() + text.size())
    fail("%.40s is no integer of 64 bits without a sign", node_->valuestring);
  return value;
}

double JsonView::as_double() const {
  if (!is_number()) fail("expected a number, found %s", node_ ? type_name(node_->type) : "nothing");
  const std::string_view text = node_->valuestring;
  double value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  // Only numbers too small to represent come here out of range; strtod rounds them.
  if (result.ec != std::errc()) value = std::strtod(node_->valuestring, nullptr);
  return value;
}

std::string_view JsonView::as_string() const {
  if (!is_string()) fail("expected a string, found %s", node_ ? type_name(node_->type) : "nothing");
  return node_->valuestring;
}

std::string_view JsonView::number_text() const {
  if (!is_number()) fail("expected a number, found %s", node_ ? type_name(node_->type) : "nothing");
  return node_->valuestring;
}

std::vector<int64_t> JsonView::as_int64_list(int64_t least, int64_t most) const {
  std::vector<int64_t> list;
  for (const JsonView item : elements()) list.push_back(item.as_int64(least, most));
  return list;
}

std::vector<double> JsonView::as_double_list() const {
  std::vector<double> list;
  for (const JsonView item : elements()) list.push_back(item.as_double());
  return list;
}

std::vector<std::string> JsonView::as_string_list() const {
  std::vector<std::string> list;
  for (const JsonView item : elements()) list.emplace_back(item.as_string());
  return list;
}

JsonView JsonView::get_array(std::string_view name) const {
  const JsonView member = at(name);
  if (!member.is_array()) member.fail("expected an array, found %s", type_name(member.node_->type));
  return member;
}

JsonView JsonView::get_object(std::string_view name) const {
  const JsonView member = at(name);
  if (!member.is_object())
    member.fail("expected an object, found %s", type_name(member.node_->type));
  return member;
}

bool JsonView::get_bool_or(std::string_view name, bool fallback) const {
  const JsonView member = find(name);
  return member.is_null() ? fallback : member.as_bool();
}

int64_t JsonView::get_int64_or(std::string_view name, int64_t fallback) const {
  const JsonView member = find(name);
  return member.is_null() ? fallback : member.as_int64();
}

double JsonView::get_double_or(std::string_view name, double fallback) const {
  const JsonView member = find(name);
  return member.is_null() ? fallback : member.as_double();
}

std::string JsonView::get_string_or(std::string_view name, std::string_view fallback) const {
  const JsonView member = find(name);
  return std::string(member.is_null() ? fallback : member.as_string());
}

JsonElements JsonView::elements() const {
  if (!is_array()) fail("expected an array, found %s", node_ ? type_name(node_->type) : "nothing");
  return {root_, node_->child, code_};
}

JsonMembers JsonView::members() const {
  if (!is_object())
    fail("expected an object, found %s", node_ ? type_name(node_->type) : "nothing");
  return {root_, node_->child, code_};
}

void JsonView::append_to(std::string* out) const {
  if (node_ == nullptr) {
    *out += "null";
  } else {
    write_tree(node_, 0, -1, out);
  }
}

void JsonView::append_pretty_to(std::string* out, int indent) const {
  if (node_ == nullptr) {
    *out += "null";
  } else {
    write_tree(node_, 0, indent, out);
  }
}

std::string JsonView::dump() const {
  std::string out;
  append_to(&out);
  return out;
}

std::string JsonView::dump_pretty() const {
  std::string out;
  append_pretty_to(&out, 0);
  return out;
}

bool JsonView::operator==(const JsonView& other) const {
  if (node_ == nullptr || other.node_ == nullptr) return node_ == other.node_;
  return trees_equal(node_, other.node_, 0);
}

// ----------------------------------------------------------------------------------------- Json

Json::Json(std::nullptr_t) : root_(make_node(cJSON_NULL)) {}
Json::Json(bool value) : root_(make_node(value ? cJSON_True : cJSON_False)) {}

Json::Json(double value) {
  std::string text;
  append_json_double(value, &text);
  root_ = text == "null" ? make_node(cJSON_NULL) : make_text_node(cJSON_Number, text);
}

Json::Json(std::string_view text) {
  if (text.find('\0') != std::string_view::npos)
    fail(FGX_INVALID_ARGUMENT, "a JSON string holds a NUL byte");
  root_ = make_text_node(cJSON_String, text);
}

Json Json::from_signed(int64_t value) {
  return Json(Adopt{}, make_text_node(cJSON_Number, std::to_string(value)), FGX_METADATA_INVALID);
}

Json Json::from_unsigned(uint64_t value) {
  return Json(Adopt{}, make_text_node(cJSON_Number, std::to_string(value)), FGX_METADATA_INVALID);
}

Json::Json(JsonView view)
    : root_(view.node_ ? copy_tree(view.node_, 0) : make_node(cJSON_NULL)), code_(view.code_) {}

Json::Json(const Json& other) : Json(other.view()) {}

Json& Json::operator=(const Json& other) {
  if (this != &other) *this = Json(other);
  return *this;
}

Json& Json::operator=(Json&& other) noexcept {
  if (this != &other) {
    free_tree(root_);
    root_ = std::exchange(other.root_, nullptr);
    code_ = other.code_;
  }
  return *this;
}

Json::~Json() { free_tree(root_); }

Json Json::object() { return Json(Adopt{}, make_node(cJSON_Object), FGX_METADATA_INVALID); }
Json Json::array() { return Json(Adopt{}, make_node(cJSON_Array), FGX_METADATA_INVALID); }

Json Json::array(std::initializer_list<Json> items) {
  Json result = array();
  for (const Json& item : items) result.push(item);
  return result;
}

Json Json::number(std::string_view text) {
  Json value = parse(text);
  if (!value.is_number()) fail(FGX_INVALID_ARGUMENT, "not a JSON number");
  return value;
}

Json Json::parse(std::string_view text, const JsonLimits& limits) {
  TreeBuilder builder;
  scan_json(text, limits, &builder);
  return Json(Adopt{}, builder.release(), limits.error);
}

Json& Json::set(std::string_view name, Json value) & {
  cJSON* old = find_member(root_, name);
  if (old == nullptr) return append(name, std::move(value));
  if (value.root_ == nullptr) value = Json();
  replace_node(root_, old, std::exchange(value.root_, nullptr));
  return *this;
}

Json& Json::append(std::string_view name, Json value) {
  if (!is_object()) fail(FGX_INTERNAL, "a member was added to a JSON value that is no object");
  check_name(name);
  if (value.root_ == nullptr) value = Json();
  value.root_->string = copy_text(name);
  link(root_, std::exchange(value.root_, nullptr));
  return *this;
}

Json& Json::push(Json value) {
  if (!is_array()) fail(FGX_INTERNAL, "an element was added to a JSON value that is no array");
  if (value.root_ == nullptr) value = Json();
  link(root_, std::exchange(value.root_, nullptr));
  return *this;
}

Json Json::take(std::string_view name) {
  cJSON* member = find_member(root_, name);
  if (member == nullptr) return Json();
  member = cJSON_DetachItemViaPointer(root_, member);
  cJSON_free(member->string);
  member->string = nullptr;
  return Json(Adopt{}, member, code_);
}

bool Json::erase(std::string_view name) {
  cJSON* old = find_member(root_, name);
  if (old == nullptr) return false;
  free_tree(cJSON_DetachItemViaPointer(root_, old));
  return true;
}

void Json::merge_patch(JsonView patch) {
  if (!patch.is_object()) {
    *this = Json(patch);
    return;
  }
  if (!is_object()) *this = object();
  patch_tree(root_, patch.node_, 0);
}

}  // namespace fgx
