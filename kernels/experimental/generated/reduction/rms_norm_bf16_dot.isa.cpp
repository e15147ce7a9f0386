// SPDX-License-Identifier: Apache-2.0
// rms_norm_bf16_dot: bfloat16 rows, squares by AVX512-BF16 dot products, results by its conversions.
//
// generator: row-templates 0.1.0, 2026-11-20T11:50:00Z
// op_id: e10904a4-e4da-406e-a71a-c5a2d1572d40
// implements: aten::rms_norm
// source: y = x * rsqrt(mean(x^2) + eps) * weight
// configuration: {"accumulators": 4, "instructions": "avx512_bf16", "step": 32}
// performance: measured over stable.cpu.rms_norm (no vendor library has it), AMD EPYC Zen 4, 1 thread:
// performance: bfloat16 [1,3584] 1.07x (call included), [16,3584] 1.2x, [512,3584] 1.3x
// licence: Apache-2.0
// content_hash: aa7f949f8660ad1c6e99c56dde5feffa3b20a3301db3eb82096a80f4707001ab
// ---- end of metadata

#include "kernels/experimental/generated/reduction/rms_norm_bf16_dot.h"

#if defined(__AVX512F__)
#include <immintrin.h>
#endif

namespace fgx::FGX_ISA {

#if defined(__AVX512F__)
namespace {

#define FGX_BF16_TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")))

FGX_BF16_TARGET inline __m512 widen(const uint16_t* from) {
  const __m256i raw = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
  return reinterpret_cast<__m512>(
      _mm512_maskz_slli_epi32(0xffff, _mm512_maskz_cvtepu16_epi32(0xffff, raw), 16));
}

FGX_BF16_TARGET inline float sum_lanes(__m512 value) {
  alignas(64) float lanes[16];
  _mm512_store_ps(lanes, value);
  for (int width = 8; width > 0; width /= 2) {
    for (int i = 0; i < width; ++i) lanes[i] += lanes[i + width];
  }
  return lanes[0];
}

FGX_BF16_TARGET void rms_norm_rows(const NormRows& work) {
  const int64_t n = work.n;
  const uint16_t* x = static_cast<const uint16_t*>(work.x);
  const uint16_t* weight = static_cast<const uint16_t*>(work.weight);
  uint16_t* y = static_cast<uint16_t*>(work.y);
  for (int64_t r = 0; r < work.rows; ++r, x += work.x_stride, y += work.y_stride) {
    __m512 sums[4] = {_mm512_setzero_ps(), _mm512_setzero_ps(), _mm512_setzero_ps(),
                      _mm512_setzero_ps()};
    const auto* from = reinterpret_cast<const __m512i_u*>(x);
    int64_t i = 0;
    for (; i + 128 <= n; i += 128, from += 4) {
      for (int k = 0; k < 4; ++k) {
        const __m512bh pairs = reinterpret_cast<__m512bh>(_mm512_loadu_si512(from + k));
        sums[k] = _mm512_dpbf16_ps(sums[k], pairs, pairs);
      }
    }
    for (; i < n; i += 32, ++from) {
      const __m512bh pairs = reinterpret_cast<__m512bh>(_mm512_loadu_si512(from));
      sums[0] = _mm512_dpbf16_ps(sums[0], pairs, pairs);
    }
    const float squares = sum_lanes((sums[0] + sums[2]) + (sums[1] + sums[3]));
    const float factor =
        1 / __builtin_sqrtf(squares / static_cast<float>(n) + static_cast<float>(work.eps));
    const __m512 scale = _mm512_set1_ps(factor);
    for (i = 0; i < n; i += 32) {
      const __m512 low = widen(x + i) * scale * widen(weight + i);
      const __m512 high = widen(x + i + 16) * scale * widen(weight + i + 16);
      _mm512_storeu_si512(y + i, reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(high, low)));
    }
  }
}

}  // namespace

extern const RmsNormBf16DotTable rms_norm_bf16_dot_table = {rms_norm_rows};
#else
extern const RmsNormBf16DotTable rms_norm_bf16_dot_table = {nullptr};
#endif

}  // namespace fgx::FGX_ISA
