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

#pragma once

#include <cstdint>

#include "backend/cpu/isa.h"
#include "kernels/stable/blas/gemm_kernels.h"

namespace fgx {

// Lines of memory to fetch while a tile computes.
struct TilePrefetch {
  const void* next;  // nullptr: none
  int64_t stride;    // bytes between lines
  int64_t lines;     // at most the number of steps
};

// As GemmKernels::tile for modes kFloat and kPairs. Two cache lines are fetched of each line of
// memory. nullptr where the set lacks the instructions.
struct MmTilePrefetch {
  void (*tile)(GemmMode mode, int rows, int64_t steps, const void* panel_a, const void* panel_b,
               void* tile, bool accumulate, const TilePrefetch& prefetch);
};
FGX_DECLARE_ISA_TABLE(MmTilePrefetch, mm_tile_prefetch_kernels)

}  // namespace fgx
