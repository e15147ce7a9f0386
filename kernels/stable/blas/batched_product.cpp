// SPDX-License-Identifier: Apache-2.0
// Launchers of bmm and addmm, over the product of mm.
#include <algorithm>
#include <atomic>
#include <thread>

#include "backend/cpu/thread_pool.h"
#include "kernels/stable/blas/gemm.h"
#include "kernels/stable/pointwise/elementwise.h"
#include "tensor/broadcast.h"

namespace fgx {
namespace {

void run_nothing(const KernelState&, const RunArgs&) {}

// ------------------------------------------------------------------------------------------- bmm

// Products of less work are shared out whole.
constexpr int64_t kSmallWork = 1 << 22;

struct BatchPlan : ProductPlan {
  int64_t batches;
  int64_t steps[3];    // of a, b and the result from one matrix to the next, in bytes
  int64_t slots;       // products at once; 1: threads share each one
  int64_t slot_bytes;  // of workspace, per product
};

BatchPlan plan_batches(const Call& call) {
  const TensorView& a = call.tensor(0);
  const TensorView& b = call.tensor(1);
  const TensorView& out = call.outputs()[0];
  BatchPlan plan{};
  GemmProblem problem = problem_of(a, b);
  problem.out_row = out.stride(1);
  problem.out_column = out.stride(2);
  fill_product(plan, problem, a.dtype);
  plan.batches = out.dim(0);
  const TensorView* const tensors[] = {&a, &b, &out};
  for (int i = 0; i < 3; ++i) plan.steps[i] = tensors[i]->stride(0) * size_of(a.dtype);
  const int64_t threads = std::max<int64_t>(1, std::thread::hardware_concurrency());
  const bool small = problem.m * problem.n * problem.k < kSmallWork;
  plan.slots = small || plan.batches >= 8 * threads ? std::min(threads, plan.batches) : 1;
  plan.slot_bytes = plan.integers ? 0 : static_cast<int64_t>(gemm_workspace(plan.gemm));
  return plan;
}

void run_batches(const KernelState& state, const RunArgs& args) {
  const BatchPlan& plan = state.as<BatchPlan>();
  const auto run_batch = [&](int64_t slot, int64_t batch) {
    RunArgs own = args;
    own.workspace = static_cast<char*>(args.workspace) + slot * plan.slot_bytes;
    own.workspace_size = static_cast<size_t>(plan.slot_bytes);
    const auto matrix = [&](int i) {
      return static_cast<char*>(args.data[i]) + batch * plan.steps[i];
    };
    run_product(plan, matrix(0), matrix(1), nullptr, matrix(2), own);
  };
  if (plan.slots == 1) {
    for (int64_t batch = 0; batch < plan.batches; ++batch) run_batch(0, batch);
    return;
  }
  std::atomic<int64_t> next{0};
  args.pool->parallel_for(plan.slots, 1, [&](int64_t begin, int64_t end) {
    for (int64_t slot = begin; slot < end; ++slot) {
      for (int64_t i = next.fetch_add(1, std::memory_order_relaxed); i < plan.batches;
           i = next.fetch_add(1, std::memory_order_relaxed)) {
        run_batch(slot, i);
      }
    }
  });
}

// ----------------------------------------------------------------------------------------- addmm

enum AddmmArgument { kSelf, kMat1, kMat2, kBeta, kAlpha };

struct AddmmPlan : ProductPlan {
  bool as_bias;          // self is added as the columns' bias: there is no second step
  bool in_workspace;     // the product goes there first, behind what it needs itself
  size_t product_bytes;  // there
  RunFn finish;          // result = beta * self + alpha * product
  KernelState finish_state;
  double real_alpha;  // when beta is 0 and self is not read
  int64_t integer_alpha;
};

bool is_one(const Scalar& scalar) { return scalar.as_double() == 1.0; }
bool is_zero(const Scalar& scalar) { return scalar.as_double() == 0.0; }

// The sums' type of floats, of integers their own.
DType product_type(DType dtype) {
  if (!is_float(dtype)) return dtype;
  return dtype == DType::kFloat64 ? DType::kFloat64 : DType::kFloat32;
}

// Sets everything but `finish` and its state; `problem` is filled in full.
struct AddmmShape {
  GemmProblem problem;
  bool as_bias;
  bool in_workspace;
};
AddmmShape addmm_shape(const Call& call) {
  const TensorView& self = call.tensor(kSelf);
  const TensorView& out = call.outputs()[0];
  AddmmShape shape{};
  GemmProblem& p = shape.problem;
  p = problem_of(call.tensor(kMat1), call.tensor(kMat2));
  const bool one_row = self.ndim < 2 || (self.dim(0) == 1 && p.m > 1);
  shape.as_bias = one_row && is_one(call.scalar(kAlpha)) && is_one(call.scalar(kBeta));
  const DType type = product_type(out.dtype);
  // In place of self, or of a narrower type, the result cannot hold the product.
  shape.in_workspace = !shape.as_bias && (type != out.dtype || self.data == out.data);
  p.out_row = shape.in_workspace ? p.n : out.stride(0);
  p.out_column = shape.in_workspace ? 1 : out.stride(1);
  if (shape.in_workspace) p.out_type = gemm_type(type);
  p.has_bias = shape.as_bias;
  if (shape.as_bias && self.ndim > 0 && self.dim(-1) > 1) p.bias_stride = self.stride(-1);
  return shape;
}

size_t round_up(size_t bytes) {
  return (bytes + kWorkspaceAlignment - 1) & ~(kWorkspaceAlignment - 1);
}

size_t product_bytes(const AddmmShape& shape, DType dtype) {
  if (!shape.in_workspace) return 0;
  const int64_t elements = shape.problem.m * shape.problem.n;
  return round_up(static_cast<size_t>(elements * size_of(product_type(dtype))));
}

void run_addmm(const KernelState& state, const RunArgs& args) {
  const AddmmPlan& plan = state.as<AddmmPlan>();
  if (plan.as_bias) {
    run_product(plan, args.data[1], args.data[2], args.data[0], args.data[3], args);
    return;
  }
  RunArgs own = args;
  void* product = args.data[3];
  if (plan.in_workspace) {
    product = aligned_workspace(args, plan.product_bytes);
    char* rest = static_cast<char*>(product) + plan.product_bytes;
    own.workspace_size -= static_cast<size_t>(rest - static_cast<char*>(args.workspace));
    own.workspace = rest;
  }
  run_product(plan, args.data[1], args.data[2], nullptr, product, own);
  const void* alpha = plan.integers ? static_cast<const void*>(&plan.integer_alpha)
                                    : static_cast<const void*>(&plan.real_alpha);
  void* const data[] = {product, args.data[0], const_cast<void*>(alpha), args.data[3]};
  own.data = data;
  plan.finish(plan.finish_state, own);
}

RunFn prepare_finish(const Call& call, bool in_workspace, AddmmPlan& plan) {
  const TensorView& out = call.outputs()[0];
  const Scalar parameters[] = {call.scalar(kAlpha), call.scalar(kBeta)};
  const int64_t dense[] = {out.dim(1), 1};
  ElementwiseRequest request{};
  request.arity = 2;
  request.compute = plan.integers                  ? ComputeType::kInteger
                    : out.dtype == DType::kFloat64 ? ComputeType::kDouble
                                                   : ComputeType::kFloat;
  request.common = out.dtype;
  request.shape = out.dims();
  ElementwiseOperand& product = request.operands[0];
  product.slot = 0;
  product.view = out;
  if (in_workspace) {
    product.view.dtype = product_type(out.dtype);
    product.view.strides = dense;
    product.view.contiguous = true;
  }
  ElementwiseOperand& other = request.operands[1];
  if (is_zero(call.scalar(kBeta))) {
    request.formula = FormulaId::mul;
    other.slot = 2;
    other.view.numel = 1;
    other.view.dtype = plan.integers ? DType::kInt64 : DType::kFloat64;
  } else {
    request.formula = FormulaId::scaled_sum;
    other.slot = 1;
    other.view = call.tensor(kSelf);
    request.parameter_count = 2;
    request.static_parameters = parameters;
  }
  request.output = out;
  request.output_slot = 3;
  return prepare_elementwise(request, plan.finish_state);
}

}  // namespace

RunFn prepare_bmm(const Call& call, KernelState& state) {
  if (call.outputs()[0].numel == 0) return run_nothing;
  state.emplace<BatchPlan>(plan_batches(call));
  return run_batches;
}

size_t bmm_workspace(const Call& call) {
  if (call.outputs()[0].numel == 0) return 0;
  const BatchPlan plan = plan_batches(call);
  return static_cast<size_t>(plan.slots * plan.slot_bytes);
}

RunFn prepare_addmm(const Call& call, KernelState& state) {
  const TensorView& out = call.outputs()[0];
  if (out.numel == 0) return run_nothing;
  const AddmmShape shape = addmm_shape(call);
  AddmmPlan& plan = state.emplace<AddmmPlan>();
  fill_product(plan, shape.problem, out.dtype);
  plan.as_bias = shape.as_bias;
  plan.in_workspace = shape.in_workspace;
  plan.product_bytes = product_bytes(shape, out.dtype);
  plan.real_alpha = call.scalar(kAlpha).as_double();
  plan.integer_alpha = call.scalar(kAlpha).as_int();
  if (!plan.as_bias) plan.finish = prepare_finish(call, shape.in_workspace, plan);
  return run_addmm;
}

size_t addmm_workspace(const Call& call) {
  const TensorView& out = call.outputs()[0];
  if (out.numel == 0) return 0;
  const AddmmShape shape = addmm_shape(call);
  const size_t own = is_float(out.dtype) ? gemm_workspace(plan_gemm(shape.problem)) : 0;
  const size_t product = product_bytes(shape, out.dtype);
  return own + (product > 0 ? product + kWorkspaceAlignment : 0);
}

}  // namespace fgx
