// SPDX-License-Identifier: Apache-2.0
// Type rules and launchers of index_select, gather and scatter.
//
// All three walk a `dense` tensor (what is gathered, or what is scattered) of the index's shape and a
// table along one dimension: the positions in the other dimensions are those of the walk, that along
// the dimension is what the index says. Every index is checked before anything is written.
#include "kernels/stable/select/index.h"

#include <algorithm>
#include <atomic>

#include "backend/cpu/thread_pool.h"
#include "base/error.h"
#include "kernels/common/strided.h"
#include "kernels/stable/select/index_kernels.h"
#include "kernels/stable/select/strided_copy.h"
#include "schema/type_rules.h"
#include "tensor/geometry.h"

namespace fgx {
namespace {

enum IndexArgument { kSelf, kDim, kIndex, kSource };
constexpr int kDense = IndexLoops::kDense;
constexpr int kIndices = IndexLoops::kIndices;
constexpr int kTable = IndexLoops::kTable;
constexpr int kOperands = IndexLoops::kOperands;
constexpr int64_t kGrainElements = 8192;  // elements worth a thread

struct Plan : IndexLoops {
  void (*kernel)(const IndexRun& run);
  bool across;         // the inner loop runs over the innermost other dimension
  bool splits_length;  // threads share the dimension, not the other ones
  int32_t index_ndim;  // the index by itself, to be checked
  int64_t index_sizes[FGX_MAX_RANK];
  int64_t index_steps[FGX_MAX_RANK];
};

struct ScatterPlan : Plan {
  CopyPlan copy;  // self to the result
  bool value;     // the source is a number
  DType dtype;
  DType value_type;
  int8_t output;  // position in RunArgs::data
  bool nothing;   // no indices: only the copy
};

// Offsets of element `linear` of the other dimensions.
void find_offsets(const Plan& plan, int64_t linear, int64_t (&offsets)[kOperands]) {
  std::fill_n(offsets, kOperands, int64_t{0});
  for (int d = plan.ndim - 1; d >= 0; --d) {
    const int64_t outer = d > 0 ? linear / plan.sizes[d] : 0;
    const int64_t here = linear - outer * plan.sizes[d];
    for (int o = 0; o < kOperands; ++o) offsets[o] += here * plan.steps[o][d];
    linear = outer;
  }
}

struct Pointers {
  std::byte* at[kOperands];
};

// Positions [begin, end) of the other dimensions, [first, last) along the dimension.
void walk(const Plan& plan, const Pointers& pointers, int64_t begin, int64_t end, int64_t first,
          int64_t last) {
  const int inner = plan.ndim - 1;
  const int64_t index_bytes = plan.wide_indices ? 8 : 4;
  const auto address = [&](int operand, int64_t offset) {
    return pointers.at[operand] + offset * (operand == kIndices ? index_bytes : plan.bytes);
  };
  while (begin < end) {
    int64_t offsets[kOperands];
    find_offsets(plan, begin, offsets);
    const int64_t count = std::min(end - begin, plan.sizes[inner] - begin % plan.sizes[inner]);
    begin += count;
    const auto run_across = [&](int64_t along) {
      plan.kernel({address(kDense, offsets[kDense] + along * plan.along[kDense]),
                   plan.steps[kDense][inner],
                   address(kIndices, offsets[kIndices] + along * plan.along[kIndices]),
                   plan.steps[kIndices][inner], address(kTable, offsets[kTable]),
                   plan.steps[kTable][inner], plan.along[kTable], count});
    };
    const auto run_along = [&](int64_t other) {
      const auto start = [&](int o) { return offsets[o] + other * plan.steps[o][inner]; };
      plan.kernel({address(kDense, start(kDense) + first * plan.along[kDense]), plan.along[kDense],
                   address(kIndices, start(kIndices) + first * plan.along[kIndices]),
                   plan.along[kIndices], address(kTable, start(kTable)), 0, plan.along[kTable],
                   last - first});
    };
    if (plan.across) {
      for (int64_t along = first; along < last; ++along) run_across(along);
    } else {
      for (int64_t other = 0; other < count; ++other) run_along(other);
    }
  }
}

void run_plan(const Plan& plan, const Pointers& pointers, const ThreadPool& pool) {
  if (plan.splits_length) {
    const int64_t grain = std::max<int64_t>(1, kGrainElements / plan.others);
    pool.parallel_for(plan.length, grain, [&](int64_t begin, int64_t end) {
      walk(plan, pointers, 0, plan.others, begin, end);
    });
    return;
  }
  const int64_t grain = std::max<int64_t>(1, kGrainElements / plan.length);
  pool.parallel_for(plan.others, grain, [&](int64_t begin, int64_t end) {
    walk(plan, pointers, begin, end, 0, plan.length);
  });
}

// Throws InvalidArgument for an index that the table does not have.
void check_indices(const Plan& plan, const void* index, const ThreadPool& pool) {
  const int inner = plan.index_ndim - 1;
  const auto check = index_kernels_for(best_isa()).check[plan.wide_indices ? 1 : 0];
  const int64_t bytes = plan.wide_indices ? 8 : 4;
  const int64_t length = plan.index_sizes[inner];
  const int64_t step = plan.index_steps[inner];
  int64_t rows = 1;
  for (int d = 0; d < inner; ++d) rows *= plan.index_sizes[d];
  std::atomic<const std::byte*> bad{nullptr};
  const auto check_row = [&](int64_t row, int64_t begin, int64_t end) {
    int64_t offset = begin * step;
    for (int d = inner - 1; d >= 0; --d) {
      offset += row % plan.index_sizes[d] * plan.index_steps[d];
      row /= plan.index_sizes[d];
    }
    const std::byte* start = static_cast<const std::byte*>(index) + offset * bytes;
    const int64_t found = check(start, step, end - begin, plan.limit);
    if (found >= 0) bad.store(start + found * step * bytes, std::memory_order_relaxed);
  };
  constexpr int64_t kGrain = 65536;
  if (rows == 1) {
    pool.parallel_for(length, kGrain,
                      [&](int64_t begin, int64_t end) { check_row(0, begin, end); });
  } else {
    const int64_t grain = std::max<int64_t>(1, kGrain / length);
    pool.parallel_for(rows, grain, [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) check_row(row, 0, length);
    });
  }
  const std::byte* found = bad.load(std::memory_order_relaxed);
  if (found == nullptr) return;
  const int64_t value = read_integer(plan.wide_indices ? DType::kInt64 : DType::kInt32, found);
  fail_argument(FGX_INVALID_ARGUMENT, kIndex,
                "index %lld is out of range for dimension of size %lld",
                static_cast<long long>(value), static_cast<long long>(plan.limit));
}

// `view` with one dimension of size 1 where it has none.
struct Dimensioned {
  int64_t shape[1] = {1};
  int64_t strides[1] = {1};
  TensorView view;
  explicit Dimensioned(const TensorView& of) : view(of) {
    if (of.ndim > 0) return;
    view.ndim = 1;
    view.shape = shape;
    view.strides = strides;
  }
  Dimensioned(const Dimensioned&) = delete;
};

// Steps of an operand over the other dimensions and along the dimension; `shared`: it is one vector
// for all others.
struct OperandSteps {
  int64_t others[FGX_MAX_RANK];
  int64_t along;
};
OperandSteps steps_of(const TensorView& view, int dim, bool shared, int count) {
  OperandSteps steps{};
  if (shared) {
    steps.along = view.ndim == 0 ? 1 : view.strides[0];
    return steps;
  }
  steps.along = view.strides[dim];
  for (int d = 0, o = 0; d < count + 1; ++d) {
    if (d != dim) steps.others[o++] = view.strides[d];
  }
  return steps;
}

// `dense` of shape `shape`; `index` of that shape, or (`shared`) a vector.
IndexLoops make_loops(std::span<const int64_t> shape, int dim, const TensorView& dense,
                      bool constant, const TensorView& index, bool shared,
                      const TensorView& table) {
  IndexLoops plan{};
  plan.ndim = 0;
  int64_t others[FGX_MAX_RANK];
  int count = 0;
  for (int d = 0; d < static_cast<int>(shape.size()); ++d) {
    if (d != dim) others[count++] = shape[d];
  }
  OperandSteps steps[kOperands] = {};
  if (!constant) steps[kDense] = steps_of(dense, dim, false, count);
  steps[kIndices] = steps_of(index, dim, shared, count);
  steps[kTable] = steps_of(table, dim, false, count);
  for (int o = 0; o < kOperands; ++o) {
    std::copy_n(steps[o].others, count, plan.steps[o]);
    plan.along[o] = steps[o].along;
  }
  std::copy_n(others, count, plan.sizes);
  plan.ndim = collapse_loops(count, plan.sizes, plan.steps, kOperands);
  if (plan.ndim == 0) {
    plan.ndim = 1;
    plan.sizes[0] = 1;
    for (int o = 0; o < kOperands; ++o) plan.steps[o][0] = 0;
  }
  plan.others = 1;
  for (int d = 0; d < plan.ndim; ++d) plan.others *= plan.sizes[d];
  plan.length = shape[dim];
  plan.limit = table.shape[dim];
  plan.bytes = size_of(table.dtype);
  plan.wide_indices = index.dtype == DType::kInt64;
  return plan;
}

// Everything of the plan but `kernel` and `splits_length`.
void fill(Plan& plan, const IndexLoops& loops, const TensorView& index) {
  static_cast<IndexLoops&>(plan) = loops;
  const int inner = plan.ndim - 1;
  // Elements that lie side by side are walked side by side.
  const int64_t width = plan.sizes[inner];
  const bool side_by_side = plan.steps[kTable][inner] == 1 && width >= 8;
  plan.across = side_by_side || (width > plan.length && plan.along[kIndices] != 1);
  const LoopNest<1> alone = make_loop_nest<1>(index.dims(), {&index});
  plan.index_ndim = std::max(alone.ndim, 1);
  plan.index_sizes[0] = index.numel;
  plan.index_steps[0] = 1;
  for (int d = 0; d < alone.ndim; ++d) {
    plan.index_sizes[d] = alone.sizes[d];
    plan.index_steps[d] = alone.steps[0][d];
  }
}

int size_class(int64_t bytes) { return bytes == 1 ? 0 : bytes == 2 ? 1 : bytes == 4 ? 2 : 3; }

void run_gather(const KernelState& state, const RunArgs& args) {
  const Plan& plan = state.as<Plan>();
  check_indices(plan, args.data[1], *args.pool);
  if (plan.others == 0) return;
  run_plan(plan,
           {{static_cast<std::byte*>(args.data[2]), static_cast<std::byte*>(args.data[1]),
             static_cast<std::byte*>(args.data[0])}},
           *args.pool);
}

void run_scatter(const KernelState& state, const RunArgs& args) {
  const ScatterPlan& plan = state.as<ScatterPlan>();
  void* out = args.data[plan.output];
  if (!plan.nothing) check_indices(plan, args.data[1], *args.pool);
  if (args.data[0] != out) run_copy(plan.copy, out, args.data[0], *args.pool);
  if (plan.nothing) return;
  alignas(8) std::byte value[8];
  void* source = args.data[2];
  if (plan.value) {
    if (is_float(plan.value_type)) {
      write_real(plan.dtype, value, read_real(plan.value_type, source));
    } else {
      write_integer(plan.dtype, value, read_integer(plan.value_type, source));
    }
    source = value;
  }
  run_plan(plan,
           {{static_cast<std::byte*>(source), static_cast<std::byte*>(args.data[1]),
             static_cast<std::byte*>(out)}},
           *args.pool);
}

void run_nothing(const KernelState&, const RunArgs&) {}

void require_index_type(const Call& call) {
  require_dtype(call, kIndex, {DType::kInt32, DType::kInt64});
}

int rank_of(const TensorView& view) { return std::max(view.ndim, 1); }
int64_t size_at(const TensorView& view, int dim) { return view.ndim == 0 ? 1 : view.shape[dim]; }

// Whether an index fits what it points into: of one rank, and beside the dimension nowhere larger.
void check_shapes(const TensorView& self, const TensorView& index, int dim) {
  if (rank_of(self) != rank_of(index)) {
    fail_argument(FGX_INVALID_ARGUMENT, kIndex, "index of shape %s has not the rank of self, %s",
                  shape_text(index.dims()).c_str(), shape_text(self.dims()).c_str());
  }
  for (int d = 0; d < rank_of(self); ++d) {
    if (d == dim || size_at(index, d) <= size_at(self, d)) continue;
    fail_argument(FGX_INVALID_ARGUMENT, kIndex,
                  "index of shape %s is larger than self, %s, beside dimension %d",
                  shape_text(index.dims()).c_str(), shape_text(self.dims()).c_str(), dim);
  }
}

}  // namespace

