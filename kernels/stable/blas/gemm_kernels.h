// SPDX-License-Identifier: Apache-2.0
// The building blocks of matrix products that each instruction set provides: packing of operands into
// panels, the register tile, and stores; and forms for few rows that need no packing.
//
// A packed panel of height p holds, for each step along the shared dimension, p units. A unit is one
// float or double, or (kPairs) two neighbouring bfloat16 along the shared dimension.
#pragma once

#include <cstdint>

#include "backend/cpu/isa.h"

namespace fgx {

// What products are computed in.
enum class GemmMode : uint8_t {
  kFloat,   // float32 units; float16 and bfloat16 are widened while packing
  kDouble,  // float64 units
  kPairs,   // pairs of bfloat16, summed in float32 (AVX512-BF16)
};

// Element types of operands and results.
enum class GemmType : uint8_t { kFloat32, kFloat64, kFloat16, kBFloat16 };

// Sums are float32, or float64 in mode kDouble.
struct GemmKernels {
  int32_t tile_rows;     // most rows of a register tile
  int32_t tile_floats;   // columns of a register tile when sums are float32
  int32_t tile_doubles;  // the same for float64
  int32_t skinny_rows;   // most rows that the dot form takes at once

  // Packs `count` lines of `length` elements along the shared dimension into one panel of `height` >=
  // count units per step; the rest, and the odd half of a last pair, is zero.
  void (*pack)(GemmMode mode, GemmType type, const void* source, int64_t line_stride,
               int64_t shared_stride, int64_t count, int64_t length, int64_t height, void* panel);

  // tile[rows][columns] (+)= panel_a[steps][rows] * panel_b[steps][columns].
  void (*tile)(GemmMode mode, int rows, int64_t steps, const void* panel_a, const void* panel_b,
               void* tile, bool accumulate);

  // Rows of sums, `pitch` sums apart, to the result type; `bias` (as sums) per column or nullptr.
  void (*store)(GemmType type, const void* sums, int64_t pitch, int64_t rows, int64_t columns,
                const void* bias, void* out, int64_t row_stride, int64_t column_stride);

  // Widens `count` elements to sums.
  void (*widen)(GemmType type, const void* from, int64_t stride, int64_t count, void* sums);

  // sums[row * pitch + line] = <x row, line of w> for `rows` <= skinny_rows. x: dense rows of `length`
  // in the mode's element type (kPairs: bfloat16), x_stride elements apart; w: lines of type `type`,
  // contiguous along the shared dimension.
  void (*dots)(GemmMode mode, GemmType type, const void* x, int64_t x_stride, int rows,
               const void* w, int64_t w_stride, int64_t lines, int64_t length, void* sums,
               int64_t pitch);

  // sums[row * pitch + column] += sum over length of x[row][k] * w[k * w_stride + column], for any
  // number of rows; w is contiguous along its columns.
  void (*spread)(GemmMode mode, GemmType type, const void* x, int64_t x_stride, int rows,
                 const void* w, int64_t w_stride, int64_t columns, int64_t length, void* sums,
                 int64_t pitch);
};
FGX_DECLARE_ISA_TABLE(GemmKernels, gemm_kernels)

// Whether mode kPairs may be used with gemm_kernels_for(best_isa()).
bool gemm_has_pairs();

// Products of integers: arithmetic wraps in the element type.
struct IntegerGemmKernels {
  // out[i][j] = bias[j] + sum over k of a[i][k] * b[k][j]; sizes m, n, k; strides in elements: a row,
  // a shared, b shared, b column, out row, out column, bias. bytes: element size; wide types wrap as
  // narrow ones do, so signedness does not matter.
  void (*multiply)(int bytes, const void* a, const void* b, const void* bias, void* out,
                   const int64_t* sizes, const int64_t* strides);
};
FGX_DECLARE_ISA_TABLE(IntegerGemmKernels, integer_gemm_kernels)

}  // namespace fgx
