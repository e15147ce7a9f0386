// SPDX-License-Identifier: Apache-2.0
// Chooses how a matrix product is computed, and runs it on the threads of a pool.
#include "kernels/stable/blas/gemm.h"

#include <algorithm>
#include <atomic>
#include <thread>

#include "backend/cpu/thread_pool.h"
#include "base/error.h"

namespace fgx {
namespace {

// Steps along the shared dimension per block: a panel of b of that length stays in the L2 cache.
constexpr int64_t kBlockSteps = 512;
// Rows per block: packing a panel of b is paid once per this many rows.
constexpr int64_t kMostBlockRows = 448;
// Panels of columns per task.
constexpr int64_t kMostGroup = 4;
// Bytes of sums that a skinny task keeps on its stack.
constexpr int64_t kStackBytes = 32768;
// Multiplications below which a second thread costs more than it brings.
constexpr int64_t kSerialWork = 1 << 18;

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

int64_t element_bytes(GemmType type) {
  switch (type) {
    case GemmType::kFloat32:
      return 4;
    case GemmType::kFloat64:
      return 8;
    case GemmType::kFloat16:
    case GemmType::kBFloat16:
      break;
  }
  return 2;
}
int64_t sum_bytes(GemmMode mode) { return mode == GemmMode::kDouble ? 8 : 4; }
int64_t unit_bytes(GemmMode mode) { return mode == GemmMode::kDouble ? 8 : 4; }
// Bytes of an element of the dense rows that the skinny paths take.
int64_t dense_bytes(GemmMode mode) {
  return mode == GemmMode::kDouble ? 8 : mode == GemmMode::kPairs ? 2 : 4;
}
int64_t elements_per_step(GemmMode mode) { return mode == GemmMode::kPairs ? 2 : 1; }
int64_t panel_columns(const GemmPlan& plan) {
  return plan.mode == GemmMode::kDouble ? plan.kernels->tile_doubles : plan.kernels->tile_floats;
}

int hardware_threads() {
  static const int count = std::max(1u, std::thread::hardware_concurrency());
  return count;
}

const std::byte* at(const void* base, int64_t element, GemmType type) {
  return static_cast<const std::byte*>(base) + element * element_bytes(type);
}
std::byte* at(void* base, int64_t element, GemmType type) {
  return static_cast<std::byte*>(base) + element * element_bytes(type);
}

int64_t round_up(int64_t bytes) {
  constexpr int64_t kMask = static_cast<int64_t>(kWorkspaceAlignment) - 1;
  return (bytes + kMask) & ~kMask;
}

GemmProblem transposed(const GemmProblem& p) {
  GemmProblem t = p;
  std::swap(t.m, t.n);
  t.a_row = p.b_column;
  t.a_shared = p.b_shared;
  t.b_column = p.a_row;
  t.b_shared = p.a_shared;
  std::swap(t.out_row, t.out_column);
  return t;
}

// Sizes of the packed path's workspace: the block of a, then one slot per range.
struct PackedSizes {
  int64_t a;
  int64_t panel;
  int64_t sums;
  int64_t bias;
  int64_t slot() const { return panel + sums + bias; }
};
PackedSizes packed_sizes(const GemmPlan& plan) {
  const int64_t steps = ceil_div(plan.problem.k, elements_per_step(plan.mode));
  const int64_t columns = panel_columns(plan);
  PackedSizes sizes;
  sizes.a = round_up(plan.block_rows * steps * unit_bytes(plan.mode));
  sizes.panel = round_up(std::min(steps, kBlockSteps) * columns * unit_bytes(plan.mode));
  sizes.sums = round_up(plan.block_rows * columns * plan.group * sum_bytes(plan.mode));
  sizes.bias = plan.problem.has_bias ? round_up(columns * plan.group * sum_bytes(plan.mode)) : 0;
  return sizes;
}

// `rows` split into panels whose heights differ by at most one.
struct Panels {
  int64_t count, small, larger;  // `larger` panels of height small + 1 come first
  int64_t height(int64_t i) const { return small + (i < larger ? 1 : 0); }
  int64_t first_row(int64_t i) const { return i * small + std::min(i, larger); }
};
Panels split_rows(int64_t rows, int64_t most) {
  const int64_t count = ceil_div(rows, most);
  return {count, rows / count, rows % count};
}

// Runs task(slot, index) for every index below `count`, on at most `slots` threads.
template <typename Task>
void run_tasks(const ThreadPool& pool, int64_t slots, int64_t count, Task&& task) {
  if (slots <= 1) {
    for (int64_t i = 0; i < count; ++i) task(int64_t{0}, i);
    return;
  }
  std::atomic<int64_t> next{0};
  pool.parallel_for(slots, 1, [&](int64_t begin, int64_t end) {
    for (int64_t slot = begin; slot < end; ++slot) {
      for (int64_t i = next.fetch_add(1, std::memory_order_relaxed); i < count;
           i = next.fetch_add(1, std::memory_order_relaxed)) {
        task(slot, i);
      }
    }
  });
}

void run_packed(const GemmPlan& plan, const void* a, const void* b, const void* bias, void* out,
                const RunArgs& args) {
  const GemmProblem& p = plan.problem;
  const GemmKernels& kernels = *plan.kernels;
  const PackedSizes sizes = packed_sizes(plan);
  std::byte* workspace =
      static_cast<std::byte*>(aligned_workspace(args, sizes.a + sizes.slot() * plan.slots));
  std::byte* slots = workspace + sizes.a;
  const int64_t pair = elements_per_step(plan.mode);
  const int64_t unit = unit_bytes(plan.mode);
  const int64_t steps = ceil_div(p.k, pair);
  const int64_t columns = panel_columns(plan);
  const int64_t all_panels = ceil_div(p.n, columns);
  const int64_t tasks = ceil_div(all_panels, plan.group);
  const int64_t slot_count = std::min<int64_t>(plan.slots, args.pool->num_threads());

  for (int64_t row = 0; row < p.m; row += plan.block_rows) {
    const int64_t rows = std::min(plan.block_rows, p.m - row);
    const Panels panels = split_rows(rows, kernels.tile_rows);
    // Packed a: for each block of steps its panels of rows, one after the other.
    const auto packed_a = [&](int64_t first_step, int64_t block, int64_t panel) {
      return workspace + (first_step * rows + panels.first_row(panel) * block) * unit;
    };
    run_tasks(*args.pool, slot_count, panels.count, [&](int64_t, int64_t i) {
      for (int64_t step = 0; step < steps; step += kBlockSteps) {
        const int64_t block = std::min(kBlockSteps, steps - step);
        const int64_t height = panels.height(i);
        const int64_t first = (row + panels.first_row(i)) * p.a_row + step * pair * p.a_shared;
        kernels.pack(plan.mode, p.type, at(a, first, p.type), p.a_row, p.a_shared, height,
                     std::min(block * pair, p.k - step * pair), height, packed_a(step, block, i));
      }
    });
    run_tasks(*args.pool, slot_count, tasks, [&](int64_t slot, int64_t task) {
      std::byte* panel_b = slots + slot * sizes.slot();
      std::byte* sums = panel_b + sizes.panel;
      std::byte* wide_bias = sums + sizes.sums;
      const int64_t first_column = task * plan.group * columns;
      const int64_t last_column = std::min(p.n, first_column + plan.group * columns);
      if (steps == 0) std::memset(sums, 0, static_cast<size_t>(sizes.sums));
      for (int64_t step = 0; step < steps; step += kBlockSteps) {
        const int64_t block = std::min(kBlockSteps, steps - step);
        std::byte* panel_sums = sums;
        for (int64_t j = first_column; j < last_column; j += columns) {
          kernels.pack(plan.mode, p.type, at(b, j * p.b_column + step * pair * p.b_shared, p.type),
                       p.b_column, p.b_shared, std::min(columns, last_column - j),
                       std::min(block * pair, p.k - step * pair), columns, panel_b);
          for (int64_t i = 0; i < panels.count; ++i) {
            kernels.tile(plan.mode, static_cast<int>(panels.height(i)), block,
                         packed_a(step, block, i), panel_b,
                         panel_sums + panels.first_row(i) * columns * sum_bytes(plan.mode),
                         step > 0);
          }
          panel_sums += rows * columns * sum_bytes(plan.mode);
        }
      }
      if (p.has_bias) {
        kernels.widen(p.type, at(bias, first_column * p.bias_stride, p.type), p.bias_stride,
                      last_column - first_column, wide_bias);
      }
      for (int64_t j = first_column; j < last_column; j += columns) {
        kernels.store(p.out_type, sums + (j - first_column) * rows * sum_bytes(plan.mode), columns,
                      rows, std::min(columns, last_column - j),
                      p.has_bias ? wide_bias + (j - first_column) * sum_bytes(plan.mode) : nullptr,
                      at(out, row * p.out_row + j * p.out_column, p.out_type), p.out_row,
                      p.out_column);
      }
    });
  }
}

// Stores rows x columns of sums of a skinny task and adds the bias, which runs along the rows of a
// swapped problem.
void store_skinny(const GemmPlan& plan, const std::byte* sums, int64_t pitch, int64_t first_column,
                  int64_t columns, const void* bias, void* out) {
  const GemmProblem& p = plan.problem;
  const GemmKernels& kernels = *plan.kernels;
  void* to = at(out, first_column * p.out_column, p.out_type);
  if (!p.has_bias) {
    kernels.store(p.out_type, sums, pitch, p.m, columns, nullptr, to, p.out_row, p.out_column);
    return;
  }
  constexpr int64_t kChunk = 256;
  alignas(kWorkspaceAlignment) std::byte wide[kChunk * 8];
  for (int64_t j = 0; j < columns; j += kChunk) {
    const int64_t count = std::min(kChunk, columns - j);
    const auto store_rows = [&](int64_t row, int64_t rows) {
      kernels.store(p.out_type, sums + (row * pitch + j) * sum_bytes(plan.mode), pitch, rows, count,
                    wide, at(to, row * p.out_row + j * p.out_column, p.out_type), p.out_row,
                    p.out_column);
    };
    if (!plan.swapped) {
      kernels.widen(p.type, at(bias, (first_column + j) * p.bias_stride, p.type), p.bias_stride,
                    count, wide);
      store_rows(0, p.m);
      continue;
    }
    for (int64_t row = 0; row < p.m; ++row) {
      kernels.widen(p.type, at(bias, row * p.bias_stride, p.type), 0, count, wide);
      store_rows(row, 1);
    }
  }
}

void run_skinny(const GemmPlan& plan, const void* a, const void* b, const void* bias, void* out,
                const RunArgs& args) {
  const GemmProblem& p = plan.problem;
  const GemmKernels& kernels = *plan.kernels;
  const std::byte* x = static_cast<const std::byte*>(a);
  int64_t x_stride = p.a_row;
  if (plan.copy_x) {
    std::byte* dense =
        static_cast<std::byte*>(aligned_workspace(args, p.m * p.k * dense_bytes(plan.mode)));
    x = dense;
    x_stride = p.k;
    for (int64_t row = 0; row < p.m; ++row) {
      std::byte* to = dense + row * p.k * dense_bytes(plan.mode);
      const std::byte* from = at(a, row * p.a_row, p.type);
      if (plan.mode == GemmMode::kPairs) {
        for (int64_t k = 0; k < p.k; ++k) std::memcpy(to + 2 * k, from + 2 * k * p.a_shared, 2);
      } else {
        kernels.widen(p.type, from, p.a_shared, p.k, to);
      }
    }
  }
  const auto x_row = [&](int64_t row) { return x + row * x_stride * dense_bytes(plan.mode); };
  const int64_t threads = p.m * p.n * p.k < kSerialWork ? 1 : args.pool->num_threads();
  const int64_t per_row = kStackBytes / sum_bytes(plan.mode) / std::max<int64_t>(p.m, 1);

  if (plan.path == GemmPlan::Path::kSpread) {
    constexpr int64_t kStep = 64;
    const int64_t wanted = ceil_div(ceil_div(p.n, threads * 2), kStep) * kStep;
    const int64_t width = std::max(kStep, std::min(wanted, per_row / kStep * kStep));
    run_tasks(*args.pool, threads, ceil_div(p.n, width), [&](int64_t, int64_t task) {
      alignas(kWorkspaceAlignment) std::byte sums[kStackBytes];
      const int64_t first = task * width;
      const int64_t count = std::min(width, p.n - first);
      std::memset(sums, 0, static_cast<size_t>(p.m * width * sum_bytes(plan.mode)));
      kernels.spread(plan.mode, p.type, x, x_stride, static_cast<int>(p.m), at(b, first, p.type),
                     p.b_shared, count, p.k, sums, width);
      store_skinny(plan, sums, width, first, count, bias, out);
    });
    return;
  }
  // A multiple of every number of lines that a group of rows takes at once; smaller when several
  // groups of rows go over the same lines, which then have to stay in the cache.
  const Panels groups = split_rows(p.m, kernels.skinny_rows);
  const int64_t lines = std::min<int64_t>(groups.count > 1 ? 24 : 120, per_row);
  run_tasks(*args.pool, threads, ceil_div(p.n, lines), [&](int64_t, int64_t task) {
    alignas(kWorkspaceAlignment) std::byte sums[kStackBytes];
    const int64_t first = task * lines;
    const int64_t count = std::min(lines, p.n - first);
    for (int64_t i = 0; i < groups.count; ++i) {
      kernels.dots(plan.mode, p.type, x_row(groups.first_row(i)), x_stride,
                   static_cast<int>(groups.height(i)), at(b, first * p.b_column, p.type),
                   p.b_column, count, p.k,
                   sums + groups.first_row(i) * lines * sum_bytes(plan.mode), lines);
    }
    store_skinny(plan, sums, lines, first, count, bias, out);
  });
}

}  // namespace

void* aligned_workspace(const RunArgs& args, size_t size) {
  if (size == 0) return nullptr;
  const uintptr_t begin = reinterpret_cast<uintptr_t>(args.workspace);
  const uintptr_t aligned = (begin + kWorkspaceAlignment - 1) & ~(kWorkspaceAlignment - 1);
  if (args.workspace == nullptr || aligned - begin + size > args.workspace_size) {
    fail(FGX_INTERNAL, "the workspace has %zu bytes, %zu are needed", args.workspace_size,
         size + kWorkspaceAlignment);
  }
  return static_cast<char*>(args.workspace) + (aligned - begin);
}

GemmType gemm_type(DType dtype) {
  switch (dtype) {
    case DType::kFloat64:
      return GemmType::kFloat64;
    case DType::kFloat16:
      return GemmType::kFloat16;
    case DType::kBFloat16:
      return GemmType::kBFloat16;
    default:
      return GemmType::kFloat32;
  }
}

bool gemm_has_pairs() { return has_avx512_bf16(); }

GemmPlan plan_gemm(const GemmProblem& problem) {
  GemmPlan plan{};
  plan.problem = problem;
  plan.kernels = &gemm_kernels_for(best_isa());
  plan.mode = problem.type == GemmType::kFloat64                        ? GemmMode::kDouble
              : problem.type == GemmType::kBFloat16 && gemm_has_pairs() ? GemmMode::kPairs
                                                                        : GemmMode::kFloat;
  // Few columns are few rows of the transposed problem; and rows should outnumber neither side of a
  // tile's columns, which is what threads share.
  if (problem.m > problem.n &&
      (problem.n <= kSkinnyLimit || (problem.n < 64 && !problem.has_bias))) {
    plan.problem = transposed(problem);
    plan.swapped = true;
  }
  const GemmProblem& p = plan.problem;
  if (p.m <= kSkinnyLimit && (p.b_shared == 1 || p.k <= 1)) {
    plan.path = GemmPlan::Path::kDots;
  } else if (p.m <= kSkinnyLimit && (p.b_column == 1 || p.n <= 1)) {
    plan.path = GemmPlan::Path::kSpread;
  } else {
    plan.path = GemmPlan::Path::kPacked;
    if (p.has_bias && plan.swapped) {  // bias of the packed path runs along columns only
      plan.problem = problem;
      plan.swapped = false;
    }
  }
  if (plan.path == GemmPlan::Path::kPacked) {
    const int64_t panels = ceil_div(p.n, panel_columns(plan));
    const int64_t threads = p.m * p.n * p.k < kSerialWork ? 1 : hardware_threads();
    const int64_t blocks = ceil_div(p.m, kMostBlockRows);
    plan.block_rows = ceil_div(p.m, blocks);
    plan.group = static_cast<int32_t>(std::clamp<int64_t>(panels / (threads * 4), 1, kMostGroup));
    plan.slots = static_cast<int32_t>(std::min(threads, ceil_div(panels, plan.group)));
  } else {
    // Float rows as they are; half types are widened, unless pairs are multiplied as such.
    const bool same = p.type == GemmType::kFloat32 || p.type == GemmType::kFloat64 ||
                      plan.mode == GemmMode::kPairs;
    plan.copy_x = !same || (p.a_shared != 1 && p.k > 1);
  }
  return plan;
}

size_t gemm_workspace(const GemmPlan& plan) {
  if (plan.path != GemmPlan::Path::kPacked) {
    if (!plan.copy_x) return 0;
    return static_cast<size_t>(plan.problem.m * plan.problem.k * dense_bytes(plan.mode)) +
           kWorkspaceAlignment;
  }
  const PackedSizes sizes = packed_sizes(plan);
  return static_cast<size_t>(sizes.a + sizes.slot() * plan.slots) + kWorkspaceAlignment;
}

void run_gemm(const GemmPlan& plan, const void* a, const void* b, const void* bias, void* out,
              const RunArgs& args) {
  if (plan.swapped) std::swap(a, b);
  if (plan.path == GemmPlan::Path::kPacked) {
    run_packed(plan, a, b, bias, out, args);
  } else {
    run_skinny(plan, a, b, bias, out, args);
  }
}

}  // namespace fgx
