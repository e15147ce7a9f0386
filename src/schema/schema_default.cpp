// SPDX-License-Identifier: Apache-2.0
// Defaults in schemas: parsing, conversion to the argument's type, and printing.
#include <charconv>
#include <cmath>
#include <string>
#include <string_view>

#include "schema/schema_parts.h"
#include "tensor/dtype.h"

namespace fgx {
namespace {

// Names that stand for numbers.
struct NamedNumber {
  std::string_view name;
  ArgumentType type;
  int64_t value;
};
constexpr NamedNumber kNamedNumbers[] = {
    {"Mean", ArgumentType::kInt, 1},  // of a loss's reduction: 0 none, 1 mean, 2 sum
    {"Sum", ArgumentType::kInt, 2},
    {"strided", ArgumentType::kLayout, 0},
    {"contiguous_format", ArgumentType::kMemoryFormat, 0},
    {"preserve_format", ArgumentType::kMemoryFormat, 1},
    {"channels_last", ArgumentType::kMemoryFormat, 2},
};

[[noreturn]] void fail_kind(const TextCursor& cursor, size_t begin, const SchemaType& type) {
  cursor.fail_at(begin, "a default of another kind than " + type_text(type));
}

bool takes(const SchemaType& type, std::initializer_list<ArgumentType> types) {
  if (type.type == ArgumentType::kOther) return true;
  for (ArgumentType candidate : types) {
    if (candidate == type.type) return true;
  }
  return false;
}

// One entry of a list, or a default that is no list.
DefaultValue parse_single(TextCursor& cursor, const SchemaType& type) {
  cursor.skip_spaces();
  const size_t begin = cursor.position();
  if (cursor.at_string()) {
    if (!takes(type, {ArgumentType::kString, ArgumentType::kDevice})) {
      fail_kind(cursor, begin, type);
    }
    return cursor.quoted();
  }
  if (cursor.at_number()) {
    const std::variant<int64_t, double> number = cursor.number();
    if (const int64_t* integer = std::get_if<int64_t>(&number)) {
      if (type.type == ArgumentType::kFloat) return static_cast<double>(*integer);
      if (!takes(type, {ArgumentType::kInt, ArgumentType::kScalar, ArgumentType::kDType,
                        ArgumentType::kLayout, ArgumentType::kMemoryFormat})) {
        fail_kind(cursor, begin, type);
      }
      return *integer;
    }
    if (!takes(type, {ArgumentType::kFloat, ArgumentType::kScalar})) {
      fail_kind(cursor, begin, type);
    }
    return std::get<double>(number);
  }
  const std::string_view name = cursor.identifier("a default value");
  if (name == "None") return nullptr;
  if (name == "True" || name == "False") {
    if (!takes(type, {ArgumentType::kBool, ArgumentType::kScalar})) fail_kind(cursor, begin, type);
    return name == "True";
  }
  for (const NamedNumber& named : kNamedNumbers) {
    if (named.name == name && named.type == type.type) return named.value;
  }
  if (type.type == ArgumentType::kDType && dtype_from_name(name)) return std::string(name);
  if (type.type == ArgumentType::kDevice) return std::string(name);
  cursor.fail_at(begin, "unknown default '" + std::string(name) + "' of type " + type_text(type));
}

DefaultValue parse_list(TextCursor& cursor, const SchemaType& type) {
  std::vector<int64_t> integers;
  std::vector<double> reals;
  std::vector<bool> flags;
  cursor.expect("[");
  if (!cursor.accept("]")) {
    do {
      cursor.skip_spaces();
      const size_t begin = cursor.position();
      const DefaultValue entry = parse_single(cursor, type);
      if (const auto* integer = std::get_if<int64_t>(&entry)) {
        integers.push_back(*integer);
      } else if (const auto* real = std::get_if<double>(&entry)) {
        reals.push_back(*real);
      } else if (const auto* flag = std::get_if<bool>(&entry)) {
        flags.push_back(*flag);
      } else {
        cursor.fail_at(begin, "a list default holds numbers or bools");
      }
      if ((!integers.empty() + !reals.empty() + !flags.empty()) > 1) {
        cursor.fail_at(begin, "a list default holds values of one kind");
      }
    } while (cursor.accept(","));
    if (!cursor.accept("]")) cursor.fail_expected("',' or ']'");
  }
  if (!reals.empty()) return reals;
  if (!flags.empty()) return flags;
  if (type.type == ArgumentType::kFloat) return reals;
  if (type.type == ArgumentType::kBool) return flags;
  return integers;
}

std::string print_real(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  char buffer[32];
  const auto result = std::to_chars(buffer, buffer + sizeof buffer, value);
  std::string text(buffer, result.ptr);
  // Without a point or exponent it would read as an integer.
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

std::string print_string(const std::string& value) {
  std::string text = "'";
  for (char c : value) {
    const unsigned char code = static_cast<unsigned char>(c);
    if (c == '\'' || c == '\\') {
      text += '\\';
      text += c;
    } else if (code < 0x20 || code == 0x7f) {
      constexpr char kDigits[] = "0123456789abcdef";
      text += "\\x";
      text += kDigits[code >> 4];
      text += kDigits[code & 15];
    } else {
      text += c;
    }
  }
  return text + "'";
}

template <typename List, typename Print>
std::string print_list(const List& list, Print print) {
  std::string text = "[";
  for (size_t i = 0; i < list.size(); ++i) {
    if (i > 0) text += ", ";
    text += print(list[i]);
  }
  return text + "]";
}

std::string print_flag(bool flag) { return flag ? "True" : "False"; }
std::string print_integer(int64_t value) { return std::to_string(value); }

}  // namespace

DefaultValue parse_default(TextCursor& cursor, const SchemaType& type) {
  cursor.skip_spaces();
  const size_t begin = cursor.position();
  if (cursor.peek() == '[') {
    if (!type.is_list && type.type != ArgumentType::kOther) fail_kind(cursor, begin, type);
    return parse_list(cursor, type);
  }
  DefaultValue value = parse_single(cursor, type);
  // One number stands for a whole list only where the list's size is known.
  if (type.is_list && type.fixed_size < 0 && !std::holds_alternative<std::nullptr_t>(value)) {
    fail_kind(cursor, begin, type);
  }
  return value;
}

std::string print_default(const DefaultValue& value) {
  struct Printer {
    std::string operator()(std::monostate) const { return ""; }
    std::string operator()(std::nullptr_t) const { return "None"; }
    std::string operator()(bool flag) const { return print_flag(flag); }
    std::string operator()(int64_t integer) const { return print_integer(integer); }
    std::string operator()(double real) const { return print_real(real); }
    std::string operator()(const std::string& text) const { return print_string(text); }
    std::string operator()(const std::vector<int64_t>& list) const {
      return print_list(list, print_integer);
    }
    std::string operator()(const std::vector<double>& list) const {
      return print_list(list, print_real);
    }
    std::string operator()(const std::vector<bool>& list) const {
      return print_list(list, print_flag);
    }
  };
  return std::visit(Printer{}, value);
}

}  // namespace fgx
