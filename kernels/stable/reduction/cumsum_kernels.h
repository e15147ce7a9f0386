// SPDX-License-Identifier: Apache-2.0
// Kernels of cumsum over plain memory, per instruction set.
#pragma once

#include <cstdint>

#include "backend/cpu/isa.h"
#include "tensor/dtype.h"

namespace fgx {

// A running sum: double for float results, int64 (which wraps) for others.
union RunningSum {
  double real;
  int64_t integer;
};

// Most columns that one call of `columns` takes.
inline constexpr int64_t kCumsumColumns = 512;

// Strides in elements. The input's type is the result's, or an integer type or bool where that is an
// integer type. The output may be the input itself.
struct CumsumKernels {
  // y[i] = sum + x[0] + ... + x[i]; `sum` goes on to the next piece of the row.
  void (*row)(const void* x, DType x_type, int64_t x_stride, void* y, DType y_type,
              int64_t y_stride, int64_t n, RunningSum* sum);
  // y[r][c] = sums[c] + x[0][c] + ... + x[r][c]; columns are contiguous.
  void (*columns)(const void* x, DType x_type, int64_t x_stride, void* y, DType y_type,
                  int64_t y_stride, int64_t rows, int64_t columns);
};
FGX_DECLARE_ISA_TABLE(CumsumKernels, cumsum_kernels)

}  // namespace fgx
