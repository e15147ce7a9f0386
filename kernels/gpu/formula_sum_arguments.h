// SPDX-License-Identifier: Apache-2.0
// What sums of a formula are launched with; the host fills it, device code reads it.
#pragma once

#include <stdint.h>

namespace fgx::gpu {

struct FormulaSumArguments {
  double numel;
  int32_t blocks;
  uint8_t out_dtype;  // fgx::DType
  uint8_t mean;
};

}  // namespace fgx::gpu
