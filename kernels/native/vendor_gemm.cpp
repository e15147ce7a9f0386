// SPDX-License-Identifier: Apache-2.0
// Translates strides into BLAS' leading dimensions.
#include "kernels/native/vendor_gemm.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "kernels/native/vendor_library.h"

namespace fgx {
namespace {

// How a matrix of rows x columns lies in memory: row-major, or (transposed) column-major.
bool leading_dimension(int64_t rows, int64_t columns, int64_t row_stride, int64_t column_stride,
                       bool* transposed, int64_t* leading) {
  const bool unit_columns = column_stride == 1 || columns == 1;
  const bool unit_rows = row_stride == 1 || rows == 1;
  if (unit_columns && (rows == 1 || row_stride >= columns)) {
    *transposed = false;
    *leading = rows == 1 ? std::max(columns, int64_t{1}) : row_stride;
    return true;
  }
  if (unit_rows && (columns == 1 || column_stride >= rows)) {
    *transposed = true;
    *leading = columns == 1 ? std::max(rows, int64_t{1}) : column_stride;
    return true;
  }
  return false;
}

template <typename T>
void spread_bias(const VendorGemm& gemm, const T* bias, T* out) {
  for (int64_t i = 0; i < gemm.m; ++i) {
    for (int64_t j = 0; j < gemm.n; ++j) {
      out[i * gemm.ldc + j] = bias[(gemm.swapped ? i : j) * gemm.bias_stride];
    }
  }
}

}  // namespace

VendorGemm vendor_gemm(const GemmProblem& problem, int64_t limit) {
  VendorGemm gemm{};
  GemmProblem p = problem;
  bool out_transposed = false;
  bool fits = leading_dimension(p.m, p.n, p.out_row, p.out_column, &out_transposed, &gemm.ldc);
  if (out_transposed) {
    std::swap(p.m, p.n);
    const GemmProblem before = p;
    p.a_row = before.b_column;
    p.a_shared = before.b_shared;
    p.b_column = before.a_row;
    p.b_shared = before.a_shared;
    gemm.swapped = true;
  }
  fits = fits && leading_dimension(p.m, p.k, p.a_row, p.a_shared, &gemm.transpose_a, &gemm.lda) &&
         leading_dimension(p.k, p.n, p.b_shared, p.b_column, &gemm.transpose_b, &gemm.ldb);
  if (!fits) fail(FGX_SHAPE_NOT_SUPPORTED, "BLAS cannot express these strides");
  if (p.k == 0) fail(FGX_SHAPE_NOT_SUPPORTED, "the shared dimension is empty");
  if (std::max({p.m, p.n, p.k, gemm.lda, gemm.ldb, gemm.ldc}) > limit) {
    fail(FGX_SHAPE_NOT_SUPPORTED, "a size or stride exceeds %lld", static_cast<long long>(limit));
  }
  gemm.m = p.m;
  gemm.n = p.n;
  gemm.k = p.k;
  gemm.has_bias = p.has_bias;
  gemm.bias_stride = p.bias_stride;
  gemm.wide = p.type == GemmType::kFloat64;
  return gemm;
}

GemmProblem mm_vendor_problem(const Call& call) { return mm_problem(call); }

GemmProblem linear_vendor_problem(const Call& call) {
  GemmProblem problem;
  if (!linear_problem(call, &problem)) {
    fail(FGX_SHAPE_NOT_SUPPORTED, "no single stride covers the rows of input");
  }
  return problem;
}

VendorOperands vendor_operands(const VendorGemm& gemm, const RunArgs& args) {
  if (vendor_threads_lost()) {
    fail(FGX_UNSUPPORTED, "the library's threads did not survive fork()");
  }
  VendorOperands operands{args.data[0], args.data[1], args.data[gemm.has_bias ? 3 : 2]};
  if (gemm.swapped) std::swap(operands.a, operands.b);
  if (gemm.has_bias && gemm.wide) {
    spread_bias(gemm, static_cast<const double*>(args.data[2]), static_cast<double*>(operands.out));
  } else if (gemm.has_bias) {
    spread_bias(gemm, static_cast<const float*>(args.data[2]), static_cast<float*>(operands.out));
  }
  return operands;
}

}  // namespace fgx
