// SPDX-License-Identifier: Apache-2.0
// What the gate's kernels for any strides are launched with; the host fills it, device code reads it.
#pragma once

#include <stdint.h>

namespace fgx::gpu {

struct GateArguments {
  static constexpr int kMostDims = 16;
  int64_t rows;
  int32_t experts;
  int32_t topk;
  int32_t renormalize;
  int32_t dtype;                            // fgx::DType
  int32_t ndim;                             // of the rows
  int64_t x_step, weight_step, index_step;  // along a row, in elements
  int64_t sizes[kMostDims];
  int64_t x_steps[kMostDims], weight_steps[kMostDims], index_steps[kMostDims];
};

// Most logits that a lane of the kernels with one warp per row holds.
inline constexpr int kMostPerLane = 32;
// Threads of a row beyond that, and the most logits.
inline constexpr int kWideBlock = 256;
inline constexpr int kMostGateExperts = 4096;

}  // namespace fgx::gpu
