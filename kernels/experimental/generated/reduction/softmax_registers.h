// SPDX-License-Identifier: Apache-2.0
// softmax_registers: short rows stay in registers from their load to their store.
//
// generator: row-templates 0.1.0, 2026-11-20T11:50:00Z
// op_id: 0a71a95f-59ab-4d7b-bf5b-5ff3ce9593fa
// implements: aten::softmax
// source: y = exp(x - max(x)) / sum(exp(x - max(x)))
// configuration: {"lanes": 16, "unrolled": true, "vectors_per_row": "1 to 16"}
// performance: measured over stable.cpu.softmax (no vendor library has it), AMD EPYC Zen 4, 1 thread:
// performance: [4096,64|128|256] float32 1.29x, 1.24x, 1.34x; bfloat16 1.32x, 1.17x, 1.19x;
// performance: float16 1.29x, 1.34x, 1.08x
// licence: Apache-2.0
// content_hash: 769f0e81e014b25fa7634b554486531d98cb285cfe3f7b3b9095c8aa8ffd0ac1
// ---- end of metadata

#pragma once

#include "backend/cpu/isa.h"
#include "kernels/stable/softmax/softmax_kernels.h"

namespace fgx {

// Rows of 16, 32, ... 16 * kSoftmaxRegisterSteps elements of float16, bfloat16, float32; only `rows`
// is set, and nothing without AVX512.
inline constexpr int kSoftmaxRegisterSteps = 16;
struct SoftmaxRegistersTable {
  SoftmaxKernels kinds[3][kSoftmaxRegisterSteps];
};
FGX_DECLARE_ISA_TABLE(SoftmaxRegistersTable, softmax_registers_table)

}  // namespace fgx
