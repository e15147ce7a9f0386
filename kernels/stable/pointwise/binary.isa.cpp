// SPDX-License-Identifier: Apache-2.0
// Formulas of two operands.
#include "kernels/stable/pointwise/pointwise_loops.h"

namespace fgx::FGX_ISA {

extern const FormulaTable binary_formulas = {{
#define FGX_BINARY(name, ...) FGX_FORMULA_ROW(name)
#define FGX_LOSS(name, ...) FGX_FORMULA_ROW(name)
#define FGX_CHOICE_BINARY(name, argument, value, ...) FGX_FORMULA_ROW(name##_##value)
#define FGX_FORMULA_BINARY(name, ...) FGX_FORMULA_ROW(name)
#define FGX_UNARY(...) FGX_NO_FORMULA_ROW
#define FGX_TERNARY(...) FGX_NO_FORMULA_ROW
#define FGX_CHOICE_UNARY(...) FGX_NO_FORMULA_ROW
#include "kernels/stable/pointwise/pointwise_formulas.inc"
}};

}  // namespace fgx::FGX_ISA
