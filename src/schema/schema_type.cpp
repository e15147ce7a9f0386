// SPDX-License-Identifier: Apache-2.0
// Types in schemas: parsing and printing.
#include <string>
#include <string_view>

#include "schema/schema_parts.h"

namespace fgx {
namespace {

struct TypeName {
  std::string_view name;
  ArgumentType type;
  bool symbolic;
};
// The first spelling of a type is the one it is printed with.
constexpr TypeName kTypeNames[] = {
    {"Tensor", ArgumentType::kTensor, false},
    {"Scalar", ArgumentType::kScalar, false},
    {"int", ArgumentType::kInt, false},
    {"SymInt", ArgumentType::kInt, true},
    {"float", ArgumentType::kFloat, false},
    {"SymFloat", ArgumentType::kFloat, true},
    {"bool", ArgumentType::kBool, false},
    {"SymBool", ArgumentType::kBool, true},
    {"str", ArgumentType::kString, false},
    {"ScalarType", ArgumentType::kDType, false},
    {"Device", ArgumentType::kDevice, false},
    {"Layout", ArgumentType::kLayout, false},
    {"MemoryFormat", ArgumentType::kMemoryFormat, false},
    {"Generator", ArgumentType::kGenerator, false},
};
// Types that take other types in parentheses, where the rest take an alias annotation.
constexpr std::string_view kParametric[] = {"Dict",  "Future",   "RRef", "Await",
                                            "Union", "Optional", "List", "Tuple"};
// Types nest in each other only so far.
constexpr int kMaxDepth = 16;

SchemaType parse_nested(TextCursor& cursor, int depth);

// "t1, t2)" after the opening parenthesis.
std::string parse_parameters(TextCursor& cursor, int depth) {
  std::string text = "(";
  do {
    if (text.size() > 1) text += ", ";
    text += type_text(parse_nested(cursor, depth + 1));
  } while (cursor.accept(","));
  if (!cursor.accept(")")) cursor.fail_expected("',' or ')'");
  return text + ")";
}

// "a!", "a -> *", "a|b" after the opening parenthesis; without spaces around the bar.
std::string parse_alias(TextCursor& cursor) {
  std::string text;
  const auto parse_set = [&] {
    do {
      if (!text.empty() && text.back() != ' ') text += '|';
      if (cursor.accept("*")) {
        text += '*';
      } else {
        text += cursor.identifier("an alias name or '*'");
      }
    } while (cursor.accept("|"));
    if (cursor.accept("!")) text += '!';
  };
  parse_set();
  if (cursor.accept("->")) {
    text += " -> ";
    parse_set();
  }
  cursor.expect(")");
  return text;
}

void parse_base(TextCursor& cursor, int depth, SchemaType& type) {
  if (cursor.accept("(")) {
    type.type = ArgumentType::kOther;
    type.other = parse_parameters(cursor, depth);
    return;
  }
  const std::string_view name = cursor.identifier("a type");
  for (const TypeName& known : kTypeNames) {
    if (known.name == name) {
      type.type = known.type;
      type.symbolic = known.symbolic;
      return;
    }
  }
  type.type = ArgumentType::kOther;
  type.other = name;
  while (cursor.peek() == '.') {
    cursor.expect(".");
    type.other += '.';
    type.other += cursor.identifier("a part of a class name");
  }
  for (std::string_view parametric : kParametric) {
    if (name == parametric) {
      cursor.expect("(");
      type.other += parse_parameters(cursor, depth);
      return;
    }
  }
}

void parse_list_size(TextCursor& cursor, SchemaType& type) {
  if (cursor.accept("]")) return;
  cursor.skip_spaces();
  const size_t begin = cursor.position();
  type.fixed_size = cursor.integer("a list size or ']'");
  // No list of parameters is longer than a tensor has dimensions, with room for pairs.
  if (type.fixed_size < 1 || type.fixed_size > 64) {
    cursor.fail_at(begin, "a list size must lie in 1..64");
  }
  cursor.expect("]");
}

// What was parsed so far becomes the opaque element of a further list or optional.
void wrap_as_other(SchemaType& type) {
  SchemaType outer;
  outer.type = ArgumentType::kOther;
  outer.other = type_text(type);
  type = outer;
}

SchemaType parse_nested(TextCursor& cursor, int depth) {
  if (depth > kMaxDepth) cursor.fail_at(cursor.position(), "types nest too deeply");
  SchemaType type;
  parse_base(cursor, depth, type);
  // Suffixes bind outwards: element alias, '?', list, list alias, '?'.
  for (int suffixes = 0;; ++suffixes) {
    if (suffixes > kMaxDepth) cursor.fail_at(cursor.position(), "types nest too deeply");
    if (cursor.peek() == '[') {
      cursor.expect("[");
      if (type.is_list) wrap_as_other(type);
      type.optional_elements = type.optional;
      type.optional = false;
      type.is_list = true;
      parse_list_size(cursor, type);
    } else if (cursor.peek() == '?') {
      const size_t begin = cursor.position();
      cursor.expect("?");
      if (type.optional) cursor.fail_at(begin, "a second '?'");
      type.optional = true;
    } else if (cursor.peek() == '(') {
      const size_t begin = cursor.position();
      cursor.expect("(");
      if (!type.alias.empty() || type.optional) cursor.fail_at(begin, "misplaced alias annotation");
      type.alias = parse_alias(cursor);
      type.alias_of_list = type.is_list;
    } else {
      return type;
    }
  }
}

}  // namespace

SchemaType parse_schema_type(TextCursor& cursor) { return parse_nested(cursor, 0); }

std::string type_text(const SchemaType& type) {
  std::string text;
  if (type.type == ArgumentType::kOther) {
    text = type.other;
  } else {
    for (const TypeName& known : kTypeNames) {
      if (known.type == type.type && known.symbolic == type.symbolic) text = known.name;
    }
  }
  const std::string alias = type.alias.empty() ? "" : "(" + type.alias + ")";
  if (!type.alias_of_list) text += alias;
  if (type.is_list) {
    if (type.optional_elements) text += '?';
    text += '[';
    if (type.fixed_size >= 0) text += std::to_string(type.fixed_size);
    text += ']';
    if (type.alias_of_list) text += alias;
  }
  if (type.optional) text += '?';
  return text;
}

}  // namespace fgx
