// SPDX-License-Identifier: Apache-2.0
// Division by a number that is known before the launch: one multiplication instead of some twenty instructions.
#pragma once

#include <stdint.h>

namespace fgx::gpu {

// n / divisor for 0 <= n < 2^31 and 1 <= divisor < 2^31 (T. Granlund, P. Montgomery, 1994).
struct FastDivide {
  uint32_t divisor;
  uint32_t multiplier;
  uint32_t shift;
};

inline constexpr int64_t kFastDivideLimit = int64_t{1} << 31;

constexpr FastDivide fast_divide(uint32_t divisor) {
  uint32_t shift = 0;
  while ((uint64_t{1} << shift) < divisor) ++shift;
  const uint64_t power = uint64_t{1} << 32;
  // NOLINTNEXTLINE(clang-analyzer-core.DivideZero): divisors are 1 or more, as said above
  const uint64_t multiplier = power * ((uint64_t{1} << shift) - divisor) / divisor + 1;
  return {divisor, static_cast<uint32_t>(multiplier), shift};
}

}  // namespace fgx::gpu
