// SPDX-License-Identifier: Apache-2.0
// Gated activations: the two halves of the last dimension are two operands of one formula.
#include "kernels/stable/pointwise/gated.h"

#include <cmath>
#include <string>
#include <utility>

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
    fail_argument(FGX_INVALID_ARGUMENT, 0, "%s is not defined for %s",
                  call.op().schema.name.c_str(), info(input.dtype).name.data());
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

// gelu_and_mul(approximate='tanh'): the values of that argument are 'none' and 'tanh'.
bool approximate(const Call& call) { return call.arguments()[1].choice == 1; }

double silu(const Call&, double gate) { return gate / (1.0 + std::exp(-gate)); }
double gelu(const Call& call, double gate) {
  if (!approximate(call)) return 0.5 * gate * std::erfc(-gate * 0.70710678118654752440);
  const double inner = 0.79788456080286535588 * (gate + 0.044715 * gate * gate * gate);
  return gate / (1.0 + std::exp(-2.0 * inner));
}

template <double (*kActivation)(const Call& call, double gate)>
void oracle(const Call& call, const std::vector<OracleTensor>& inputs,
            std::vector<OracleTensor>& outputs) {
  const std::vector<double>& x = inputs[0].reals;
  const size_t width = static_cast<size_t>(inputs[0].shape.back() / 2);
  std::vector<double>& results = outputs[0].reals;
  results.assign(x.size() / 2, 0.0);
  for (size_t i = 0; i < results.size(); ++i) {
    const size_t row = i / width;
    const double gate = x[2 * row * width + i % width];
    const double up = x[(2 * row + 1) * width + i % width];
    results[i] = kActivation(call, gate) * up;
  }
}

// Both halves as operands; `half_shape` keeps what the request refers to.
ElementwiseRequest request_of(const Call& call, FormulaId formula, Dims& half_shape) {
  const TensorView& input = call.tensor(0);
  half_shape = Dims(input.dims());
  half_shape.back() /= 2;
  TensorView half = input;
  half.shape = half_shape.data();
  half.numel = input.numel / 2;
  half.contiguous = false;
  ElementwiseRequest request{};
  request.formula = formula;
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

FormulaId silu_formula(const Call&) { return FormulaId::silu_and_mul; }
FormulaId gelu_formula(const Call& call) {
  return approximate(call) ? FormulaId::gelu_and_mul_tanh : FormulaId::gelu_and_mul;
}

template <FormulaId (*kFormula)(const Call& call)>
RunFn prepare(const Call& call, KernelState& state) {
  Dims half_shape;
  return prepare_elementwise(request_of(call, kFormula(call), half_shape), state);
}
template <FormulaId (*kFormula)(const Call& call)>
RunFn prepare_gpu(const Call& call, KernelState& state) {
  Dims half_shape;
  return prepare_elementwise_gpu(call.device(), request_of(call, kFormula(call), half_shape),
                                 state);
}

// `better`: implementations that come before the stable ones.
template <FormulaId (*kFormula)(const Call& call)>
OperatorDef define(const char* name, const char* arguments, OracleFn reference,
                   std::vector<ImplementationDef> better) {
  OperatorDef op;
  op.schema_text = std::string("fgx::") + name + arguments;
  op.infer = &infer;
  op.oracle = reference;
  for (const char* shape : {"(f32[16,8192])", "(bf16[1,37888])"}) {
    op.examples.push_back(std::string(name) + shape);
  }
  op.implementations = std::move(better);
  ImplementationDef implementation;
  implementation.name = std::string("stable.cpu.") + name;
  implementation.batch_invariant = true;
  implementation.prepare = &prepare<kFormula>;
  op.implementations.push_back(implementation);
  add_gpu_implementations(op, implementation, &prepare_gpu<kFormula>);
  return op;
}

}  // namespace

OperatorDef define_silu_and_mul() {
  return define<silu_formula>("silu_and_mul", "(Tensor self) -> Tensor", &oracle<silu>,
                              {silu_and_mul_rows(), silu_and_mul_fused()});
}

OperatorDef define_gelu_and_mul() {
  OperatorDef op = define<gelu_formula>(
      "gelu_and_mul", "(Tensor self, *, str approximate='none') -> Tensor", &oracle<gelu>, {});
  op.choices = {{"approximate", {"none", "tanh"}}};
  op.speed_attributes = {"approximate"};
  return op;
}

}  // namespace fgx
