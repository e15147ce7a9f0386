// SPDX-License-Identifier: Apache-2.0
// Vectors for row kernels: as wide as the instruction set, loaded from and stored to any float type.
// For *.isa.cpp files only: everything lives in the instruction set's own namespace.
#pragma once

#include <cstdint>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace fgx::FGX_ISA::row {

#if defined(__AVX512F__)
inline constexpr int kVectorBytes = 64;
#elif defined(__AVX2__)
inline constexpr int kVectorBytes = 32;
#else
inline constexpr int kVectorBytes = 16;
#endif

using VecF = float __attribute__((vector_size(kVectorBytes)));
using VecD = double __attribute__((vector_size(kVectorBytes)));
using VecI = int32_t __attribute__((vector_size(kVectorBytes)));
using VecL = int64_t __attribute__((vector_size(kVectorBytes)));
using VecU = uint32_t __attribute__((vector_size(kVectorBytes)));
using VecHalf = uint16_t __attribute__((vector_size(kVectorBytes / 2)));

// Storage of the half types.
struct F16 {
  uint16_t bits;
};
struct BF16 {
  uint16_t bits;
};

// What a type is computed in, and the vector of that.
template <typename T>
struct Compute {
  using Scalar = float;
  using Vec = VecF;
  using Mask = VecI;
  static constexpr int kLanes = kVectorBytes / 4;
};
template <>
struct Compute<double> {
  using Scalar = double;
  using Vec = VecD;
  using Mask = VecL;
  static constexpr int kLanes = kVectorBytes / 8;
};

inline VecF splat(float value) { return VecF{} + value; }
inline VecD splat(double value) { return VecD{} + value; }

#if defined(__AVX512F__)
// Forms with a mask of all lanes: GCC 12 warns of uninitialized values inside the plain intrinsics.
inline constexpr __mmask16 kAll16 = 0xffff;
inline constexpr __mmask8 kAll8 = 0xff;
#endif

// ---- whole vectors -----------------------------------------------------------------------------

inline VecF widen(BF16, VecHalf raw) {
  return reinterpret_cast<VecF>(__builtin_convertvector(raw, VecU) << 16);
}

inline VecF widen(F16, VecHalf raw) {
#if defined(__AVX512F__)
  return reinterpret_cast<VecF>(_mm512_maskz_cvtph_ps(kAll16, reinterpret_cast<__m256i>(raw)));
#elif defined(__AVX2__) && defined(__F16C__)
  return reinterpret_cast<VecF>(_mm256_cvtph_ps(reinterpret_cast<__m128i>(raw)));
#else
  // Shift exponent and fraction into place and rescale; infinities and NaN get their exponent back.
  const VecU wide = __builtin_convertvector(raw, VecU);
  const VecU rest = (wide & 0x7fffu) << 13;
  const VecF scaled = reinterpret_cast<VecF>(rest) * splat(0x1p112f);
  const VecU special = reinterpret_cast<VecU>(rest >= (0x7c00u << 13)) & 0x7f800000u;
  return reinterpret_cast<VecF>(reinterpret_cast<VecU>(scaled) | special |
                                ((wide & 0x8000u) << 16));
#endif
}

// bfloat16 in the upper half of each lane; the lower half is rubbish.
inline VecU round_to_upper_half(VecF value) {
#if defined(__AVX512F__)
  // Add half an ulp, and one more where the kept part is odd; set the quiet bit of NaN instead.
  const __m512 real = reinterpret_cast<__m512>(value);
  const __m512i whole = reinterpret_cast<__m512i>(value);
  const __mmask16 odd = _mm512_test_epi32_mask(whole, _mm512_set1_epi32(0x10000));
  const __mmask16 nan = _mm512_cmp_ps_mask(real, real, _CMP_UNORD_Q);
  __m512i sum = _mm512_add_epi32(whole, _mm512_set1_epi32(0x7fff));
  sum = _mm512_mask_add_epi32(sum, odd, sum, _mm512_set1_epi32(1));
  return reinterpret_cast<VecU>(_mm512_mask_or_epi32(sum, nan, whole, _mm512_set1_epi32(0x400000)));
#else
  const VecU bits = reinterpret_cast<VecU>(value);
  const VecU rounded = bits + (((bits >> 16) & 1u) + 0x7fffu);
  const VecU nan = reinterpret_cast<VecU>(value != value);
  return (rounded & ~nan) | ((bits | 0x400000u) & nan);
#endif
}

