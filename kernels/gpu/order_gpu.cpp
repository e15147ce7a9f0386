// SPDX-License-Identifier: Apache-2.0
// Launchers of topk and sort on GPUs (order.cu, order_digits.cu).
#include <algorithm>
#include <string>

#include "backend/gpu/arena.h"
#include "base/error.h"
#include "kernels/gpu/launch.h"
#include "kernels/gpu/order_arguments.h"
#include "kernels/gpu/row_launch.h"
#include "kernels/stable/select/order.h"

namespace fgx {
namespace {

using gpu::OrderArguments;

static_assert(OrderArguments::kMostDims == FGX_MAX_RANK);

constexpr int64_t kMostDigitRow = (int64_t{1} << 30) - 1;  // counts have 30 bits
constexpr int kMostStages = 24;
constexpr int64_t kBlock = 256;

// One launch of the sort within blocks.
struct Stage {
  gpu::Launch launch;
  int64_t length, tiles, span;
  int32_t threads;
};

struct Plan {
  bool digits = false;
  const char* pairs = nullptr;  // as kernels are called
  int64_t key_bytes = 4, pair_bytes = 8;
  OrderArguments arguments{};
  // Within blocks.
  int stages = 0;
  int64_t lengths[kMostStages];  // what each launch finds in a row
  int64_t spans[kMostStages];    // of the tiles that it selects from; the last one sorts
  int64_t most_kept = 0;         // pairs that a launch leaves to the next
  // By digits.
  int64_t counts = 0, words = 0;  // of 32 bits

