// SPDX-License-Identifier: Apache-2.0
// A matrix product in the terms that BLAS knows: row-major, each operand transposed or not.
#pragma once

#include "kernels/stable/blas/gemm.h"

namespace fgx {

struct VendorGemm {
  int64_t m, n, k;
  int64_t lda, ldb, ldc;
  int64_t bias_stride;
  bool transpose_a, transpose_b;
  bool swapped;  // the transposed product is computed: its a is the caller's second operand
  bool has_bias;
  bool wide;  // float64
};

// Throws ShapeNotSupported for strides, sizes or an empty shared dimension that BLAS cannot express
// with leading dimensions of at most `limit`.
VendorGemm vendor_gemm(const GemmProblem& problem, int64_t limit);
// The problem of a call of mm or linear; throws ShapeNotSupported when it is not one matrix.
GemmProblem mm_vendor_problem(const Call& call);
GemmProblem linear_vendor_problem(const Call& call);

// Operands in the order of the vendor's call.
struct VendorOperands {
  const void* a;
  const void* b;
  void* out;
};
// Picks the operands and writes the bias to the result, to be added to.
VendorOperands vendor_operands(const VendorGemm& gemm, const RunArgs& args);

}  // namespace fgx
