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

#pragma once

#include <cstdint>

#include "backend/cpu/isa.h"

namespace fgx {

// Add to sums[row * pitch + column] the products of x[rows][length] and w[length][columns], columns
// and length multiples of 32, `w_stride` elements between lines of w. nullptr where the set lacks the
// instructions.
struct MmSkinnyPrefetch {
  void (*floats)(const float* x, int64_t length, int rows, const float* w, int64_t w_stride,
                 int64_t columns, float* sums, int64_t pitch);
  void (*pairs)(const uint16_t* x, int64_t length, int rows, const uint16_t* w, int64_t w_stride,
                int64_t columns, float* sums, int64_t pitch);
};
FGX_DECLARE_ISA_TABLE(MmSkinnyPrefetch, mm_skinny_prefetch_kernels)

}  // namespace fgx
