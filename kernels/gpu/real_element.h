// SPDX-License-Identifier: Apache-2.0
// Elements of a floating-point type that is known at run time only; the branches are the same for all threads.
#pragma once

#include "kernels/gpu/device.h"
#include "kernels/gpu/divide.h"

namespace fgx::device {

template <typename Compute>
FGX_DEVICE_INLINE Compute load_real(const void* base, int dtype, int64_t at) {
  if (dtype == 6) return static_cast<Compute>(to_float(static_cast<const Float16*>(base)[at]));
  if (dtype == 7) return static_cast<Compute>(to_float(static_cast<const BFloat16*>(base)[at]));
  if (dtype == 8) return static_cast<Compute>(static_cast<const float*>(base)[at]);
  return static_cast<Compute>(static_cast<const double*>(base)[at]);
}
template <typename Compute>
FGX_DEVICE_INLINE void store_real(void* base, int dtype, int64_t at, Compute value) {
  if (dtype == 6) static_cast<Float16*>(base)[at] = to_float16(static_cast<float>(value));
  if (dtype == 7) static_cast<BFloat16*>(base)[at] = to_bfloat16(static_cast<float>(value));
  if (dtype == 8) static_cast<float*>(base)[at] = static_cast<float>(value);
  if (dtype == 9) static_cast<double*>(base)[at] = static_cast<double>(value);
}

// The quotient; the remainder is left in `n`. `narrow`: n and size fit FastDivide.
FGX_DEVICE_INLINE int64_t split(int64_t& n, const gpu::FastDivide& by, int64_t size, bool narrow) {
  const auto small = static_cast<uint32_t>(n);
  const int64_t quotient =
      narrow ? static_cast<int64_t>((__umulhi(small, by.multiplier) + small) >> by.shift)
             : n / size;
  n -= quotient * size;
  return quotient;
}

}  // namespace fgx::device
