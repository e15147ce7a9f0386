// SPDX-License-Identifier: Apache-2.0
// Turns entries of a shapes file into call expressions.
//
// A file in the plan's form says what each argument is. FlagGems' form gives one list of numbers per
// call, whose meaning depends on the operator: for some the numbers are sizes by name (mm: B, M, N,
// K; see kPatterns), for all others the shape of every tensor, and arguments that are needed beside
// them get a usual value.
#include "shapes/call_builder.h"

#include <optional>
#include <vector>

#include "support/text.h"

namespace cli {
namespace {

struct Pattern {
  const char* op;
  size_t sizes;           // how many numbers
  const char* names;      // what they are called when the file does not say
  const char* arguments;  // {M} is the number called M, {t} the dtype
};
constexpr Pattern kPatterns[] = {
    {"mm", 4, "B, M, N, K", "{t}[{M},{K}], {t}[{K},{N}]"},
    {"mm", 3, "M, N, K", "{t}[{M},{K}], {t}[{K},{N}]"},
    {"addmm", 4, "B, M, N, K", "{t}[{N}], {t}[{M},{K}], {t}[{K},{N}]"},
    {"addmm", 3, "M, N, K", "{t}[{N}], {t}[{M},{K}], {t}[{K},{N}]"},
    {"bmm", 4, "B, M, N, K", "{t}[{B},{M},{K}], {t}[{B},{K},{N}]"},
    {"linear", 4, "B, M, N, K", "{t}[{B},{M},{K}], {t}[{N},{K}]"},
    {"linear", 3, "M, N, K", "{t}[{M},{K}], {t}[{N},{K}]"},
    {"embedding", 2, "M, N", "{t}[{M},{N}], i64[{M}]"},
};

struct Parameter {
  std::string type;
  std::string name;
  bool has_default = false;
};

// The arguments of "aten::sum.dim_IntList(Tensor self, int[1]? dim=None, *, ...) -> Tensor".
std::vector<Parameter> parameters_of(std::string_view schema) {
  std::vector<Parameter> parameters;
  const size_t open = schema.find('(');
  if (open == std::string_view::npos) return parameters;
  size_t begin = open + 1;
  int depth = 0;
  bool quoted = false;
  for (size_t i = begin; i < schema.size(); ++i) {
    const char c = schema[i];
    if (c == '\'') quoted = !quoted;
    if (quoted) continue;
    if (c == '(' || c == '[') ++depth;
    const bool end = c == ')' && depth == 0;
    if ((c == ')' || c == ']') && depth > 0) --depth;
    if (!end && !(c == ',' && depth == 0)) continue;
    const std::string_view part = trim(schema.substr(begin, i - begin));
    begin = i + 1;
    const size_t space = part.find(' ');
    if (space != std::string_view::npos) {  // not the "*" before keyword-only arguments
      Parameter parameter;
      parameter.type = part.substr(0, space);
      std::string_view name = trim(part.substr(space + 1));
      const size_t equals = name.find('=');
      parameter.has_default = equals != std::string_view::npos;
      parameter.name = name.substr(0, equals);
      parameters.push_back(std::move(parameter));
    }
    if (end) break;
  }
  return parameters;
}

bool starts_with(const std::string& text, std::string_view prefix) {
  return text.compare(0, prefix.size(), prefix) == 0;
}

std::string tensor_text(const ShapeValue& dims, const std::string& dtype) {
  return dtype + dims.literal();
}

// Whether a word names a tensor with its own dtype: "i64[32]", "bf16[4,8]:[1,4]".
bool is_tensor_literal(const ShapeValue& value) {
  if (value.kind != ShapeValue::Kind::kText) return false;
  const size_t bracket = value.text.find('[');
  return bracket != std::string::npos && !short_dtype(value.text.substr(0, bracket)).empty() &&
         value.text.find_first_not_of("0123456789,:[] ", bracket) == std::string::npos;
}

// What an argument of the plan's form stands for: a shape, a list of shapes, or a value.
std::string argument_text(const ShapeValue& value, const std::string& dtype) {
  if (value.is_dims()) return tensor_text(value, dtype);
  if (is_tensor_literal(value)) return value.text;
  if (value.kind != ShapeValue::Kind::kList) return value.literal();
  bool shapes = !value.items.empty();
  for (const ShapeValue& item : value.items) shapes = shapes && item.is_dims();
  if (!shapes) return value.literal();
  const auto tensor = [&](const ShapeValue& item) { return tensor_text(item, dtype); };
  return "[" + join(texts_of(value.items, tensor), ", ") + "]";
}

std::string call_text(const ShapeCase& entry, std::vector<std::string> arguments) {
  for (const auto& [name, value] : entry.named) {
    arguments.push_back(name + "=" + (is_tensor_literal(value) ? value.text : value.literal()));
  }
  return entry.op + "(" + join(arguments, ", ") + ")";
}

// Sizes by name, for operators that have a pattern.
std::optional<BuiltCall> from_pattern(const ShapeCase& entry, const std::string& dtype) {
  bool known = false;
  for (const Pattern& pattern : kPatterns) {
    if (entry.op != pattern.op) continue;
    known = true;
    if (pattern.sizes != entry.value.items.size()) continue;
    std::vector<std::string> names = entry.description;
    if (names.size() != pattern.sizes) {
      names.clear();
      for (const std::string& name : split(pattern.names, ',')) names.emplace_back(trim(name));
    }
    std::string arguments = pattern.arguments;
    const auto replace = [&](const std::string& name, const std::string& value) {
      const std::string mark = "{" + name + "}";
      for (size_t at = arguments.find(mark); at != std::string::npos; at = arguments.find(mark)) {
        arguments.replace(at, mark.size(), value);
      }
    };
    replace("t", dtype);
    for (size_t i = 0; i < names.size(); ++i) {
      const std::string size = std::to_string(entry.value.items[i].integer);
      const bool used =
          std::string_view(pattern.arguments).find("{" + names[i] + "}") != std::string_view::npos;
      if (!used && size != "1")
        return BuiltCall{"", entry.op + " has no " + names[i] + " of " + size};
      replace(names[i], size);
    }
    if (arguments.find('{') != std::string::npos) {
      return BuiltCall{"", "its shape_desc does not name " + std::string(pattern.names)};
    }
    return BuiltCall{entry.op + "(" + arguments + ")", ""};
  }
  if (!known) return std::nullopt;
  return BuiltCall{
      "", format("%zu sizes say nothing about %s", entry.value.items.size(), entry.op.c_str())};
}

// One shape for all tensors; what else the schema demands gets a usual value.
BuiltCall from_shape(const ShapeCase& entry, std::string_view schema, const std::string& dtype) {
  const std::string tensor = tensor_text(entry.value, dtype);
  const std::string last = entry.value.items.empty() ? "1" : entry.value.items.back().literal();
  std::vector<std::string> arguments;
  for (const Parameter& parameter : parameters_of(schema)) {
    if (parameter.has_default) continue;
    const std::string& type = parameter.type;
    const bool optional = type.back() == '?';
    std::string value;
    if (optional) {
      value = "None";
    } else if (starts_with(type, "Tensor[")) {
      for (const char* before : {"[", ", ", ", "}) value.append(before).append(tensor);
      value += ']';
    } else if (starts_with(type, "Tensor")) {
      value = parameter.name == "condition" ? "bool" + entry.value.literal() : tensor;
    } else if (starts_with(type, "int[") || starts_with(type, "SymInt[")) {
      value = parameter.name == "normalized_shape" ? "[" + last + "]" : "[-1]";
    } else if (type == "int" || type == "SymInt") {
      value = parameter.name == "dim" ? "-1" : "1";
    } else if (type == "float" || type == "Scalar") {
      value = "1.0";
    } else if (type == "bool") {
      value = "False";
    } else {
      return {"", "no usual value for argument " + parameter.name + " (" + type + ")"};
    }
    arguments.push_back(parameter.name + "=" + value);
  }
  return {call_text(entry, std::move(arguments)), ""};
}

}  // namespace

std::string short_dtype(std::string_view name) {
  constexpr std::pair<std::string_view, std::string_view> kNames[] = {
      {"bool", "bool"},   {"uint8", "u8"},   {"int8", "i8"},     {"int16", "i16"},
      {"int32", "i32"},   {"int64", "i64"},  {"float16", "f16"}, {"bfloat16", "bf16"},
      {"float32", "f32"}, {"float64", "f64"}};
  for (const auto& [full, brief] : kNames) {
    if (name == full || name == brief) return std::string(brief);
  }
  return "";
}

BuiltCall build_call(const ShapeCase& entry, std::string_view schema, const std::string& dtype) {
  std::string type = dtype;
  if (!entry.dtype.empty()) {
    type = short_dtype(entry.dtype);
    if (type.empty()) return {"", "unknown dtype " + entry.dtype};
  }
  const ShapeValue& value = entry.value;
  if (entry.form == ShapeCase::Form::kShape && value.is_dims()) {
    if (auto built = from_pattern(entry, type)) return *built;
    return from_shape(entry, schema, type);
  }
  if (value.kind != ShapeValue::Kind::kList) return {"", value.literal() + " is no shape"};
  // Several shapes and values in one entry are the arguments themselves.
  const auto argument = [&](const ShapeValue& item) { return argument_text(item, type); };
  return {call_text(entry, texts_of(value.items, argument)), ""};
}

}  // namespace cli