void infer_index_select(const Call& call, std::vector<OutputSpec>& outputs) {
  const TensorView& self = call.tensor(kSelf);
  const TensorView& index = call.tensor(kIndex);
  const int dim = call.normalized_dim(kDim, self.ndim);
  require_rank(call, kIndex, 0, 1);
  require_index_type(call);
  Dims shape(self.dims());
  if (self.ndim > 0) {
    shape[static_cast<size_t>(dim)] = index.numel;
  } else if (index.numel != 1) {
    fail_argument(FGX_INVALID_ARGUMENT, kIndex,
                  "a tensor without dimensions takes 1 index, not %lld",
                  static_cast<long long>(index.numel));
  }
  add_output(outputs, self.dtype, shape);
}

void infer_gather(const Call& call, std::vector<OutputSpec>& outputs) {
  const TensorView& self = call.tensor(kSelf);
  const TensorView& index = call.tensor(kIndex);
  const int dim = call.normalized_dim(kDim, self.ndim);
  require_index_type(call);
  if (index.numel != 0) check_shapes(self, index, dim);
  add_output(outputs, self.dtype, index.dims());
}

void infer_scatter(const Call& call, std::vector<OutputSpec>& outputs) {
  const TensorView& self = call.tensor(kSelf);
  const TensorView& index = call.tensor(kIndex);
  const TensorView& source = call.tensor(kSource);
  const int dim = call.normalized_dim(kDim, self.ndim);
  require_index_type(call);
  if (!source.wrapped_number && source.dtype != self.dtype) {
    fail_argument(FGX_INVALID_ARGUMENT, kSource, "src is %s, but self is %s",
                  info(source.dtype).name.data(), info(self.dtype).name.data());
  }
  add_output(outputs, self.dtype, self.dims());
  if (index.numel == 0) return;
  check_shapes(self, index, dim);
  if (source.wrapped_number) return;
  bool fits = rank_of(source) == rank_of(index);
  for (int d = 0; fits && d < rank_of(index); ++d) fits = size_at(index, d) <= size_at(source, d);
  if (!fits) {
    fail_argument(FGX_INVALID_ARGUMENT, kSource, "src of shape %s does not cover index of shape %s",
                  shape_text(source.dims()).c_str(), shape_text(index.dims()).c_str());
  }
}

