// SPDX-License-Identifier: Apache-2.0
// Sixteen lanes at a time for the generated elementwise kernels: loads and stores of float32, bfloat16
// and float16 under a mask, and 2^x. For *.isa.cpp files; empty without AVX512.
#pragma once

#include "kernels/common/tile.h"

#if defined(__AVX512F__)

namespace fgx::FGX_ISA::lanes {

using Mask = __mmask16;
constexpr Mask kAll = 0xffff;

FGX_INLINE __m512 load(const float* source, Mask mask) {
  return _mm512_maskz_loadu_ps(mask, source);
}
FGX_INLINE __m512 load(const Half* source, Mask mask) {
  return _mm512_maskz_cvtph_ps(mask, _mm256_maskz_loadu_epi16(mask, source));
}
FGX_INLINE __m512 load(const Brain* source, Mask mask) {
  const __m512i wide = _mm512_maskz_cvtepu16_epi32(kAll, _mm256_maskz_loadu_epi16(mask, source));
  return _mm512_castsi512_ps(_mm512_maskz_slli_epi32(kAll, wide, 16));
}

FGX_INLINE void store(float* target, Mask mask, __m512 value) {
  _mm512_mask_storeu_ps(target, mask, value);
}
FGX_INLINE void store(Half* target, Mask mask, __m512 value) {
  _mm256_mask_storeu_epi16(target, mask,
                           _mm512_maskz_cvtps_ph(kAll, value, _MM_FROUND_TO_NEAREST_INT));
}
// To nearest even; nan becomes the quiet nan.
FGX_INLINE void store(Brain* target, Mask mask, __m512 value) {
  const __m512i bits = _mm512_castps_si512(value);
  const __m512i odd =
      _mm512_and_si512(_mm512_maskz_srli_epi32(kAll, bits, 16), _mm512_set1_epi32(1));
  __m512i rounded = _mm512_add_epi32(_mm512_add_epi32(bits, _mm512_set1_epi32(0x7fff)), odd);
  rounded = _mm512_mask_mov_epi32(rounded, _mm512_cmp_ps_mask(value, value, _CMP_UNORD_Q),
                                  _mm512_set1_epi32(0x7fc00000));
  _mm256_mask_storeu_epi16(
      target, mask, _mm512_maskz_cvtepi32_epi16(kAll, _mm512_maskz_srli_epi32(kAll, rounded, 16)));
}

FGX_INLINE __m512 constant(float value) { return _mm512_set1_ps(value); }
FGX_INLINE __m512 multiply_add(__m512 a, __m512 b, __m512 c) { return _mm512_fmadd_ps(a, b, c); }

template <typename... Rest>
FGX_INLINE __m512 horner(__m512, float c0) {
  return constant(c0);
}
template <typename... Rest>
FGX_INLINE __m512 horner(__m512 x, float c0, Rest... rest) {
  return multiply_add(x, horner(x, rest...), constant(c0));
}

// x - floor(x); 0 for infinities.
FGX_INLINE __m512 fraction(__m512 x) {
  return _mm512_maskz_reduce_ps(kAll, x, _MM_FROUND_TO_NEG_INF);
}
FGX_INLINE __m512 scale(__m512 value, __m512 exponent) {
  return _mm512_maskz_scalef_ps(kAll, value, exponent);
}
// 2^x to 2e-9, and to 9e-5: a polynomial of the fraction, scaled by the rest.
FGX_INLINE __m512 exp2(__m512 x) {
  return scale(horner(fraction(x), 1.0f, 0x1.62e42cp-1f, 0x1.ebfd58p-3f, 0x1.c68910p-5f,
                      0x1.3d0b98p-7f, 0x1.46d620p-10f, 0x1.c541fep-13f),
               x);
}
FGX_INLINE __m512 exp2_short(__m512 x) {
  return scale(horner(fraction(x), 1.0f, 0x1.63e658p-1f, 0x1.d237a6p-3f, 0x1.3baa76p-4f), x);
}

FGX_INLINE __m512 magnitude(__m512 x) {
  return _mm512_castsi512_ps(
      _mm512_and_si512(_mm512_castps_si512(x), _mm512_set1_epi32(0x7fffffff)));
}

// f(i, mask) for stretches of sixteen, the last one masked.
template <typename Body>
FGX_INLINE void for_lanes(int64_t count, Body body) {
  int64_t i = 0;
  for (; i + 32 <= count; i += 32) {
    body(i, kAll);
    body(i + 16, kAll);
  }
  for (; i < count; i += 16) body(i, first_lanes(count - i));
}

}  // namespace fgx::FGX_ISA::lanes

#endif