inline VecHalf narrow(BF16, VecF value) {
  const VecU upper = round_to_upper_half(value) >> 16;
#if defined(__AVX512F__)
  return reinterpret_cast<VecHalf>(
      _mm512_maskz_cvtepi32_epi16(kAll16, reinterpret_cast<__m512i>(upper)));
#else
  return __builtin_convertvector(upper, VecHalf);
#endif
}

inline VecHalf narrow(F16, VecF value) {
#if defined(__AVX512F__)
  return reinterpret_cast<VecHalf>(
      _mm512_maskz_cvtps_ph(kAll16, reinterpret_cast<__m512>(value), 0));
#elif defined(__AVX2__) && defined(__F16C__)
  return reinterpret_cast<VecHalf>(_mm256_cvtps_ph(reinterpret_cast<__m256>(value), 0));
#else
  const VecU bits = reinterpret_cast<VecU>(value);
  const VecU sign = (bits >> 16) & 0x8000u;
  const VecU size = bits & 0x7fffffffu;
  // Subnormal results: float addition rounds at the right place.
  const VecU small =
      reinterpret_cast<VecU>(reinterpret_cast<VecF>(size) + splat(0.5f)) - 0x3f000000u;
  const VecU normal = (size - (112u << 23) + 0xfffu + ((size >> 13) & 1u)) >> 13;
  const VecU is_small = reinterpret_cast<VecU>(size < 0x38800000u);
  const VecU is_large = reinterpret_cast<VecU>(size >= 0x477ff000u);
  const VecU is_nan = reinterpret_cast<VecU>(size > 0x7f800000u);
  VecU result = (small & is_small) | (normal & ~is_small);
  result = (result & ~is_large) | (is_large & 0x7c00u) | (is_nan & 0x0200u);
  return __builtin_convertvector(result | sign, VecHalf);
#endif
}

inline VecF load(const float* from) {
  VecF value;
  __builtin_memcpy(&value, from, sizeof value);
  return value;
}
inline VecD load(const double* from) {
  VecD value;
  __builtin_memcpy(&value, from, sizeof value);
  return value;
}
template <typename T>  // F16, BF16
inline VecF load(const T* from) {
  VecHalf raw;
  __builtin_memcpy(&raw, from, sizeof raw);
  return widen(T{}, raw);
}

inline void store(float* to, VecF value) { __builtin_memcpy(to, &value, sizeof value); }
inline void store(double* to, VecD value) { __builtin_memcpy(to, &value, sizeof value); }
template <typename T>
inline void store(T* to, VecF value) {
  const VecHalf raw = narrow(T{}, value);
  __builtin_memcpy(to, &raw, sizeof raw);
}

// Two vectors' worth of elements in whatever order is cheapest; store_pair undoes it. For bfloat16 the
// even elements come first: no lane has to move.
template <typename T>
struct Pair {
  typename Compute<T>::Vec first;
  typename Compute<T>::Vec second;
};
template <typename T>
inline Pair<T> load_pair(const T* from) {
  return {load(from), load(from + Compute<T>::kLanes)};
}
inline Pair<BF16> load_pair(const BF16* from) {
  VecU both;
  __builtin_memcpy(&both, from, sizeof both);
  return {reinterpret_cast<VecF>(both << 16), reinterpret_cast<VecF>(both & 0xffff0000u)};
}
template <typename T>
inline void store_pair(T* to, typename Compute<T>::Vec first, typename Compute<T>::Vec second) {
  store(to, first);
  store(to + Compute<T>::kLanes, second);
}
inline void store_pair(BF16* to, VecF first, VecF second) {
  const VecU both =
      (round_to_upper_half(first) >> 16) | (round_to_upper_half(second) & 0xffff0000u);
  __builtin_memcpy(to, &both, sizeof both);
}

