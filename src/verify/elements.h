// SPDX-License-Identifier: Apache-2.0
// Elements of any dtype read and written one at a time, and the limits of the float types. Plain and
// slow on purpose: verification shares no arithmetic with the kernels it judges.
#pragma once

#include <cstdint>
#include <cstring>
#include <vector>

#include "tensor/dtype.h"
#include "tensor/float_limits.h"
#include "tensor/tensor_view.h"

namespace fgx {

struct IntegerLimits {
  int64_t lowest;
  int64_t highest;
};
IntegerLimits integer_limits(DType dtype);

// Rounds once to the type.
void store_real(void* element, DType dtype, double value);
// Keeps the low bits of the value; bool stores whether it is not 0.
void store_integer(void* element, DType dtype, int64_t value);
// Either of the two, by the dtype's category.
void store_number(void* element, DType dtype, double value);
double load_real(const void* element, DType dtype);
int64_t load_integer(const void* element, DType dtype);
// `value` rounded to the type, as a double.
double round_to(DType dtype, double value);
// Distance between neighbouring numbers of the type around `value` (finite).
double ulp_at(DType dtype, double value);

// Calls visit(address, row-major index) for every element, whatever the strides.
template <typename Visit>
void for_each_element(const TensorView& tensor, Visit&& visit) {
  if (tensor.numel == 0) return;
  char* base = static_cast<char*>(tensor.data);
  const int64_t item = size_of(tensor.dtype);
  std::vector<int64_t> index(static_cast<size_t>(tensor.ndim), 0);
  int64_t offset = 0;
  for (int64_t i = 0; i < tensor.numel; ++i) {
    visit(static_cast<void*>(base + offset * item), i);
    for (int d = tensor.ndim - 1; d >= 0; --d) {
      offset += tensor.strides[d];
      if (++index[static_cast<size_t>(d)] < tensor.shape[d]) break;
      offset -= tensor.strides[d] * tensor.shape[d];
      index[static_cast<size_t>(d)] = 0;
    }
  }
}

}  // namespace fgx