IndexLoops index_select_loops(const Call& call) {
  const Dimensioned self(call.tensor(kSelf));
  const Dimensioned out(call.outputs()[0]);
  return make_loops(out.view.dims(), call.normalized_dim(kDim, self.view.ndim), out.view, false,
                    call.tensor(kIndex), true, self.view);
}

IndexLoops gather_loops(const Call& call) {
  const Dimensioned self(call.tensor(kSelf));
  const Dimensioned index(call.tensor(kIndex));
  const Dimensioned out(call.outputs()[0]);
  return make_loops(index.view.dims(), call.normalized_dim(kDim, self.view.ndim), out.view, false,
                    index.view, false, self.view);
}

IndexLoops scatter_loops(const Call& call) {
  const Dimensioned out(call.outputs()[0]);
  const Dimensioned index(call.tensor(kIndex));
  const Dimensioned source(call.tensor(kSource));
  return make_loops(index.view.dims(), call.normalized_dim(kDim, out.view.ndim), source.view,
                    source.view.wrapped_number, index.view, false, out.view);
}

RunFn prepare_index_select(const Call& call, KernelState& state) {
  if (call.tensor(kIndex).numel == 0) return run_nothing;
  Plan& plan = state.emplace<Plan>();
  fill(plan, index_select_loops(call), call.tensor(kIndex));
  plan.kernel =
      index_kernels_for(best_isa()).gather[size_class(plan.bytes)][plan.wide_indices ? 1 : 0];
  plan.splits_length = plan.length > plan.others;
  return run_gather;
}

