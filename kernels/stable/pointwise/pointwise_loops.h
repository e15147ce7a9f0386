// SPDX-License-Identifier: Apache-2.0
// The loops over formulas; each arity's *.isa.cpp instantiates those of its formulas.
#pragma once

#include "kernels/common/tile.h"
#include "kernels/stable/pointwise/kernel_math.h"
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

// Conversions of half types do not vectorize well beside arithmetic: they go through short arrays that
// stay in the first-level cache. kSize is the number of elements, or 0 when only `size` tells.
constexpr int64_t kHalvesAtOnce = 64;
template <typename Formula, typename Storage, int64_t kSize>
FGX_INLINE void apply_to_block(Storage* result, const Storage* const* operands, int64_t begin,
                               int64_t size, float p0, float p1,
                               float (&values)[4][kHalvesAtOnce]) {
  if constexpr (kSize != 0) size = kSize;
  for (int k = 0; k < Formula::kArity; ++k) {
    if (operands[k] != nullptr) load_dense(values[k], operands[k] + begin, size);
  }
  const float* y = values[Formula::kArity > 1 ? 1 : 0];
  const float* z = values[Formula::kArity > 2 ? 2 : 0];
  const KernelMath m;
  for (int64_t i = 0; i < size; ++i) {
    values[3][i] = Formula::apply(m, values[0][i], y[i], z[i], p0, p1);
  }
  store_dense(result + begin, values[3], size);
}
template <typename Formula, typename Storage>
static void apply_to_halves(void* out, const void* const* operands, const void* parameters,
                            int64_t count) {
  alignas(64) float values[4][kHalvesAtOnce];
  Storage* result = static_cast<Storage*>(out);
  const float* numbers = static_cast<const float*>(parameters);
  const Storage* halves[3] = {};
  for (int k = 0; k < Formula::kArity; ++k) {
    halves[k] = static_cast<const Storage*>(operands[k]);
    if (halves[k] != nullptr) continue;
    for (float& value : values[k]) value = numbers[kMaxParameters + k];
  }
  const float p0 = numbers[0];
  const float p1 = numbers[1];
  int64_t i = 0;
  for (; i + kHalvesAtOnce <= count; i += kHalvesAtOnce) {
    apply_to_block<Formula, Storage, kHalvesAtOnce>(result, halves, i, kHalvesAtOnce, p0, p1,
                                                    values);
  }
  if (i < count) apply_to_block<Formula, Storage, 0>(result, halves, i, count - i, p0, p1, values);
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
   integer_loop<name##_formula>(), &apply_to_halves<name##_formula, Brain>,       \
   &apply_to_halves<name##_formula, Half>},
#define FGX_NO_FORMULA_ROW {},

}  // namespace fgx::FGX_ISA
