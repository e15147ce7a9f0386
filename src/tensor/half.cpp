// SPDX-License-Identifier: Apache-2.0
// Rounding of float64 to the half types in one step.
#include "tensor/half.h"

#include <cmath>

namespace fgx {
namespace {

// Rounds `magnitude` (finite, >= 0) to `digits` significant bits, ties to even, with the spacing
// never below 2^lowest. Every step is exact in float64 but the one rounding.
double round_to_grid(double magnitude, int digits, int lowest) {
  if (magnitude == 0) return magnitude;
  int exponent = 0;
  std::frexp(magnitude, &exponent);  // magnitude in [2^(exponent-1), 2^exponent)
  const int spacing = exponent - digits > lowest ? exponent - digits : lowest;
  const double scaled = std::ldexp(magnitude, -spacing);
  const double whole = std::floor(scaled);
  const double rest = scaled - whole;
  const bool odd = std::fmod(whole, 2.0) != 0;
  const double rounded = rest > 0.5 || (rest == 0.5 && odd) ? whole + 1 : whole;
  return std::ldexp(rounded, spacing);
}

}  // namespace

Float16 to_float16(double value) {
  if (!std::isfinite(value)) return to_float16(static_cast<float>(value));
  const double rounded = round_to_grid(std::fabs(value), 11, -24);
  const double limited = rounded < 0x1p16 ? rounded : 0x1p16;  // from here on infinity
  return to_float16(static_cast<float>(std::copysign(limited, value)));
}

BFloat16 to_bfloat16(double value) {
  if (!std::isfinite(value)) return to_bfloat16(static_cast<float>(value));
  const double rounded = round_to_grid(std::fabs(value), 8, -133);
  const float magnitude = rounded < 0x1p128 ? static_cast<float>(rounded) : HUGE_VALF;
  return to_bfloat16(std::copysign(magnitude, static_cast<float>(std::signbit(value) ? -1 : 1)));
}

}  // namespace fgx
