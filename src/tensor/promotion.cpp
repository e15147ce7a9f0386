// SPDX-License-Identifier: Apache-2.0
// The promotion lattice and its three categories.
#include "tensor/promotion.h"

#include "base/error.h"

namespace fgx {

DType promote_types(DType a, DType b) {
  if (a == b) return a;
  const DTypeCategory category_a = info(a).category;
  const DTypeCategory category_b = info(b).category;
  if (category_a != category_b) return category_a > category_b ? a : b;
  if (category_a == DTypeCategory::kFloat) {
    // The half types hold neither of each other's ranges and precisions.
    if (size_of(a) == size_of(b)) return DType::kFloat32;
    return size_of(a) > size_of(b) ? a : b;
  }
  if (size_of(a) != size_of(b)) return size_of(a) > size_of(b) ? a : b;
  return DType::kInt16;  // uint8 with int8
}

void Promotion::raise(int8_t& type, DType dtype) {
  type = static_cast<int8_t>(type < 0 ? dtype : promote_types(static_cast<DType>(type), dtype));
}

void Promotion::add(const TensorView& tensor) {
  if (tensor.wrapped_number) {
    add_number(tensor.dtype);
  } else {
    raise(tensor.ndim == 0 ? zero_dim_ : dimensioned_, tensor.dtype);
  }
}

void Promotion::add_number(DType dtype) {
  raise(number_, is_float(dtype) ? DType::kFloat32 : dtype);
}

DType Promotion::result() const {
  int8_t result = number_;
  for (int8_t higher : {zero_dim_, dimensioned_}) {
    if (higher < 0) continue;
    if (result >= 0 &&
        info(static_cast<DType>(result)).category > info(static_cast<DType>(higher)).category) {
      result = static_cast<int8_t>(
          promote_types(static_cast<DType>(result), static_cast<DType>(higher)));
    } else {
      result = higher;
    }
  }
  if (result < 0) fail(FGX_INTERNAL, "type promotion without an operand");
  return static_cast<DType>(result);
}

DType result_type(std::span<const TensorView> tensors) {
  Promotion promotion;
  for (const TensorView& tensor : tensors) promotion.add(tensor);
  return promotion.result();
}

}  // namespace fgx
