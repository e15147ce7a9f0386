// SPDX-License-Identifier: Apache-2.0
// The operands of a formula on a GPU.
#include "kernels/gpu/elementwise_operands.h"

#include <algorithm>

#include "kernels/stable/pointwise/pointwise_operator.h"

namespace fgx::gpu {
namespace {

// In the order of FormulaId.
constexpr const char* kFormulaNames[] = {
#define FGX_UNARY(name, ...) #name,
#define FGX_BINARY(name, ...) #name,
#define FGX_TERNARY(name, ...) #name,
#define FGX_LOSS(name, ...) #name,
#define FGX_CHOICE_UNARY(name, argument, value, ...) (#name "_" #value),
#define FGX_CHOICE_BINARY(name, argument, value, ...) (#name "_" #value),
#define FGX_FORMULA_BINARY(name, ...) #name,
#include "kernels/stable/pointwise/pointwise_formulas.inc"
};
static_assert(std::size(kFormulaNames) == kFormulaCount);

constexpr bool kIsLoss[] = {
#define FGX_UNARY(...) false,
#define FGX_BINARY(...) false,
#define FGX_TERNARY(...) false,
#define FGX_LOSS(...) true,
#define FGX_CHOICE_UNARY(...) false,
#define FGX_CHOICE_BINARY(...) false,
#define FGX_FORMULA_BINARY(...) false,
#include "kernels/stable/pointwise/pointwise_formulas.inc"
};

constexpr DTypeSet kDenseTypes{DType::kFloat32, DType::kFloat16, DType::kBFloat16,
                               DType::kFloat64, DType::kInt64,   DType::kInt32};

// Whether vectors of `size` elements of this operand can be loaded at once.
bool aligned(const TensorView& view, int64_t byte_offset, int64_t size) {
  const uintptr_t bytes = static_cast<uintptr_t>(size * size_of(view.dtype));
  const uintptr_t first =
      reinterpret_cast<uintptr_t>(view.data) + static_cast<uintptr_t>(byte_offset);
  return (first & (bytes - 1)) == 0;
}

}  // namespace

const char* formula_name(FormulaId formula) { return kFormulaNames[static_cast<int>(formula)]; }
const char* formula_module(FormulaId formula) {
  return kIsLoss[static_cast<int>(formula)] ? "loss" : "pointwise";
}

Scalar read_number(const void* data, DType dtype) {
  switch (dtype) {
    case DType::kBool:
      return Scalar::of_bool(*static_cast<const uint8_t*>(data) != 0);
    case DType::kUInt8:
      return Scalar::of_int(*static_cast<const uint8_t*>(data));
    case DType::kInt8:
      return Scalar::of_int(*static_cast<const int8_t*>(data));
    case DType::kInt16:
      return Scalar::of_int(*static_cast<const int16_t*>(data));
    case DType::kInt32:
      return Scalar::of_int(*static_cast<const int32_t*>(data));
    case DType::kInt64:
      return Scalar::of_int(*static_cast<const int64_t*>(data));
    case DType::kFloat16:
      return Scalar::of_float(to_float(*static_cast<const Float16*>(data)));
    case DType::kBFloat16:
      return Scalar::of_float(to_float(*static_cast<const BFloat16*>(data)));
    case DType::kFloat32:
      return Scalar::of_float(*static_cast<const float*>(data));
    case DType::kFloat64:
      return Scalar::of_float(*static_cast<const double*>(data));
  }
  return Scalar::none();
}

bool is_predicate(FormulaId formula) { return (pointwise_rule(formula) & kPredicate) != 0; }

Gathered gather(const ElementwiseRequest& request, const TensorView& nothing) {
  const TensorView& output = request.output;
  Gathered made;
  made.arity = std::min(request.arity, kMostOperands);
  made.dtype = is_predicate(request.formula) ? request.common : output.dtype;
  made.vector = static_cast<int64_t>(kVectorBytes) / size_of(made.dtype);
  made.vectors = kDenseTypes.contains(made.dtype) && aligned(output, 0, made.vector);
  made.views[0] = &output;
  Operands& operands = made.operands;
  operands.common = request.common;
  operands.output_slot = static_cast<int8_t>(request.output_slot);
  operands.parameter_count = static_cast<uint8_t>(request.parameter_count);
  operands.fixed = request.static_parameters != nullptr;
  for (int i = 0; operands.fixed && i < request.parameter_count; ++i) {
    operands.parameters[i] = request.static_parameters[i];
  }
  for (int k = 0; k < kMostOperands; ++k) {
    operands.slot[k] = -1;
    made.views[k + 1] = &nothing;
  }
  for (int k = 0; k < made.arity; ++k) {
    const ElementwiseOperand& operand = request.operands[k];
    if (operand.slot < 0) {
      operands.source[k] = operand.highest ? Source::kHighest : Source::kLowest;
      continue;
    }
    const TensorView& view = operand.view;
    operands.slot[k] = static_cast<int8_t>(operand.slot);
    operands.byte_offset[k] = operand.byte_offset;
    operands.dtype[k] = view.dtype;
    operands.cast[k] = operand.cast;
    if (view.wrapped_number || view.device.type == FGX_DEVICE_CPU) {
      operands.source[k] = Source::kNumber;
      continue;
    }
    made.views[k + 1] = &view;
    const DType wanted = k == 0 && request.formula == FormulaId::where ? DType::kBool : made.dtype;
    made.vectors = made.vectors && view.dtype == wanted && !operand.cast &&
                   aligned(view, operand.byte_offset, made.vector);
  }
  return made;
}

StridedArguments strided_arguments(const Gathered& gathered, const TensorView& nothing,
                                   const Nest& nest) {
  StridedArguments arguments{};
  arguments.numel = nest.numel;
  arguments.ndim = nest.ndim;
  arguments.common = static_cast<uint8_t>(gathered.operands.common);
  for (int o = 0; o <= kMostOperands; ++o) {
    arguments.dtype[o] = static_cast<uint8_t>(gathered.views[o]->dtype);
    arguments.is_number[o] = o > 0 && gathered.views[o] == &nothing;
    arguments.cast[o] = o > 0 && gathered.operands.cast[o - 1] && arguments.is_number[o] == 0;
    for (int d = 0; d < nest.ndim; ++d) arguments.steps[o][d] = nest.steps[o][d];
  }
  for (int d = 0; d < nest.ndim; ++d) arguments.sizes[d] = nest.sizes[d];
  if (nest.ndim == 0) arguments.ndim = arguments.sizes[0] = 1;  // a single element is a row of one
  set_divides(arguments);
  return arguments;
}

void set_divides(StridedArguments& arguments) {
  arguments.narrow = arguments.numel < kFastDivideLimit ? 1 : 0;
  for (int d = 0; d < arguments.ndim; ++d) {
    const int64_t size = std::max<int64_t>(arguments.sizes[d], 1);
    if (size < kFastDivideLimit) arguments.divide[d] = fast_divide(static_cast<uint32_t>(size));
  }
}

}  // namespace fgx::gpu
