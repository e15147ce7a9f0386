// SPDX-License-Identifier: Apache-2.0
// silu_and_mul: the two halves of the last dimension are two operands of one formula.
#include "kernels/stable/pointwise/silu_and_mul.h"

#include <cmath>

#include "base/error.h"
#include "kernels/experimental/generated/pointwise/pointwise.h"
#include "kernels/gpu/elementwise_gpu.h"
#include "kernels/gpu/gpu_implementation.h"
#include "kernels/stable/pointwise/elementwise.h"
#include "tensor/dims.h"

namespace fgx {
namespace {

void infer(const Call& call, std::vector<OutputSpec>& outputs) {
  const TensorView& input = call.tensor(0);
  if (!is_float(input.dtype)) {
    fail_argument(FGX_INVALID_ARGUMENT, 0, "silu_and_mul is not defined for %s",
                  info(input.dtype).name.data());
  }
  if (input.ndim == 0 || input.dim(-1) % 2 != 0) {
    fail_argument(FGX_INVALID_ARGUMENT, 0, "the last dimension must be even, not that of %s",
                  shape_text(input.dims()).c_str());
  }
  OutputSpec spec;
  spec.dtype = input.dtype;
  spec.shape = input.dims();
  spec.shape.back() /= 2;
  outputs.push_back(spec);
}

void oracle(const Call&, const std::vector<OracleTensor>& inputs,
            std::vector<OracleTensor>& outputs) {
  const std::vector<double>& x = inputs[0].reals;
  const size_t width = static_cast<size_t>(inputs[0].shape.back() / 2);
  std::vector<double>& results = outputs[0].reals;
  results.assign(x.size() / 2, 0.0);
  for (size_t i = 0; i < results.size(); ++i) {
    const size_t row = i / width;
    const double gate = x[2 * row * width + i % width];
    const double up = x[(2 * row + 1) * width + i % width];
    results[i] = gate / (1.0 + std::exp(-gate)) * up;
  }
}

// Both halves as operands; `half_shape` keeps what the request refers to.
ElementwiseRequest request_of(const Call& call, Dims& half_shape) {
  const TensorView& input = call.tensor(0);
  half_shape = Dims(input.dims());
  half_shape.back() /= 2;
  TensorView half = input;
  half.shape = half_shape.data();
  half.numel = input.numel / 2;
  half.contiguous = false;
  ElementwiseRequest request{};
  request.formula = FormulaId::silu_and_mul;
  request.arity = 2;
  request.compute = input.dtype == DType::kFloat64 ? ComputeType::kDouble : ComputeType::kFloat;
  request.common = input.dtype;
  request.shape = half_shape;
  for (int k = 0; k < 2; ++k) {
    request.operands[k].view = half;
    request.operands[k].slot = 0;
  }
  request.operands[1].byte_offset = half_shape.back() * input.stride(-1) * size_of(input.dtype);
  request.output = call.outputs()[0];
  request.output_slot = 1;
  return request;
}

RunFn prepare(const Call& call, KernelState& state) {
  Dims half_shape;
  return prepare_elementwise(request_of(call, half_shape), state);
}

RunFn prepare_gpu(const Call& call, KernelState& state) {
  Dims half_shape;
  return prepare_elementwise_gpu(call.device(), request_of(call, half_shape), state);
}

}  // namespace

OperatorDef define_silu_and_mul() {
  OperatorDef op;
  op.schema_text = "fgx::silu_and_mul(Tensor self) -> Tensor";
  op.infer = &infer;
  op.oracle = &oracle;
  op.examples = {"silu_and_mul(f32[16,8192])", "silu_and_mul(bf16[1,37888])"};
  op.implementations = {silu_and_mul_rows(), silu_and_mul_fused()};
  ImplementationDef implementation;
  implementation.name = "stable.cpu.silu_and_mul";
  implementation.batch_invariant = true;
  implementation.prepare = &prepare;
  op.implementations.push_back(implementation);
  add_gpu_implementations(op, implementation, &prepare_gpu);
  return op;
}

}  // namespace fgx
