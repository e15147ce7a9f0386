// SPDX-License-Identifier: Apache-2.0
// Kernels of sum, amax, argmax and var_mean over plain memory, per instruction set.
#pragma once

#include <cstdint>

#include "backend/cpu/isa.h"

namespace fgx {

// A partial result. sum: the total, in double for floats, in int64 for integers and bool (wraps).
// amax: the largest value, likewise. argmax: that, and its index. var_mean: the mean, the number of
// elements as the index, and the sum of squared distances from the mean.
struct ReduceSlot {
  union {
    double real;
    int64_t integer;
  };
  int64_t index;
  double spread;
};

// Longer reductions are folded from pieces of this length, in order: a result's bits do not depend on
// how many results there are, nor on threads.
inline constexpr int64_t kReducePiece = 8192;
// Most columns that one call of a column kernel takes.
inline constexpr int64_t kReduceColumns = 1024;

// slots[r] = reduction of the n elements at x + r * row_stride (in elements). n > 0.
using ReduceRowsFn = void (*)(const void* x, int64_t row_stride, int64_t rows, int64_t n,
                              ReduceSlot* slots);
// slots[c] = reduction over r of x[r * row_stride + c]. 0 < rows <= kReducePiece,
// columns <= kReduceColumns.
using ReduceColumnsFn = void (*)(const void* x, int64_t row_stride, int64_t rows, int64_t columns,
                                 ReduceSlot* slots);

// By DType.
struct ReduceTable {
  ReduceRowsFn rows[10];
  ReduceColumnsFn columns[10];
};
FGX_DECLARE_ISA_TABLE(ReduceTable, sum_table)
FGX_DECLARE_ISA_TABLE(ReduceTable, max_table)
FGX_DECLARE_ISA_TABLE(ReduceTable, argmax_table)
FGX_DECLARE_ISA_TABLE(ReduceTable, moments_table)  // of float types only

}  // namespace fgx
