// SPDX-License-Identifier: Apache-2.0
// Building blocks of type and shape rules.
#include "schema/type_rules.h"

#include <string>

#include "base/error.h"

namespace fgx {
namespace {

const char* argument_name(const Call& call, int argument) {
  return call.op().schema.arguments[static_cast<size_t>(argument)].name.c_str();
}

std::string names_of(DTypeSet types) {
  std::string text;
  for (int i = 0; i < kDTypeCount; ++i) {
    const DType dtype = static_cast<DType>(i);
    if (!types.contains(dtype)) continue;
    if (!text.empty()) text += ", ";
    text += info(dtype).name;
  }
  return text;
}

void broadcast_argument(const Call& call, int argument, Dims& shape) {
  for (const TensorView& tensor : call.tensors(argument)) {
    broadcast_with(shape, tensor.dims(), argument);
  }
}

}  // namespace

DType promote(const Call& call) { return result_type(call.inputs()); }

DType promote(const Call& call, std::initializer_list<int> arguments) {
  Promotion promotion;
  for (int argument : arguments) {
    for (const TensorView& tensor : call.tensors(argument)) promotion.add(tensor);
    const Scalar& scalar = call.scalar(argument);
    if (scalar.present()) promotion.add_number(scalar.dtype());
  }
  return promotion.result();
}

Dims broadcast(const Call& call) {
  Dims shape;
  for (size_t i = 0; i < call.arguments().size(); ++i) {
    broadcast_argument(call, static_cast<int>(i), shape);
  }
  return shape;
}

Dims broadcast(const Call& call, std::initializer_list<int> arguments) {
  Dims shape;
  for (int argument : arguments) broadcast_argument(call, argument, shape);
  return shape;
}

void add_output(std::vector<OutputSpec>& outputs, DType dtype, std::span<const int64_t> shape) {
  OutputSpec& output = outputs.emplace_back();
  output.dtype = dtype;
  output.shape = shape;
}

void require_dtype(const Call& call, int argument, DTypeSet types) {
  for (const TensorView& tensor : call.tensors(argument)) {
    if (types.contains(tensor.dtype)) continue;
    fail_argument(FGX_INVALID_ARGUMENT, argument, "argument '%s': dtype %s, legal are %s",
                  argument_name(call, argument), std::string(info(tensor.dtype).name).c_str(),
                  names_of(types).c_str());
  }
}

void require_rank(const Call& call, int argument, int low, int high) {
  for (const TensorView& tensor : call.tensors(argument)) {
    if (tensor.ndim >= low && tensor.ndim <= high) continue;
    const std::string legal =
        low == high ? std::to_string(low) : std::to_string(low) + " to " + std::to_string(high);
    fail_argument(FGX_INVALID_ARGUMENT, argument,
                  "argument '%s': shape %s has %d dimensions, not %s",
                  argument_name(call, argument), shape_text(tensor.dims()).c_str(), tensor.ndim,
                  legal.c_str());
  }
}

void infer_like_self(const Call& call, std::vector<OutputSpec>& outputs) {
  add_output(outputs, call.tensor(0).dtype, call.tensor(0).dims());
}

void infer_promoted(const Call& call, std::vector<OutputSpec>& outputs) {
  add_output(outputs, promote(call), broadcast(call));
}

void infer_promoted_float(const Call& call, std::vector<OutputSpec>& outputs) {
  add_output(outputs, float_type(promote(call)), broadcast(call));
}

void infer_predicate(const Call& call, std::vector<OutputSpec>& outputs) {
  add_output(outputs, DType::kBool, broadcast(call));
}

uint32_t reduced_dims(const Call& call, int argument, int ndim) {
  const uint32_t all = ndim == 0 ? 0 : (uint32_t{1} << ndim) - 1;
  if (!call.has(argument)) return all;
  const Scalar& scalar = call.scalar(argument);
  const int64_t single[1] = {scalar.as_int()};
  const std::span<const int64_t> dims =
      scalar.present() ? std::span<const int64_t>(single) : call.ints(argument);
  if (dims.empty()) return all;
  const int64_t count = ndim == 0 ? 1 : ndim;
  uint32_t reduced = 0;
  for (int64_t dim : dims) {
    if (dim < -count || dim >= count) {
      fail_argument(FGX_INVALID_ARGUMENT, argument,
                    "argument '%s': dimension %lld is out of range, legal are %lld to %lld",
                    argument_name(call, argument), static_cast<long long>(dim),
                    static_cast<long long>(-count), static_cast<long long>(count - 1));
    }
    const uint32_t bit = uint32_t{1} << (dim < 0 ? dim + count : dim);
    if ((reduced & bit) != 0) {
      fail_argument(FGX_INVALID_ARGUMENT, argument, "argument '%s': dimension %lld is given twice",
                    argument_name(call, argument), static_cast<long long>(dim));
    }
    reduced |= bit;
  }
  return reduced & all;
}

Dims reduced_shape(std::span<const int64_t> shape, uint32_t reduced, bool keepdim) {
  Dims result;
  for (size_t i = 0; i < shape.size(); ++i) {
    const bool gone = ((reduced >> i) & 1u) != 0;
    if (!gone) {
      result.push_back(shape[i]);
    } else if (keepdim) {
      result.push_back(1);
    }
  }
  return result;
}

}  // namespace fgx
