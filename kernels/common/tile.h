// SPDX-License-Identifier: Apache-2.0
// Moves stretches of elements between memory of any element type and the type that kernels compute
// in: float (for float16, bfloat16, float32), double, or int64_t (for integers and bool).
//
// load_tile(destination, source, dtype, stride, count): `stride` counts elements; 1 is the fast
// path, 0 repeats one element. store_tile(destination, dtype, stride, source, count) rounds to
// nearest even and wraps integers; bool is "not zero". For files compiled per instruction set, like
// simd_math.h.
#pragma once

#include <cstdint>

#if defined(__F16C__)
#include <immintrin.h>
#endif

#include "kernels/common/simd_math.h"
#include "tensor/dtype.h"

namespace fgx::FGX_ISA {

// Storage types that have no arithmetic of their own.
struct Half {
  uint16_t bits;
};
struct Brain {
  uint16_t bits;
};
struct Bool {
  uint8_t byte;
};

// binary16 in the low half of a word.
FGX_INLINE float half_to_float(uint32_t half) {
  const uint32_t sign = (half & 0x8000u) << 16;
  const uint32_t magnitude = (half & 0x7fffu) << 13;
  const uint32_t scaled = bits_of(float_of(magnitude) * 0x1p112f);  // subnormals become normal
  return float_of(sign | (magnitude >= 0x0f800000u ? magnitude | 0x7f800000u : scaled));
}
FGX_INLINE uint32_t float_to_half(float x) {
  const uint32_t bits = bits_of(x);
  const uint32_t magnitude = bits & 0x7fffffffu;
  const uint32_t normal = (magnitude - 0x37fff001u + ((magnitude >> 13) & 1u)) >> 13;
  const uint32_t subnormal = bits_of(float_of(magnitude) + 0.5f) - 0x3f000000u;
  uint32_t half = magnitude < 0x38800000u ? subnormal : normal;
  half = magnitude >= 0x477ff000u ? 0x7c00u : half;
  half = magnitude > 0x7f800000u ? 0x7e00u : half;
  return ((bits >> 16) & 0x8000u) | half;
}
FGX_INLINE float brain_to_float(uint32_t brain) { return float_of(brain << 16); }
FGX_INLINE uint32_t float_to_brain(float x) {
  const uint32_t bits = bits_of(x);
  const uint32_t rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
  return (bits & 0x7fffffffu) > 0x7f800000u ? (bits >> 16) | 0x40u : rounded;
}

// One element, to and from the compute type.
template <typename To, typename From>
FGX_INLINE To from_storage(From value) {
  if constexpr (__is_same(From, Half))
    return static_cast<To>(half_to_float(value.bits));
  else if constexpr (__is_same(From, Brain))
    return static_cast<To>(brain_to_float(value.bits));
  else if constexpr (__is_same(From, Bool))
    return static_cast<To>(value.byte != 0);
  else
    return static_cast<To>(value);
}
template <typename To, typename From>
FGX_INLINE To to_storage(From value) {
  if constexpr (__is_same(To, Half))
    return {static_cast<uint16_t>(float_to_half(value))};
  else if constexpr (__is_same(To, Brain))
    return {static_cast<uint16_t>(float_to_brain(value))};
  else if constexpr (__is_same(To, Bool))
    return {static_cast<uint8_t>(value != From(0))};
  else
    return static_cast<To>(value);
}

template <typename To, typename From>
[[gnu::noinline]] static void load_elements(To* destination, const void* source, int64_t stride,
                                            int64_t count) {
  const From* from = static_cast<const From*>(source);
  if (stride == 1) {
    for (int64_t i = 0; i < count; ++i) destination[i] = from_storage<To>(from[i]);
  } else if (stride == 0) {
    const To value = count > 0 ? from_storage<To>(from[0]) : To(0);
    for (int64_t i = 0; i < count; ++i) destination[i] = value;
  } else {
    for (int64_t i = 0; i < count; ++i) destination[i] = from_storage<To>(from[i * stride]);
  }
}
template <typename To, typename From>
[[gnu::noinline]] static void store_elements(void* destination, int64_t stride, const From* source,
                                             int64_t count) {
  To* to = static_cast<To*>(destination);
  if (stride == 1) {
    for (int64_t i = 0; i < count; ++i) to[i] = to_storage<To>(source[i]);
  } else {
    for (int64_t i = 0; i < count; ++i) to[i * stride] = to_storage<To>(source[i]);
  }
}

#if defined(__AVX512F__)
// Sixteen float16 at a time; the mask covers what is left over.
FGX_INLINE __mmask16 first_lanes(int64_t count) {
  return static_cast<__mmask16>(count >= 16 ? 0xffffu : (1u << count) - 1u);
}
static inline void load_halves(float* destination, const Half* source, int64_t count) {
  int64_t i = 0;
  for (; i + 16 <= count; i += 16) {
    const __m256i bits = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(source + i));
    _mm512_storeu_ps(destination + i, _mm512_maskz_cvtph_ps(0xffff, bits));
  }
  if (i < count) {
    const __mmask16 mask = first_lanes(count - i);
    _mm512_mask_storeu_ps(destination + i, mask,
                          _mm512_maskz_cvtph_ps(mask, _mm256_maskz_loadu_epi16(mask, source + i)));
  }
}
static inline void store_halves(Half* destination, const float* source, int64_t count) {
  int64_t i = 0;
  for (; i + 16 <= count; i += 16) {
    _mm256_storeu_si256(
        reinterpret_cast<__m256i*>(destination + i),
        _mm512_maskz_cvtps_ph(0xffff, _mm512_loadu_ps(source + i), _MM_FROUND_TO_NEAREST_INT));
  }
  if (i < count) {
    const __mmask16 mask = first_lanes(count - i);
    _mm256_mask_storeu_epi16(destination + i, mask,
                             _mm512_maskz_cvtps_ph(mask, _mm512_maskz_loadu_ps(mask, source + i),
                                                   _MM_FROUND_TO_NEAREST_INT));
  }
}
static inline void load_brains(float* destination, const Brain* source, int64_t count) {
  int64_t i = 0;
  for (; i + 16 <= count; i += 16) {
    const __m256i narrow = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(source + i));
    const __m512i wide = _mm512_maskz_cvtepu16_epi32(0xffff, narrow);
    _mm512_storeu_ps(destination + i,
                     _mm512_castsi512_ps(_mm512_maskz_slli_epi32(0xffff, wide, 16)));
  }
  for (; i < count; ++i) destination[i] = brain_to_float(source[i].bits);
}
// To nearest even; nan becomes the quiet nan. One narrowing move where the generic loop permutes.
static inline void store_brains(Brain* destination, const float* source, int64_t count) {
  int64_t i = 0;
  for (; i + 16 <= count; i += 16) {
    const __m512 value = _mm512_loadu_ps(source + i);
    const __m512i bits = _mm512_castps_si512(value);
    const __m512i odd =
        _mm512_and_si512(_mm512_maskz_srli_epi32(0xffff, bits, 16), _mm512_set1_epi32(1));
    __m512i rounded = _mm512_add_epi32(_mm512_add_epi32(bits, _mm512_set1_epi32(0x7fff)), odd);
    rounded = _mm512_mask_mov_epi32(rounded, _mm512_cmp_ps_mask(value, value, _CMP_UNORD_Q),
                                    _mm512_set1_epi32(0x7fc00000));
    _mm256_storeu_si256(
        reinterpret_cast<__m256i*>(destination + i),
        _mm512_maskz_cvtepi32_epi16(0xffff, _mm512_maskz_srli_epi32(0xffff, rounded, 16)));
  }
  for (; i < count; ++i) destination[i] = {static_cast<uint16_t>(float_to_brain(source[i]))};
}
#elif defined(__F16C__)
static inline void load_halves(float* destination, const Half* source, int64_t count) {
  int64_t i = 0;
  for (; i + 8 <= count; i += 8) {
    const __m128i bits = _mm_loadu_si128(reinterpret_cast<const __m128i*>(source + i));
    _mm256_storeu_ps(destination + i, _mm256_cvtph_ps(bits));
  }
  for (; i < count; ++i) destination[i] = half_to_float(source[i].bits);
}
static inline void store_halves(Half* destination, const float* source, int64_t count) {
  int64_t i = 0;
  for (; i + 8 <= count; i += 8) {
    const __m128i bits = _mm256_cvtps_ph(_mm256_loadu_ps(source + i), _MM_FROUND_TO_NEAREST_INT);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(destination + i), bits);
  }
  for (; i < count; ++i) destination[i] = {static_cast<uint16_t>(float_to_half(source[i]))};
}
#else
static inline void load_halves(float* destination, const Half* source, int64_t count) {
  load_elements<float, Half>(destination, source, 1, count);
}
static inline void store_halves(Half* destination, const float* source, int64_t count) {
  store_elements<Half, float>(destination, 1, source, count);
}
#endif

