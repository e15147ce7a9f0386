// SPDX-License-Identifier: Apache-2.0
// The operands of a formula on a GPU: arrays told from numbers, and what a launch passes for each.
#pragma once

#include <limits>
#include <type_traits>

#include "kernels/gpu/launch.h"
#include "kernels/gpu/strided_arguments.h"
#include "kernels/stable/pointwise/elementwise.h"
#include "tensor/geometry.h"
#include "tensor/half.h"

namespace fgx::gpu {

static_assert(kMostDims == FGX_MAX_RANK);

// As kernels are called, and the module that has them.
const char* formula_name(FormulaId formula);
const char* formula_module(FormulaId formula);

// Where an operand's value comes from.
enum class Source : uint8_t { kMemory, kNumber, kLowest, kHighest };

struct Operands {
  int8_t slot[kMostOperands];          // in RunArgs::data
  int64_t byte_offset[kMostOperands];  // of the first element from there
  Source source[kMostOperands];
  DType dtype[kMostOperands];  // of numbers
  bool cast[kMostOperands];    // numbers are rounded to `common` first
  DType common;
  int8_t output_slot;
  uint8_t parameter_count;
  bool fixed;  // parameters are those here, not the run's
  Scalar parameters[kMaxParameters];
};

template <typename T>
T convert(Scalar value) {
  if constexpr (std::is_same_v<T, int64_t>) return value.as_int();
  return static_cast<T>(value.as_double());
}

// A number in host memory.
Scalar read_number(const void* data, DType dtype);

// What a launch passes beside its arrays.
template <typename T>
struct Numbers {
  void* pointers[kMostOperands] = {};  // null: a number
  T values[kMostOperands] = {};
  T parameters[2] = {};

  Numbers(const Operands& operands, const RunArgs& args) {
    for (int k = 0; k < kMostOperands; ++k) {
      switch (operands.source[k]) {
        case Source::kMemory:
          if (operands.slot[k] >= 0) {
            pointers[k] = static_cast<char*>(args.data[operands.slot[k]]) + operands.byte_offset[k];
          }
          break;
        case Source::kNumber:
          values[k] = number(operands, k, args.data[operands.slot[k]]);
          break;
        case Source::kLowest:
          values[k] = bound(false);
          break;
        case Source::kHighest:
          values[k] = bound(true);
          break;
      }
    }
    const Scalar* scalars = operands.fixed ? operands.parameters : args.scalars;
    for (int i = 0; i < operands.parameter_count; ++i) parameters[i] = convert<T>(scalars[i]);
  }

 private:
  static T bound(bool highest) {
    using Limits = std::numeric_limits<T>;
    if constexpr (Limits::has_infinity) return highest ? Limits::infinity() : -Limits::infinity();
    return highest ? Limits::max() : Limits::min();
  }
  static T number(const Operands& operands, int k, const void* data) {
    const Scalar value = read_number(data, operands.dtype[k]);
    if (!operands.cast[k]) return convert<T>(value);
    switch (operands.common) {
      case DType::kFloat16:
        return static_cast<T>(to_float(to_float16(static_cast<float>(value.as_double()))));
      case DType::kBFloat16:
        return static_cast<T>(to_float(to_bfloat16(static_cast<float>(value.as_double()))));
      case DType::kUInt8:
        return static_cast<T>(static_cast<uint8_t>(value.as_int()));
      case DType::kInt8:
        return static_cast<T>(static_cast<int8_t>(value.as_int()));
      case DType::kInt16:
        return static_cast<T>(static_cast<int16_t>(value.as_int()));
      case DType::kInt32:
        return static_cast<T>(static_cast<int32_t>(value.as_int()));
      default:
        return convert<T>(value);
    }
  }
};

// The operands of a request, numbers told from arrays.
struct Gathered {
  Operands operands{};
  const TensorView* views[kMostOperands + 1];  // the output first; of numbers `nothing`
  int arity;
  DType dtype;     // of the operands that vectors are of
  int64_t vector;  // elements of it in 16 bytes
  // All arrays hold that type (a condition's is bool, so are a comparison's results), and a vector of each can be loaded
  // at once.
  bool vectors;
};

// Whether results are bool whatever the formula computes in.
bool is_predicate(FormulaId formula);
// `nothing` stands for numbers.
Gathered gather(const ElementwiseRequest& request, const TensorView& nothing);

using Nest = LoopNest<kMostOperands + 1>;
// For elements one by one, as many as the nest has.
StridedArguments strided_arguments(const Gathered& gathered, const TensorView& nothing,
                                   const Nest& nest);
// For the sizes and the number of elements that it has now.
void set_divides(StridedArguments& arguments);

}  // namespace fgx::gpu
