// SPDX-License-Identifier: Apache-2.0
// topk_softmax: which experts each token goes to, and with what weights.
#include "kernels/stable/moe/topk_softmax.h"

#include <algorithm>

#include "backend/cpu/thread_pool.h"
#include "base/error.h"
#include "kernels/common/strided.h"
#include "kernels/stable/moe/topk_kernels.h"
#include "schema/type_rules.h"

namespace fgx {
namespace {

constexpr int kGating = 0;
constexpr int kTopk = 1;
constexpr int kRenormalize = 2;
constexpr int64_t kGrainElements = 4096;  // logits worth a thread

struct State : GateRequest {
  const GateTable* table;
  Strided x_outer;
  Strided weight_outer;
  Strided index_outer;
};

void run(const KernelState& kernel_state, const RunArgs& args) {
  const State& state = kernel_state.as<State>();
  const int64_t n = state.x_row.count;
  const bool contiguous =
      state.x_row.ndim == 0 || (state.x_row.ndim == 1 && state.x_row.strides[0] == 1);
  const int64_t grain = std::max<int64_t>(1, kGrainElements / (n + 16 * state.topk));
  args.pool->parallel_for(state.rows, grain, [&](int64_t begin, int64_t end) {
    alignas(64) float logits[kMostExperts];
    for (int64_t row = begin; row < end; ++row) {
      const char* x =
          static_cast<const char*>(args.data[0]) + state.x_outer.offset(row) * size_of(state.dtype);
      GateRow work;
      work.logits = logits;
      if (contiguous && state.dtype == DType::kFloat32) {
        work.logits = reinterpret_cast<const float*>(x);
      } else if (contiguous && state.dtype == DType::kBFloat16) {
        state.table->widen_bfloat16(x, n, logits);
      } else if (contiguous && state.dtype == DType::kFloat16) {
        state.table->widen_float16(x, n, logits);
      } else {
        gather(x, state.dtype, state.x_row, 0, n, logits, DType::kFloat32);
      }
      work.n = n;
      work.topk = state.topk;
      work.renormalize = state.renormalize;
      work.weights = static_cast<float*>(args.data[1]) + state.weight_outer.offset(row);
      work.weight_stride = state.weight_stride;
      work.indices = static_cast<int32_t*>(args.data[2]) + state.index_outer.offset(row);
      work.index_stride = state.index_stride;
      state.table->gate(work);
    }
  });
}

void run_nothing(const KernelState&, const RunArgs&) {}

}  // namespace

void infer_topk_softmax(const Call& call, std::vector<OutputSpec>& outputs) {
  const TensorView& gating = call.tensor(kGating);
  require_dtype(call, kGating, kFloatTypes);
  require_rank(call, kGating, 1);
  const int64_t topk = call.integer(kTopk);
  if (topk < 1 || topk > gating.dim(-1)) {
    fail_argument(FGX_INVALID_ARGUMENT, kTopk,
                  "topk is %lld, but must be in [1, %lld], the number of experts",
                  static_cast<long long>(topk), static_cast<long long>(gating.dim(-1)));
  }
  Dims shape(gating.dims());
  shape.back() = topk;
  add_output(outputs, DType::kFloat32, shape);
  add_output(outputs, DType::kInt32, shape);
}

int64_t expert_count(const Call& call) { return call.tensor(kGating).dim(-1); }

GateRequest gate_request(const Call& call) {
  const TensorView& x = call.tensor(kGating);
  GateRequest request{};
  request.dtype = x.dtype;
  request.renormalize = call.flag(kRenormalize);
  request.topk = call.integer(kTopk);
  request.rows = x.numel / x.dim(-1);
  request.weight_stride = call.outputs()[0].stride(-1);
  request.index_stride = call.outputs()[1].stride(-1);
  request.x_row.append(x.dim(-1), x.stride(-1));
  return request;
}

RunFn prepare_topk_softmax(const Call& call, KernelState& kernel_state) {
  const TensorView& x = call.tensor(kGating);
  const TensorView& weights = call.outputs()[0];
  const TensorView& indices = call.outputs()[1];
  if (weights.numel == 0) return run_nothing;
  State& state = kernel_state.emplace<State>(State{gate_request(call), nullptr, {}, {}, {}});
  state.table = &gate_table_for(best_isa());
  for (int d = 0; d + 1 < x.ndim; ++d) {
    state.x_outer.append(x.shape[d], x.strides[d]);
    state.weight_outer.append(x.shape[d], weights.strides[d]);
    state.index_outer.append(x.shape[d], indices.strides[d]);
  }
  return run;
}

}  // namespace fgx
