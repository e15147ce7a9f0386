// SPDX-License-Identifier: Apache-2.0
// One machine vector of floats or doubles, with loads and stores that convert from and to the half
// types; for *.isa.cpp files only. Everything has internal linkage, because each instruction set
// compiles its own copy.
#pragma once

#include <cstdint>

#if defined(__x86_64__)
#include <immintrin.h>
#endif
#if defined(__GNUC__) && !defined(__clang__)
// GCC 12's own intrinsics start from a deliberately undefined vector and warn about it (its bug 105593).
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#include "kernels/common/tile.h"

namespace fgx::FGX_ISA {
namespace {

#if defined(__AVX512F__)
constexpr int kVectorBytes = 64;
#elif defined(__AVX2__)
constexpr int kVectorBytes = 32;
#else
constexpr int kVectorBytes = 16;
#endif

typedef float Floats __attribute__((vector_size(kVectorBytes)));
typedef double Doubles __attribute__((vector_size(kVectorBytes)));
typedef uint32_t Words __attribute__((vector_size(kVectorBytes)));
typedef float LooseFloats __attribute__((vector_size(kVectorBytes), aligned(4), may_alias));
typedef double LooseDoubles __attribute__((vector_size(kVectorBytes), aligned(8), may_alias));
constexpr int kFloatLanes = kVectorBytes / 4;
constexpr int kDoubleLanes = kVectorBytes / 8;

// Scalar conversions.
FGX_INLINE float widen(float value) { return value; }
FGX_INLINE double widen(double value) { return value; }
FGX_INLINE float widen(Brain value) { return brain_to_float(value.bits); }
FGX_INLINE float widen(Half value) {
#if defined(__F16C__)
  return _cvtsh_ss(value.bits);
#else
  return half_to_float(value.bits);
#endif
}
FGX_INLINE void narrow(float value, float* out) { *out = value; }
FGX_INLINE void narrow(double value, double* out) { *out = value; }
FGX_INLINE void narrow(float value, Brain* out) {
  out->bits = static_cast<uint16_t>(float_to_brain(value));
}
FGX_INLINE void narrow(float value, Half* out) {
#if defined(__F16C__)
  out->bits = static_cast<uint16_t>(_cvtss_sh(value, _MM_FROUND_TO_NEAREST_INT));
#else
  out->bits = static_cast<uint16_t>(float_to_half(value));
#endif
}

// What a storage type computes in, and that type's vector.
template <typename T>
struct Compute {
  typedef float Scalar;
  typedef Floats Vector;
  static constexpr int kLanes = kFloatLanes;
};
template <>
struct Compute<double> {
  typedef double Scalar;
  typedef Doubles Vector;
  static constexpr int kLanes = kDoubleLanes;
};

FGX_INLINE Floats splat(float value) { return Floats{} + value; }
FGX_INLINE Doubles splat(double value) { return Doubles{} + value; }

// Unaligned loads of one vector.
FGX_INLINE Floats load(const float* from) { return *reinterpret_cast<const LooseFloats*>(from); }
FGX_INLINE Doubles load(const double* from) { return *reinterpret_cast<const LooseDoubles*>(from); }
FGX_INLINE Floats load(const Brain* from) {
#if defined(__AVX512F__)
  const __m256i bits = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
  return reinterpret_cast<Floats>(_mm512_slli_epi32(_mm512_cvtepu16_epi32(bits), 16));
#elif defined(__AVX2__)
  const __m128i bits = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
  return reinterpret_cast<Floats>(_mm256_slli_epi32(_mm256_cvtepu16_epi32(bits), 16));
#else
  Floats result;
  for (int i = 0; i < kFloatLanes; ++i) result[i] = widen(from[i]);
  return result;
#endif
}
FGX_INLINE Floats load(const Half* from) {
#if defined(__AVX512F__)
  return reinterpret_cast<Floats>(
      _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from))));
#elif defined(__AVX2__)
  return reinterpret_cast<Floats>(
      _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from))));
#else
  Floats result;
  for (int i = 0; i < kFloatLanes; ++i) result[i] = widen(from[i]);
  return result;
#endif
}

// Unaligned stores of one vector.
FGX_INLINE void store(float* to, Floats value) { *reinterpret_cast<LooseFloats*>(to) = value; }
FGX_INLINE void store(double* to, Doubles value) { *reinterpret_cast<LooseDoubles*>(to) = value; }
FGX_INLINE void store(Half* to, Floats value) {
#if defined(__AVX512F__)
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to),
                      _mm512_cvtps_ph(reinterpret_cast<__m512>(value),
                                      _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
#elif defined(__AVX2__)
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to),
                   _mm256_cvtps_ph(reinterpret_cast<__m256>(value), _MM_FROUND_TO_NEAREST_INT));
#else
  for (int i = 0; i < kFloatLanes; ++i) narrow(value[i], to + i);
#endif
}
FGX_INLINE void store(Brain* to, Floats value) {
#if defined(__AVX512F__)
  const __m512i bits = reinterpret_cast<__m512i>(value);
  const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
  const __m512i rounded = _mm512_add_epi32(_mm512_add_epi32(bits, _mm512_set1_epi32(0x7fff)), odd);
  const __mmask16 nan = _mm512_cmp_ps_mask(reinterpret_cast<__m512>(value),
                                           reinterpret_cast<__m512>(value), _CMP_UNORD_Q);
  const __m512i quiet = _mm512_or_si512(bits, _mm512_set1_epi32(0x400000));
  const __m512i result = _mm512_srli_epi32(_mm512_mask_mov_epi32(rounded, nan, quiet), 16);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm512_cvtepi32_epi16(result));
#else
  for (int i = 0; i < kFloatLanes; ++i) narrow(value[i], to + i);
#endif
}

// Sum of all lanes.
FGX_INLINE float sum_lanes(Floats v) {
#if defined(__AVX512F__)
  return _mm512_reduce_add_ps(reinterpret_cast<__m512>(v));
#else
  float half[kFloatLanes];
  __builtin_memcpy(half, &v, sizeof(v));
  for (int width = kFloatLanes / 2; width > 0; width /= 2) {
    for (int i = 0; i < width; ++i) half[i] += half[i + width];
  }
  return half[0];
#endif
}
FGX_INLINE double sum_lanes(Doubles v) {
  double half[kDoubleLanes];
  __builtin_memcpy(half, &v, sizeof(v));
  for (int width = kDoubleLanes / 2; width > 0; width /= 2) {
    for (int i = 0; i < width; ++i) half[i] += half[i + width];
  }
  return half[0];
}

}  // namespace
}  // namespace fgx::FGX_ISA
