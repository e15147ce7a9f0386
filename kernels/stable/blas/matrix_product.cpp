// SPDX-License-Identifier: Apache-2.0
// Launchers of mm and linear: from a call's tensors to matrix problems.
#include <algorithm>

#include "backend/cpu/thread_pool.h"
#include "kernels/stable/blas/gemm.h"

namespace fgx {
namespace {

enum MmArgument { kSelf, kMat2 };
enum LinearArgument { kInput, kWeight, kBias };

// The product once for each index of `loops` outer dimensions, which no single stride of rows covers
// (linear with leading dimensions that cannot be merged).
struct LoopedPlan : ProductPlan {
  int loops;
  int64_t sizes[FGX_MAX_RANK];
  int64_t input_strides[FGX_MAX_RANK];
  int64_t output_strides[FGX_MAX_RANK];
};

void run_integers(const GemmProblem& p, int bytes, const void* a, const void* b, const void* bias,
                  void* out, const RunArgs& args) {
  const IntegerGemmKernels& kernels = integer_gemm_kernels_for(best_isa());
  const int64_t strides[] = {p.a_row,   p.a_shared,   p.b_shared,   p.b_column,
                             p.out_row, p.out_column, p.bias_stride};
  constexpr int64_t kGrainWork = 1 << 16;
  const int64_t grain = std::max<int64_t>(1, kGrainWork / std::max<int64_t>(1, p.n * p.k));
  args.pool->parallel_for(p.m, grain, [&](int64_t begin, int64_t end) {
    const int64_t sizes[] = {end - begin, p.n, p.k};
    kernels.multiply(bytes, static_cast<const std::byte*>(a) + begin * p.a_row * bytes, b,
                     p.has_bias ? bias : nullptr,
                     static_cast<std::byte*>(out) + begin * p.out_row * bytes, sizes, strides);
  });
}

void run_single(const KernelState& state, const RunArgs& args) {
  const ProductPlan& plan = state.as<ProductPlan>();
  const bool has_bias = plan.gemm.problem.has_bias;
  run_product(plan, args.data[0], args.data[1], has_bias ? args.data[2] : nullptr,
              args.data[has_bias ? 3 : 2], args);
}

void run_looped(const KernelState& state, const RunArgs& args) {
  const LoopedPlan& plan = state.as<LoopedPlan>();
  const bool has_bias = plan.gemm.problem.has_bias;
  int64_t index[FGX_MAX_RANK] = {};
  int64_t input = 0;
  int64_t output = 0;
  for (;;) {
    run_product(plan, static_cast<const std::byte*>(args.data[0]) + input * plan.element_bytes,
                args.data[1], has_bias ? args.data[2] : nullptr,
                static_cast<std::byte*>(args.data[has_bias ? 3 : 2]) + output * plan.element_bytes,
                args);
    int d = plan.loops - 1;
    for (; d >= 0; --d) {
      input += plan.input_strides[d];
      output += plan.output_strides[d];
      if (++index[d] < plan.sizes[d]) break;
      input -= plan.sizes[d] * plan.input_strides[d];
      output -= plan.sizes[d] * plan.output_strides[d];
      index[d] = 0;
    }
    if (d < 0) return;
  }
}

void run_nothing(const KernelState&, const RunArgs&) {}

}  // namespace

LinearShape linear_shape(const Call& call) {
  const TensorView& input = call.tensor(kInput);
  const TensorView& weight = call.tensor(kWeight);
  const TensorView* bias = call.tensor_or_null(kBias);
  const TensorView& out = call.outputs()[0];
  LinearShape shape{};
  GemmProblem& p = shape.problem;
  p.type = p.out_type = gemm_type(input.dtype);
  p.k = input.dim(-1);
  p.a_shared = input.stride(-1);
  const bool vector_weight = weight.ndim == 1;
  p.n = vector_weight ? 1 : weight.dim(0);
  p.b_column = vector_weight ? 0 : weight.stride(0);
  p.b_shared = weight.stride(-1);
  p.out_column = vector_weight ? 1 : out.stride(-1);
  p.has_bias = bias != nullptr;
  p.bias_stride = bias != nullptr && bias->ndim == 1 && bias->dim(0) > 1 ? bias->stride(0) : 0;
  p.m = 1;
  // Merge leading dimensions, innermost first, while one stride walks through both tensors.
  bool merging = true;
  bool any = false;
  for (int d = input.ndim - 2; d >= 0; --d) {
    const int64_t size = input.dim(d);
    if (size == 1) continue;
    if (!any) {
      any = true;
      p.m = size;
      p.a_row = input.stride(d);
      p.out_row = out.stride(d);
      continue;
    }
    merging = merging && input.stride(d) == p.a_row * p.m && out.stride(d) == p.out_row * p.m;
    if (merging) {
      p.m *= size;
      continue;
    }
    shape.sizes[shape.loops] = size;
    shape.input_strides[shape.loops] = input.stride(d);
    shape.output_strides[shape.loops] = out.stride(d);
    ++shape.loops;
  }
  return shape;
}

GemmProblem problem_of(const TensorView& a, const TensorView& b) {
  GemmProblem p{};
  p.type = p.out_type = gemm_type(a.dtype);
  p.m = a.dim(-2);
  p.n = b.dim(-1);
  p.k = a.dim(-1);
  p.a_row = a.stride(-2);
  p.a_shared = a.stride(-1);
  p.b_shared = b.stride(-2);
  p.b_column = b.stride(-1);
  return p;
}

void fill_product(ProductPlan& plan, const GemmProblem& problem, DType dtype) {
  plan.integers = !is_float(dtype);
  plan.element_bytes = static_cast<uint8_t>(size_of(dtype));
  if (plan.integers) {
    plan.gemm.problem = problem;
  } else {
    plan.gemm = plan_gemm(problem);
  }
}

void run_product(const ProductPlan& plan, const void* a, const void* b, const void* bias, void* out,
                 const RunArgs& args) {
  if (plan.integers) {
    run_integers(plan.gemm.problem, plan.element_bytes, a, b, bias, out, args);
  } else {
    run_gemm(plan.gemm, a, b, bias, out, args);
  }
}

GemmProblem mm_problem(const Call& call) {
  const TensorView& out = call.outputs()[0];
  GemmProblem p = problem_of(call.tensor(kSelf), call.tensor(kMat2));
  p.out_row = out.stride(0);
  p.out_column = out.stride(1);
  return p;
}

bool linear_problem(const Call& call, GemmProblem* problem) {
  const LinearShape shape = linear_shape(call);
  *problem = shape.problem;
  return shape.loops == 0;
}

RunFn prepare_mm(const Call& call, KernelState& state) {
  if (call.outputs()[0].numel == 0) return run_nothing;
  fill_product(state.emplace<ProductPlan>(), mm_problem(call), call.tensor(kSelf).dtype);
  return run_single;
}

size_t mm_workspace(const Call& call) {
  if (!is_float(call.tensor(kSelf).dtype) || call.outputs()[0].numel == 0) return 0;
  return gemm_workspace(plan_gemm(mm_problem(call)));
}

RunFn prepare_linear(const Call& call, KernelState& state) {
  if (call.outputs()[0].numel == 0) return run_nothing;
  const LinearShape shape = linear_shape(call);
  const DType dtype = call.tensor(kInput).dtype;
  if (shape.loops == 0) {
    fill_product(state.emplace<ProductPlan>(), shape.problem, dtype);
    return run_single;
  }
  LoopedPlan& plan = state.emplace<LoopedPlan>();
  fill_product(plan, shape.problem, dtype);
  plan.loops = shape.loops;
  std::copy_n(shape.sizes, shape.loops, plan.sizes);
  std::copy_n(shape.input_strides, shape.loops, plan.input_strides);
  std::copy_n(shape.output_strides, shape.loops, plan.output_strides);
  return run_looped;
}

size_t linear_workspace(const Call& call) {
  if (!is_float(call.tensor(kInput).dtype) || call.outputs()[0].numel == 0) return 0;
  return gemm_workspace(plan_gemm(linear_shape(call).problem));
}

}  // namespace fgx
