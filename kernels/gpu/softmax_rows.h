// SPDX-License-Identifier: Apache-2.0
// The exponential of softmax kernels.
#pragma once

#include "kernels/gpu/rows.h"

namespace fgx::device {

// exp(x - peak), as exactly as Out needs.
template <typename Out>
struct Exponential {
  float peak;
  FGX_DEVICE_INLINE explicit Exponential(float largest) : peak(largest) {}
  FGX_DEVICE_INLINE float operator()(float x) const { return fast_exp2((x - peak) * 1.44269504f); }
};
template <>
struct Exponential<float> {
  float peak;
  FGX_DEVICE_INLINE explicit Exponential(float largest) : peak(largest) {}
  FGX_DEVICE_INLINE float operator()(float x) const { return ::expf(x - peak); }
};
template <>
struct Exponential<double> {
  double peak;
  FGX_DEVICE_INLINE explicit Exponential(double largest) : peak(largest) {}
  FGX_DEVICE_INLINE double operator()(double x) const { return ::exp(x - peak); }
};

// As exactly as Out needs.
template <typename Out>
FGX_DEVICE_INLINE ComputeOf<Out> reciprocal(ComputeOf<Out> x) {
  if constexpr (sizeof(Out) == 2) {
    return fast_reciprocal(x);
  } else {
    return ComputeOf<Out>(1) / x;
  }
}

}  // namespace fgx::device
