// SPDX-License-Identifier: Apache-2.0
// The middle of attention on matrix units: scores of a warp's 16 rows and 16 keys to weights, with a running largest
// score. Lanes hold scores and sums as matrix_units.h says.
#pragma once

#include "kernels/gpu/attention_rows.h"
#include "kernels/gpu/matrix_units.h"

#if !defined(__HIP__)
namespace fgx::device {

constexpr float kLog2E = 1.44269504f;
constexpr float kNothing = -__builtin_inff();

template <typename Half>
FGX_DEVICE_INLINE uint32_t pair_of(float x, float y) {
  Pack<Half, 2> pair;
  to_halves(x, y, pair.at);
  return __builtin_bit_cast(uint32_t, pair);
}
FGX_DEVICE_INLINE float exp2_fast(float x) {
  float result;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(result) : "f"(x));
  return result;
}
// Of the four lanes that share a row; NaN is skipped.
FGX_DEVICE_INLINE float quad_max(float x) {
  x = fmaxf(x, __shfl_xor_sync(kAllLanes, x, 1));
  return fmaxf(x, __shfl_xor_sync(kAllLanes, x, 2));
}
FGX_DEVICE_INLINE float quad_sum(float x) {
  x += __shfl_xor_sync(kAllLanes, x, 1);
  return x + __shfl_xor_sync(kAllLanes, x, 2);
}

// A lane's two rows, and its sums of them: kTiles of eight columns.
template <typename Half, int kTiles>
struct WarpRows {
  const gpu::FlatAttention& a;
  const void* mask;
  int64_t mask_row[2];
  int visible[2];
  float largest[2] = {kNothing, kNothing};  // in units of log2
  float total[2] = {0, 0};                  // this lane's share
  float sums[kTiles][4] = {};

  FGX_DEVICE_INLINE WarpRows(const gpu::FlatAttention& arguments, int64_t mask_offset,
                             int first_row, const void* masks)
      : a(arguments), mask(masks) {
    const int group = static_cast<int>(threadIdx.x) % 32 / 4;
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const int row = first_row + group + 8 * half;
      const bool there = row < a.rows;
      const FlatRow r(a, there ? row : first_row);
      visible[half] = there ? r.visible(a) : 0;
      mask_row[half] = a.has_mask != 0 ? mask_offset + r.offset(a.mask) : 0;
    }
  }

  // Scores of 16 keys to weights, packed as the operand of the second product.
  FGX_DEVICE_INLINE void softmax(int first, float (&scores)[2][4], uint32_t (&weights)[4]) {
    const int quad = static_cast<int>(threadIdx.x) % 4;
    const float natural = a.scale;
    float factor[2];
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      float top = kNothing;
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        float& score = scores[i / 2][2 * half + (i & 1)];
        const int at = first + 8 * (i / 2) + 2 * quad + (i & 1);
        if (at >= visible[half]) {
          score = kNothing;
        } else if (a.has_mask != 0) {
          // The mask is in natural units.
          score = masked(a, mask, mask_row[half] + at * a.mask_element, score * natural) * kLog2E;
        } else {
          score *= natural * kLog2E;
        }
        top = fmaxf(top, score);
      }
      top = fmaxf(quad_max(top), largest[half]);
      const float base = top == kNothing ? 0.0f : top;
      factor[half] = largest[half] == top ? 1.0f : exp2_fast(largest[half] - base);
      largest[half] = top;
      total[half] *= factor[half];
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        float& score = scores[i / 2][2 * half + (i & 1)];
        score = exp2_fast(score - base);
        total[half] += score;
      }
      weights[half] = pair_of<Half>(scores[0][2 * half], scores[0][2 * half + 1]);
      weights[half + 2] = pair_of<Half>(scores[1][2 * half], scores[1][2 * half + 1]);
    }
    if (!__any_sync(kAllLanes, factor[0] != 1.0f || factor[1] != 1.0f)) return;
#pragma unroll
    for (int j = 0; j < kTiles; ++j) {
      sums[j][0] *= factor[0];
      sums[j][1] *= factor[0];
      sums[j][2] *= factor[1];
      sums[j][3] *= factor[1];
    }
  }
};

}  // namespace fgx::device
#endif