// Past the caches, for output that is too large for them; `to` is aligned to the vector stored. Call
// stream_end() before anyone else may read.
inline void stream(float* to, VecF value) {
#if defined(__AVX512F__)
  _mm512_stream_ps(to, reinterpret_cast<__m512>(value));
#elif defined(__AVX2__)
  _mm256_stream_ps(to, reinterpret_cast<__m256>(value));
#elif defined(__SSE2__)
  _mm_stream_ps(to, reinterpret_cast<__m128>(value));
#else
  store(to, value);
#endif
}
inline void stream_end() {
#if defined(__SSE2__)
  _mm_sfence();
#endif
}

// ---- the first `count` lanes (0 < count < lanes) -------------------------------------------------

#if defined(__AVX512F__)
inline VecF load_some(const float* from, int count, float fill) {
  return reinterpret_cast<VecF>(
      _mm512_mask_loadu_ps(_mm512_set1_ps(fill), static_cast<__mmask16>((1u << count) - 1u), from));
}
inline VecD load_some(const double* from, int count, double fill) {
  return reinterpret_cast<VecD>(
      _mm512_mask_loadu_pd(_mm512_set1_pd(fill), static_cast<__mmask8>((1u << count) - 1u), from));
}
template <typename T>
inline VecF load_some(const T* from, int count, float fill) {
  const auto mask = static_cast<__mmask16>((1u << count) - 1u);
  const VecF wide = widen(T{}, reinterpret_cast<VecHalf>(_mm256_maskz_loadu_epi16(mask, from)));
  return reinterpret_cast<VecF>(
      _mm512_mask_blend_ps(mask, _mm512_set1_ps(fill), reinterpret_cast<__m512>(wide)));
}
inline void store_some(float* to, VecF value, int count) {
  _mm512_mask_storeu_ps(to, static_cast<__mmask16>((1u << count) - 1u),
                        reinterpret_cast<__m512>(value));
}
inline void store_some(double* to, VecD value, int count) {
  _mm512_mask_storeu_pd(to, static_cast<__mmask8>((1u << count) - 1u),
                        reinterpret_cast<__m512d>(value));
}
template <typename T>
inline void store_some(T* to, VecF value, int count) {
  _mm256_mask_storeu_epi16(to, static_cast<__mmask16>((1u << count) - 1u),
                           reinterpret_cast<__m256i>(narrow(T{}, value)));
}
#else
inline VecF load_some(const float* from, int count, float fill) {
  VecF value = splat(fill);
  for (int i = 0; i < count; ++i) value[i] = from[i];
  return value;
}
inline VecD load_some(const double* from, int count, double fill) {
  VecD value = splat(fill);
  for (int i = 0; i < count; ++i) value[i] = from[i];
  return value;
}
template <typename T>
inline VecF load_some(const T* from, int count, float fill) {
  VecHalf raw{};
  for (int i = 0; i < count; ++i) raw[i] = from[i].bits;
  VecF value = widen(T{}, raw);
  for (int i = count; i < Compute<T>::kLanes; ++i) value[i] = fill;
  return value;
}
inline void store_some(float* to, VecF value, int count) {
  for (int i = 0; i < count; ++i) to[i] = value[i];
}
inline void store_some(double* to, VecD value, int count) {
  for (int i = 0; i < count; ++i) to[i] = value[i];
}
template <typename T>
inline void store_some(T* to, VecF value, int count) {
  const VecHalf raw = narrow(T{}, value);
  for (int i = 0; i < count; ++i) to[i].bits = raw[i];
}
#endif

// ---- arithmetic --------------------------------------------------------------------------------

