// SPDX-License-Identifier: Apache-2.0
// What attention needs beside the matrix product's building blocks, per instruction set.
#pragma once

#include <cstdint>

#include "backend/cpu/isa.h"
#include "kernels/stable/blas/gemm_kernels.h"
#include "tensor/dtype.h"

namespace fgx {

// One row of scores, stored in panels of `width` values, `panel_stride` values apart. `width` is a
// multiple of a vector; what lies behind `count` values up to a full panel belongs to the row too.
struct ScoreRow {
  void* scores;
  int64_t panel_stride;
  int64_t width;
  int64_t count;    // keys in this block
  int64_t visible;  // of these, how many causality lets the row see
  double scale;
  const void* mask;  // of the row and block; nullptr: none
  int64_t mask_stride;
  DType mask_type;
};

// Scores, sums and results are float32, or float64 where `wide`.
struct AttentionKernels {
  // Scales and masks the scores, replaces them by exp(score - maximum), with the maximum over this
  // and all earlier blocks, and updates maximum and sum. Returns the factor by which what earlier
  // blocks gave has to be scaled.
  double (*softmax_row)(bool wide, const ScoreRow& row, double* maximum, double* sum);
  // values[i] *= factor.
  void (*rescale)(bool wide, void* values, int64_t count, double factor);
  // sums[i] += factor * values[i].
  void (*accumulate)(bool wide, void* sums, const void* values, int64_t count, double factor);
  // float32 to bfloat16.
  void (*to_pairs)(void* pairs, const float* values, int64_t count);

  // Rotates `count` pairs of values (i * step, i * step + partner) by angles given by cosine and
  // sine. out may be x.
  void (*rotate)(GemmType type, const void* x, int64_t x_stride, const void* cosine,
                 const void* sine, int64_t count, int64_t step, int64_t partner, void* out,
                 int64_t out_stride);
};
FGX_DECLARE_ISA_TABLE(AttentionKernels, attention_kernels)

}  // namespace fgx
