// SPDX-License-Identifier: Apache-2.0
// fused_add_rms_norm: the sum of input and residual, rounded to their type, and its rms_norm.
#include <algorithm>

#include "backend/cpu/thread_pool.h"
#include "base/error.h"
#include "kernels/stable/norm/norm.h"
#include "schema/type_rules.h"

namespace fgx {
namespace {

enum AddNormArgument { kInput, kResidual, kShape, kWeight };
constexpr int64_t kGrainElements = 16384;  // elements worth a thread

// Everything contiguous: a row is added and normalized while it is in the cache.
struct RowsState {
  void (*kernel)(const AddNormRows& work);
  int64_t rows;
  int64_t length;
  int32_t size;  // bytes per element
  bool weighted;
  DType dtype;
};

void run_rows(const KernelState& kernel_state, const RunArgs& args) {
  const RowsState& state = kernel_state.as<RowsState>();
  const int first = state.weighted ? 3 : 2;  // output
  AddNormRows work{};
  work.norm.x_stride = work.norm.y_stride = state.length;
  work.norm.weight = state.weighted ? args.data[2] : nullptr;
  work.norm.n = state.length;
  work.norm.eps =
      args.scalars[0].present() ? args.scalars[0].as_double() : default_rms_eps(state.dtype);
  const int64_t grain = std::max<int64_t>(1, kGrainElements / state.length);
  args.pool->parallel_for(state.rows, grain, [&](int64_t begin, int64_t end) {
    const auto row = [&](int tensor) {
      return static_cast<char*>(args.data[tensor]) + begin * state.length * state.size;
    };
    AddNormRows piece = work;
    piece.input = row(kInput);
    piece.residual = row(kResidual);
    piece.norm.y = row(first);
    piece.norm.x = row(first + 1);
    piece.norm.rows = end - begin;
    state.kernel(piece);
  });
}

void run_nothing(const KernelState&, const RunArgs&) {}

}  // namespace

ElementwiseRequest add_norm_sum(const Call& call, const Scalar& alpha) {
  const TensorView& sum = call.outputs()[1];
  ElementwiseRequest request{};
  request.formula = FormulaId::add;
  request.arity = 2;
  request.compute = sum.dtype == DType::kFloat64 ? ComputeType::kDouble : ComputeType::kFloat;
  request.common = sum.dtype;
  request.shape = sum.dims();
  for (int k = 0; k < 2; ++k) {
    request.operands[k].view = call.tensor(k);
    request.operands[k].slot = k;
  }
  request.output = sum;
  request.output_slot = 2;
  request.parameter_count = 1;
  request.static_parameters = &alpha;
  return request;
}

void run_add_norm_steps(const KernelState& kernel_state, const RunArgs& args) {
  const AddNormSteps& state = kernel_state.as<AddNormSteps>();
  const int first = state.weighted ? 3 : 2;
  void* const sum_data[] = {args.data[kInput], args.data[kResidual], args.data[first + 1]};
  RunArgs sum_args = args;
  sum_args.data = sum_data;
  state.run_sum(state.sum, sum_args);
  void* norm_data[3] = {args.data[first + 1]};
  int next = 1;
  if (state.weighted) norm_data[next++] = args.data[2];
  norm_data[next] = args.data[first];
  RunArgs norm_args = args;
  norm_args.data = norm_data;
  state.run_norm(state.norm, norm_args);
}

void infer_fused_add_rms_norm(const Call& call, std::vector<OutputSpec>& outputs) {
  require_dtype(call, kInput, kFloatTypes);
  const TensorView& input = call.tensor(kInput);
  const TensorView& residual = call.tensor(kResidual);
  if (residual.dtype != input.dtype || !std::ranges::equal(residual.dims(), input.dims())) {
    fail_argument(FGX_INVALID_ARGUMENT, kResidual,
                  "it must be like input, which is %s of shape %s; got %s of shape %s",
                  info(input.dtype).name.data(), shape_text(input.dims()).c_str(),
                  info(residual.dtype).name.data(), shape_text(residual.dims()).c_str());
  }
  check_normalized_shape(call, kShape, input);
  check_parameter(call, kWeight, call.ints(kShape));
  add_output(outputs, input.dtype, input.dims());
  add_output(outputs, input.dtype, input.dims());
}

RunFn prepare_fused_add_rms_norm(const Call& call, KernelState& kernel_state) {
  const TensorView& input = call.tensor(kInput);
  const TensorView& residual = call.tensor(kResidual);
  const TensorView* weight = call.tensor_or_null(kWeight);
  const TensorView& output = call.outputs()[0];
  const TensorView& sum = call.outputs()[1];
  if (output.numel == 0) return run_nothing;
  const std::optional<NormKind> kind =
      norm_kind(input.dtype, weight != nullptr ? weight->dtype : input.dtype);
  const bool contiguous = input.contiguous && residual.contiguous && output.contiguous &&
                          sum.contiguous && (weight == nullptr || weight->contiguous);
  if (kind && contiguous) {
    RowsState& state = kernel_state.emplace<RowsState>();
    state.kernel = norm_table_for(best_isa()).kinds[static_cast<int>(*kind)].add_rms;
    state.length = 1;
    for (const int64_t size : call.ints(kShape)) state.length *= size;
    state.rows = output.numel / state.length;
    state.size = static_cast<int32_t>(size_of(input.dtype));
    state.weighted = weight != nullptr;
    state.dtype = input.dtype;
    return run_rows;
  }
  AddNormSteps& state = kernel_state.emplace<AddNormSteps>();
  state.weighted = weight != nullptr;
  const Scalar alpha = Scalar::of_int(1);
  state.run_sum = prepare_elementwise(add_norm_sum(call, alpha), state.sum);
  const int normalized_dims = static_cast<int>(call.ints(kShape).size());
  state.run_norm = prepare_rms_norm_of({sum, weight, output, normalized_dims}, state.norm);
  return run_add_norm_steps;
}

}  // namespace fgx
