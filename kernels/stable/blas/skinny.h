// SPDX-License-Identifier: Apache-2.0
// What skinny.isa.cpp gives to the table of gemm.isa.cpp; for *.isa.cpp files only.
#pragma once

#include "kernels/stable/blas/gemm_kernels.h"

namespace fgx::FGX_ISA {

// Most rows of the dot form: with its lines they must fit the registers.
#if defined(__AVX512F__)
constexpr int kSkinnyRows = 8;
#else
constexpr int kSkinnyRows = 4;
#endif

void skinny_dots(GemmMode mode, GemmType type, const void* x, int64_t x_stride, int rows,
                 const void* w, int64_t w_stride, int64_t lines, int64_t length, void* sums,
                 int64_t pitch);
void skinny_spread(GemmMode mode, GemmType type, const void* x, int64_t x_stride, int rows,
                   const void* w, int64_t w_stride, int64_t columns, int64_t length, void* sums,
                   int64_t pitch);

}  // namespace fgx::FGX_ISA
