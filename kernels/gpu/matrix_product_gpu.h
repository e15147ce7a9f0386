// SPDX-License-Identifier: Apache-2.0
// Launchers of mm, linear, bmm and addmm on GPUs (matrix_product.cu, skinny_product.cu, skinny_pairs.cu).
#pragma once

#include "schema/kernel.h"

namespace fgx {

RunFn prepare_mm_gpu(const Call& call, KernelState& state);
RunFn prepare_linear_gpu(const Call& call, KernelState& state);
RunFn prepare_bmm_gpu(const Call& call, KernelState& state);
RunFn prepare_addmm_gpu(const Call& call, KernelState& state);

// Of 16-bit types with at most 16 rows, on CUDA's matrix units: "stable.cuda.mm_skinny", "stable.cuda.linear_skinny";
// and the same where they were measured faster than cuBLASLt: "stable.cuda.mm_rows", "stable.cuda.linear_rows",
// "stable.cuda.addmm_rows".
ImplementationDef skinny_mm_gpu();
ImplementationDef skinny_linear_gpu();
ImplementationDef few_rows_mm_gpu();
ImplementationDef few_rows_linear_gpu();
ImplementationDef few_rows_addmm_gpu();

}  // namespace fgx
