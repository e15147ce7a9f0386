// SPDX-License-Identifier: Apache-2.0
// Binding of arguments: which tags a schema type takes (as PyTorch's argument parser does), defaults,
// and everything but tensors.
#include <string>

#include "base/error.h"
#include "base/strings.h"
#include "schema/call_binder.h"

namespace fgx {
namespace {

const char* tag_name(int32_t tag) {
  static constexpr const char* kNames[] = {
      "None",   "bool",     "int",        "float",         "complex",     "string",
      "tensor", "int list", "float list", "bool list",     "tensor list", "optional tensor list",
      "dtype",  "device",   "layout",     "memory format", "generator"};
  return tag >= 0 && tag <= FGX_TAG_GENERATOR ? kNames[tag] : "unknown tag";
}

// Points to the entries of a list, which must be there unless it is empty.
template <typename T>
std::span<const T> entries_of(const T* entries, uint32_t size, int index, const std::string& name) {
  if (entries == nullptr && size > 0) {
    fail_argument(FGX_INVALID_ARGUMENT, index, "argument '%s': a list of %u entries is NULL",
                  name.c_str(), size);
  }
  return {entries, size};
}

}  // namespace

void CallBinder::bind_arguments(std::span<const fgx_value> args) {
  const size_t count = op_.schema.arguments.size();
  call_.arguments_.clear();
  call_.arguments_.resize(count);
  size_t given = args.size();
  if (given > count) {
    fail_argument(FGX_INVALID_ARGUMENT, static_cast<int32_t>(count),
                  "takes %zu arguments, %zu are given", count, given);
  }
  const size_t present = given;
  while (given > 0 && args[given - 1].tag == FGX_TAG_NONE) --given;
  for (size_t i = 0; i < count; ++i) {
    const int index = static_cast<int>(i);
    call_.arguments_[i].first_tensor = static_cast<int32_t>(call_.inputs_.size());
    if (i >= given) {
      bind_default(index, i < present);
    } else if (args[i].tag != FGX_TAG_NONE) {
      bind_argument(index, args[i]);
    } else if (!schema(index).optional) {
      fail_tag(index, FGX_TAG_NONE);
    }
    call_.arguments_[i].tensor_count =
        static_cast<int32_t>(call_.inputs_.size()) - call_.arguments_[i].first_tensor;
  }
}

void CallBinder::bind_argument(int index, const fgx_value& value) {
  call_.arguments_[static_cast<size_t>(index)].present = true;
  if (schema(index).is_list) {
    bind_list(index, value);
  } else {
    bind_single(index, value);
  }
}

// An argument that was left out, or that stands among the Nones at the end.
void CallBinder::bind_default(int index, bool given_none) {
  const SchemaArgument& parameter = schema(index);
  const DefaultValue& value = parameter.default_value;
  if (std::holds_alternative<std::nullptr_t>(value)) return;
  if (std::holds_alternative<std::monostate>(value)) {
    if (given_none && parameter.optional) return;
    if (given_none) fail_tag(index, FGX_TAG_NONE);
    fail_argument(FGX_INVALID_ARGUMENT, index, "argument '%s' (%s) is missing",
                  parameter.name.c_str(), type_text(parameter).c_str());
  }
  Argument& argument = call_.arguments_[static_cast<size_t>(index)];
  argument.present = true;
  if (const auto* text = std::get_if<std::string>(&value)) {
    if (parameter.type == ArgumentType::kDType) {
      argument.dtype = dtype_from_name(*text);
    } else if (parameter.type == ArgumentType::kString) {
      bind_string(index, *text);
    }
  } else if (const auto* ints = std::get_if<std::vector<int64_t>>(&value)) {
    argument.ints = *ints;
  } else if (const auto* reals = std::get_if<std::vector<double>>(&value)) {
    argument.reals = *reals;
  } else if (const auto* flags = std::get_if<std::vector<bool>>(&value)) {
    int64_t* copy = call_.arena_.integers(flags->size());
    for (size_t i = 0; i < flags->size(); ++i) copy[i] = (*flags)[i] ? 1 : 0;
    argument.ints = {copy, flags->size()};
  } else {
    fgx_value number{};
    if (const auto* flag = std::get_if<bool>(&value)) {
      number.tag = FGX_TAG_BOOL;
      number.as.boolean = *flag ? 1 : 0;
    } else if (const auto* integer = std::get_if<int64_t>(&value)) {
      number.tag = parameter.type == ArgumentType::kLayout         ? FGX_TAG_LAYOUT
                   : parameter.type == ArgumentType::kMemoryFormat ? FGX_TAG_MEMORY_FORMAT
                                                                   : FGX_TAG_INT;
      number.as.integer = *integer;
    } else {
      number.tag = FGX_TAG_FLOAT;
      number.as.real = std::get<double>(value);
    }
    bind_argument(index, number);
  }
}

void CallBinder::bind_single(int index, const fgx_value& value) {
  Argument& argument = call_.arguments_[static_cast<size_t>(index)];
  switch (schema(index).type) {
    case ArgumentType::kTensor:
      bind_tensor(index, value);
      return;
    case ArgumentType::kScalar:
    case ArgumentType::kInt:
    case ArgumentType::kFloat:
    case ArgumentType::kBool:
      argument.scalar = number(index, value);
      return;
    case ArgumentType::kString:
      if (value.tag != FGX_TAG_STRING) break;
      if (value.as.string == nullptr && value.size > 0) {
        fail_argument(FGX_INVALID_ARGUMENT, index, "%s: a string of %u bytes is NULL",
                      label(index).c_str(), value.size);
      }
      bind_string(index, {value.as.string, value.size});
      return;
    case ArgumentType::kDType:
      if (value.tag != FGX_TAG_DTYPE) break;
      argument.dtype = from_code(value.as.dtype);
      if (!argument.dtype) {
        fail_argument(FGX_UNSUPPORTED, index, "%s: no operator takes dtype code %d of %d bits x %d",
                      label(index).c_str(), value.as.dtype.code, value.as.dtype.bits,
                      value.as.dtype.lanes);
      }
      return;
    case ArgumentType::kDevice:
      if (value.tag != FGX_TAG_DEVICE) break;
      argument.device = value.as.device;
      return;
    case ArgumentType::kLayout:
      if (value.tag != FGX_TAG_LAYOUT) break;
      if (value.as.integer != 0) {
        fail_argument(FGX_UNSUPPORTED, index, "%s: only the strided layout (0) is supported",
                      label(index).c_str());
      }
      argument.scalar = Scalar::of_int(value.as.integer);
      return;
    case ArgumentType::kMemoryFormat:
      if (value.tag != FGX_TAG_MEMORY_FORMAT) break;
      if (value.as.integer < 0 || value.as.integer > 2) {
        fail_argument(FGX_INVALID_ARGUMENT, index,
                      "%s: unknown memory format %lld, legal are 0 to 2", label(index).c_str(),
                      static_cast<long long>(value.as.integer));
      }
      argument.scalar = Scalar::of_int(value.as.integer);
      return;
    case ArgumentType::kGenerator: {
      if (value.tag != FGX_TAG_GENERATOR) break;
      int64_t* parts = call_.arena_.integers(2);
      parts[0] = static_cast<int64_t>(value.as.generator[0]);
      parts[1] = static_cast<int64_t>(value.as.generator[1]);
      argument.ints = {parts, 2};
      return;
    }
    case ArgumentType::kOther:
      break;
  }
  fail_tag(index, value.tag);
}

// PyTorch: a float takes any number, a Scalar keeps the kind, int and bool take only their own.
Scalar CallBinder::number(int index, const fgx_value& value) const {
  const ArgumentType type = schema(index).type;
  if (value.tag == FGX_TAG_COMPLEX &&
      (type == ArgumentType::kScalar || type == ArgumentType::kTensor)) {
    fail_argument(FGX_UNSUPPORTED, index, "%s: complex numbers are not supported",
                  label(index).c_str());
  }
  Scalar scalar;
  if (value.tag == FGX_TAG_BOOL) {
    scalar = Scalar::of_bool(value.as.boolean != 0);
  } else if (value.tag == FGX_TAG_INT) {
    scalar = Scalar::of_int(value.as.integer);
  } else if (value.tag == FGX_TAG_FLOAT) {
    scalar = Scalar::of_float(value.as.real);
  } else {
    fail_tag(index, value.tag);
  }
  if (type == ArgumentType::kFloat) return Scalar::of_float(scalar.as_double());
  if ((type == ArgumentType::kInt && scalar.kind != Scalar::Kind::kInt) ||
      (type == ArgumentType::kBool && scalar.kind != Scalar::Kind::kBool)) {
    fail_tag(index, value.tag);
  }
  return scalar;
}

void CallBinder::bind_list(int index, const fgx_value& value) {
  const SchemaArgument& parameter = schema(index);
  Argument& argument = call_.arguments_[static_cast<size_t>(index)];
  if (parameter.type == ArgumentType::kTensor) {
    bind_tensor_list(index, value);
    return;
  }
  const bool reals =
      parameter.type == ArgumentType::kFloat || parameter.type == ArgumentType::kScalar;
  if (parameter.type == ArgumentType::kInt && value.tag == FGX_TAG_INT_LIST) {
    argument.ints = entries_of(value.as.ints, value.size, index, parameter.name);
  } else if (reals && value.tag == FGX_TAG_FLOAT_LIST) {
    argument.reals = entries_of(value.as.reals, value.size, index, parameter.name);
  } else if (reals && value.tag == FGX_TAG_INT_LIST) {
    const auto entries = entries_of(value.as.ints, value.size, index, parameter.name);
    double* copy = call_.arena_.reals(entries.size());
    for (size_t i = 0; i < entries.size(); ++i) copy[i] = static_cast<double>(entries[i]);
    argument.reals = {copy, entries.size()};
  } else if (parameter.type == ArgumentType::kBool && value.tag == FGX_TAG_BOOL_LIST) {
    const auto entries = entries_of(value.as.booleans, value.size, index, parameter.name);
    // Unlike lists of numbers, bool[n] never stands for another length.
    if (parameter.fixed_size >= 0 && parameter.fixed_size != value.size) {
      fail_argument(FGX_INVALID_ARGUMENT, index, "%s: %lld entries are needed, %u are given",
                    label(index).c_str(), static_cast<long long>(parameter.fixed_size), value.size);
    }
    int64_t* copy = call_.arena_.integers(entries.size());
    for (size_t i = 0; i < entries.size(); ++i) copy[i] = entries[i] != 0 ? 1 : 0;
    argument.ints = {copy, entries.size()};
  } else if (parameter.fixed_size >= 0) {
    bind_repeated(index, value);
  } else {
    fail_tag(index, value.tag);
  }
}

// One number for all n entries of int[n], float[n] or bool[n].
void CallBinder::bind_repeated(int index, const fgx_value& value) {
  const SchemaArgument& parameter = schema(index);
  Argument& argument = call_.arguments_[static_cast<size_t>(index)];
  const Scalar scalar = number(index, value);
  const size_t count = static_cast<size_t>(parameter.fixed_size);
  if (parameter.type == ArgumentType::kInt || parameter.type == ArgumentType::kBool) {
    int64_t* copy = call_.arena_.integers(count);
    for (size_t i = 0; i < count; ++i) copy[i] = scalar.integer;
    argument.ints = {copy, count};
  } else {
    double* copy = call_.arena_.reals(count);
    for (size_t i = 0; i < count; ++i) copy[i] = scalar.as_double();
    argument.reals = {copy, count};
  }
}

void CallBinder::bind_string(int index, std::string_view text) {
  Argument& argument = call_.arguments_[static_cast<size_t>(index)];
  argument.text = text;
  const int list = op_.choice_list[static_cast<size_t>(index)];
  if (list < 0) return;
  const std::vector<std::string>& choices = op_.choices[static_cast<size_t>(list)].second;
  for (size_t i = 0; i < choices.size(); ++i) {
    if (choices[i] == text) {
      argument.choice = static_cast<int32_t>(i);
      return;
    }
  }
  std::string legal;
  for (const std::string& choice : choices) legal += (legal.empty() ? "'" : ", '") + choice + "'";
  // What the caller gave may be anything, of any length.
  fail_argument(FGX_INVALID_ARGUMENT, index, "%s: '%s' is not legal, legal are %s",
                label(index).c_str(), escape_for_display(text.substr(0, 80)).c_str(),
                legal.c_str());
}

void CallBinder::fail_tag(int index, int32_t tag) const {
  fail_argument(FGX_INVALID_ARGUMENT, index, "%s must be %s, not %s", label(index).c_str(),
                type_text(schema(index)).c_str(), tag_name(tag));
}

}  // namespace fgx
