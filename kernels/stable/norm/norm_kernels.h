// SPDX-License-Identifier: Apache-2.0
// Kernels of layer_norm, rms_norm and fused_add_rms_norm over plain memory, per instruction set.
#pragma once

#include <cstdint>

#include "backend/cpu/isa.h"

namespace fgx {

// Element types of the rows, and of weight and bias.
enum class NormKind : uint8_t {
  kFloat16,
  kBFloat16,
  kFloat32,
  kFloat64,
  kFloat16Float32,  // float32 weight and bias
  kBFloat16Float32,
};
inline constexpr int kNormKinds = 6;

// Sums are folded from pieces of this length, in order.
inline constexpr int64_t kNormPiece = 4096;

// Rows of n elements, contiguous in themselves; strides between rows in elements. `weight` and `bias`
// may be null.
struct NormRows {
  const void* x;
  int64_t x_stride;
  void* y;
  int64_t y_stride;
  const void* weight;
  const void* bias;
  int64_t rows;
  int64_t n;
  double eps;
};

// rms_norm of input + residual: rows of n elements without gaps between them. `norm.x` is where the
// sums go, rounded to their type, before they are normalized.
struct AddNormRows {
  NormRows norm;
  const void* input;
  const void* residual;
};

// What a row's steps have found.
struct NormSums {
  bool centred;  // layer_norm; rms_norm takes the mean as zero
  double sum;
  double rest;     // sum of x - mean
  double squares;  // sum of (x - mean)^2
  int64_t length;
  double eps;
};

struct NormKernels {
  void (*layer)(const NormRows& work);
  void (*rms)(const NormRows& work);
  void (*add_rms)(const AddNormRows& work);
  // The steps by themselves, for rows that are not contiguous; n <= kNormPiece. First
  // `sum`, then `moments` adds to rest and squares (about the mean rounded to the compute type).
  double (*sum)(const void* x, int64_t n);
  void (*moments)(const void* x, int64_t n, NormSums* sums);
  void (*finish)(const void* x, const void* weight, const void* bias, void* y, int64_t n,
                 const NormSums& sums);
};

struct NormTable {
  NormKernels kinds[kNormKinds];
};
FGX_DECLARE_ISA_TABLE(NormTable, norm_table)

}  // namespace fgx