#if !defined(__AVX512F__)
static inline void load_brains(float* destination, const Brain* source, int64_t count) {
  for (int64_t i = 0; i < count; ++i) destination[i] = brain_to_float(source[i].bits);
}
static inline void store_brains(Brain* destination, const float* source, int64_t count) {
  store_elements<Brain, float>(destination, 1, source, count);
}
#endif

// The fast moves by storage type.
static inline void load_dense(float* destination, const Half* source, int64_t count) {
  load_halves(destination, source, count);
}
static inline void load_dense(float* destination, const Brain* source, int64_t count) {
  load_brains(destination, source, count);
}
static inline void store_dense(Half* destination, const float* source, int64_t count) {
  store_halves(destination, source, count);
}
static inline void store_dense(Brain* destination, const float* source, int64_t count) {
  store_brains(destination, source, count);
}

static inline void load_tile(float* destination, const void* source, DType dtype, int64_t stride,
                             int64_t count) {
  switch (dtype) {
    case DType::kFloat32:
      return load_elements<float, float>(destination, source, stride, count);
    case DType::kFloat16:
      if (stride == 1) return load_halves(destination, static_cast<const Half*>(source), count);
      return load_elements<float, Half>(destination, source, stride, count);
    case DType::kBFloat16:
      if (stride == 1) return load_brains(destination, static_cast<const Brain*>(source), count);
      return load_elements<float, Brain>(destination, source, stride, count);
    case DType::kFloat64:
      return load_elements<float, double>(destination, source, stride, count);
    case DType::kBool:
      return load_elements<float, Bool>(destination, source, stride, count);
    case DType::kUInt8:
      return load_elements<float, uint8_t>(destination, source, stride, count);
    case DType::kInt8:
      return load_elements<float, int8_t>(destination, source, stride, count);
    case DType::kInt16:
      return load_elements<float, int16_t>(destination, source, stride, count);
    case DType::kInt32:
      return load_elements<float, int32_t>(destination, source, stride, count);
    case DType::kInt64:
      return load_elements<float, int64_t>(destination, source, stride, count);
  }
}
static inline void load_tile(double* destination, const void* source, DType dtype, int64_t stride,
                             int64_t count) {
  switch (dtype) {
    case DType::kFloat32:
      return load_elements<double, float>(destination, source, stride, count);
    case DType::kFloat16:
      return load_elements<double, Half>(destination, source, stride, count);
    case DType::kBFloat16:
      return load_elements<double, Brain>(destination, source, stride, count);
    case DType::kFloat64:
      return load_elements<double, double>(destination, source, stride, count);
    case DType::kBool:
      return load_elements<double, Bool>(destination, source, stride, count);
    case DType::kUInt8:
      return load_elements<double, uint8_t>(destination, source, stride, count);
    case DType::kInt8:
      return load_elements<double, int8_t>(destination, source, stride, count);
    case DType::kInt16:
      return load_elements<double, int16_t>(destination, source, stride, count);
    case DType::kInt32:
      return load_elements<double, int32_t>(destination, source, stride, count);
    case DType::kInt64:
      return load_elements<double, int64_t>(destination, source, stride, count);
  }
}
// Float sources are no case for integer arithmetic: promotion makes those float.
static inline void load_tile(int64_t* destination, const void* source, DType dtype, int64_t stride,
                             int64_t count) {
  switch (dtype) {
    case DType::kBool:
      return load_elements<int64_t, Bool>(destination, source, stride, count);
    case DType::kUInt8:
      return load_elements<int64_t, uint8_t>(destination, source, stride, count);
    case DType::kInt8:
      return load_elements<int64_t, int8_t>(destination, source, stride, count);
    case DType::kInt16:
      return load_elements<int64_t, int16_t>(destination, source, stride, count);
    case DType::kInt32:
      return load_elements<int64_t, int32_t>(destination, source, stride, count);
    case DType::kInt64:
      return load_elements<int64_t, int64_t>(destination, source, stride, count);
    default:
      break;
  }
}