  int64_t elements() const { return arguments.rows * arguments.length; }
  int64_t cleared_bytes() const { return (counts + words) * 4; }
  int buffers() const { return std::min(arguments.passes - 1, 2); }
  size_t workspace() const {
    const int64_t bytes = digits ? cleared_bytes() + buffers() * elements() * (key_bytes + 4)
                                 : 2 * most_kept * pair_bytes;
    return static_cast<size_t>(bytes);
  }
};

int64_t divide_up(int64_t count, int64_t by) { return (count - 1) / by + 1; }

// Tiles that occupy the device, but long ones: little of them has to be sorted.
int64_t span_of(int64_t rows, int64_t length, int64_t processors) {
  const int64_t wanted = std::max<int64_t>(processors / rows, 1);
  return divide_up(divide_up(length, wanted), gpu::kMostOrderTile) * gpu::kMostOrderTile;
}

void set_rows(const Call& call, int dim, OrderArguments& a) {
  const TensorView& x = call.tensor(0);
  const TensorView& values = call.outputs()[0];
  const TensorView& indices = call.outputs()[1];
  a.length = x.ndim == 0 ? 1 : x.shape[dim];
  a.rows = x.numel / a.length;
  a.x_along = x.ndim == 0 ? 1 : x.strides[dim];
  a.value_along = x.ndim == 0 ? 1 : values.strides[dim];
  a.index_along = x.ndim == 0 ? 1 : indices.strides[dim];
  for (int d = 0; d < x.ndim; ++d) {
    if (d == dim || x.shape[d] == 1) continue;
    const int last = a.ndim++;
    a.sizes[last] = x.shape[d];
    a.x_steps[last] = x.strides[d];
    a.value_steps[last] = values.strides[d];
    a.index_steps[last] = indices.strides[d];
    if (x.shape[d] < gpu::kFastDivideLimit) {
      a.divide[last] = gpu::fast_divide(static_cast<uint32_t>(x.shape[d]));
    }
  }
  a.narrow = a.rows < gpu::kFastDivideLimit ? 1 : 0;
  a.dtype = static_cast<uint8_t>(x.dtype);
}

Plan plan_for(const Call& call, int dim, int64_t kept, bool falling) {
  const gpu::DeviceFacts& facts = gpu::device_facts(call.device());
  Plan plan;
  OrderArguments& a = plan.arguments;
  set_rows(call, dim, a);
  a.kept = kept;
  a.falling = falling ? 1 : 0;
  const int64_t bytes = size_of(call.tensor(0).dtype);
  plan.key_bytes = bytes == 8 ? 8 : 4;
  plan.digits =
      a.length > gpu::kMostOrderTile && kept > gpu::most_selected(static_cast<int>(plan.key_bytes));
  if (plan.digits) {
    if (a.length > kMostDigitRow) {
      fail(FGX_SHAPE_NOT_SUPPORTED, "rows have more than 2^30 - 1 elements");
    }
    a.passes = static_cast<int32_t>(bytes);
    a.tiles = divide_up(a.length, gpu::digit_tile(static_cast<int>(plan.key_bytes)));
    plan.pairs = bytes == 8 ? "wide" : "narrow";
    plan.counts = a.rows * a.passes * gpu::kDigits;
    plan.words = plan.key_bytes + a.passes * a.rows * a.tiles * gpu::kDigits;
    return plan;
  }
  if (a.length > int64_t{UINT32_MAX}) {
    fail(FGX_SHAPE_NOT_SUPPORTED, "rows have more than 2^32 - 1 elements");
  }
  const bool small = bytes <= 2 && a.length <= gpu::kMostOrderTile;
  plan.pairs = bytes == 8 ? "wide" : small ? "small" : "narrow";
  plan.pair_bytes = bytes == 8 ? 16 : small ? 4 : 8;
  int64_t length = a.length;
  for (;;) {
    const int64_t span = span_of(a.rows, length, facts.multiprocessors);
    plan.lengths[plan.stages] = length;
    plan.spans[plan.stages++] = span;
    if (length <= gpu::kMostOrderTile) break;
    length = divide_up(length, span) * kept;
    plan.most_kept = std::max(plan.most_kept, a.rows * length);
  }
  return plan;
}

struct BlockState {
  int stages;
  size_t workspace;
  int64_t buffer_bytes;
  Stage stage[kMostStages];
  OrderArguments arguments;
};

void run_stages(const BlockState& state, const gpu::ContextGuard& guard, const RunArgs& args,
                void* memory) {
  const void* x = args.data[0];
  void* values = args.data[1];
  void* indices = args.data[2];
  OrderArguments arguments = state.arguments;
  for (int s = 0; s < state.stages; ++s) {
    const Stage& stage = state.stage[s];
    char* const buffers[] = {static_cast<char*>(memory),
                             static_cast<char*>(memory) + state.buffer_bytes};
    void* from = buffers[(s + 1) % 2];
    void* to = buffers[s % 2];
    arguments.length = stage.length;
    arguments.tiles = stage.tiles;
    arguments.span = stage.span;
    arguments.threads = stage.threads;
    arguments.from_pairs = s > 0 ? 1 : 0;
    arguments.to_pairs = s + 1 < state.stages ? 1 : 0;
    void* parameters[] = {&arguments, &x, &from, &to, &values, &indices};
    gpu::run_launch(stage.launch, guard, args.stream, parameters);
  }
}

void run_blocks(const KernelState& kernel_state, const RunArgs& args) {
  const BlockState& state = kernel_state.as<BlockState>();
  const gpu::Device& device = *state.stage[0].launch.device;
  const gpu::ContextGuard guard(device);
  if (state.workspace == 0) return run_stages(state, guard, args, nullptr);
  const gpu::Scratch scratch(device, args.stream, args.workspace, args.workspace_size,
                             state.workspace);
  run_stages(state, guard, args, scratch.data());
}

RunFn prepare_blocks(const gpu::Device& device, const Plan& plan, KernelState& kernel_state) {
  BlockState& state = kernel_state.emplace<BlockState>();
  state.stages = plan.stages;
  state.workspace = plan.workspace();
  state.buffer_bytes = plan.most_kept * plan.pair_bytes;
  state.arguments = plan.arguments;
  for (int s = 0; s < plan.stages; ++s) {
    Stage& stage = state.stage[s];
    stage.length = plan.lengths[s];
    const bool sorts = s + 1 == plan.stages;
    stage.span = plan.spans[s];
    stage.tiles = sorts ? 1 : divide_up(stage.length, stage.span);
    stage.threads = static_cast<int32_t>(
        sorts ? gpu::power_of_two_from(divide_up(stage.length, gpu::kOrderItems))
              : gpu::select_threads(static_cast<int>(plan.key_bytes)));
    const bool shares = stage.threads <= device.facts.warp_size;
    const int64_t side = shares ? std::max<int64_t>(kBlock / stage.threads, 1) : 1;
    const std::string kernel =
        std::string(sorts ? "fgx_order_block_" : "fgx_order_select_") + plan.pairs;
    stage.launch = gpu::make_launch(device, "order", kernel.c_str(),
                                    divide_up(plan.arguments.rows * stage.tiles, side),
                                    static_cast<unsigned>(stage.threads * side));
    // A pair of 96 bits has its parts in two arrays.
    const int64_t bytes = plan.key_bytes == 8 ? 12 : plan.pair_bytes;
    if (!shares) {
      stage.launch.shared_bytes = static_cast<unsigned>(stage.threads * gpu::kOrderItems * bytes);
    }
  }
  return run_blocks;
}

struct DigitState {
  gpu::Launch clear, count, starts, pass;
  size_t workspace;
  int64_t counts, words, key_bytes;
  int buffers;
  OrderArguments arguments;
};

void run_digits(const KernelState& kernel_state, const RunArgs& args) {
  const DigitState& state = kernel_state.as<DigitState>();
  const gpu::Device& device = *state.pass.device;
  const gpu::ContextGuard guard(device);
  const gpu::Scratch scratch(device, args.stream, args.workspace, args.workspace_size,
                             state.workspace);
  const void* x = args.data[0];
  void* values = args.data[1];
  void* value_indices = args.data[2];
  OrderArguments arguments = state.arguments;
  const int64_t elements = arguments.rows * arguments.length;
  char* memory = static_cast<char*>(scratch.data());
  void* counts = memory;
  void* words = memory + state.counts * 4;
  memory += (state.counts + state.words) * 4;
  int64_t cleared = state.counts + state.words;
  void* none = nullptr;
  void* clear[] = {&counts, &cleared, &none};
  gpu::run_launch(state.clear, guard, args.stream, clear);
  void* count[] = {&arguments, &x, &counts};
  gpu::run_launch(state.count, guard, args.stream, count);
  void* starts[] = {&counts, &none, &none};
  gpu::run_launch(state.starts, guard, args.stream, starts);
  char* const indices_at = memory + state.buffers * elements * state.key_bytes;
  for (int pass = 0; pass < arguments.passes; ++pass) {
    const auto buffer = [&](char* base, int which, int64_t bytes) {
      return static_cast<void*>(base + (state.buffers > 1 ? which % 2 : 0) * elements * bytes);
    };
    arguments.pass = pass;
    void* keys = buffer(memory, pass + 1, state.key_bytes);
    void* indices = buffer(indices_at, pass + 1, 4);
    void* keys_out = buffer(memory, pass, state.key_bytes);
    void* indices_out = buffer(indices_at, pass, 4);
    void* parameters[] = {&arguments,   &x,      &keys,  &indices, &keys_out,
                          &indices_out, &counts, &words, &values,  &value_indices};
    gpu::run_launch(state.pass, guard, args.stream, parameters);
  }
}

RunFn prepare_digits(const gpu::Device& device, const Plan& plan, KernelState& kernel_state) {
  DigitState& state = kernel_state.emplace<DigitState>();
  const OrderArguments& a = plan.arguments;
  state.workspace = plan.workspace();
  state.counts = plan.counts;
  state.words = plan.words;
  state.key_bytes = plan.key_bytes;
  state.buffers = plan.buffers();
  state.arguments = a;
  const std::string pairs = plan.pairs;
  const auto make = [&](const std::string& kernel, int64_t blocks, int64_t block) {
    return gpu::make_launch(device, "order_digits", ("fgx_digits_" + kernel).c_str(), blocks,
                            static_cast<unsigned>(block));
  };
  state.clear = make("clear", divide_up(plan.counts + plan.words, kBlock), kBlock);
  const int64_t chunks = divide_up(a.length, int64_t{gpu::kDigitThreads} * gpu::kCountItems);
  state.count = make("count_" + pairs, a.rows * chunks, gpu::kDigitThreads);
  state.starts = make("starts", a.rows * a.passes, gpu::kDigitThreads);
  state.pass = make("pass_" + pairs, a.rows * a.tiles, gpu::kDigitThreads);
  return run_digits;
}

void run_nothing(const KernelState&, const RunArgs&) {}

enum OrderArgument { kSelf, kK, kDim, kLargest };
constexpr int kDescending = 3;

Plan topk_plan(const Call& call) {
  const TensorView& self = call.tensor(kSelf);
  return plan_for(call, call.normalized_dim(kDim, self.ndim), self.ndim == 0 ? 1 : call.integer(kK),
                  call.flag(kLargest));
}
Plan sort_plan(const Call& call) {
  const TensorView& self = call.tensor(kSelf);
  const int dim = call.normalized_dim(kDim, self.ndim);
  return plan_for(call, dim, self.ndim == 0 ? 1 : self.shape[dim], call.flag(kDescending));
}

RunFn prepare(const Call& call, Plan (*plan_of)(const Call&), KernelState& state) {
  if (call.outputs()[0].numel == 0) return run_nothing;
  gpu::require_inputs_on_device(call);
  const gpu::Device& device = gpu::find_device(call.device());
  const Plan plan = plan_of(call);
  return plan.digits ? prepare_digits(device, plan, state) : prepare_blocks(device, plan, state);
}

}  // namespace

RunFn prepare_topk_gpu(const Call& call, KernelState& state) {
  return prepare(call, topk_plan, state);
}
RunFn prepare_sort_gpu(const Call& call, KernelState& state) {
  return prepare(call, sort_plan, state);
}
size_t topk_workspace_gpu(const Call& call) {
  return call.outputs()[0].numel == 0 ? 0 : topk_plan(call).workspace();
}
size_t sort_workspace_gpu(const Call& call) {
  return call.outputs()[0].numel == 0 ? 0 : sort_plan(call).workspace();
}

}  // namespace fgx
