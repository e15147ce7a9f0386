// SPDX-License-Identifier: Apache-2.0
// From an attention call's tensors to groups, strides and blocks.
#include "kernels/stable/attention/attention_plan.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <thread>

#include "kernels/stable/attention/attention.h"
#include "kernels/stable/blas/gemm.h"
#include "tensor/broadcast.h"

namespace fgx {
namespace {

// Rows up to which keys and values are read in place.
constexpr int64_t kFewRows = 16;
// Keys worth a part of their own when few rows are split.
constexpr int64_t kPartKeys = 512;
constexpr int64_t kBlockTiles = 8;  // register tiles per block of rows

int64_t hardware_threads() {
  static const int64_t count = std::max(1u, std::thread::hardware_concurrency());
  return count;
}

int64_t round_up(int64_t value, int64_t unit) { return (value + unit - 1) / unit * unit; }

// Strides of a tensor stretched to the leading dimensions `batch` (and heads): broadcast ones are 0.
// `head_size` is the tensor's own number of heads.
AttentionPlan::Strides strides_of(const TensorView& tensor, int batch_dims, bool has_heads) {
  AttentionPlan::Strides strides{};
  strides.element = tensor.stride(-1);
  strides.row = tensor.ndim >= 2 ? tensor.stride(-2) : 0;
  if (has_heads && tensor.ndim >= 3 && tensor.dim(-3) > 1) strides.head = tensor.stride(-3);
  for (int d = 0; d < batch_dims; ++d) {
    const int from_end = batch_dims - d + 3;
    if (tensor.ndim >= from_end && tensor.dim(-from_end) > 1) {
      strides.batch[d] = tensor.stride(-from_end);
    }
  }
  return strides;
}

}  // namespace

AttentionPlan plan_attention(const Call& call) {
  const TensorView& query = call.tensor(kQuery);
  const TensorView& key = call.tensor(kKey);
  const TensorView& value = call.tensor(kValue);
  const TensorView* mask = call.tensor_or_null(kMask);
  const TensorView& out = call.outputs()[0];
  AttentionPlan plan{};
  plan.dtype = query.dtype;
  plan.type = gemm_type(query.dtype);
  plan.mode = plan.type == GemmType::kFloat64                        ? GemmMode::kDouble
              : plan.type == GemmType::kBFloat16 && gemm_has_pairs() ? GemmMode::kPairs
                                                                     : GemmMode::kFloat;
  plan.queries = query.dim(-2);
  plan.size = query.dim(-1);
  plan.keys = key.dim(-2);
  plan.value_size = value.dim(-1);
  plan.causal = call.flag(kCausal);
  plan.scale = call.scalar(kScale).present()
                   ? call.scalar(kScale).as_double()
                   : 1.0 / std::sqrt(static_cast<double>(std::max<int64_t>(plan.size, 1)));
  plan.batch_dims = std::max(0, out.ndim - 3);
  int64_t batches = 1;
  for (int d = 0; d < plan.batch_dims; ++d) {
    plan.batch_sizes[d] = out.dim(d);
    batches *= out.dim(d);
  }
  const bool has_heads = out.ndim >= 3;
  plan.query = strides_of(query, plan.batch_dims, has_heads);
  plan.key = strides_of(key, plan.batch_dims, has_heads);
  plan.value = strides_of(value, plan.batch_dims, has_heads);
  plan.out = strides_of(out, plan.batch_dims, has_heads);
  if (mask != nullptr) {
    plan.has_mask = true;
    plan.mask_type = mask->dtype;
    plan.mask = strides_of(*mask, plan.batch_dims, has_heads);
    if (mask->dim(-1) == 1) plan.mask.element = 0;
    if (mask->dim(-2) == 1) plan.mask.row = 0;
  }

  const int64_t heads = has_heads ? out.dim(-3) : 1;
  const auto heads_per = [&](const TensorView& tensor) {
    const int64_t own = has_heads && tensor.ndim >= 3 ? tensor.dim(-3) : 1;
    return own == 0 ? int64_t{1} : heads / own;
  };
  plan.heads_per_key = std::max<int64_t>(1, heads_per(key));
  plan.heads_per_value = std::max<int64_t>(1, heads_per(value));
  plan.group_heads = std::gcd(plan.heads_per_key, plan.heads_per_value);
  plan.head_groups = heads / plan.group_heads;
  plan.groups = batches * plan.head_groups;
  plan.rows = plan.group_heads * plan.queries;

  plan.few_rows = plan.rows <= kFewRows && plan.key.element == 1 && plan.value.element == 1;
  const int64_t tile_rows = gemm_kernels_for(best_isa()).tile_rows;
  plan.block_rows = plan.few_rows ? plan.rows : std::min(plan.rows, kBlockTiles * tile_rows);
  const int64_t threads = hardware_threads();
  plan.parts = 1;
  if (plan.few_rows && plan.groups < threads) {
    const int64_t wanted = (threads + plan.groups - 1) / std::max<int64_t>(1, plan.groups);
    plan.parts = static_cast<int32_t>(std::clamp<int64_t>(plan.keys / kPartKeys, 1, wanted));
  }
  const int64_t blocks = (plan.rows + plan.block_rows - 1) / std::max<int64_t>(1, plan.block_rows);
  plan.slots = static_cast<int32_t>(std::min(threads, plan.groups * blocks * plan.parts));
  return plan;
}

AttentionScratch attention_scratch(const AttentionPlan& plan) {
  const GemmKernels& kernels = gemm_kernels_for(best_isa());
  const int64_t columns =
      plan.mode == GemmMode::kDouble ? kernels.tile_doubles : kernels.tile_floats;
  const int64_t sum = plan.mode == GemmMode::kDouble ? 8 : 4;
  constexpr int64_t kAlign = static_cast<int64_t>(kWorkspaceAlignment);
  const int64_t rows = plan.block_rows;
  const int64_t key_block = std::min(round_up(std::max<int64_t>(plan.keys, 1), columns), kKeyBlock);
  AttentionScratch scratch{};
  // Sized for the widest case of each mode: units of 8 bytes hold everything.
  scratch.dense_query = round_up(rows * plan.size * sum, kAlign);
  scratch.packed_query = round_up(rows * (plan.size + 1) * sum, kAlign);
  scratch.scores = round_up(rows * key_block * sum, kAlign);
  scratch.weights = round_up(rows * key_block * sum, kAlign);
  scratch.panel = round_up(std::max(plan.size + 1, key_block) * columns * sum, kAlign);
  scratch.sums = round_up(rows * round_up(plan.value_size, columns) * sum, kAlign);
  scratch.state = round_up(rows * 3 * 8, kAlign);
  scratch.slot = scratch.dense_query + scratch.packed_query + scratch.scores + scratch.weights +
                 scratch.panel + scratch.sums + scratch.state;
  if (plan.parts > 1) {
    scratch.partials = round_up(
        plan.groups * plan.parts * (scratch.sums + round_up(rows * 2 * 8, kAlign)), kAlign);
  }
  return scratch;
}

}  // namespace fgx
