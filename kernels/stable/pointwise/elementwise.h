// SPDX-License-Identifier: Apache-2.0
// Runs a formula over operands of any types and strides: the one launcher behind every elementwise
// operator, loss and gated activation.
#pragma once

#include <cstdint>
#include <span>

#include "kernels/stable/pointwise/pointwise_kernel.h"
#include "schema/kernel.h"

namespace fgx {

// Where one operand's elements come from.
struct ElementwiseOperand {
  TensorView view;          // dtype, shape and strides; the data pointer is not kept
  int slot = -1;            // index in RunArgs::data; -1: every element is the constant below
  int64_t byte_offset = 0;  // of the first element from that data pointer
  bool highest = false;     // constant: the type's largest value, or else its smallest
  bool cast = false;        // rounded or wrapped to the common type before the formula
};

enum class Reduction : uint8_t { kNone, kMean, kSum };

struct ElementwiseRequest {
  FormulaId formula;
  int arity;
  ComputeType compute;
  DType common = DType::kFloat32;  // what `cast` means
  std::span<const int64_t> shape;
  ElementwiseOperand operands[kMaxOperands];
  TensorView output;
  int output_slot;
  int parameter_count = 0;
  const Scalar* static_parameters = nullptr;  // null: they come as the dynamic scalars of each run
  Reduction reduction = Reduction::kNone;     // otherwise the output has one element
};

RunFn prepare_elementwise(const ElementwiseRequest& request, KernelState& state);

}  // namespace fgx
