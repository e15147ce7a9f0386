// SPDX-License-Identifier: Apache-2.0
// Kernels of layer_norm and rms_norm over plain memory, per instruction set.
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
  kFloat16Float32,   // float32 weight and bias
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

struct NormKernels {
  void (*layer)(const NormRows& work);
  void (*rms)(const NormRows& work);
  // The steps by themselves, for rows that are not contiguous; n <= kNormPiece. `squares` adds up
  // (x - mean)^2; `finish` writes (x - mean) * factor * weight + bias.
  double (*sum)(const void* x, int64_t n);
  double (*squares)(const void* x, int64_t n, double mean);
  void (*finish)(const void* x, const void* weight, const void* bias, void* y, int64_t n,
                 double mean, double factor);
};

struct NormTable {
  NormKernels kinds[kNormKinds];
};
FGX_DECLARE_ISA_TABLE(NormTable, norm_table)

}  // namespace fgx
