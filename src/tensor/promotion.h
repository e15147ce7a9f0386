// SPDX-License-Identifier: Apache-2.0
// PyTorch's type promotion: which element type an operation on several operands computes in.
#pragma once

#include <cstdint>
#include <span>

#include "tensor/tensor_view.h"

namespace fgx {

// The smallest type that both convert to without a change of kind: the lattice of
// torch.promote_types (uint8 with int8 gives int16, float16 with bfloat16 gives float32).
DType promote_types(DType a, DType b);

// torch.result_type: operands fall in three categories, tensors with dimensions, 0-d tensors and
// numbers. An operand of a lower category raises the type only when its kind (bool < integer <
// float) is higher than that of all operands of higher categories.
class Promotion {
 public:
  // A tensor: its category follows from ndim and wrapped_number.
  void add(const TensorView& tensor);
  // A Python-like number: bool, int64 or a float type (which counts as float32, the default type).
  void add_number(DType dtype);
  bool empty() const { return dimensioned_ < 0 && zero_dim_ < 0 && number_ < 0; }
  // The type of the result; at least one operand must have been added.
  DType result() const;

 private:
  static void raise(int8_t& type, DType dtype);

  // DType, or -1 for none yet.
  int8_t dimensioned_ = -1;
  int8_t zero_dim_ = -1;
  int8_t number_ = -1;
};

DType result_type(std::span<const TensorView> tensors);

// The type of a float function's result: integers and bool compute in float32.
constexpr DType float_type(DType dtype) { return is_float(dtype) ? dtype : DType::kFloat32; }

// Whether a result of type `from` may be stored as `to` in place (torch.can_cast): never from float
// to integer, nor from a number to bool.
constexpr bool can_cast(DType from, DType to) { return info(from).category <= info(to).category; }

}  // namespace fgx
