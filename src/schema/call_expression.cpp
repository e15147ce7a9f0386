// SPDX-License-Identifier: Apache-2.0
// Parser and printer of call expressions.
#include "schema/call_expression.h"

#include "base/error.h"
#include "schema/schema_parts.h"
#include "schema/text_cursor.h"

namespace fgx {
namespace {

constexpr size_t kMaxLength = size_t{1} << 16;
// Lists of tensors need one level; nothing needs more than two.
constexpr int kMaxDepth = 4;

CallLiteral parse_literal(TextCursor& cursor, int depth);

std::vector<CallLiteral> parse_entries(TextCursor& cursor, std::string_view close, int depth) {
  std::vector<CallLiteral> entries;
  if (cursor.accept(close)) return entries;
  do {
    entries.push_back(parse_literal(cursor, depth));
  } while (cursor.accept(","));
  if (!cursor.accept(close)) cursor.fail_expected("',' or '" + std::string(close) + "'");
  return entries;
}

// Sizes or strides after "[".
Dims parse_sizes(TextCursor& cursor, const char* what) {
  Dims sizes;
  if (cursor.accept("]")) return sizes;
  do {
    cursor.skip_spaces();
    const size_t begin = cursor.position();
    const int64_t size = cursor.integer(what);
    if (size < 0) cursor.fail_at(begin, std::string(what) + " must not be negative");
    if (sizes.size() == FGX_MAX_RANK) {
      cursor.fail_at(begin, "a tensor has at most " + std::to_string(FGX_MAX_RANK) + " dimensions");
    }
    sizes.push_back(size);
  } while (cursor.accept(","));
  if (!cursor.accept("]")) cursor.fail_expected("',' or ']'");
  return sizes;
}

TensorLiteral parse_tensor(TextCursor& cursor, DType dtype) {
  TensorLiteral tensor;
  tensor.dtype = dtype;
  tensor.shape = parse_sizes(cursor, "a size");
  cursor.skip_spaces();
  const size_t begin = cursor.position();
  if (!cursor.accept(":")) return tensor;
  cursor.expect("[");
  tensor.strides = parse_sizes(cursor, "a stride");
  tensor.has_strides = true;
  if (tensor.strides.size() != tensor.shape.size()) {
    cursor.fail_at(begin, std::to_string(tensor.strides.size()) + " strides for " +
                              std::to_string(tensor.shape.size()) + " dimensions");
  }
  return tensor;
}

CallLiteral parse_word(TextCursor& cursor, CallLiteral literal) {
  const std::string_view word = cursor.identifier("a tensor, number, string, list or name");
  if (word == "None") {
    literal.value = nullptr;
  } else if (word == "True" || word == "False") {
    literal.value = word == "True";
  } else {
    std::optional<DType> dtype = dtype_from_name(word);
    if (word == "torch" && cursor.peek() == '.') {
      cursor.expect(".");
      dtype = dtype_from_name(cursor.identifier("a dtype"));
    }
    if (!dtype) {
      cursor.fail_at(literal.column, "unknown name '" + std::string(word.substr(0, 64)) +
                                         "': expected True, False, None, or a dtype such as f32");
    }
    if (cursor.accept("[")) {
      literal.value = parse_tensor(cursor, *dtype);
    } else {
      literal.value = *dtype;
    }
  }
  return literal;
}

CallLiteral parse_literal(TextCursor& cursor, int depth) {
  cursor.skip_spaces();
  CallLiteral literal;
  literal.column = cursor.position();
  if (depth > kMaxDepth) cursor.fail_at(literal.column, "lists nest too deeply");
  if (cursor.at_string()) {
    literal.value = cursor.quoted();
  } else if (cursor.at_number()) {
    std::visit([&](auto number) { literal.value = number; }, cursor.number());
  } else if (cursor.accept("[")) {
    literal.value = parse_entries(cursor, "]", depth + 1);
  } else if (cursor.accept("(")) {
    literal.value = parse_entries(cursor, ")", depth + 1);
  } else {
    return parse_word(cursor, std::move(literal));
  }
  return literal;
}

std::string parse_name(TextCursor& cursor) {
  cursor.skip_spaces();
  std::string name(cursor.word("an operator name"));
  while (cursor.peek() == ':' || cursor.peek() == '.') {
    const char* separator = cursor.peek() == ':' ? "::" : ".";
    cursor.expect(separator);
    name += separator;
    name += cursor.word("a part of an operator name");
  }
  return name;
}

void parse_argument(TextCursor& cursor, CallExpression& call) {
  CallExpression::Argument argument;
  cursor.skip_spaces();
  const size_t begin = cursor.position();
  const std::string_view name = cursor.accept_identifier();
  if (!name.empty() && cursor.accept("=")) {
    argument.name = name;
    for (const CallExpression::Argument& other : call.arguments) {
      if (other.name == name) cursor.fail_at(begin, "argument '" + argument.name + "' twice");
    }
  } else {
    cursor.seek(begin);
    if (!call.arguments.empty() && !call.arguments.back().name.empty()) {
      cursor.fail_at(begin, "an argument by position after one by name");
    }
  }
  argument.literal = parse_literal(cursor, 0);
  call.arguments.push_back(std::move(argument));
}

std::string print_sizes(const Dims& sizes) { return shape_text(sizes); }

std::string print_literal(const CallLiteral& literal) {
  struct Printer {
    std::string operator()(std::nullptr_t) const { return "None"; }
    std::string operator()(bool flag) const { return print_default(flag); }
    std::string operator()(int64_t integer) const { return std::to_string(integer); }
    std::string operator()(double real) const { return print_default(real); }
    std::string operator()(const std::string& text) const { return print_default(text); }
    std::string operator()(DType dtype) const { return std::string(info(dtype).name); }
    std::string operator()(const TensorLiteral& tensor) const {
      std::string text = std::string(info(tensor.dtype).short_name) + print_sizes(tensor.shape);
      if (tensor.has_strides) text += ":" + print_sizes(tensor.strides);
      return text;
    }
    std::string operator()(const std::vector<CallLiteral>& entries) const {
      std::string text = "[";
      for (size_t i = 0; i < entries.size(); ++i) {
        if (i > 0) text += ", ";
        text += print_literal(entries[i]);
      }
      return text + "]";
    }
  };
  return std::visit(Printer{}, literal.value);
}

}  // namespace

CallExpression parse_call_expression(std::string_view text) {
  if (text.size() > kMaxLength) {
    fail(FGX_INVALID_ARGUMENT, "call expression of %zu bytes: the limit is %zu", text.size(),
         kMaxLength);
  }
  TextCursor cursor(text, "call expression", FGX_INVALID_ARGUMENT);
  CallExpression call;
  call.text = text;
  call.op = parse_name(cursor);
  cursor.expect("(");
  if (!cursor.accept(")")) {
    do {
      parse_argument(cursor, call);
    } while (cursor.accept(","));
    if (!cursor.accept(")")) cursor.fail_expected("',' or ')'");
  }
  cursor.skip_spaces();
  if (!cursor.at_end()) cursor.fail_expected("the end");
  return call;
}

std::string print_call_expression(const CallExpression& call) {
  std::string text = call.op + "(";
  for (size_t i = 0; i < call.arguments.size(); ++i) {
    if (i > 0) text += ", ";
    if (!call.arguments[i].name.empty()) text += call.arguments[i].name + "=";
    text += print_literal(call.arguments[i].literal);
  }
  return text + ")";
}

}  // namespace fgx
