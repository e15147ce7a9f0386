// SPDX-License-Identifier: Apache-2.0
// Launchers of copy, cat and embedding.
#include "kernels/stable/select/select.h"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "backend/cpu/thread_pool.h"
#include "base/error.h"
#include "kernels/stable/select/strided_copy.h"
#include "tensor/broadcast.h"

namespace fgx {
namespace {

void run_nothing(const KernelState&, const RunArgs&) {}

// ------------------------------------------------------------------------------------------- copy

struct BytesPlan {
  int64_t bytes;
};
void run_bytes(const KernelState& state, const RunArgs& args) {
  copy_bytes(args.data[2], args.data[1], state.as<BytesPlan>().bytes, *args.pool);
}
void run_strided(const KernelState& state, const RunArgs& args) {
  run_copy(state.as<CopyPlan>(), args.data[2], args.data[1], *args.pool);
}

// -------------------------------------------------------------------------------------------- cat

// Inputs that are contiguous and of the result's type: rows of bytes side by side.
struct JoinedRows {
  static constexpr int kMostInputs = 8;
  int64_t rows;
  int64_t row_bytes;  // of the result
  int32_t count;
  int64_t width[kMostInputs];  // bytes of a row of each input; 0: skipped
};
void run_joined(const KernelState& state, const RunArgs& args) {
  const JoinedRows& plan = state.as<JoinedRows>();
  std::byte* out = static_cast<std::byte*>(args.data[plan.count]);
  if (plan.rows == 1) {
    for (int i = 0; i < plan.count; ++i) {
      copy_bytes(out, args.data[i], plan.width[i], *args.pool);
      out += plan.width[i];
    }
    return;
  }
  constexpr int64_t kGrainBytes = 1 << 17;
  const int64_t grain = std::max<int64_t>(1, kGrainBytes / std::max<int64_t>(1, plan.row_bytes));
  args.pool->parallel_for(plan.rows, grain, [&](int64_t begin, int64_t end) {
    int64_t offset = 0;
    for (int i = 0; i < plan.count; ++i) {
      const int64_t width = plan.width[i];
      const std::byte* from = static_cast<const std::byte*>(args.data[i]);
      for (int64_t row = begin; row < end; ++row) {
        std::memcpy(out + row * plan.row_bytes + offset, from + row * width,
                    static_cast<size_t>(width));
      }
      offset += width;
    }
  });
}

struct JoinedCopies {
  struct Part {
    int32_t input;
    int64_t offset;  // bytes into the result
    CopyPlan copy;
  };
  int32_t inputs;
  std::vector<Part> parts;
};
void run_joined_copies(const KernelState& state, const RunArgs& args) {
  const JoinedCopies& plan = state.as<JoinedCopies>();
  std::byte* out = static_cast<std::byte*>(args.data[plan.inputs]);
  for (const JoinedCopies::Part& part : plan.parts) {
    run_copy(part.copy, out + part.offset, args.data[part.input], *args.pool);
  }
}

// -------------------------------------------------------------------------------------- embedding

template <typename Index>
void check_indices(const EmbeddingPlan& plan, const Index* indices, const ThreadPool& pool) {
  std::atomic<int64_t> bad{-1};
  std::atomic<bool> any{false};
  const CopyPlan& walk = plan.walk;
  const int inner = walk.ndim - 1;
  constexpr int64_t kGrain = 65536;
  pool.parallel_for(walk.outer * walk.sizes[inner], kGrain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      int64_t rest = i;
      int64_t at = 0;
      for (int d = inner; d >= 0; --d) {
        at += rest % walk.sizes[d] * walk.from_strides[d];
        rest /= walk.sizes[d];
      }
      const int64_t index = indices[at];
      if (index < 0 || index >= plan.rows) {
        bad.store(index, std::memory_order_relaxed);
        any.store(true, std::memory_order_relaxed);
        return;
      }
    }
  });
  if (any.load(std::memory_order_relaxed)) {
    fail_argument(FGX_INVALID_ARGUMENT, kIndices, "index %lld is out of range for %lld rows",
                  static_cast<long long>(bad.load(std::memory_order_relaxed)),
                  static_cast<long long>(plan.rows));
  }
}

