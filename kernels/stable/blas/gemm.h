// SPDX-License-Identifier: Apache-2.0
// Matrix products on the CPU: one description of sizes and strides, three ways to compute it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/stable/blas/gemm_kernels.h"
#include "schema/kernel.h"

namespace fgx {

// out[m][n] = a[m][k] * b[k][n] + bias[n]. Strides in elements.
struct GemmProblem {
  int64_t m, n, k;
  int64_t a_row, a_shared;
  int64_t b_shared, b_column;
  int64_t out_row, out_column;
  int64_t bias_stride;
  GemmType type;
  GemmType out_type;  // `type`, or that of the sums
  bool has_bias;
};

struct GemmPlan {
  // kDots and kSpread read the larger operand once, unpacked, for at most kSkinnyRows rows.
  enum class Path : uint8_t { kPacked, kDots, kSpread };
  GemmProblem problem;
  GemmMode mode;
  Path path;
  bool swapped;   // the problem is transposed: its a is the caller's b
  bool copy_x;    // rows have to be made dense in the type of the computation
  int32_t slots;  // ranges that may run at once
  int32_t group;  // panels of columns per task of the packed path
  int64_t block_rows;
  const GemmKernels* kernels;
};

inline constexpr int64_t kSkinnyLimit = 16;
inline constexpr size_t kWorkspaceAlignment = 64;

GemmType gemm_type(DType dtype);
// Chooses path and blocking.
GemmPlan plan_gemm(const GemmProblem& problem);
size_t gemm_workspace(const GemmPlan& plan);
void run_gemm(const GemmPlan& plan, const void* a, const void* b, const void* bias, void* out,
              const RunArgs& args);

// Entry points of the implementations "stable.cpu.mm" and so on.
RunFn prepare_mm(const Call& call, KernelState& state);
RunFn prepare_linear(const Call& call, KernelState& state);
RunFn prepare_bmm(const Call& call, KernelState& state);
RunFn prepare_addmm(const Call& call, KernelState& state);
size_t mm_workspace(const Call& call);
size_t linear_workspace(const Call& call);
size_t bmm_workspace(const Call& call);
size_t addmm_workspace(const Call& call);
// The problem of an mm call, and of a linear one: false when the rows of input need more than one
// stride.
GemmProblem mm_problem(const Call& call);
bool linear_problem(const Call& call, GemmProblem* problem);

// The dimensions of a linear call: `loops` outer ones, innermost first, then one stride of rows.
struct LinearShape {
  GemmProblem problem;
  int loops;
  int64_t sizes[FGX_MAX_RANK];
  int64_t input_strides[FGX_MAX_RANK];
  int64_t output_strides[FGX_MAX_RANK];
};
LinearShape linear_shape(const Call& call);

// A product of `problem`, whose sizes are not empty, in floats or in integers of the operands' type.
struct ProductPlan {
  GemmPlan gemm;
  bool integers;
  uint8_t element_bytes;
};
void fill_product(ProductPlan& plan, const GemmProblem& problem, DType dtype);
void run_product(const ProductPlan& plan, const void* a, const void* b, const void* bias, void* out,
                 const RunArgs& args);
// What two matrices say of a problem, everything but the result.
GemmProblem problem_of(const TensorView& a, const TensorView& b);

// The start of a workspace at a multiple of kWorkspaceAlignment; throws when it holds less than `size`.
void* aligned_workspace(const RunArgs& args, size_t size);

}  // namespace fgx
