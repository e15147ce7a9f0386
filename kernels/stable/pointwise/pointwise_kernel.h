// SPDX-License-Identifier: Apache-2.0
// What the per-instruction-set files of the elementwise operators offer to the launcher.
#pragma once

#include <cstdint>

#include "backend/cpu/isa.h"
#include "kernels/stable/pointwise/pointwise_formula.h"
#include "tensor/dtype.h"

namespace fgx {

inline constexpr int kMaxOperands = 3;
inline constexpr int kMaxParameters = 2;

// Applies a formula to dense arrays of one type. `out` may be one of the operands.
// parameters: kMaxParameters numbers of the compute type. The loops over half types take numbers for
// operands too: a null operand stands for parameters[kMaxParameters + its index].
using FormulaFn = void (*)(void* out, const void* const* operands, const void* parameters,
                           int64_t count);

// Loops of a formula: one per ComputeType, and two over dense arrays of half types, which convert as
// they go (and compute in float).
inline constexpr int kBFloat16Loop = kComputeTypes;
inline constexpr int kFloat16Loop = kComputeTypes + 1;
inline constexpr int kLoops = kComputeTypes + 2;

// Indexed by FormulaId and loop; null where a table is not for that arity, or the formula not for that
// type.
struct FormulaTable {
  FormulaFn at[kFormulaCount][kLoops];
};
FGX_DECLARE_ISA_TABLE(FormulaTable, unary_formulas)
FGX_DECLARE_ISA_TABLE(FormulaTable, binary_formulas)
FGX_DECLARE_ISA_TABLE(FormulaTable, ternary_formulas)

// Moves between memory and tiles of the compute type (kernels/common/tile.h), indexed by ComputeType.
using LoadTileFn = void (*)(void* tile, const void* source, DType dtype, int64_t stride,
                            int64_t count);
using StoreTileFn = void (*)(void* destination, DType dtype, int64_t stride, const void* tile,
                             int64_t count);
// Sums a tile: floats in float over short stretches, those in double.
using SumTileFn = double (*)(const void* tile, int64_t count);
struct TileTable {
  LoadTileFn load[kComputeTypes];
  StoreTileFn store[kComputeTypes];
  SumTileFn sum[kComputeTypes];
};
FGX_DECLARE_ISA_TABLE(TileTable, pointwise_tiles)

}  // namespace fgx
