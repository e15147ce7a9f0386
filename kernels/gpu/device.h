// SPDX-License-Identifier: Apache-2.0
// What CUDA and HIP device code share: qualifiers, 16-byte accesses, and the half types. One source is
// compiled by nvcc and by hipcc; nothing here or in what includes it depends on the width of a warp.
#pragma once

#include <stdint.h>

#if defined(__HIP__)
#include <hip/hip_runtime.h>
#endif

#define FGX_ISA device
#define FGX_DEVICE_INLINE __device__ __forceinline__
#define FGX_FORMULA_INLINE __host__ __device__ __forceinline__

namespace fgx::device {

// Storage of the types that kernels convert to float; the same bits as on the host.
struct Float16 {
  uint16_t bits;
};
struct BFloat16 {
  uint16_t bits;
};
struct Bool {
  uint8_t byte;
};
using Float32 = float;
using Float64 = double;
using Int8 = int8_t;
using UInt8 = uint8_t;
using Int16 = int16_t;
using Int32 = int32_t;
using Int64 = int64_t;

#if defined(__HIP__)
FGX_DEVICE_INLINE float to_float(Float16 x) {
  return static_cast<float>(__builtin_bit_cast(_Float16, x));
}
FGX_DEVICE_INLINE Float16 to_float16(float x) {
  return __builtin_bit_cast(Float16, static_cast<_Float16>(x));
}
FGX_DEVICE_INLINE BFloat16 to_bfloat16(float x) {
  const uint32_t bits = __builtin_bit_cast(uint32_t, x);
  const uint32_t rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
  return {static_cast<uint16_t>(x != x ? 0x7fc0u : rounded)};
}
#else
FGX_DEVICE_INLINE float to_float(Float16 x) {
  float result;
  asm("cvt.f32.f16 %0, %1;" : "=f"(result) : "h"(x.bits));
  return result;
}
FGX_DEVICE_INLINE Float16 to_float16(float x) {
  Float16 result;
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(result.bits) : "f"(x));
  return result;
}
FGX_DEVICE_INLINE BFloat16 to_bfloat16(float x) {
  BFloat16 result;
  asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(result.bits) : "f"(x));
  return result;
}
#endif
FGX_DEVICE_INLINE float to_float(BFloat16 x) {
  return __builtin_bit_cast(float, static_cast<uint32_t>(x.bits) << 16);
}

// Two at once.
#if defined(__HIP__)
FGX_DEVICE_INLINE void to_halves(float x, float y, Float16* out) {
  out[0] = to_float16(x);
  out[1] = to_float16(y);
}
FGX_DEVICE_INLINE void to_halves(float x, float y, BFloat16* out) {
  out[0] = to_bfloat16(x);
  out[1] = to_bfloat16(y);
}
#else
FGX_DEVICE_INLINE void to_halves(float x, float y, Float16* out) {
  asm("{.reg .b32 both; cvt.rn.f16x2.f32 both, %3, %2; mov.b32 {%0, %1}, both;}"
      : "=h"(out[0].bits), "=h"(out[1].bits)
      : "f"(x), "f"(y));
}
FGX_DEVICE_INLINE void to_halves(float x, float y, BFloat16* out) {
  asm("{.reg .b32 both; cvt.rn.bf16x2.f32 both, %3, %2; mov.b32 {%0, %1}, both;}"
      : "=h"(out[0].bits), "=h"(out[1].bits)
      : "f"(x), "f"(y));
}
#endif

// From storage to the type that a kernel computes in, and back.
template <typename Compute, typename Storage>
FGX_DEVICE_INLINE Compute load_as(Storage value) {
  return Compute(value);
}
template <>
FGX_DEVICE_INLINE float load_as(Float16 value) {
  return to_float(value);
}
template <>
FGX_DEVICE_INLINE float load_as(BFloat16 value) {
  return to_float(value);
}
template <typename Storage, typename Compute>
FGX_DEVICE_INLINE Storage store_as(Compute value) {
  return static_cast<Storage>(value);
}
template <>
FGX_DEVICE_INLINE Float16 store_as(float value) {
  return to_float16(value);
}
template <>
FGX_DEVICE_INLINE BFloat16 store_as(float value) {
  return to_bfloat16(value);
}

// Elements that are loaded and stored together.
template <typename T, int kCount>
struct alignas(kCount * sizeof(T)) Pack {
  T at[kCount];
};
// The elements of one 16-byte access.
template <typename T>
struct Vector : Pack<T, 16 / sizeof(T)> {
  static constexpr int kSize = 16 / sizeof(T);
};

template <bool kFirst, typename A, typename B>
struct Choose {
  using Type = A;
};
template <typename A, typename B>
struct Choose<false, A, B> {
  using Type = B;
};

}  // namespace fgx::device
