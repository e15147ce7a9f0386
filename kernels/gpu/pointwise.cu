// SPDX-License-Identifier: Apache-2.0
// Elementwise kernels, from the formulas that the CPU kernels and the oracle compile.
//
//   fgx_<formula>_<dtype>(out, x, y, z, count, p0, p1)             dense arrays of one type; comparisons give bool
//   fgx_<formula>_number_<dtype>(out, x, count, b, c, p0, p1)      the same; all but the first are numbers
//   fgx_<formula>_rows_<dtype>(arguments, out, x, y, z, a, b, c, p0, p1)    rows of one type, dense or repeated
//   fgx_<formula>_mixed_<dtype>(the same)                                   the same beside numbers
//   fgx_<formula>_strided_<type>(arguments, out, x, y, z, a, b, c, p0, p1)  any types and strides
//
// Of the last two kinds, an operand whose pointer is null is the number a, b or c. p0 and p1 are the formula's
// parameters. The condition of where is bool. All but strided make one 16-byte access per thread and
// operand, so addresses and the steps between rows are multiples of that; the last thread of a dense one
// does the remainder element by element. `out` may be an operand.
#include "kernels/gpu/formula_kernels.h"

#define FGX_KERNELS(name)                             \
  FGX_DENSE(name, float32, Float32, float)            \
  FGX_DENSE(name, float16, Float16, float)            \
  FGX_DENSE(name, bfloat16, BFloat16, float)          \
  FGX_DENSE(name, float64, Float64, double)           \
  FGX_DENSE(name, int64, Int64, fgx::device::Integer) \
  FGX_DENSE(name, int32, Int32, fgx::device::Integer) \
  FGX_STRIDED(name, float, float)                     \
  FGX_STRIDED(name, double, double)                   \
  FGX_STRIDED(name, integer, fgx::device::Integer)

#define FGX_UNARY(name, ...) FGX_KERNELS(name)
#define FGX_BINARY(name, ...) FGX_KERNELS(name)
#define FGX_TERNARY(name, ...) FGX_KERNELS(name)
#define FGX_CHOICE_UNARY(name, argument, value, ...) FGX_KERNELS(name##_##value)
#define FGX_CHOICE_BINARY(name, argument, value, ...) FGX_KERNELS(name##_##value)
#define FGX_FORMULA_BINARY(name, ...) FGX_KERNELS(name)
#include "kernels/stable/pointwise/pointwise_formulas.inc"