// The larger lane by lane; `b` where either is NaN.
inline VecF larger(VecF a, VecF b) {
#if defined(__AVX512F__)
  return reinterpret_cast<VecF>(
      _mm512_maskz_max_ps(kAll16, reinterpret_cast<__m512>(a), reinterpret_cast<__m512>(b)));
#elif defined(__AVX2__)
  return reinterpret_cast<VecF>(
      _mm256_max_ps(reinterpret_cast<__m256>(a), reinterpret_cast<__m256>(b)));
#elif defined(__SSE2__)
  return reinterpret_cast<VecF>(
      _mm_max_ps(reinterpret_cast<__m128>(a), reinterpret_cast<__m128>(b)));
#else
  return a > b ? a : b;
#endif
}
inline VecD larger(VecD a, VecD b) {
#if defined(__AVX512F__)
  return reinterpret_cast<VecD>(
      _mm512_maskz_max_pd(kAll8, reinterpret_cast<__m512d>(a), reinterpret_cast<__m512d>(b)));
#elif defined(__AVX2__)
  return reinterpret_cast<VecD>(
      _mm256_max_pd(reinterpret_cast<__m256d>(a), reinterpret_cast<__m256d>(b)));
#elif defined(__SSE2__)
  return reinterpret_cast<VecD>(
      _mm_max_pd(reinterpret_cast<__m128d>(a), reinterpret_cast<__m128d>(b)));
#else
  return a > b ? a : b;
#endif
}

// Lanes that are NaN in either, as all ones.
inline VecI either_nan(VecF a, VecF b) { return (a != a) | (b != b); }
inline VecL either_nan(VecD a, VecD b) { return (a != a) | (b != b); }
// Combines the lanes pairwise, halving the vector: the upper half meets the lower one.
template <typename Scalar, int kBytes>
struct Lanes {
  typedef Scalar Vec __attribute__((vector_size(kBytes)));
  typedef Scalar Half __attribute__((vector_size(kBytes / 2)));
  template <typename Combine>
  static Scalar reduce(Vec value, Combine combine) {
    Half half[2];
    __builtin_memcpy(half, &value, sizeof half);
    return Lanes<Scalar, kBytes / 2>::reduce(combine(half[0], half[1]), combine);
  }
};
template <typename Scalar>
struct Lanes<Scalar, 16> {
  typedef Scalar Vec __attribute__((vector_size(16)));
  template <typename Combine>
  static Scalar reduce(Vec value, Combine combine) {
    if constexpr (sizeof(Scalar) == 8) {
      return combine(value[0], value[1]);
    } else {
      return combine(combine(value[0], value[2]), combine(value[1], value[3]));
    }
  }
};

inline float sum_lanes(VecF value) {
  return Lanes<float, kVectorBytes>::reduce(value, [](auto a, auto b) { return a + b; });
}
inline double sum_lanes(VecD value) {
  return Lanes<double, kVectorBytes>::reduce(value, [](auto a, auto b) { return a + b; });
}
// Largest lane; lanes must not be NaN.
inline float max_lanes(VecF value) {
  return Lanes<float, kVectorBytes>::reduce(value, [](auto a, auto b) { return a > b ? a : b; });
}
inline double max_lanes(VecD value) {
  return Lanes<double, kVectorBytes>::reduce(value, [](auto a, auto b) { return a > b ? a : b; });
}
inline bool any(VecI mask) {
  return Lanes<int32_t, kVectorBytes>::reduce(mask, [](auto a, auto b) { return a | b; }) != 0;
}
inline bool any(VecL mask) {
  return Lanes<int64_t, kVectorBytes>::reduce(mask, [](auto a, auto b) { return a | b; }) != 0;
}

inline float widen_one(float value) { return value; }
inline double widen_one(double value) { return value; }
template <typename T>
inline float widen_one(T value) {
  return widen(T{}, VecHalf{} + value.bits)[0];
}

}  // namespace fgx::FGX_ISA::row
