// SPDX-License-Identifier: Apache-2.0
// From call expressions to argument values.
#include "schema/owned_call.h"

#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <new>

#include "base/error.h"
#include "base/strings.h"
#include "tensor/broadcast.h"
#include "tensor/device.h"
#include "tensor/overlap.h"

namespace fgx {
namespace {

constexpr size_t kAlignment = 64;

// A schema default written as a literal.
struct LiteralOfDefault {
  ArgumentType type;

  CallLiteral operator()(std::monostate) const { return {}; }
  CallLiteral operator()(std::nullptr_t) const { return {}; }
  CallLiteral operator()(bool flag) const { return {flag}; }
  CallLiteral operator()(int64_t integer) const { return {integer}; }
  CallLiteral operator()(double real) const { return {real}; }
  CallLiteral operator()(const std::string& text) const {
    const std::optional<DType> dtype = dtype_from_name(text);
    if (type == ArgumentType::kDType && dtype) return {*dtype};
    return {text};
  }
  template <typename T>
  CallLiteral operator()(const std::vector<T>& list) const {
    std::vector<CallLiteral> entries;
    entries.reserve(list.size());
    for (const T& entry : list) entries.push_back((*this)(entry));
    return {std::move(entries)};
  }
  CallLiteral operator()(const std::vector<bool>& list) const {
    std::vector<CallLiteral> entries;
    entries.reserve(list.size());
    for (const bool entry : list) entries.push_back((*this)(entry));
    return {std::move(entries)};
  }
};

// The smallest dimension of the float tensors; 0 without any.
int64_t index_limit_of(const Call& call) {
  int64_t limit = 0;
  for (const TensorView& input : call.inputs()) {
    if (!is_float(input.dtype) || input.wrapped_number) continue;
    for (int64_t dim : input.dims()) {
      if (dim > 0 && (limit == 0 || dim < limit)) limit = dim;
    }
  }
  return limit;
}

}  // namespace

void OwnedCall::Free::operator()(void* memory) const { std::free(memory); }

OwnedCall::OwnedCall(const OperatorDef& op, const CallExpression& expression,
                     const OwnedCallOptions& options)
    : op_(op) {
  try {
    place_arguments(expression);
    call_.bind(op_, args_, {});
    if (options.allocate) allocate_inputs(options);
    make_outputs(options.allocate);
  } catch (Error& error) {
    error.with_op(op.schema.qualified_name());
    throw;
  }
}

void OwnedCall::place_arguments(const CallExpression& expression) {
  const std::vector<SchemaArgument>& parameters = op_.schema.arguments;
  std::vector<const CallLiteral*> given(parameters.size(), nullptr);
  size_t count = 0;
  for (size_t i = 0; i < expression.arguments.size(); ++i) {
    const CallExpression::Argument& argument = expression.arguments[i];
    size_t index = i;
    if (!argument.name.empty()) {
      const int found = op_.schema.find(argument.name);
      if (found < 0) {
        std::vector<std::string> names;
        names.reserve(parameters.size());
        for (const SchemaArgument& parameter : parameters) names.push_back(parameter.name);
        fail_at(argument.literal.column, op_.schema.name + " has no argument '" + argument.name +
                                             "'" + did_you_mean(argument.name, names));
      }
      index = static_cast<size_t>(found);
    } else if (index >= parameters.size()) {
      fail_at(argument.literal.column,
              op_.schema.name + " takes " + std::to_string(parameters.size()) + " arguments");
    }
    if (given[index] != nullptr) {
      fail_at(argument.literal.column, "argument '" + parameters[index].name + "' twice");
    }
    given[index] = &argument.literal;
    if (index + 1 > count) count = index + 1;
  }
  for (size_t i = 0; i < count; ++i) {
    args_.push_back(given[i] == nullptr ? default_of(parameters[i])
                                        : value_of(parameters[i], *given[i]));
  }
}

fgx_value OwnedCall::value_of(const SchemaArgument& argument, const CallLiteral& literal) {
  fgx_value value{};
  if (const auto* flag = std::get_if<bool>(&literal.value)) {
    value.tag = FGX_TAG_BOOL;
    value.as.boolean = *flag ? 1 : 0;
  } else if (const auto* integer = std::get_if<int64_t>(&literal.value)) {
    value.tag = argument.type == ArgumentType::kLayout         ? FGX_TAG_LAYOUT
                : argument.type == ArgumentType::kMemoryFormat ? FGX_TAG_MEMORY_FORMAT
                                                               : FGX_TAG_INT;
    value.as.integer = *integer;
  } else if (const auto* real = std::get_if<double>(&literal.value)) {
    value.tag = FGX_TAG_FLOAT;
    value.as.real = *real;
  } else if (const auto* dtype = std::get_if<DType>(&literal.value)) {
    value.tag = FGX_TAG_DTYPE;
    value.as.dtype = info(*dtype).code;
  } else if (const auto* tensor = std::get_if<TensorLiteral>(&literal.value)) {
    value.tag = FGX_TAG_TENSOR;
    Dims strides = tensor->strides;
    if (!tensor->has_strides) {
      strides.resize(tensor->shape.size());
      checked_numel(tensor->shape);
      contiguous_strides(tensor->shape, strides.data());
    }
    value.as.tensor = make_tensor(tensor->dtype, tensor->shape, strides);
  } else if (const auto* text = std::get_if<std::string>(&literal.value)) {
    if (argument.type == ArgumentType::kDevice) {
      value.tag = FGX_TAG_DEVICE;
      const std::optional<fgx_device> device = device_from_name(*text);
      if (!device) fail_at(literal.column, "expected a device such as 'cpu' or 'cuda:0'");
      value.as.device = *device;
      return value;
    }
    value.tag = FGX_TAG_STRING;
    value.as.string = strings_.emplace_back(*text).c_str();
    value.size = static_cast<uint32_t>(text->size());
  } else if (const auto* list = std::get_if<std::vector<CallLiteral>>(&literal.value)) {
    return list_of(argument, *list, literal.column);
  }
  return value;
}

fgx_value OwnedCall::list_of(const SchemaArgument& argument,
                             const std::vector<CallLiteral>& entries, size_t column) {
  size_t tensors = 0, nones = 0, ints = 0, reals = 0, flags = 0;
  for (const CallLiteral& entry : entries) {
    tensors += std::holds_alternative<TensorLiteral>(entry.value);
    nones += std::holds_alternative<std::nullptr_t>(entry.value);
    ints += std::holds_alternative<int64_t>(entry.value);
    reals += std::holds_alternative<double>(entry.value);
    flags += std::holds_alternative<bool>(entry.value);
  }
  const size_t size = entries.size();
  fgx_value value{};
  value.size = static_cast<uint32_t>(size);
  if (argument.type == ArgumentType::kTensor && tensors + nones == size) {
    std::vector<const fgx_tensor*>& list = lists_.emplace_back();
    for (const CallLiteral& entry : entries) {
      const fgx_value item = value_of(argument, entry);
      list.push_back(item.tag == FGX_TAG_TENSOR ? item.as.tensor : nullptr);
    }
    value.tag = argument.optional_elements ? FGX_TAG_OPTIONAL_TENSOR_LIST : FGX_TAG_TENSOR_LIST;
    value.as.tensors = list.data();
  } else if (flags == size && (size > 0 || argument.type == ArgumentType::kBool)) {
    std::vector<uint8_t>& list = flags_.emplace_back();
    for (const CallLiteral& entry : entries) list.push_back(std::get<bool>(entry.value) ? 1 : 0);
    value.tag = FGX_TAG_BOOL_LIST;
    value.as.booleans = list.data();
  } else if (ints == size) {
    std::vector<int64_t>& list = ints_.emplace_back();
    for (const CallLiteral& entry : entries) list.push_back(std::get<int64_t>(entry.value));
    value.tag = FGX_TAG_INT_LIST;
    value.as.ints = list.data();
  } else if (ints + reals == size) {
    std::vector<double>& list = reals_.emplace_back();
    for (const CallLiteral& entry : entries) {
      const int64_t* integer = std::get_if<int64_t>(&entry.value);
      list.push_back(integer != nullptr ? static_cast<double>(*integer)
                                        : std::get<double>(entry.value));
    }
    value.tag = FGX_TAG_FLOAT_LIST;
    value.as.reals = list.data();
  } else {
    fail_at(column, "argument '" + argument.name + "' is " + type_text(argument) +
                        ": this list holds something else");
  }
  return value;
}

// An argument that was left out before a given one.
fgx_value OwnedCall::default_of(const SchemaArgument& argument) {
  const DefaultValue& value = argument.default_value;
  if (std::holds_alternative<std::monostate>(value)) {
    fail(FGX_INVALID_ARGUMENT, "call expression: argument '%s' (%s) of %s is missing",
         argument.name.c_str(), type_text(argument).c_str(), op_.schema.name.c_str());
  }
  return value_of(argument, std::visit(LiteralOfDefault{argument.type}, value));
}

fgx_tensor* OwnedCall::make_tensor(DType dtype, const Dims& shape, const Dims& strides) {
  Tensor& made = tensors_.emplace_back();
  made.shape = shape;
  made.strides = strides;
  made.tensor.device = {FGX_DEVICE_CPU, 0};
  made.tensor.dtype = info(dtype).code;
  made.tensor.ndim = static_cast<int32_t>(shape.size());
  made.tensor.shape = made.shape.data();
  made.tensor.strides = made.strides.data();
  return &made.tensor;
}

void* OwnedCall::allocate(int64_t bytes) {
  // Memory that the machine does not have would be handed out all the same and fail when touched.
  const int64_t pages = sysconf(_SC_PHYS_PAGES);
  const int64_t page = sysconf(_SC_PAGESIZE);
  const int64_t limit = pages > 0 && page > 0 ? pages * page : INT64_MAX;
  if (__builtin_add_overflow(bytes_, bytes, &bytes_) || bytes_ > limit) {
    fail(FGX_OUT_OF_MEMORY, "call expression: its tensors need more memory than the machine has");
  }
  const size_t rounded = (static_cast<size_t>(bytes) + kAlignment) / kAlignment * kAlignment;
  memory_.emplace_back();
  void* memory = std::aligned_alloc(kAlignment, rounded);
  if (memory == nullptr) throw std::bad_alloc();
  memory_.back().reset(memory);
  return memory;
}

void OwnedCall::allocate_inputs(const OwnedCallOptions& options) {
  // The tensors among the arguments, in the order that the call flattens them to.
  std::vector<const fgx_tensor*> given;
  for (const fgx_value& value : args_) {
    if (value.tag == FGX_TAG_TENSOR) given.push_back(value.as.tensor);
    if (value.tag != FGX_TAG_TENSOR_LIST && value.tag != FGX_TAG_OPTIONAL_TENSOR_LIST) continue;
    for (uint32_t i = 0; i < value.size; ++i) {
      if (value.as.tensors[i] != nullptr) given.push_back(value.as.tensors[i]);
    }
  }
  const int64_t limit = index_limit_of(call_);
  uint64_t seed = options.seed;
  size_t next = 0;
  for (size_t i = 0; i < args_.size(); ++i) {
    int place = 0;
    for (TensorView view : call_.tensors(static_cast<int>(i))) {
      if (view.wrapped_number) continue;
      view.data = allocate(extent_bytes(view));
      const_cast<fgx_tensor*>(given[next++])->data = view.data;  // one of tensors_, not const
      seed += 0x9e3779b97f4a7c15u;
      if (options.fill) {
        options.fill(call_, static_cast<int>(i), place++, view, options.seed);
      } else {
        fill_uniform(view, seed, limit);
      }
    }
  }
}

void OwnedCall::make_outputs(bool with_data) {
  for (const OutputSpec& spec : call_.infer()) {
    Dims strides(spec.shape.size(), 0);
    contiguous_strides(spec.shape, strides.data());
    fgx_tensor* tensor = make_tensor(spec.dtype, spec.shape, strides);
    int64_t bytes = 0;
    if (__builtin_mul_overflow(checked_numel(spec.shape), size_of(spec.dtype), &bytes)) {
      fail(FGX_INVALID_ARGUMENT, "an output of shape %s is too large (overflow)",
           shape_text(spec.shape).c_str());
    }
    if (with_data) {
      tensor->data = allocate(bytes);
      std::memset(tensor->data, 0, static_cast<size_t>(bytes));
    }
    out_pointers_.push_back(tensor);
  }
}

void OwnedCall::fail_at(size_t column, const std::string& message) const {
  fail(FGX_INVALID_ARGUMENT, "call expression, column %zu: %s", column + 1, message.c_str());
}

}  // namespace fgx
