// SPDX-License-Identifier: Apache-2.0
// Printing of schemas in their canonical form.
#include <string>

#include "schema/schema.h"
#include "schema/schema_parts.h"

namespace fgx {

std::string print_schema(const Schema& schema) {
  std::string text = schema.qualified_name();
  if (!schema.overload.empty()) text += "." + schema.overload;
  text += '(';
  bool keyword_only = false;
  std::string separator;
  for (const SchemaArgument& argument : schema.arguments) {
    text += separator;
    separator = ", ";
    if (argument.keyword_only && !keyword_only) text += "*, ";
    keyword_only = argument.keyword_only;
    text += type_text(argument) + " " + argument.name;
    if (!std::holds_alternative<std::monostate>(argument.default_value)) {
      const auto* dtype = std::get_if<std::string>(&argument.default_value);
      const bool bare = argument.type == ArgumentType::kDType && dtype != nullptr;
      text += "=" + (bare ? *dtype : print_default(argument.default_value));
    }
  }
  if (schema.variadic) text += separator + "...";
  text += ") -> ";
  if (schema.variadic_returns) return text + "...";
  const auto print_return = [](const SchemaReturn& value) {
    return type_text(value) + (value.name.empty() ? "" : " " + value.name);
  };
  // A tuple type alone would read as a list of returns: it keeps its own parentheses inside these.
  const bool bare = schema.returns.size() == 1 && schema.returns[0].name.empty() &&
                    type_text(schema.returns[0]).front() != '(';
  if (bare) return text + print_return(schema.returns[0]);
  text += '(';
  separator.clear();
  for (const SchemaReturn& value : schema.returns) {
    text += separator + print_return(value);
    separator = ", ";
  }
  return text + ')';
}

}  // namespace fgx
