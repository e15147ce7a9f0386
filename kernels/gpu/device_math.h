// SPDX-License-Identifier: Apache-2.0
// The elementary functions that formulas find in device code: kernel_math.h's, from the device's library.
#pragma once

#include "kernels/gpu/device.h"
#include "kernels/stable/pointwise/pointwise_formula.h"

namespace fgx::device {

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
  FGX_DEVICE_INLINE static float normal_tail(float x) { return 0.5f * ::erfcf(x * 0.707106781f); }
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

}  // namespace fgx::device
