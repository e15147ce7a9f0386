// SPDX-License-Identifier: Apache-2.0
// Launcher of the rotary position embedding (J. Su et al., "RoFormer", 2021).
#include <algorithm>

#include "backend/cpu/thread_pool.h"
#include "base/error.h"
#include "kernels/stable/attention/attention.h"
#include "kernels/stable/attention/attention_kernels.h"
#include "kernels/stable/attention/rotary.h"
#include "kernels/stable/blas/gemm.h"
#include "kernels/stable/select/convert_kernels.h"

namespace fgx {
namespace {

void run_nothing(const KernelState&, const RunArgs&) {}

constexpr int64_t kMostHalf = 1024;  // angles widened on the stack at once

int64_t position_of(const RotaryPlan& plan, const void* positions, const int64_t* index) {
  if (!plan.has_positions) return index[plan.token_dims - 1];
  int64_t at = 0;
  for (int d = 0; d < plan.token_dims; ++d) at += index[d] * plan.position_strides[d];
  return plan.wide_positions ? static_cast<const int64_t*>(positions)[at]
                             : static_cast<const int32_t*>(positions)[at];
}

void split_token(const RotaryPlan& plan, int64_t token, int64_t* index) {
  for (int d = plan.token_dims - 1; d >= 0; --d) {
    index[d] = token % plan.token_sizes[d];
    token /= plan.token_sizes[d];
  }
}

int64_t token_offset(const RotaryPlan& plan, const int64_t* strides, const int64_t* index) {
  int64_t at = 0;
  for (int d = 0; d < plan.token_dims; ++d) at += index[d] * strides[d];
  return at;
}

// Every position is looked at before anything is written.
void check_positions(const RotaryPlan& plan, const void* positions) {
  if (!plan.has_positions) return;
  int64_t index[FGX_MAX_RANK];
  for (int64_t token = 0; token < plan.tokens; ++token) {
    split_token(plan, token, index);
    const int64_t position = position_of(plan, positions, index);
    if (position >= 0 && position < plan.table_rows) continue;
    fail_argument(FGX_INVALID_ARGUMENT, kPositions, "position %lld is out of range for %lld rows",
                  static_cast<long long>(position), static_cast<long long>(plan.table_rows));
  }
}

// The angles of one token in the type that a side computes in.
struct Angles {
  alignas(kWorkspaceAlignment) double cosine[kMostHalf];
  alignas(kWorkspaceAlignment) double sine[kMostHalf];
};

void load_angles(const RotaryPlan& plan, const RunArgs& args, DType type, int64_t position,
                 int64_t first, int64_t count, Angles& angles) {
  const ConvertKernels& convert = convert_kernels_for(best_isa());
  for (int table = 0; table < 2; ++table) {
    const RotaryPlan::Table& t = plan.tables[table];
    convert.convert(type, t.type, table == 0 ? angles.cosine : angles.sine, 1,
                    static_cast<const std::byte*>(args.data[2 + table]) +
                        (position * t.row + first * t.element) * size_of(t.type),
                    t.element, count);
  }
}

void run_rotary(const KernelState& state, const RunArgs& args) {
  const RotaryPlan& plan = state.as<RotaryPlan>();
  const AttentionKernels& kernels = attention_kernels_for(best_isa());
  const void* positions = plan.has_positions ? args.data[4] : nullptr;
  void* const* outputs = args.data + (plan.has_positions ? 5 : 4);
  check_positions(plan, positions);

  const int64_t token_work = (plan.sides[0].heads + plan.sides[1].heads) * plan.half;
  constexpr int64_t kGrainWork = 16384;
  const int64_t grain = std::max<int64_t>(1, kGrainWork / std::max<int64_t>(1, token_work));
  args.pool->parallel_for(plan.tokens, grain, [&](int64_t begin, int64_t end) {
    Angles angles;
    int64_t index[FGX_MAX_RANK];
    for (int64_t token = begin; token < end; ++token) {
      split_token(plan, token, index);
      const int64_t position = position_of(plan, positions, index);
      for (int64_t first = 0; first < plan.half; first += kMostHalf) {
        const int64_t count = std::min(kMostHalf, plan.half - first);
        const int64_t skipped = first * plan.step;
        for (int side = 0; side < 2; ++side) {
          const RotaryPlan::Side& s = plan.sides[side];
          const DType type = s.type == DType::kFloat64 ? DType::kFloat64 : DType::kFloat32;
          if (side == 0 || s.type != plan.sides[0].type) {
            load_angles(plan, args, type, position, first, count, angles);
          }
          const int64_t bytes = size_of(s.type);
          const std::byte* x =
              static_cast<const std::byte*>(args.data[side]) +
              (token_offset(plan, s.in_token, index) + skipped * s.in_element) * bytes;
          std::byte* out =
              static_cast<std::byte*>(outputs[side]) +
              (token_offset(plan, s.out_token, index) + skipped * s.out_element) * bytes;
          for (int64_t head = 0; head < s.heads; ++head) {
            kernels.rotate(gemm_type(s.type), x + head * s.in_head * bytes, s.in_element,
                           angles.cosine, angles.sine, count, plan.step, plan.partner,
                           out + head * s.out_head * bytes, s.out_element);
          }
        }
      }
    }
  });
}

RotaryPlan::Side side_of(const TensorView& in, const TensorView& out) {
  RotaryPlan::Side side{};
  side.type = in.dtype;
  side.heads = in.dim(-2);
  side.in_head = in.stride(-2);
  side.in_element = in.stride(-1);
  side.out_head = out.stride(-2);
  side.out_element = out.stride(-1);
  for (int d = 0; d < in.ndim - 2; ++d) {
    side.in_token[d] = in.stride(d);
    side.out_token[d] = out.stride(d);
  }
  return side;
}

}  // namespace

RotaryPlan plan_rotary(const Call& call) {
  const TensorView& query = call.tensor(kRotaryQuery);
  const TensorView* positions = call.tensor_or_null(kPositions);
  RotaryPlan plan{};
  plan.sides[0] = side_of(query, call.outputs()[0]);
  plan.sides[1] = side_of(call.tensor(kRotaryKey), call.outputs()[1]);
  for (int table = 0; table < 2; ++table) {
    const TensorView& tensor = call.tensor(table == 0 ? kCosine : kSine);
    plan.tables[table] = {tensor.dtype, tensor.stride(0), tensor.stride(1)};
  }
  plan.table_rows = call.tensor(kCosine).dim(0);
  plan.token_dims = query.ndim - 2;
  plan.tokens = 1;
  for (int d = 0; d < plan.token_dims; ++d) {
    plan.token_sizes[d] = query.dim(d);
    plan.tokens *= query.dim(d);
    if (positions != nullptr) plan.position_strides[d] = positions->stride(d);
  }
  plan.half = query.dim(-1) / 2;
  const bool interleaved = call.flag(kInterleaved);
  plan.step = interleaved ? 2 : 1;
  plan.partner = interleaved ? 1 : plan.half;
  plan.has_positions = positions != nullptr;
  plan.wide_positions = positions != nullptr && positions->dtype == DType::kInt64;
  return plan;
}

RunFn prepare_rotary(const Call& call, KernelState& state) {
  if (call.tensor(kRotaryQuery).numel == 0 && call.tensor(kRotaryKey).numel == 0) {
    return run_nothing;
  }
  state.emplace<RotaryPlan>(plan_rotary(call));
  return run_rotary;
}

}  // namespace fgx
