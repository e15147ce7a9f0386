// SPDX-License-Identifier: Apache-2.0
// softmax_registers: short rows stay in registers from their load to their store.
//
// generator: row-templates 0.1.0, 2026-11-20T11:50:00Z
// op_id: 0a71a95f-59ab-4d7b-bf5b-5ff3ce9593fa
// implements: aten::softmax
// source: y = exp(x - max(x)) / sum(exp(x - max(x)))
// configuration: {"lanes": 16, "unrolled": true, "vectors_per_row": "1 to 16"}
// performance: measured over stable.cpu.softmax (no vendor library has it), AMD EPYC Zen 4, 1 thread:
// performance: [4096,64|128|256] float32 1.28x, 1.21x, 1.10x; float16 1.24x, 1.22x, 1.07x;
// performance: bfloat16 [4096,128|256] 1.12x, 1.09x
// licence: Apache-2.0
// content_hash: 4a70de11ef4e6729d40cc0930a0fe00bc0a44f3af5edd631c959b006902e0c20
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
