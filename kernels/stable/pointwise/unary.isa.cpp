// SPDX-License-Identifier: Apache-2.0
// Formulas of one operand.
#include "kernels/stable/pointwise/pointwise_loops.h"

namespace fgx::FGX_ISA {

extern const FormulaTable unary_formulas = {{
#define FGX_UNARY(name, ...) FGX_FORMULA_ROW(name)
#define FGX_CHOICE_UNARY(name, argument, value, ...) FGX_FORMULA_ROW(name##_##value)
#define FGX_BINARY(...) FGX_NO_FORMULA_ROW
#define FGX_TERNARY(...) FGX_NO_FORMULA_ROW
#define FGX_LOSS(...) FGX_NO_FORMULA_ROW
#define FGX_CHOICE_BINARY(...) FGX_NO_FORMULA_ROW
#define FGX_FORMULA_BINARY(...) FGX_NO_FORMULA_ROW
#include "kernels/stable/pointwise/pointwise_formulas.inc"
}};

}  // namespace fgx::FGX_ISA
