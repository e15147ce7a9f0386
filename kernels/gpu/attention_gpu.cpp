// SPDX-License-Identifier: Apache-2.0
// Launcher of scaled_dot_product_attention on GPUs (attention.cu, attention_matrix.cu).
#include <algorithm>
#include <string>

#include "backend/gpu/arena.h"
#include "kernels/gpu/attention_arguments.h"
#include "kernels/gpu/launch.h"
#include "kernels/stable/attention/attention.h"
#include "kernels/stable/attention/attention_plan.h"

namespace fgx {
namespace {

using gpu::AttentionArguments;

constexpr int64_t kVectorBytes = gpu::kVectorBytes;
constexpr int64_t kMostMatrixSize = 128;
constexpr int64_t kSharedBytes = 48 << 10;  // of a block, without asking for more
static_assert(AttentionArguments::kMostDims == FGX_MAX_RANK);

struct State {
  gpu::Launch attend;
  gpu::Launch join;  // where the keys are split
  int64_t scratch_bytes;
  AttentionArguments arguments;
};

// What is chosen for a call, apart from kernels' handles.
struct Geometry {
  std::string module, kernel;
  int64_t blocks;
  unsigned block;
  int64_t shared_bytes;
  int64_t scratch_bytes;
  AttentionArguments arguments;
};

AttentionArguments::Strides strides_of(const AttentionPlan::Strides& from, int batch_dims) {
  AttentionArguments::Strides to{from.head, from.row, from.element, {}};
  std::copy_n(from.batch, batch_dims, to.batch);
  return to;
}

AttentionArguments arguments_of(const AttentionPlan& plan) {
  AttentionArguments a{};
  a.query = strides_of(plan.query, plan.batch_dims);
  a.key = strides_of(plan.key, plan.batch_dims);
  a.value = strides_of(plan.value, plan.batch_dims);
  a.mask = strides_of(plan.mask, plan.batch_dims);
  a.out = strides_of(plan.out, plan.batch_dims);
  std::copy_n(plan.batch_sizes, plan.batch_dims, a.batch_sizes);
  a.queries = plan.queries;
  a.keys = plan.keys;
  a.size = plan.size;
  a.value_size = plan.value_size;
  a.head_groups = plan.head_groups;
  a.group_heads = plan.group_heads;
  a.heads_per_key = plan.heads_per_key;
  a.heads_per_value = plan.heads_per_value;
  a.rows = plan.rows;
  a.scale = plan.scale;
  a.batch_dims = plan.batch_dims;
  a.parts = 1;
  a.has_mask = plan.has_mask ? 1 : 0;
  a.mask_type = static_cast<int32_t>(plan.mask_type);
  a.causal = plan.causal ? 1 : 0;
  return a;
}

// Whether every vector of 16 bytes of this operand is one access.
bool in_vectors(const TensorView& view, const AttentionPlan::Strides& strides, int batch_dims) {
  int64_t all = strides.head | strides.row;
  for (int d = 0; d < batch_dims; ++d) all |= strides.batch[d];
  return strides.element == 1 && all * size_of(view.dtype) % kVectorBytes == 0 &&
         gpu::known_alignment(view) == gpu::kVectorBytes;
}

bool fits_matrix_units(const Call& call, const AttentionPlan& plan, const gpu::Device& device) {
  constexpr int kAmpere = 8;
  return device.driver->device_type == FGX_DEVICE_CUDA && device.facts.major >= kAmpere &&
         kHalfTypes.contains(plan.dtype) && plan.size % 8 == 0 && plan.value_size % 8 == 0 &&
         std::max(plan.size, plan.value_size) <= kMostMatrixSize &&
         in_vectors(call.tensor(kQuery), plan.query, plan.batch_dims) &&
         in_vectors(call.tensor(kKey), plan.key, plan.batch_dims) &&
         in_vectors(call.tensor(kValue), plan.value, plan.batch_dims) &&
         in_vectors(call.outputs()[0], plan.out, plan.batch_dims);
}

// How many parts the keys of each tile are split into: what takes the fewest steps on `slots` blocks that run at once,
// and a step more for each part's own beginning and end.
int32_t parts_for(int64_t tiles, int64_t steps, int64_t slots) {
  int64_t best = 1;
  int64_t best_cost = 0;
  for (int64_t parts = 1; parts <= std::clamp<int64_t>(steps / 2, 1, gpu::kMostParts); ++parts) {
    const int64_t waves = (tiles * parts - 1) / slots + 1;
    const int64_t cost = waves * ((steps - 1) / parts + 1 + (parts > 1 ? 2 : 1));
    if (parts == 1 || cost < best_cost) {
      best = parts;
      best_cost = cost;
    }
  }
  return static_cast<int32_t>(best);
}

void plan_matrix(const gpu::Device& device, const AttentionPlan& plan, Geometry& g) {
  AttentionArguments& a = g.arguments;
  a.tile_rows = gpu::kMatrixRows;
  a.tiles = (plan.rows - 1) / gpu::kMatrixRows + 1;
  g.module = "attention_matrix";
  g.block = 32 * gpu::kMatrixWarps;
  constexpr int64_t kBlocksAtOnce = 2;  // on a multiprocessor
  const int64_t slots = kBlocksAtOnce * device.facts.multiprocessors;
  const bool whole = a.tiles >= gpu::kMatrixWarps && plan.groups * a.tiles >= 2 * slots;
  if (whole) {
    g.blocks = plan.groups * ((a.tiles - 1) / gpu::kMatrixWarps + 1);
  } else {
    const int64_t steps = std::max<int64_t>(1, plan.keys / (gpu::kMatrixKeys * gpu::kMatrixWarps));
    a.parts = parts_for(plan.groups * a.tiles, steps, slots);
    g.blocks = plan.groups * a.tiles * a.parts;
  }
  g.kernel = std::string("fgx_attention_") + (whole ? "whole_" : "split_") +
             std::string(info(plan.dtype).name) +
             (std::max(plan.size, plan.value_size) <= kMostMatrixSize / 2 ? "_64" : "_128");
}

void plan_general(const gpu::Device& device, const AttentionPlan& plan, Geometry& g) {
  AttentionArguments& a = g.arguments;
  const int64_t bytes = plan.dtype == DType::kFloat64 ? 8 : 4;
  const int64_t fixed = (gpu::kAttentionKeys + gpu::kMostTileRows) * (gpu::kAttentionKeys + 1);
  const auto shared = [&](int64_t rows) {
    return (fixed + rows * (plan.size + plan.value_size)) * bytes;
  };
  int64_t rows = gpu::kMostTileRows;
  while (rows > 1 && (shared(rows) > kSharedBytes || rows / 2 >= plan.rows)) rows /= 2;
  if (shared(rows) > kSharedBytes) {
    fail(FGX_SHAPE_NOT_SUPPORTED, "heads of %lld elements do not fit shared memory",
         static_cast<long long>(std::max(plan.size, plan.value_size)));
  }
  a.tile_rows = static_cast<int32_t>(rows);
  a.tiles = (plan.rows - 1) / rows + 1;
  constexpr int64_t kBlocksAtOnce = 3;
  a.parts = parts_for(plan.groups * a.tiles, std::max<int64_t>(1, plan.keys / gpu::kAttentionKeys),
                      kBlocksAtOnce * device.facts.multiprocessors);
  g.module = "attention";
  g.kernel = "fgx_attention_" + std::string(info(plan.dtype).name);
  g.block = gpu::kAttentionBlock;
  g.shared_bytes = shared(rows);
  g.blocks = plan.groups * a.tiles * a.parts;
}

Geometry geometry_of(const Call& call, const gpu::Device& device, const AttentionPlan& plan) {
  Geometry g{};
  g.arguments = arguments_of(plan);
  if (fits_matrix_units(call, plan, device)) {
    plan_matrix(device, plan, g);
  } else {
    plan_general(device, plan, g);
  }
  const AttentionArguments& a = g.arguments;
  if (a.parts > 1) {
    g.scratch_bytes = g.blocks * gpu::part_values(a.tile_rows, a.value_size) *
                      (plan.dtype == DType::kFloat64 ? 8 : 4);
  }
  return g;
}

void run_attention_gpu(const KernelState& kernel_state, const RunArgs& args) {
  const State& state = kernel_state.as<State>();
  void* mask = nullptr;
  int next = 3;
  if (state.arguments.has_mask != 0) mask = args.data[next++];
  void* out = args.data[next];
  void* parts = nullptr;
  void* arguments = const_cast<AttentionArguments*>(&state.arguments);
  void* parameters[] = {arguments,
                        const_cast<void**>(&args.data[0]),
                        const_cast<void**>(&args.data[1]),
                        const_cast<void**>(&args.data[2]),
                        &mask,
                        &out,
                        &parts};
  const gpu::ContextGuard guard(*state.attend.device);
  if (state.scratch_bytes == 0) {
    gpu::run_launch(state.attend, guard, args.stream, parameters);
    return;
  }
  const gpu::Scratch scratch(*state.attend.device, args.stream, args.workspace, args.workspace_size,
                             static_cast<size_t>(state.scratch_bytes));
  parts = scratch.data();
  gpu::run_launch(state.attend, guard, args.stream, parameters);
  void* join[] = {arguments, &out, &parts};
  gpu::run_launch(state.join, guard, args.stream, join);
}

void run_nothing(const KernelState&, const RunArgs&) {}

}  // namespace

RunFn prepare_attention_gpu(const Call& call, KernelState& kernel_state) {
  if (call.outputs()[0].numel == 0) return run_nothing;
  gpu::require_inputs_on_device(call);
  const gpu::Device& device = gpu::find_device(call.device());
  const AttentionPlan plan = plan_attention(call);
  const Geometry g = geometry_of(call, device, plan);
  State& state = kernel_state.emplace<State>();
  state.arguments = g.arguments;
  state.scratch_bytes = g.scratch_bytes;
  state.attend = gpu::make_launch(device, g.module.c_str(), g.kernel.c_str(), g.blocks, g.block);
  state.attend.shared_bytes = static_cast<unsigned>(g.shared_bytes);
  if (g.scratch_bytes != 0) {
    const std::string join = "fgx_attention_join_" + std::string(info(plan.dtype).name);
    state.join = gpu::make_launch(device, "attention", join.c_str(), plan.groups * plan.rows,
                                  gpu::kJoinBlock);
  }
  return run_attention_gpu;
}

size_t attention_workspace_gpu(const Call& call) {
  if (call.outputs()[0].numel == 0) return 0;
  const gpu::Device& device = gpu::find_device(call.device());
  return static_cast<size_t>(geometry_of(call, device, plan_attention(call)).scratch_bytes);
}

}  // namespace fgx
