// SPDX-License-Identifier: Apache-2.0
// Kernels of softmax and log_softmax over plain memory, per instruction set.
#pragma once

#include <cstdint>

#include "backend/cpu/isa.h"

namespace fgx {

// Element types that softmax reads and writes without a conversion before.
enum class SoftmaxKind : uint8_t {
  kFloat16,
  kBFloat16,
  kFloat32,
  kFloat64,
  kFloat16ToFloat32,
  kBFloat16ToFloat32,
};
inline constexpr int kSoftmaxKinds = 6;

// Most columns that one call of a column kernel takes.
inline constexpr int64_t kSoftmaxColumns = 256;

// Where a row is cut for the three steps below; a row's bits are the same however it is walked.
inline constexpr int64_t kSoftmaxPiece = 4096;

struct SoftmaxKernels {
  // Rows of n elements, contiguous in themselves; strides between rows in elements.
  void (*rows)(const void* x, int64_t x_stride, void* y, int64_t y_stride, int64_t rows, int64_t n);
  // Columns: y[r * y_stride + c], softmax over r; columns <= kSoftmaxColumns.
  void (*columns)(const void* x, int64_t x_stride, void* y, int64_t y_stride, int64_t n,
                  int64_t columns);
  // The three steps by themselves, for rows that are not contiguous: n <= kSoftmaxPiece. `largest`
  // holds the running maximum; exp_sum returns the sum of exp(x - largest).
  void (*largest)(const void* x, int64_t n, double* largest);
  double (*exp_sum)(const void* x, int64_t n, double largest);
  void (*finish)(const void* x, void* y, int64_t n, double largest, double sum);
};

struct SoftmaxTable {
  SoftmaxKernels kinds[kSoftmaxKinds];
  SoftmaxKernels log_kinds[kSoftmaxKinds];
};
FGX_DECLARE_ISA_TABLE(SoftmaxTable, softmax_table)

}  // namespace fgx
