// SPDX-License-Identifier: Apache-2.0
// mm_skinny_prefetch: at most 4 rows; the lines of mat2 that come next are fetched into the second cache meanwhile.
//
// generator: gemm-templates 0.1.0, 2026-11-20T12:20:00Z
// op_id: 88e17c60-26b6-4b62-a60e-2d5cff7b3840
// implements: aten::mm
// source: sums[r][j] += x[r][k..k+lines] * w[k..k+lines][j]; prefetch w[k+lines..k+2*lines][j]
// configuration: {"hint": "t1", "lines": 8, "rows": 4, "vectors": 2}
// performance: measured, AMD EPYC Zen 4, 1 thread, mat2 [3584,9472] and [3584,3584]:
// performance: float32, 1 to 4 rows: 1.16x to 1.54x of stable.cpu.mm, 1.00x to 1.93x of native.onednn.mm
// performance: bfloat16, 1 to 4 rows: 1.18x to 1.36x of stable.cpu.mm (no vendor library has it)
// licence: Apache-2.0
// content_hash: 097fa8c73b3712f82e1e42ce8fc0594cb7992f5853908dbb19f3ad36f0880075
// ---- end of metadata

#include "kernels/experimental/generated/blas/mm_skinny_prefetch.h"
#include "kernels/common/transpose.h"

namespace fgx::FGX_ISA {
namespace {

#if defined(__AVX512F__)
constexpr int kLines = 8;  // of float32, or pairs of lines of bfloat16, per pass
constexpr int kMostRows = 4;

template <int kRows>
void floats_of(const float* x, int64_t length, const float* w, int64_t w_stride, int64_t columns,
               float* sums, int64_t pitch) {
  for (int64_t k = 0; k < length; k += kLines, w += kLines * w_stride) {
    // Behind the last pass there is nothing to fetch: the same lines again cost nothing.
    const int64_t ahead = k + kLines < length ? kLines * w_stride : 0;
    for (int64_t j = 0; j < columns; j += 32) {
      __m512 line[kLines][2];
#pragma GCC unroll 8
      for (int s = 0; s < kLines; ++s) {
        const float* at = w + s * w_stride + j;
        line[s][0] = _mm512_loadu_ps(at);
        line[s][1] = _mm512_loadu_ps(at + 16);
        _mm_prefetch(reinterpret_cast<const char*>(at + ahead), _MM_HINT_T1);
        _mm_prefetch(reinterpret_cast<const char*>(at + ahead + 16), _MM_HINT_T1);
      }
#pragma GCC unroll 4
      for (int r = 0; r < kRows; ++r) {
        float* to = sums + r * pitch + j;
        __m512 left = _mm512_loadu_ps(to);
        __m512 right = _mm512_loadu_ps(to + 16);
#pragma GCC unroll 8
        for (int s = 0; s < kLines; ++s) {
          const __m512 factor = _mm512_set1_ps(x[r * length + k + s]);
          left = _mm512_fmadd_ps(factor, line[s][0], left);
          right = _mm512_fmadd_ps(factor, line[s][1], right);
        }
        _mm512_storeu_ps(to, left);
        _mm512_storeu_ps(to + 16, right);
      }
    }
  }
}

template <int kRows>
__attribute__((target("avx512bf16"))) void pairs_of(const uint16_t* x, int64_t length,
                                                    const uint16_t* w, int64_t w_stride,
                                                    int64_t columns, float* sums, int64_t pitch) {
  for (int64_t k = 0; k < length; k += 2 * kLines, w += 2 * kLines * w_stride) {
    const int64_t ahead = k + 2 * kLines < length ? 2 * kLines * w_stride : 0;
    for (int64_t j = 0; j < columns; j += 32) {
      __m512bh line[kLines][2];
#pragma GCC unroll 8
      for (int s = 0; s < kLines; ++s) {
        const uint16_t* even = w + 2 * s * w_stride + j;
        const uint16_t* odd = even + w_stride;
        __m512i left;
        __m512i right;
        interleave(_mm512_loadu_si512(even), _mm512_loadu_si512(odd), left, right);
        line[s][0] = reinterpret_cast<__m512bh>(left);
        line[s][1] = reinterpret_cast<__m512bh>(right);
        _mm_prefetch(reinterpret_cast<const char*>(even + ahead), _MM_HINT_T1);
        _mm_prefetch(reinterpret_cast<const char*>(odd + ahead), _MM_HINT_T1);
      }
#pragma GCC unroll 4
      for (int r = 0; r < kRows; ++r) {
        float* to = sums + r * pitch + j;
        __m512 left = _mm512_loadu_ps(to);
        __m512 right = _mm512_loadu_ps(to + 16);
#pragma GCC unroll 8
        for (int s = 0; s < kLines; ++s) {
          int pair;
          __builtin_memcpy(&pair, x + r * length + k + 2 * s, 4);
          const __m512bh factor = reinterpret_cast<__m512bh>(_mm512_set1_epi32(pair));
          left = _mm512_dpbf16_ps(left, factor, line[s][0]);
          right = _mm512_dpbf16_ps(right, factor, line[s][1]);
        }
        _mm512_storeu_ps(to, left);
        _mm512_storeu_ps(to + 16, right);
      }
    }
  }
}

template <int kRows>
void floats_rows(const float* x, int64_t length, int rows, const float* w, int64_t w_stride,
                 int64_t columns, float* sums, int64_t pitch) {
  if constexpr (kRows > 1) {
    if (rows < kRows) {
      return floats_rows<kRows - 1>(x, length, rows, w, w_stride, columns, sums, pitch);
    }
  }
  floats_of<kRows>(x, length, w, w_stride, columns, sums, pitch);
}
template <int kRows>
void pairs_rows(const uint16_t* x, int64_t length, int rows, const uint16_t* w, int64_t w_stride,
                int64_t columns, float* sums, int64_t pitch) {
  if constexpr (kRows > 1) {
    if (rows < kRows) {
      return pairs_rows<kRows - 1>(x, length, rows, w, w_stride, columns, sums, pitch);
    }
  }
  pairs_of<kRows>(x, length, w, w_stride, columns, sums, pitch);
}
#endif

}  // namespace

#if defined(__AVX512F__)
extern const MmSkinnyPrefetch mm_skinny_prefetch_kernels = {floats_rows<kMostRows>,
                                                            pairs_rows<kMostRows>};
#else
extern const MmSkinnyPrefetch mm_skinny_prefetch_kernels = {nullptr, nullptr};
#endif

}  // namespace fgx::FGX_ISA
