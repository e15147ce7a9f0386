// SPDX-License-Identifier: Apache-2.0
// Elements of a strided region in row-major order, copied to and from contiguous memory with
// conversion: the general path of kernels whose fast paths want contiguous rows.
#pragma once

#include <cstdint>

#include "flaggems_exp.h"
#include "tensor/dtype.h"

namespace fgx {

// Some dimensions of a tensor, outermost first; strides in elements.
struct Strided {
  int32_t ndim = 0;
  int64_t count = 1;
  int64_t sizes[FGX_MAX_RANK];
  int64_t strides[FGX_MAX_RANK];

  // Adds an inner dimension; merges it with the one before where memory allows. Size 1 is dropped.
  void append(int64_t size, int64_t stride);
  // Offset in elements of element `index` in row-major order.
  int64_t offset(int64_t index) const;
};

// Converts `count` elements, the first of which is number `first` of the region at `base`, to `to`,
// contiguous and of type `as`. Numbers convert as PyTorch's `to` does.
void gather(const void* base, DType from, const Strided& region, int64_t first, int64_t count,
            void* to, DType as);
// The reverse, without conversion.
void scatter(const void* from, DType dtype, void* base, const Strided& region, int64_t first,
             int64_t count);

// One element as int64 (integers and bool) or double (floats).
int64_t read_integer(DType dtype, const void* element);
double read_real(DType dtype, const void* element);
// Stores a number, rounding once; integers wrap.
void write_integer(DType dtype, void* element, int64_t value);
void write_real(DType dtype, void* element, double value);

}  // namespace fgx
