// SPDX-License-Identifier: Apache-2.0
// The elementary functions that formulas find in device code: kernel_math.h's, from the device's library.
#pragma once

#include "kernels/gpu/device.h"
#include "kernels/stable/pointwise/pointwise_formula.h"

namespace fgx::device {

// Integers and bool compute in Integer, which wraps; bool is "not zero".
template <typename Storage>
FGX_DEVICE_INLINE Integer integer_of(Storage value) {
  return Integer(static_cast<int64_t>(value));
}
FGX_DEVICE_INLINE Integer integer_of(Bool value) { return Integer(value.byte != 0); }
template <typename Storage>
FGX_DEVICE_INLINE void assign(Storage& to, Integer value) {
  to = static_cast<Storage>(value.value);
}
FGX_DEVICE_INLINE void assign(Bool& to, Integer value) { to.byte = value.value != 0; }

struct DeviceMath : CommonMath {
  using CommonMath::floored_quotient;
  using CommonMath::truncated_quotient;
  FGX_DEVICE_INLINE static float abs(float x) { return ::fabsf(x); }
  FGX_DEVICE_INLINE static double abs(double x) { return ::fabs(x); }
  FGX_DEVICE_INLINE static Integer abs(Integer x) { return x < Integer(0) ? -x : x; }
  FGX_DEVICE_INLINE static float sqrt(float x) { return ::sqrtf(x); }
  FGX_DEVICE_INLINE static double sqrt(double x) { return ::sqrt(x); }
  FGX_DEVICE_INLINE static float exp(float x) { return ::expf(x); }
  FGX_DEVICE_INLINE static double exp(double x) { return ::exp(x); }
  FGX_DEVICE_INLINE static float expm1(float x) { return ::expm1f(x); }
  FGX_DEVICE_INLINE static double expm1(double x) { return ::expm1(x); }
  FGX_DEVICE_INLINE static float log(float x) { return ::logf(x); }
  FGX_DEVICE_INLINE static double log(double x) { return ::log(x); }
  FGX_DEVICE_INLINE static float log1p(float x) { return ::log1pf(x); }
  FGX_DEVICE_INLINE static double log1p(double x) { return ::log1p(x); }
  FGX_DEVICE_INLINE static float tanh(float x) { return ::tanhf(x); }
  FGX_DEVICE_INLINE static double tanh(double x) { return ::tanh(x); }
  FGX_DEVICE_INLINE static float erf(float x) { return ::erff(x); }
  FGX_DEVICE_INLINE static double erf(double x) { return ::erf(x); }
  template <typename T>
  FGX_DEVICE_INLINE static T sigmoid(T x) {
    return T(1) / (T(1) + exp(-x));
  }
  // For x >= 0. The complementary error function as t * exp(-z^2 + p(t)), t = 1 / (1 + z / 2), with the
  // Chebyshev fit of Numerical Recipes (Press et al.), within 1.2e-7 relative.
  FGX_DEVICE_INLINE static float normal_tail(float x) {
    const float z = x * 0.707106781f;
    const float t = 1.0f / (1.0f + 0.5f * z);
    float p = -0.82215223f + t * 0.17087277f;
    p = 1.48851587f + t * p;
    p = -1.13520398f + t * p;
    p = 0.27886807f + t * p;
    p = -0.18628806f + t * p;
    p = 0.09678418f + t * p;
    p = 0.37409196f + t * p;
    p = 1.00002368f + t * p;
    p = -1.26551223f + t * p;
    return 0.5f * t * ::expf(-z * z + p);
  }
  FGX_DEVICE_INLINE static double normal_tail(double x) {
    return 0.5 * ::erfc(x * 0.70710678118654752440);
  }
  FGX_DEVICE_INLINE static float truncated_quotient(float x, float y) { return ::truncf(x / y); }
  FGX_DEVICE_INLINE static double truncated_quotient(double x, double y) { return ::trunc(x / y); }
  template <typename T>
  FGX_DEVICE_INLINE static T floored_quotient(T x, T y) {
    // From the exact remainder, so that 1 // 0.1 is 9 although 1 / 0.1 rounds to 10.
    const T remainder = ::fmod(x, y);
    T quotient = (x - remainder) / y;
    if (remainder != T(0) && (y < T(0)) != (remainder < T(0))) quotient -= T(1);
    const T whole = ::floor(quotient);
    const T nearest = quotient - whole > T(0.5) ? whole + T(1) : whole;
    const T result = quotient != T(0) ? nearest : ::copysign(T(0), x / y);
    return y == T(0) ? x / y : result;
  }
};

// The hardware's own approximations, within about 1e-7 relative; subnormals count as zero.
#if defined(__HIP__)
FGX_DEVICE_INLINE float fast_exp2(float x) { return ::exp2f(x); }
FGX_DEVICE_INLINE float fast_reciprocal(float x) { return __builtin_amdgcn_rcpf(x); }
#else
FGX_DEVICE_INLINE float fast_exp2(float x) {
  float result;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(result) : "f"(x));
  return result;
}
FGX_DEVICE_INLINE float fast_reciprocal(float x) {
  float result;
  asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(result) : "f"(x));
  return result;
}
#endif

// For results that are rounded to 16 bits: errors far below that rounding, and few enough instructions
// that these kernels too are bound by memory.
struct HalfMath : DeviceMath {
  using DeviceMath::abs;
  FGX_DEVICE_INLINE static float exp(float x) { return fast_exp2(1.44269504f * x); }
  FGX_DEVICE_INLINE static float sigmoid(float x) {
    return fast_reciprocal(1.0f + fast_exp2(-1.44269504f * x));
  }
  FGX_DEVICE_INLINE static float tanh(float x) {
    // Near zero, where 1 - 2 / (1 + e^2x) cancels, the Taylor series.
    const float square = x * x;
    const float near =
        x * (1.0f + square * (-0.333333333f + square * (0.133333333f - square * 0.0539682540f)));
    const float far = 1.0f - 2.0f * fast_reciprocal(1.0f + fast_exp2(2.88539008f * x));
    return square < 0.0625f ? near : far;
  }
  // Abramowitz and Stegun, 7.1.26: within 1.5e-7 of the whole.
  FGX_DEVICE_INLINE static float normal_tail(float x) {
    const float t = fast_reciprocal(1.0f + 0.231641888f * x);
    const float series =
        t * (0.127414796f +
             t * (-0.142248368f + t * (0.7107068705f + t * (-0.7265760135f + t * 0.5307027145f))));
    return series * fast_exp2(-0.721347520f * x * x);
  }
};

}  // namespace fgx::device
