// SPDX-License-Identifier: Apache-2.0
// Limits of the float types, and how far apart two right results may lie.
#pragma once

#include "tensor/dtype.h"

namespace fgx {

struct FloatLimits {
  double epsilon;  // distance from 1 to the next number
  double largest;
  double smallest_normal;
  double smallest_subnormal;
  double relative_tolerance;  // of results of this type
};

// In the order of DType.
inline constexpr FloatLimits kFloatLimits[] = {
    {0x1p-10, 65504.0, 0x1p-14, 0x1p-24, 1e-3},
    {0x1p-7, 0x1.fep127, 0x1p-126, 0x1p-133, 1.6e-2},
    {0x1p-23, 0x1.fffffep127, 0x1p-126, 0x1p-149, 1.3e-6},
    {0x1p-52, 0x1.fffffffffffffp1023, 0x1p-1022, 0x1p-1074, 1e-7},
};

// Those of float64 for types that are no floats.
constexpr const FloatLimits& float_limits(DType dtype) {
  constexpr int kFirst = static_cast<int>(DType::kFloat16);
  constexpr int kLast = static_cast<int>(DType::kFloat64);
  const int index = is_float(dtype) ? static_cast<int>(dtype) : kLast;
  return kFloatLimits[index - kFirst];
}

}  // namespace fgx
