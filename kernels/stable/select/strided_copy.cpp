// SPDX-License-Identifier: Apache-2.0
// Orders and merges the loops of a copy, and spreads them over threads.
#include "kernels/stable/select/strided_copy.h"

#include <algorithm>
#include <cstring>

#include "backend/cpu/thread_pool.h"

namespace fgx {
namespace {

// Elements worth a piece of their own; half of it in a strided walk, which is slower.
constexpr int64_t kGrain = 32768;
// Bytes worth a piece of their own in a plain copy: below, one core is as fast as two.
constexpr int64_t kGrainBytes = 1 << 17;
// Rows of a block that is transposed as one.
constexpr int64_t kTransposeRows = 64;

// Puts the target's closest elements innermost, then merges neighbours.
void order_and_merge(CopyPlan& plan) {
  for (int i = 1; i < plan.ndim; ++i) {
    for (int j = i; j > 0; --j) {
      const bool wrong = plan.to_strides[j - 1] < plan.to_strides[j];
      if (!wrong) break;
      std::swap(plan.sizes[j - 1], plan.sizes[j]);
      std::swap(plan.to_strides[j - 1], plan.to_strides[j]);
      std::swap(plan.from_strides[j - 1], plan.from_strides[j]);
    }
  }
  int kept = 0;
  for (int i = 1; i < plan.ndim; ++i) {
    const bool merge = plan.to_strides[kept] == plan.to_strides[i] * plan.sizes[i] &&
                       plan.from_strides[kept] == plan.from_strides[i] * plan.sizes[i];
    if (merge) {
      plan.sizes[kept] *= plan.sizes[i];
    } else {
      ++kept;
      plan.sizes[kept] = plan.sizes[i];
    }
    plan.to_strides[kept] = plan.to_strides[i];
    plan.from_strides[kept] = plan.from_strides[i];
  }
  plan.ndim = kept + 1;
}

// Calls visit(to offset, from offset) for rows [begin, end) of the loops [0, dims), skipping `except`.
template <typename Visit>
void walk(const CopyPlan& plan, int dims, int except, int64_t begin, int64_t end, Visit&& visit) {
  int64_t index[FGX_MAX_RANK] = {};
  int64_t to = 0;
  int64_t from = 0;
  int64_t rest = begin;
  for (int d = dims - 1; d >= 0; --d) {
    if (d == except) continue;
    index[d] = rest % plan.sizes[d];
    rest /= plan.sizes[d];
    to += index[d] * plan.to_strides[d];
    from += index[d] * plan.from_strides[d];
  }
  for (int64_t row = begin;;) {
    visit(to, from);
    if (++row == end) return;
    for (int d = dims - 1; d >= 0; --d) {
      if (d == except) continue;
      to += plan.to_strides[d];
      from += plan.from_strides[d];
      if (++index[d] < plan.sizes[d]) break;
      to -= plan.sizes[d] * plan.to_strides[d];
      from -= plan.sizes[d] * plan.from_strides[d];
      index[d] = 0;
    }
  }
}

}  // namespace

CopyPlan plan_copy(DType to_type, DType from_type, std::span<const int64_t> shape,
                   const int64_t* to_strides, const int64_t* from_strides) {
  CopyPlan plan;
  plan.to_type = to_type;
  plan.from_type = from_type;
  plan.ndim = 0;
  for (size_t d = 0; d < shape.size(); ++d) {
    if (shape[d] == 1) continue;
    plan.sizes[plan.ndim] = shape[d];
    plan.to_strides[plan.ndim] = to_strides[d];
    plan.from_strides[plan.ndim] = from_strides[d];
    ++plan.ndim;
  }
  if (plan.ndim == 0) {
    plan.sizes[0] = 1;
    plan.to_strides[0] = plan.from_strides[0] = 1;
    plan.ndim = 1;
  }
  order_and_merge(plan);
  const int inner = plan.ndim - 1;
  plan.outer = 1;
  for (int d = 0; d < inner; ++d) plan.outer *= plan.sizes[d];
  plan.unit_from = -1;
  if (to_type == from_type && plan.to_strides[inner] == 1 && plan.from_strides[inner] > 1 &&
      plan.sizes[inner] >= 8) {
    for (int d = 0; d < inner; ++d) {
      if (plan.from_strides[d] == 1 && plan.sizes[d] >= 8) plan.unit_from = d;
    }
  }
  return plan;
}

void copy_bytes(void* to, const void* from, int64_t bytes, const ThreadPool& pool) {
  pool.parallel_for(bytes, kGrainBytes, [&](int64_t begin, int64_t end) {
    std::memcpy(static_cast<std::byte*>(to) + begin, static_cast<const std::byte*>(from) + begin,
                static_cast<size_t>(end - begin));
  });
}

void run_copy(const CopyPlan& plan, void* to_data, const void* from_data, const ThreadPool& pool) {
  const ConvertKernels& kernels = convert_kernels_for(best_isa());
  std::byte* to = static_cast<std::byte*>(to_data);
  const std::byte* from = static_cast<const std::byte*>(from_data);
  const int64_t to_bytes = size_of(plan.to_type);
  const int64_t from_bytes = size_of(plan.from_type);
  const int inner = plan.ndim - 1;
  const int64_t length = plan.sizes[inner];
  const int64_t to_stride = plan.to_strides[inner];
  const int64_t from_stride = plan.from_strides[inner];

  if (plan.unit_from >= 0) {
    const int d = plan.unit_from;
    const int64_t rows = plan.sizes[d];
    const int64_t blocks = (rows + kTransposeRows - 1) / kTransposeRows;
    const int64_t planes = plan.outer / rows;
    const int64_t grain = std::max<int64_t>(1, kGrain / (kTransposeRows * length));
    pool.parallel_for(planes * blocks, grain, [&](int64_t begin, int64_t end) {
      for (int64_t unit = begin; unit < end; ++unit) {
        const int64_t first = unit % blocks * kTransposeRows;
        walk(plan, inner, d, unit / blocks, unit / blocks + 1, [&](int64_t t, int64_t f) {
          kernels.transpose(static_cast<int>(to_bytes),
                            to + (t + first * plan.to_strides[d]) * to_bytes, plan.to_strides[d],
                            from + (f + first) * from_bytes, from_stride,
                            std::min(kTransposeRows, rows - first), length);
        });
      }
    });
    return;
  }
  if (plan.outer == 1 && plan.to_type == plan.from_type && to_stride == 1 && from_stride == 1) {
    copy_bytes(to, from, length * to_bytes, pool);
    return;
  }
  // Few long rows are split inside; many rows are shared out whole.
  if (plan.outer < 4 * pool.num_threads() && length > kGrain) {
    walk(plan, inner, -1, 0, plan.outer, [&](int64_t t, int64_t f) {
      pool.parallel_for(length, kGrain, [&](int64_t begin, int64_t end) {
        kernels.convert(plan.to_type, plan.from_type, to + (t + begin * to_stride) * to_bytes,
                        to_stride, from + (f + begin * from_stride) * from_bytes, from_stride,
                        end - begin);
      });
    });
    return;
  }
  const int64_t grain = std::max<int64_t>(1, kGrain / length);
  pool.parallel_for(plan.outer, grain, [&](int64_t begin, int64_t end) {
    walk(plan, inner, -1, begin, end, [&](int64_t t, int64_t f) {
      kernels.convert(plan.to_type, plan.from_type, to + t * to_bytes, to_stride,
                      from + f * from_bytes, from_stride, length);
    });
  });
}

}  // namespace fgx
