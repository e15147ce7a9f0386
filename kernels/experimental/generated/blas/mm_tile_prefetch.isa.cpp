// SPDX-License-Identifier: Apache-2.0
// mm_tile_prefetch: 17 to 448 rows; the panel that is packed next is fetched while a tile computes.
//
// generator: gemm-templates 0.1.0, 2026-11-20T12:20:00Z
// op_id: efb85c88-4747-4a6b-9c92-df03b0744bc5
// implements: aten::mm
// source: tile[14][32] += a[k][14] * b[k][32]; prefetch line k of the next panel of b
// configuration: {"hint": "t1", "panels": 2, "rows": 14, "steps": 512, "vectors": 2}
// performance: measured, AMD EPYC Zen 4, 1 thread, mat2 [3584,9472] and [3584,3584]:
// performance: float32, 17 / 32 / 98 / 256 rows: 1.7x / 1.5x / 1.2x / 1.05x of stable.cpu.mm,
// performance: 1.1x / 0.95x / 0.92x / 0.90x of native.onednn.mm
// performance: bfloat16, 17 / 32 / 98 / 256 rows: 1.3x / 1.2x / 1.05x / 1.0x of stable.cpu.mm
// licence: Apache-2.0
// content_hash: b8cdf23910cda83247eb5d363036c9a8160cf43d92fb6070f26959c8f08cea43
// ---- end of metadata

#include "kernels/experimental/generated/blas/mm_tile_prefetch.h"

#include "kernels/common/lanes.h"

namespace fgx::FGX_ISA {
namespace {

#if defined(__AVX512F__)
constexpr int kMostRows = 14;

FGX_INLINE void fetch(const char* at) {
  _mm_prefetch(at, _MM_HINT_T1);
  _mm_prefetch(at + 64, _MM_HINT_T1);
}

#define FGX_TILE_BODY(kRows, multiply_add, Vector, broadcast)                         \
  __m512 sums[kRows][2];                                                              \
  _Pragma("GCC unroll 16") for (int r = 0; r < kRows; ++r) {                          \
    sums[r][0] = accumulate ? _mm512_loadu_ps(c + r * 32) : _mm512_setzero_ps();      \
    sums[r][1] = accumulate ? _mm512_loadu_ps(c + r * 32 + 16) : _mm512_setzero_ps(); \
  }                                                                                   \
  const char* next = static_cast<const char*>(prefetch.next);                         \
  const int64_t fetched = next != nullptr ? prefetch.lines : 0;                       \
  for (int64_t k = 0; k < steps; ++k) {                                               \
    if (k < fetched) {                                                                \
      fetch(next);                                                                    \
      next += prefetch.stride;                                                        \
    }                                                                                 \
    const Vector left = reinterpret_cast<Vector>(_mm512_loadu_ps(b));                 \
    const Vector right = reinterpret_cast<Vector>(_mm512_loadu_ps(b + 16));           \
    _Pragma("GCC unroll 16") for (int r = 0; r < kRows; ++r) {                        \
      const Vector x = reinterpret_cast<Vector>(broadcast(a[r]));                     \
      sums[r][0] = multiply_add(sums[r][0], x, left);                                 \
      sums[r][1] = multiply_add(sums[r][1], x, right);                                \
    }                                                                                 \
    a += kRows;                                                                       \
    b += 32;                                                                          \
  }                                                                                   \
  _Pragma("GCC unroll 16") for (int r = 0; r < kRows; ++r) {                          \
    _mm512_storeu_ps(c + r * 32, sums[r][0]);                                         \
    _mm512_storeu_ps(c + r * 32 + 16, sums[r][1]);                                    \
  }

FGX_INLINE __m512 fused(__m512 sum, __m512 x, __m512 y) { return _mm512_fmadd_ps(x, y, sum); }

template <int kRows>
void floats_of(int64_t steps, const float* a, const float* b, float* c, bool accumulate,
               const TilePrefetch& prefetch) {
  FGX_TILE_BODY(kRows, fused, __m512, _mm512_set1_ps)
}
template <int kRows>
__attribute__((target("avx512bf16"))) void pairs_of(int64_t steps, const int* a, const float* b,
                                                    float* c, bool accumulate,
                                                    const TilePrefetch& prefetch) {
  FGX_TILE_BODY(kRows, _mm512_dpbf16_ps, __m512bh, _mm512_set1_epi32)
}
#undef FGX_TILE_BODY

template <int kRows>
void tile_of(GemmMode mode, int rows, int64_t steps, const void* a, const void* b, void* c,
             bool accumulate, const TilePrefetch& prefetch) {
  if constexpr (kRows > 1) {
    if (rows < kRows) {
      return tile_of<kRows - 1>(mode, rows, steps, a, b, c, accumulate, prefetch);
    }
  }
  if (mode == GemmMode::kPairs) {
    pairs_of<kRows>(steps, static_cast<const int*>(a), static_cast<const float*>(b),
                    static_cast<float*>(c), accumulate, prefetch);
  } else {
    floats_of<kRows>(steps, static_cast<const float*>(a), static_cast<const float*>(b),
                     static_cast<float*>(c), accumulate, prefetch);
  }
}
#endif

}  // namespace

#if defined(__AVX512F__)
extern const MmTilePrefetch mm_tile_prefetch_kernels = {tile_of<kMostRows>};
#else
extern const MmTilePrefetch mm_tile_prefetch_kernels = {nullptr};
#endif

}  // namespace fgx::FGX_ISA