RunFn prepare_gather(const Call& call, KernelState& state) {
  const Dimensioned index(call.tensor(kIndex));
  if (index.view.numel == 0) return run_nothing;
  Plan& plan = state.emplace<Plan>();
  fill(plan, gather_loops(call), index.view);
  plan.kernel =
      index_kernels_for(best_isa()).gather[size_class(plan.bytes)][plan.wide_indices ? 1 : 0];
  plan.splits_length = plan.length > plan.others;
  return run_gather;
}

RunFn prepare_scatter(const Call& call, KernelState& state) {
  const Dimensioned index(call.tensor(kIndex));
  const TensorView& source = call.tensor(kSource);
  const TensorView& self = call.tensor(kSelf);
  if (self.numel == 0 && index.view.numel == 0) return run_nothing;
  ScatterPlan& plan = state.emplace<ScatterPlan>();
  plan.nothing = index.view.numel == 0;
  plan.dtype = self.dtype;
  plan.value = source.wrapped_number;
  plan.value_type = source.dtype;
  plan.output = 3;
  if (self.numel > 0) {
    plan.copy =
        plan_copy(self.dtype, self.dtype, self.dims(), call.outputs()[0].strides, self.strides);
  }
  if (plan.nothing) return run_scatter;
  fill(plan, scatter_loops(call), index.view);
  plan.kernel =
      index_kernels_for(best_isa()).scatter[size_class(plan.bytes)][plan.wide_indices ? 1 : 0];
  plan.splits_length = false;  // equal places along the dimension are written in order
  return run_scatter;
}

}  // namespace fgx
