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

#pragma once

#include "backend/cpu/isa.h"
#include "kernels/stable/norm/norm_kernels.h"

namespace fgx {

// Rows of bfloat16 with a bfloat16 weight, n a multiple of 32; null without AVX512.
struct RmsNormBf16DotTable {
  void (*rows)(const NormRows& work);
};
FGX_DECLARE_ISA_TABLE(RmsNormBf16DotTable, rms_norm_bf16_dot_table)

}  // namespace fgx
