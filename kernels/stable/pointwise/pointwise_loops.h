// SPDX-License-Identifier: Apache-2.0
// The loops over formulas; each arity's *.isa.cpp instantiates those of its formulas.
#pragma once

#include "kernels/stable/pointwise/pointwise_kernel.h"

// Output and operand may be the same array (in place), never partly overlapping ones: no element that
// is read was written by another iteration.
#if defined(__clang__)
#define FGX_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#pragma clang diagnostic ignored "-Wpass-failed"  // remainders do not vectorize
#else
#define FGX_INDEPENDENT _Pragma("GCC ivdep")
#endif

namespace fgx::FGX_ISA {

template <typename Formula, typename T>
static void apply_formula(void* out, const void* const* operands, const void* parameters,
                          int64_t count) {
  T* result = static_cast<T*>(out);
  const T* x = static_cast<const T*>(operands[0]);
  const T p0 = static_cast<const T*>(parameters)[0];
  const T p1 = static_cast<const T*>(parameters)[1];
  const KernelMath m;
  if constexpr (Formula::kArity == 1) {
    FGX_INDEPENDENT
    for (int64_t i = 0; i < count; ++i) result[i] = Formula::apply(m, x[i], T(0), T(0), p0, p1);
  } else if constexpr (Formula::kArity == 2) {
    const T* y = static_cast<const T*>(operands[1]);
    FGX_INDEPENDENT
    for (int64_t i = 0; i < count; ++i) result[i] = Formula::apply(m, x[i], y[i], T(0), p0, p1);
  } else {
    const T* y = static_cast<const T*>(operands[1]);
    const T* z = static_cast<const T*>(operands[2]);
    FGX_INDEPENDENT
    for (int64_t i = 0; i < count; ++i) result[i] = Formula::apply(m, x[i], y[i], z[i], p0, p1);
  }
}

template <typename Formula>
constexpr FormulaFn integer_loop() {
  if constexpr (computes_integers(Formula::kRule))
    return &apply_formula<Formula, Integer>;
  else
    return nullptr;
}

// A row of a FormulaTable.
#define FGX_FORMULA_ROW(name)                                                     \
  {&apply_formula<name##_formula, float>, &apply_formula<name##_formula, double>, \
   integer_loop<name##_formula>()},
#define FGX_NO_FORMULA_ROW {nullptr, nullptr, nullptr},

}  // namespace fgx::FGX_ISA
