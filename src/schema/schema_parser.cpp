// SPDX-License-Identifier: Apache-2.0
// Parser of ATen's schema notation: names, arguments and returns (types and defaults have their own
// files).
#include <array>
#include <string>

#include "base/error.h"
#include "schema/schema.h"
#include "schema/schema_parts.h"
#include "schema/text_cursor.h"

namespace fgx {
namespace {

// Longer than any schema in existence by far; bounds the work on hostile input.
constexpr size_t kMaxSchemaLength = size_t{1} << 16;

void parse_name(TextCursor& cursor, Schema& schema) {
  schema.name_space = "aten";
  schema.name = cursor.identifier("an operator name");
  while (cursor.peek() == ':') {
    cursor.expect("::");
    schema.name_space = schema.name;
    schema.name = cursor.identifier("an operator name");
    if (cursor.peek() == ':') cursor.fail_expected("'(' or '.'");
  }
  if (cursor.peek() == '.') {
    cursor.expect(".");
    schema.overload = cursor.word("an overload name");
  }
}

void parse_argument(TextCursor& cursor, bool keyword_only, Schema& schema) {
  SchemaArgument argument;
  static_cast<SchemaType&>(argument) = parse_schema_type(cursor);
  argument.keyword_only = keyword_only;
  cursor.skip_spaces();
  const size_t begin = cursor.position();
  argument.name = cursor.identifier("an argument name");
  if (schema.find(argument.name) >= 0) {
    cursor.fail_at(begin, "a second argument named '" + argument.name + "'");
  }
  if (cursor.accept("=")) argument.default_value = parse_default(cursor, argument);
  schema.arguments.push_back(std::move(argument));
}

void parse_arguments(TextCursor& cursor, Schema& schema) {
  cursor.expect("(");
  if (cursor.accept(")")) return;
  bool keyword_only = false;
  do {
    if (cursor.accept("...")) {
      schema.variadic = true;
      break;
    }
    cursor.skip_spaces();
    const size_t begin = cursor.position();
    if (cursor.accept("*")) {
      if (keyword_only) cursor.fail_at(begin, "a second '*'");
      keyword_only = true;
      continue;
    }
    parse_argument(cursor, keyword_only, schema);
  } while (cursor.accept(","));
  if (!cursor.accept(")")) cursor.fail_expected(schema.variadic ? "')'" : "',' or ')'");
  if (keyword_only && (schema.arguments.empty() || !schema.arguments.back().keyword_only)) {
    cursor.fail_at(cursor.position() - 1, "expected an argument after '*'");
  }
}

void parse_return(TextCursor& cursor, Schema& schema) {
  SchemaReturn value;
  static_cast<SchemaType&>(value) = parse_schema_type(cursor);
  value.name = cursor.accept_identifier();
  schema.returns.push_back(std::move(value));
}

void parse_returns(TextCursor& cursor, Schema& schema) {
  cursor.expect("->");
  if (cursor.accept("...")) {
    schema.variadic_returns = true;
    return;
  }
  if (!cursor.accept("(")) {
    parse_return(cursor, schema);
    return;
  }
  if (cursor.accept(")")) return;
  do {
    parse_return(cursor, schema);
  } while (cursor.accept(","));
  if (!cursor.accept(")")) cursor.fail_expected("',' or ')'");
}

}  // namespace

int Schema::find(std::string_view argument) const {
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i].name == argument) return static_cast<int>(i);
  }
  return -1;
}

Schema parse_schema(std::string_view text) {
  if (text.size() > kMaxSchemaLength) {
    fail(FGX_METADATA_INVALID, "schema of %zu bytes: the limit is %zu", text.size(),
         kMaxSchemaLength);
  }
  TextCursor cursor(text, "schema", FGX_METADATA_INVALID);
  Schema schema;
  parse_name(cursor, schema);
  parse_arguments(cursor, schema);
  parse_returns(cursor, schema);
  cursor.skip_spaces();
  if (!cursor.at_end()) cursor.fail_expected("the end");
  schema.text = print_schema(schema);
  return schema;
}

}  // namespace fgx
