// SPDX-License-Identifier: Apache-2.0
// Printing specs, and moving between specs and argument values.
#include "verify/call_spec.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/error.h"

namespace fgx {
namespace {

// Shapes and types may be asked about before there is data: nothing reads this.
alignas(64) char no_data[64];

void print_ints(const std::vector<int64_t>& values, std::string& out) {
  out += '[';
  for (size_t i = 0; i < values.size(); ++i) {
    if (i != 0) out += ',';
    out += std::to_string(values[i]);
  }
  out += ']';
}

void print_real(double value, std::string& out) {
  if (std::isnan(value)) {
    out += "nan";
    return;
  }
  if (std::isinf(value)) {
    out += value < 0 ? "-inf" : "inf";
    return;
  }
  char buffer[40];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  const std::string_view text(buffer, static_cast<size_t>(end - buffer));
  out += text;
  if (text.find_first_of(".e") == std::string_view::npos) out += ".0";  // stays a float
}

void print_tensor(const TensorSpec& tensor, std::string& out) {
  out += info(tensor.dtype).short_name;
  print_ints(tensor.shape, out);
  if (!tensor.strides.empty()) {
    out += ':';
    print_ints(tensor.strides, out);
  }
}

template <typename Item, typename Print>
void print_list(const std::vector<Item>& items, std::string& out, Print&& print) {
  out += '[';
  for (size_t i = 0; i < items.size(); ++i) {
    if (i != 0) out += ", ";
    print(items[i], i);
  }
  out += ']';
}

void print_argument(const ArgumentSpec& argument, std::string& out) {
  switch (argument.tag) {
    case FGX_TAG_BOOL:
      out += argument.integer != 0 ? "True" : "False";
      break;
    case FGX_TAG_INT:
    case FGX_TAG_LAYOUT:
    case FGX_TAG_MEMORY_FORMAT:
      out += std::to_string(argument.integer);
      break;
    case FGX_TAG_FLOAT:
      print_real(argument.real, out);
      break;
    case FGX_TAG_STRING:
      out += '\'';
      out += argument.text;
      out += '\'';
      break;
    case FGX_TAG_TENSOR:
      print_tensor(argument.tensors[0], out);
      break;
    case FGX_TAG_INT_LIST:
      print_ints(argument.ints, out);
      break;
    case FGX_TAG_FLOAT_LIST:
      print_list(argument.reals, out, [&](double value, size_t) { print_real(value, out); });
      break;
    case FGX_TAG_BOOL_LIST:
      print_list(argument.booleans, out,
                 [&](uint8_t value, size_t) { out += value != 0 ? "True" : "False"; });
      break;
    case FGX_TAG_TENSOR_LIST:
    case FGX_TAG_OPTIONAL_TENSOR_LIST:
      print_list(argument.tensors, out, [&](const TensorSpec& tensor, size_t i) {
        if (i < argument.absent.size() && argument.absent[i] != 0) {
          out += "None";
        } else {
          print_tensor(tensor, out);
        }
      });
      break;
    case FGX_TAG_DTYPE:
      out += info(argument.dtype).name;
      break;
    default:
      out += "None";
  }
}

TensorSpec spec_of(const fgx_tensor& tensor) {
  TensorSpec spec;
  const std::optional<DType> dtype = from_code(tensor.dtype);
  if (!dtype) fail(FGX_UNSUPPORTED, "an element type that no operator takes");
  spec.dtype = *dtype;
  spec.shape.assign(tensor.shape, tensor.shape + tensor.ndim);
  if (tensor.strides != nullptr) {
    spec.strides.assign(tensor.strides, tensor.strides + tensor.ndim);
    if (spec.strides == contiguous_strides(spec.shape)) spec.strides.clear();
  }
  return spec;
}

}  // namespace

std::string CallSpec::expression() const {
  std::string out = op->schema.name;
  if (in_place) out += '_';
  out += '(';
  bool first = true, by_name = false;
  size_t last = arguments.size();
  while (last > 0 && arguments[last - 1].tag == FGX_TAG_NONE) --last;
  for (size_t i = 0; i < last; ++i) {
    const SchemaArgument& declared = op->schema.arguments[i];
    if (arguments[i].tag == FGX_TAG_NONE) {
      by_name = true;
      continue;
    }
    if (!first) out += ", ";
    first = false;
    if (by_name || declared.keyword_only) {
      out += declared.name;
      out += '=';
    }
    print_argument(arguments[i], out);
  }
  return out + ')';
}

CallSpec spec_from_values(const OperatorDef& op, std::span<const fgx_value> values, bool in_place) {
  CallSpec spec;
  spec.op = &op;
  spec.in_place = in_place;
  for (const fgx_value& value : values) {
    ArgumentSpec& argument = spec.arguments.emplace_back();
    argument.tag = value.tag;
    switch (value.tag) {
      case FGX_TAG_NONE:
        break;
      case FGX_TAG_BOOL:
        argument.integer = value.as.boolean;
        break;
      case FGX_TAG_INT:
      case FGX_TAG_LAYOUT:
      case FGX_TAG_MEMORY_FORMAT:
        argument.integer = value.as.integer;
        break;
      case FGX_TAG_FLOAT:
        argument.real = value.as.real;
        break;
      case FGX_TAG_STRING:
        argument.text.assign(value.as.string, value.size);
        break;
      case FGX_TAG_TENSOR:
        argument.tensors.push_back(spec_of(*value.as.tensor));
        break;
      case FGX_TAG_INT_LIST:
        argument.ints.assign(value.as.ints, value.as.ints + value.size);
        break;
      case FGX_TAG_FLOAT_LIST:
        argument.reals.assign(value.as.reals, value.as.reals + value.size);
        break;
      case FGX_TAG_BOOL_LIST:
        argument.booleans.assign(value.as.booleans, value.as.booleans + value.size);
        break;
      case FGX_TAG_TENSOR_LIST:
      case FGX_TAG_OPTIONAL_TENSOR_LIST:
        for (uint32_t i = 0; i < value.size; ++i) {
          const fgx_tensor* tensor = value.as.tensors[i];
          argument.absent.push_back(tensor == nullptr);
          argument.tensors.push_back(tensor == nullptr ? TensorSpec{} : spec_of(*tensor));
        }
        break;
      case FGX_TAG_DTYPE: {
        const std::optional<DType> dtype = from_code(value.as.dtype);
        if (!dtype) fail(FGX_UNSUPPORTED, "an element type that no operator takes");
        argument.dtype = *dtype;
        break;
      }
      default:
        fail(FGX_UNSUPPORTED, "verification builds no argument of tag %d", value.tag);
    }
  }
  return spec;
}

std::vector<int64_t> contiguous_strides(const std::vector<int64_t>& shape) {
  std::vector<int64_t> strides(shape.size(), 1);
  for (size_t d = shape.size(); d-- > 1;)
    strides[d - 1] = strides[d] * std::max<int64_t>(1, shape[d]);
  return strides;
}

int64_t span_of(const std::vector<int64_t>& shape, const std::vector<int64_t>& strides) {
  int64_t span = 1;
  for (size_t d = 0; d < shape.size(); ++d) {
    if (shape[d] == 0) return 0;
    span += (shape[d] - 1) * strides[d];
  }
  return span;
}

int64_t product(std::span<const int64_t> values) {
  int64_t result = 1;
  for (const int64_t value : values) result *= value;
  return result;
}

BoundValues::BoundValues(const CallSpec& spec) : spec_(spec) {
  first_shapes_.resize(spec_.op->schema.arguments.size());
  const auto add_tensor = [&](TensorSpec& tensor, int argument, int place) -> const fgx_tensor* {
    fgx_tensor& made = tensors_.emplace_back();
    made = {};
    made.data = no_data;
    made.device = spec_.device;
    made.ndim = static_cast<int32_t>(tensor.shape.size());
    made.dtype = info(tensor.dtype).code;
    made.shape = tensor.shape.data();
    std::vector<int64_t>& strides = strides_.emplace_back(
        tensor.strides.empty() ? contiguous_strides(tensor.shape) : tensor.strides);
    made.strides = strides.data();
    places_.push_back({argument, place});
    if (place == 0) first_shapes_[static_cast<size_t>(argument)] = tensor.shape;
    return &made;
  };
  for (size_t i = 0; i < spec_.arguments.size(); ++i) {
    ArgumentSpec& argument = spec_.arguments[i];
    fgx_value& value = values_.emplace_back();
    value = {};
    value.tag = argument.tag;
    switch (argument.tag) {
      case FGX_TAG_BOOL:
        value.as.boolean = argument.integer != 0;
        break;
      case FGX_TAG_INT:
      case FGX_TAG_LAYOUT:
      case FGX_TAG_MEMORY_FORMAT:
        value.as.integer = argument.integer;
        break;
      case FGX_TAG_FLOAT:
        value.as.real = argument.real;
        break;
      case FGX_TAG_STRING:
        value.size = static_cast<uint32_t>(argument.text.size());
        value.as.string = argument.text.c_str();
        break;
      case FGX_TAG_TENSOR:
        value.as.tensor = add_tensor(argument.tensors[0], static_cast<int>(i), 0);
        break;
      case FGX_TAG_INT_LIST:
        value.size = static_cast<uint32_t>(argument.ints.size());
        value.as.ints = argument.ints.data();
        break;
      case FGX_TAG_FLOAT_LIST:
        value.size = static_cast<uint32_t>(argument.reals.size());
        value.as.reals = argument.reals.data();
        break;
      case FGX_TAG_BOOL_LIST:
        value.size = static_cast<uint32_t>(argument.booleans.size());
        value.as.booleans = argument.booleans.data();
        break;
      case FGX_TAG_TENSOR_LIST:
      case FGX_TAG_OPTIONAL_TENSOR_LIST: {
        std::vector<const fgx_tensor*>& list = lists_.emplace_back();
        for (size_t t = 0; t < argument.tensors.size(); ++t) {
          const bool missing = t < argument.absent.size() && argument.absent[t] != 0;
          list.push_back(
              missing ? nullptr
                      : add_tensor(argument.tensors[t], static_cast<int>(i), static_cast<int>(t)));
        }
        value.size = static_cast<uint32_t>(list.size());
        value.as.tensors = list.data();
        break;
      }
      case FGX_TAG_DTYPE:
        value.as.dtype = info(argument.dtype).code;
        break;
      default:
        break;
    }
  }
}

}  // namespace fgx
