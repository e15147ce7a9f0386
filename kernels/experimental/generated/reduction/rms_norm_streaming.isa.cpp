// SPDX-License-Identifier: Apache-2.0
// rms_norm_streaming: large float32 outputs, stored past the caches.
//
// generator: row-templates 0.1.0, 2026-11-20T11:50:00Z
// op_id: b58f50d7-6e22-45a9-8e87-402053d65736
// implements: aten::rms_norm
// source: y = x * rsqrt(mean(x^2) + eps) * weight
// configuration: {"accumulators": 2, "step": "2 vectors", "store": "non-temporal"}
// performance: measured over stable.cpu.rms_norm (no vendor library has it), AMD EPYC Zen 4, 1 thread:
// performance: float32 [4096,4096] 1.3x to 2.3x, [8192,3584] 1.3x, [16384,8192] 1.5x
// licence: Apache-2.0
// content_hash: f32be8a1b30d8ed1df8357039aa5749f0b62c508cc1aaca50bda00b8ed861121
// ---- end of metadata

#include "kernels/experimental/generated/reduction/rms_norm_streaming.h"

#include "kernels/common/row_vector.h"

namespace fgx::FGX_ISA {
namespace {

using namespace row;

constexpr int kLanes = Compute<float>::kLanes;

template <bool kWeight>
void scale_row(const float* x, const float* weight, float* y, int64_t n, float factor) {
  for (int64_t i = 0; i < n; i += 2 * kLanes) {
    VecF low = load(x + i) * factor;
    VecF high = load(x + i + kLanes) * factor;
    if constexpr (kWeight) {
      low *= load(weight + i);
      high *= load(weight + i + kLanes);
    }
    stream(y + i, low);
    stream(y + i + kLanes, high);
  }
}

void rms_norm_rows(const NormRows& work) {
  const float* x = static_cast<const float*>(work.x);
  const float* weight = static_cast<const float*>(work.weight);
  float* y = static_cast<float*>(work.y);
  for (int64_t r = 0; r < work.rows; ++r, x += work.x_stride, y += work.y_stride) {
    VecF sums[2] = {};
    for (int64_t i = 0; i < work.n; i += 2 * kLanes) {
      const VecF low = load(x + i);
      const VecF high = load(x + i + kLanes);
      sums[0] += low * low;
      sums[1] += high * high;
    }
    const float mean_square = sum_lanes(sums[0] + sums[1]) / static_cast<float>(work.n);
    const float factor = 1 / __builtin_sqrtf(mean_square + static_cast<float>(work.eps));
    if (weight != nullptr) {
      scale_row<true>(x, weight, y, work.n, factor);
    } else {
      scale_row<false>(x, weight, y, work.n, factor);
    }
  }
  stream_end();
}

}  // namespace

extern const RmsNormStreamingTable rms_norm_streaming_table = {rms_norm_rows};

}  // namespace fgx::FGX_ISA