template <typename Index>
void gather_rows(const EmbeddingPlan& plan, const std::byte* weight, const Index* indices,
                 std::byte* out, const ThreadPool& pool) {
  check_indices(plan, indices, pool);
  const CopyPlan& walk = plan.walk;
  const int inner = walk.ndim - 1;
  const int64_t row_bytes = plan.width * plan.bytes;
  constexpr int64_t kGrainBytes = 1 << 16;
  const int64_t grain = std::max<int64_t>(1, kGrainBytes / std::max<int64_t>(1, row_bytes));
  const ConvertKernels& kernels = convert_kernels_for(best_isa());
  const DType type = plan.bytes == 1   ? DType::kUInt8
                     : plan.bytes == 2 ? DType::kInt16
                     : plan.bytes == 4 ? DType::kInt32
                                       : DType::kInt64;
  pool.parallel_for(walk.outer * walk.sizes[inner], grain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      if (plan.flat) {
        std::memcpy(out + i * row_bytes, weight + indices[i] * plan.row_stride * plan.bytes,
                    static_cast<size_t>(row_bytes));
        continue;
      }
      int64_t rest = i;
      int64_t from = 0;
      int64_t to = 0;
      for (int d = inner; d >= 0; --d) {
        const int64_t index = rest % walk.sizes[d];
        rest /= walk.sizes[d];
        from += index * walk.from_strides[d];
        to += index * walk.to_strides[d];
      }
      kernels.convert(type, type, out + to * plan.bytes, plan.out_stride,
                      weight + indices[from] * plan.row_stride * plan.bytes, plan.element_stride,
                      plan.width);
    }
  });
}

void run_embedding(const KernelState& state, const RunArgs& args) {
  const EmbeddingPlan& plan = state.as<EmbeddingPlan>();
  const std::byte* weight = static_cast<const std::byte*>(args.data[0]);
  std::byte* out = static_cast<std::byte*>(args.data[2]);
  if (plan.wide_indices) {
    gather_rows(plan, weight, static_cast<const int64_t*>(args.data[1]), out, *args.pool);
  } else {
    gather_rows(plan, weight, static_cast<const int32_t*>(args.data[1]), out, *args.pool);
  }
}

}  // namespace

RunFn prepare_copy(const Call& call, KernelState& state) {
  const TensorView& source = call.tensor(kCopySource);
  const TensorView& out = call.outputs()[0];
  if (out.numel == 0) return run_nothing;
  if (source.dtype == out.dtype && source.contiguous && out.contiguous &&
      source.numel == out.numel) {
    state.emplace<BytesPlan>().bytes = out.numel * size_of(out.dtype);
    return run_bytes;
  }
  int64_t strides[FGX_MAX_RANK];
  broadcast_strides(source, out.dims(), strides);
  state.emplace<CopyPlan>(plan_copy(out.dtype, source.dtype, out.dims(), out.strides, strides));
  return run_strided;
}

RunFn prepare_cat(const Call& call, KernelState& state) {
  const TensorView& out = call.outputs()[0];
  if (out.numel == 0) return run_nothing;
  const int dim = cat_dim(call);
  const std::span<const TensorView> tensors = call.inputs();
  const int64_t bytes = size_of(out.dtype);
  const bool plain = out.contiguous && tensors.size() <= JoinedRows::kMostInputs &&
                     std::all_of(tensors.begin(), tensors.end(), [&](const TensorView& tensor) {
                       return cat_skips(tensor) || (tensor.contiguous && tensor.dtype == out.dtype);
                     });
  if (plain) {
    JoinedRows& plan = state.emplace<JoinedRows>();
    plan.rows = 1;
    for (int d = 0; d < dim; ++d) plan.rows *= out.dim(d);
    plan.row_bytes = out.numel / plan.rows * bytes;
    plan.count = static_cast<int32_t>(tensors.size());
    for (size_t i = 0; i < tensors.size(); ++i)
      plan.width[i] = tensors[i].numel / plan.rows * bytes;
    return run_joined;
  }
  JoinedCopies& plan = state.emplace<JoinedCopies>();
  plan.inputs = static_cast<int32_t>(tensors.size());
  plan.parts.reserve(tensors.size());
  int64_t offset = 0;
  for (size_t i = 0; i < tensors.size(); ++i) {
    const TensorView& tensor = tensors[i];
    if (tensor.numel == 0) continue;
    plan.parts.push_back(
        {static_cast<int32_t>(i), offset * out.stride(dim) * bytes,
         plan_copy(out.dtype, tensor.dtype, tensor.dims(), out.strides, tensor.strides)});
    offset += tensor.dim(dim);
  }
  return run_joined_copies;
}

EmbeddingPlan plan_embedding(const Call& call) {
  const TensorView& weight = call.tensor(kWeight);
  const TensorView& indices = call.tensor(kIndices);
  const TensorView& out = call.outputs()[0];
  EmbeddingPlan plan;
  plan.rows = weight.dim(0);
  plan.width = weight.dim(1);
  plan.row_stride = weight.stride(0);
  plan.element_stride = weight.stride(1);
  plan.out_stride = out.stride(-1);
  plan.bytes = size_of(weight.dtype);
  plan.wide_indices = indices.dtype == DType::kInt64;
  plan.flat = indices.contiguous && out.contiguous && (plan.element_stride == 1 || plan.width == 1);
  plan.walk = plan_copy(indices.dtype, indices.dtype, indices.dims(), out.strides, indices.strides);
  return plan;
}

RunFn prepare_embedding(const Call& call, KernelState& state) {
  if (call.tensor(kIndices).numel == 0) return run_nothing;
  state.emplace<EmbeddingPlan>(plan_embedding(call));
  return run_embedding;
}

}  // namespace fgx
