// SPDX-License-Identifier: Apache-2.0
// A row's elements as 16-byte vectors: loaded, held in registers, stored.
#pragma once

#include "kernels/gpu/device_math.h"
#include "kernels/gpu/warp.h"

namespace fgx::device {

inline constexpr int kWarpWidth = kWarp;

template <typename T>
struct ComputeTypeOf {
  using Type = float;
};
template <>
struct ComputeTypeOf<double> {
  using Type = double;
};
template <typename T>
using ComputeOf = typename ComputeTypeOf<T>::Type;

template <typename T>
FGX_DEVICE_INLINE T negative_infinity() {
  return T(-__builtin_inf());
}
template <>
FGX_DEVICE_INLINE Float16 negative_infinity() {
  return {0xfc00};
}
template <>
FGX_DEVICE_INLINE BFloat16 negative_infinity() {
  return {0xff80};
}

// A kernel's parameter that is indexed at run time where it lies, not copied to the stack.
#if defined(__HIP__)
#define FGX_IN_PLACE
#else
#define FGX_IN_PLACE __grid_constant__
#endif

// The exponent of a power of two.
FGX_DEVICE_INLINE int power_of(int value) { return 31 - __clz(value); }

// `count` elements at `from`; `fill` from element `left` on, which is not read. kAligned: 16-byte aligned,
// and all or nothing is left.
template <bool kAligned, typename T>
FGX_DEVICE_INLINE Vector<T> load_vector(const T* from, int left, T fill) {
  Vector<T> vector;
  if constexpr (kAligned) {
    if (left > 0) {
      const uint4 raw = *reinterpret_cast<const uint4*>(from);
      __builtin_memcpy(&vector, &raw, 16);
      return vector;
    }
#pragma unroll
    for (int i = 0; i < Vector<T>::kSize; ++i) vector.at[i] = fill;
  } else {
#pragma unroll
    for (int i = 0; i < Vector<T>::kSize; ++i) vector.at[i] = i < left ? from[i] : fill;
  }
  return vector;
}

// kCount values in the compute type, stored as T.
template <bool kAligned, int kCount, typename T, typename Compute>
FGX_DEVICE_INLINE void store_vector(T* to, int left, const Compute (&values)[kCount]) {
  T out[kCount];
  if constexpr (sizeof(T) == 2) {
#pragma unroll
    for (int i = 0; i < kCount; i += 2) to_halves(values[i], values[i + 1], out + i);
  } else {
#pragma unroll
    for (int i = 0; i < kCount; ++i) out[i] = store_as<T>(values[i]);
  }
  if constexpr (kAligned) {
    if (left <= 0) return;
    constexpr int kWords = kCount * static_cast<int>(sizeof(T)) / 16;
    uint4 raw[kWords];
    __builtin_memcpy(raw, out, sizeof raw);
#pragma unroll
    for (int i = 0; i < kWords; ++i) reinterpret_cast<uint4*>(to)[i] = raw[i];
  } else {
#pragma unroll
    for (int i = 0; i < kCount; ++i) {
      if (i < left) to[i] = out[i];
    }
  }
}

// A vector that stays in registers between the passes over its row, as four words: halves that the compiler
// took apart would need twice as many.
template <typename T>
struct HeldVector {
  uint32_t words[4];
  FGX_DEVICE_INLINE explicit HeldVector(const Vector<T>& vector) {
    __builtin_memcpy(words, &vector, 16);
  }
  HeldVector() = default;
  FGX_DEVICE_INLINE Vector<T> vector() const {
    Vector<T> result;
    __builtin_memcpy(&result, words, 16);
    return result;
  }
  FGX_DEVICE_INLINE ComputeOf<T> value(int i) const {
    if constexpr (__is_same(T, BFloat16)) {
      const uint32_t word = words[i / 2];
      return __builtin_bit_cast(float, i % 2 == 0 ? word << 16 : word & 0xffff0000u);
    } else if constexpr (__is_same(T, Float16)) {
      return to_float(Float16{static_cast<uint16_t>(words[i / 2] >> (16 * (i % 2)))});
    } else if constexpr (__is_same(T, double)) {
      return __builtin_bit_cast(double,
                                static_cast<uint64_t>(words[2 * i + 1]) << 32 | words[2 * i]);
    } else {
      return __builtin_bit_cast(float, words[i]);
    }
  }
  // Keeps the compiler from holding on to converted values: converting again is cheaper than registers.
  FGX_DEVICE_INLINE void forget_values() {
    if constexpr (sizeof(T) == 2) {
#pragma unroll
      for (int i = 0; i < 4; ++i) {
#if defined(__HIP__)
        asm volatile("" : "+v"(words[i]));
#else
        asm volatile("" : "+r"(words[i]));
#endif
      }
    }
  }
};

// Element by element, rounded to their type.
template <typename T>
FGX_DEVICE_INLINE HeldVector<T> sum_of(const HeldVector<T>& a, const HeldVector<T>& b) {
  Vector<T> sum;
  if constexpr (sizeof(T) == 2) {
#pragma unroll
    for (int i = 0; i < Vector<T>::kSize; i += 2) {
      to_halves(a.value(i) + b.value(i), a.value(i + 1) + b.value(i + 1), sum.at + i);
    }
  } else {
#pragma unroll
    for (int i = 0; i < Vector<T>::kSize; ++i) sum.at[i] = a.value(i) + b.value(i);
  }
  return HeldVector<T>(sum);
}

// As it is, under store_vector's rules.
template <bool kAligned, typename T>
FGX_DEVICE_INLINE void store_held(T* to, int left, const HeldVector<T>& held) {
  if constexpr (kAligned) {
    if (left <= 0) return;
    uint4 raw;
    __builtin_memcpy(&raw, held.words, 16);
    *reinterpret_cast<uint4*>(to) = raw;
  } else {
    const Vector<T> vector = held.vector();
#pragma unroll
    for (int i = 0; i < Vector<T>::kSize; ++i) {
      if (i < left) to[i] = vector.at[i];
    }
  }
}

// A number rather than NaN.
FGX_DEVICE_INLINE float larger(float a, float b) { return ::fmaxf(a, b); }
FGX_DEVICE_INLINE double larger(double a, double b) { return ::fmax(a, b); }

// The largest element of a thread's vectors; a number rather than NaN.
template <typename T, int kVectors>
FGX_DEVICE_INLINE ComputeOf<T> largest_of(const HeldVector<T> (&vectors)[kVectors]) {
#if !defined(__HIP__)
  if constexpr (sizeof(T) == 2) {
    // Two halves at once.
    uint32_t top = vectors[0].words[0];
#pragma unroll
    for (int i = 1; i < 4 * kVectors; ++i) {
      const uint32_t word = vectors[i / 4].words[i % 4];
      if constexpr (__is_same(T, BFloat16)) {
        asm("max.bf16x2 %0, %0, %1;" : "+r"(top) : "r"(word));
      } else {
        asm("max.f16x2 %0, %0, %1;" : "+r"(top) : "r"(word));
      }
    }
    HeldVector<T> both;
    both.words[0] = top;
    return larger(both.value(0), both.value(1));
  }
#endif
  ComputeOf<T> top = vectors[0].value(0);
#pragma unroll
  for (int j = 0; j < kVectors; ++j) {
#pragma unroll
    for (int i = 0; i < Vector<T>::kSize; ++i) {
      top = larger(top, vectors[j].value(i));
    }
  }
  return top;
}

}  // namespace fgx::device
