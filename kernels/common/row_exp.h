// SPDX-License-Identifier: Apache-2.0
// exp of arguments that are at most zero, for softmax: within one ulp in float32, two in float64.
// For *.isa.cpp files only.
#pragma once

#include "kernels/common/row_vector.h"

namespace fgx::FGX_ISA::row {

// value * 2^exponent; `exponent` is integral and in [-1080, 0]. Rounds into the subnormals.
inline VecF scale_by_power(VecF value, VecF exponent, VecI bits) {
#if defined(__AVX512F__)
  (void)bits;
  return reinterpret_cast<VecF>(_mm512_maskz_scalef_ps(kAll16, reinterpret_cast<__m512>(value),
                                                       reinterpret_cast<__m512>(exponent)));
#else
  (void)exponent;
  const VecI half = bits >> 1;  // two steps, so that neither leaves the normal range
  return value * reinterpret_cast<VecF>((half + 127) << 23) *
         reinterpret_cast<VecF>((bits - half + 127) << 23);
#endif
}
inline VecD scale_by_power(VecD value, VecD exponent, VecL bits) {
#if defined(__AVX512F__)
  (void)bits;
  return reinterpret_cast<VecD>(_mm512_maskz_scalef_pd(kAll8, reinterpret_cast<__m512d>(value),
                                                       reinterpret_cast<__m512d>(exponent)));
#else
  (void)exponent;
  const VecL half = bits >> 1;
  return value * reinterpret_cast<VecD>((half + 1023) << 52) *
         reinterpret_cast<VecD>((bits - half + 1023) << 52);
#endif
}

// Reduction to |r| <= ln(2)/2 by adding and subtracting 1.5 * 2^23, whose low bits then hold the
// exponent; (e^r - 1 - r) / r^2 by a polynomial fitted for the largest relative error of e^r.
// NaN stays NaN; -inf gives 0.
inline VecF exp_nonpositive(VecF x) {
  constexpr float kShift = 12582912.0f;
  x = larger(splat(-104.0f), x);
  const VecF shifted = x * 1.44269504f + kShift;
  const VecF n = shifted - kShift;
  const VecF r = (x - n * 0.693359375f) - n * -2.12194440e-4f;
  VecF p = splat(1.3814604608342052e-3f);
  p = p * r + 8.368714712560177e-3f;
  p = p * r + 4.166838899254799e-2f;
  p = p * r + 0.1666652113199234f;
  p = p * r + 0.4999999403953552f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  return scale_by_power(p, n, reinterpret_cast<VecI>(shifted) - 0x4b400000);
}

inline VecD exp_nonpositive(VecD x) {
  constexpr double kShift = 6755399441055744.0;
  x = larger(splat(-746.0), x);
  const VecD shifted = x * 1.4426950408889634 + kShift;
  const VecD n = shifted - kShift;
  const VecD r = (x - n * 6.93147180369123816490e-01) - n * 1.90821492927058770002e-10;
  // Taylor's series to r^13: the rest is below 4e-18 relative.
  VecD p = splat(1.0 / 6227020800.0);
  p = p * r + 1.0 / 479001600.0;
  p = p * r + 1.0 / 39916800.0;
  p = p * r + 1.0 / 3628800.0;
  p = p * r + 1.0 / 362880.0;
  p = p * r + 1.0 / 40320.0;
  p = p * r + 1.0 / 5040.0;
  p = p * r + 1.0 / 720.0;
  p = p * r + 1.0 / 120.0;
  p = p * r + 1.0 / 24.0;
  p = p * r + 1.0 / 6.0;
  p = p * r + 0.5;
  p = p * r + 1.0;
  p = p * r + 1.0;
  return scale_by_power(p, n, reinterpret_cast<VecL>(shifted) - 0x4338000000000000);
}

}  // namespace fgx::FGX_ISA::row