// Compute types are stored to their own float types, or to bool.
static inline void store_tile(void* destination, DType dtype, int64_t stride, const float* source,
                              int64_t count) {
  switch (dtype) {
    case DType::kFloat16:
      if (stride == 1) return store_halves(static_cast<Half*>(destination), source, count);
      return store_elements<Half, float>(destination, stride, source, count);
    case DType::kBFloat16:
      if (stride == 1) return store_brains(static_cast<Brain*>(destination), source, count);
      return store_elements<Brain, float>(destination, stride, source, count);
    case DType::kFloat32:
      return store_elements<float, float>(destination, stride, source, count);
    case DType::kBool:
      return store_elements<Bool, float>(destination, stride, source, count);
    default:
      break;
  }
}
static inline void store_tile(void* destination, DType dtype, int64_t stride, const double* source,
                              int64_t count) {
  switch (dtype) {
    case DType::kFloat64:
      return store_elements<double, double>(destination, stride, source, count);
    case DType::kBool:
      return store_elements<Bool, double>(destination, stride, source, count);
    default:
      break;
  }
}
static inline void store_tile(void* destination, DType dtype, int64_t stride, const int64_t* source,
                              int64_t count) {
  switch (dtype) {
    case DType::kBool:
      return store_elements<Bool, int64_t>(destination, stride, source, count);
    case DType::kUInt8:
      return store_elements<uint8_t, int64_t>(destination, stride, source, count);
    case DType::kInt8:
      return store_elements<int8_t, int64_t>(destination, stride, source, count);
    case DType::kInt16:
      return store_elements<int16_t, int64_t>(destination, stride, source, count);
    case DType::kInt32:
      return store_elements<int32_t, int64_t>(destination, stride, source, count);
    case DType::kInt64:
      return store_elements<int64_t, int64_t>(destination, stride, source, count);
    default:
      break;
  }
}

}  // namespace fgx::FGX_ISA
