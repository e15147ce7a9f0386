// SPDX-License-Identifier: Apache-2.0
// Attention in blocks with an online softmax: scores never leave the cache. Many rows go through the
// packed matrix product; few rows (decoding) read keys and values once, in place.
#include "kernels/stable/attention/attention.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <limits>

#include "backend/cpu/thread_pool.h"
#include "kernels/stable/attention/attention_plan.h"
#include "kernels/stable/blas/gemm.h"

namespace fgx {
namespace {

void run_nothing(const KernelState&, const RunArgs&) {}

// Where one group's tensors begin.
struct GroupData {
  const std::byte* query;
  const std::byte* key;
  const std::byte* value;
  const std::byte* mask;
  std::byte* out;
};

// The scratch of one slot.
struct Scratch {
  std::byte* dense_query;
  std::byte* packed_query;
  std::byte* scores;
  std::byte* weights;
  std::byte* panel;
  std::byte* sums;
  double* maximum;
  double* total;
  double* factor;
};

class Attention {
 public:
  Attention(const AttentionPlan& plan, const RunArgs& args)
      : plan_(plan),
        args_(args),
        sizes_(attention_scratch(plan)),
        gemm_(gemm_kernels_for(best_isa())),
        kernels_(attention_kernels_for(best_isa())),
        wide_(plan.mode == GemmMode::kDouble),
        sum_bytes_(wide_ ? 8 : 4),
        element_(size_of(plan.dtype)),
        columns_(wide_ ? gemm_.tile_doubles : gemm_.tile_floats),
        pair_(plan.mode == GemmMode::kPairs ? 2 : 1),
        dense_element_(plan.mode == GemmMode::kPairs ? 2 : sum_bytes_),
        workspace_(static_cast<std::byte*>(
            aligned_workspace(args, sizes_.partials + sizes_.slot * plan.slots))) {}

  void run() {
    const int64_t blocks = (plan_.rows + plan_.block_rows - 1) / plan_.block_rows;
    const int64_t tasks = plan_.groups * blocks * plan_.parts;
    const int64_t slots = std::min<int64_t>(plan_.slots, args_.pool->num_threads());
    std::atomic<int64_t> next{0};
    const auto work = [&](int64_t slot) {
      for (int64_t task = next.fetch_add(1, std::memory_order_relaxed); task < tasks;
           task = next.fetch_add(1, std::memory_order_relaxed)) {
        const int64_t part = task % plan_.parts;
        const int64_t group = task / plan_.parts % plan_.groups;
        // Later rows see more keys: they go first, so that no thread is left with a long one.
        const int64_t block = blocks - 1 - task / plan_.parts / plan_.groups;
        if (plan_.few_rows) {
          few_rows(scratch(slot), group, part);
        } else {
          many_rows(scratch(slot), group, block * plan_.block_rows);
        }
      }
    };
    const int64_t operations =
        plan_.groups * plan_.rows * plan_.keys * (plan_.size + plan_.value_size);
    constexpr int64_t kSerialWork = 1 << 17;
    if (slots <= 1 || operations < kSerialWork) {
      work(0);
    } else {
      args_.pool->parallel_for(slots, 1, [&](int64_t begin, int64_t end) {
        for (int64_t slot = begin; slot < end; ++slot) work(slot);
      });
    }
    if (plan_.parts > 1) {
      for (int64_t group = 0; group < plan_.groups; ++group) merge_parts(group);
    }
  }

 private:
  Scratch scratch(int64_t slot) const {
    std::byte* at = workspace_ + sizes_.partials + slot * sizes_.slot;
    const auto take = [&](int64_t bytes) {
      std::byte* begin = at;
      at += bytes;
      return begin;
    };
    Scratch s{};
    s.dense_query = take(sizes_.dense_query);
    s.packed_query = take(sizes_.packed_query);
    s.scores = take(sizes_.scores);
    s.weights = take(sizes_.weights);
    s.panel = take(sizes_.panel);
    s.sums = take(sizes_.sums);
    s.maximum = reinterpret_cast<double*>(take(sizes_.state));
    s.total = s.maximum + plan_.block_rows;
    s.factor = s.total + plan_.block_rows;
    return s;
  }

  GroupData data_of(int64_t group) const {
    const int64_t head = group % plan_.head_groups * plan_.group_heads;
    int64_t rest = group / plan_.head_groups;
    int64_t query = head * plan_.query.head;
    int64_t key = head / plan_.heads_per_key * plan_.key.head;
    int64_t value = head / plan_.heads_per_value * plan_.value.head;
    int64_t mask = head * plan_.mask.head;
    int64_t out = head * plan_.out.head;
    for (int d = plan_.batch_dims - 1; d >= 0; --d) {
      const int64_t index = rest % plan_.batch_sizes[d];
      rest /= plan_.batch_sizes[d];
      query += index * plan_.query.batch[d];
      key += index * plan_.key.batch[d];
      value += index * plan_.value.batch[d];
      mask += index * plan_.mask.batch[d];
      out += index * plan_.out.batch[d];
    }
    const auto at = [&](int input, int64_t offset) {
      return static_cast<const std::byte*>(args_.data[input]) + offset * element_;
    };
    GroupData data{};
    data.query = at(0, query);
    data.key = at(1, key);
    data.value = at(2, value);
    if (plan_.has_mask) {
      data.mask = static_cast<const std::byte*>(args_.data[3]) + mask * size_of(plan_.mask_type);
    }
    data.out = static_cast<std::byte*>(args_.data[plan_.has_mask ? 4 : 3]) + out * element_;
    return data;
  }

  // Offset of row `row` of a group: the rows of its first query head come first.
  int64_t row_offset(const AttentionPlan::Strides& strides, int64_t row) const {
    return row / plan_.queries * strides.head + row % plan_.queries * strides.row;
  }

  // Makes rows of the query dense, in the type that the products take.
  void gather_query(const GroupData& data, int64_t first, int64_t rows, std::byte* dense) const {
    for (int64_t r = 0; r < rows; ++r) {
      const std::byte* from = data.query + row_offset(plan_.query, first + r) * element_;
      std::byte* to = dense + r * plan_.size * dense_element_;
      if (plan_.mode != GemmMode::kPairs) {
        gemm_.widen(plan_.type, from, plan_.query.element, plan_.size, to);
      } else if (plan_.query.element == 1) {
        std::memcpy(to, from, static_cast<size_t>(plan_.size * 2));
      } else {
        for (int64_t e = 0; e < plan_.size; ++e) {
          std::memcpy(to + e * 2, from + e * plan_.query.element * 2, 2);
        }
      }
    }
  }

  // Keys of [first_key, first_key + count) that row `row` of the group sees.
  int64_t visible_keys(int64_t row, int64_t first_key, int64_t count) const {
    if (!plan_.causal) return count;
    return std::clamp<int64_t>(row % plan_.queries + 1 - first_key, 0, count);
  }

  void start(const Scratch& s, int64_t rows, int64_t sums) const {
    std::fill_n(s.maximum, rows, -std::numeric_limits<double>::infinity());
    std::fill_n(s.total, rows, 0.0);
    std::memset(s.sums, 0, static_cast<size_t>(sums * sum_bytes_));
  }

  double softmax(const GroupData& data, const Scratch& s, int64_t r, int64_t row, int64_t first_key,
                 int64_t count, std::byte* scores, int64_t panel_stride, int64_t width) const {
    ScoreRow line{};
    line.scores = scores;
    line.panel_stride = panel_stride;
    line.width = width;
    line.count = count;
    line.visible = visible_keys(row, first_key, count);
    line.scale = plan_.scale;
    if (plan_.has_mask) {
      line.mask = data.mask + (row_offset(plan_.mask, row) + first_key * plan_.mask.element) *
                                  size_of(plan_.mask_type);
      line.mask_stride = plan_.mask.element;
      line.mask_type = plan_.mask_type;
    }
    return kernels_.softmax_row(wide_, line, s.maximum + r, s.total + r);
  }

  void many_rows(const Scratch& s, int64_t group, int64_t first) const {
    const GroupData data = data_of(group);
    const int64_t rows = std::min(plan_.block_rows, plan_.rows - first);
    const int64_t tiles = (rows + gemm_.tile_rows - 1) / gemm_.tile_rows;
    const auto tile_first = [&](int64_t t) { return rows * t / tiles; };
    const auto tile_height = [&](int64_t t) { return tile_first(t + 1) - tile_first(t); };
    const int64_t query_steps = (plan_.size + pair_ - 1) / pair_;
    const int64_t unit = sum_bytes_;  // of packed panels: a pair takes the room of a float
    const int64_t panels = (plan_.value_size + columns_ - 1) / columns_;

    gather_query(data, first, rows, s.dense_query);
    const GemmType dense_type = plan_.mode == GemmMode::kPairs ? GemmType::kBFloat16
                                : wide_                        ? GemmType::kFloat64
                                                               : GemmType::kFloat32;
    for (int64_t t = 0; t < tiles; ++t) {
      gemm_.pack(plan_.mode, dense_type,
                 s.dense_query + tile_first(t) * plan_.size * dense_element_, plan_.size, 1,
                 tile_height(t), plan_.size, tile_height(t),
                 s.packed_query + tile_first(t) * query_steps * unit);
    }
    start(s, rows, rows * panels * columns_);

    int64_t seen = 0;  // keys that any row sees
    for (int64_t r = 0; r < rows; ++r) {
      seen = std::max(seen, visible_keys(first + r, 0, plan_.keys));
    }
    for (int64_t first_key = 0; first_key < seen; first_key += kKeyBlock) {
      const int64_t count = std::min(kKeyBlock, seen - first_key);
      const int64_t panel_stride = rows * columns_;
      for (int64_t j = 0; j < count; j += columns_) {
        gemm_.pack(plan_.mode, plan_.type, data.key + (first_key + j) * plan_.key.row * element_,
                   plan_.key.row, plan_.key.element, std::min(columns_, count - j), plan_.size,
                   columns_, s.panel);
        for (int64_t t = 0; t < tiles; ++t) {
          std::byte* tile =
              s.scores + (j / columns_ * panel_stride + tile_first(t) * columns_) * sum_bytes_;
          gemm_.tile(plan_.mode, static_cast<int>(tile_height(t)), query_steps,
                     s.packed_query + tile_first(t) * query_steps * unit, s.panel, tile, false);
        }
      }
      if (query_steps == 0) std::memset(s.scores, 0, static_cast<size_t>(sizes_.scores));
      for (int64_t r = 0; r < rows; ++r) {
        s.factor[r] = softmax(data, s, r, first + r, first_key, count,
                              s.scores + r * columns_ * sum_bytes_, panel_stride, columns_);
      }
      if (first_key > 0) {
        for (int64_t r = 0; r < rows; ++r) {
          if (s.factor[r] == 1.0) continue;
          for (int64_t p = 0; p < panels; ++p) {
            kernels_.rescale(wide_, s.sums + (p * panel_stride + r * columns_) * sum_bytes_,
                             columns_, s.factor[r]);
          }
        }
      }
      pack_weights(s, rows, tiles, count);
      const int64_t key_steps = (count + pair_ - 1) / pair_;
      for (int64_t p = 0; p < panels; ++p) {
        gemm_.pack(plan_.mode, plan_.type,
                   data.value + (first_key * plan_.value.row + p * columns_ * plan_.value.element) *
                                    element_,
                   plan_.value.element, plan_.value.row,
                   std::min(columns_, plan_.value_size - p * columns_), count, columns_, s.panel);
        for (int64_t t = 0; t < tiles; ++t) {
          gemm_.tile(plan_.mode, static_cast<int>(tile_height(t)), key_steps,
                     s.weights + tile_first(t) * key_steps * unit, s.panel,
                     s.sums + (p * panel_stride + tile_first(t) * columns_) * sum_bytes_, true);
        }
      }
    }
    for (int64_t r = 0; r < rows; ++r) {
      std::byte* to = data.out + row_offset(plan_.out, first + r) * element_;
      for (int64_t p = 0; p < panels; ++p) {
        std::byte* sums = s.sums + (p * rows + r) * columns_ * sum_bytes_;
        finish_row(s.total[r], sums, std::min(columns_, plan_.value_size - p * columns_),
                   to + p * columns_ * plan_.out.element * element_);
      }
    }
  }

  // Turns the weights, which lie in panels of columns, into panels of rows.
  void pack_weights(const Scratch& s, int64_t rows, int64_t tiles, int64_t count) const {
    const int64_t key_steps = (count + pair_ - 1) / pair_;
    if (plan_.mode == GemmMode::kPairs) {
      // In place: a row's values are read before its pairs, half as long, are written.
      const int64_t values = (count + columns_ - 1) / columns_ * columns_ * rows;
      kernels_.to_pairs(s.scores, reinterpret_cast<const float*>(s.scores), values);
    }
    const GemmType type = plan_.mode == GemmMode::kPairs ? GemmType::kBFloat16
                          : wide_                        ? GemmType::kFloat64
                                                         : GemmType::kFloat32;
    for (int64_t t = 0; t < tiles; ++t) {
      const int64_t first = rows * t / tiles;
      const int64_t height = rows * (t + 1) / tiles - first;
      for (int64_t j = 0; j < count; j += columns_) {
        const int64_t source = (j * rows + first * columns_) * dense_element_;
        gemm_.pack(plan_.mode, type, s.scores + source, columns_, 1, height,
                   std::min(columns_, count - j), height,
                   s.weights + (first * key_steps + j / pair_ * height) * sum_bytes_);
      }
    }
  }

  // Divides a row of sums by the sum of its weights and stores it. A row that saw nothing is zero.
  void finish_row(double total, std::byte* sums, int64_t count, std::byte* to) const {
    kernels_.rescale(wide_, sums, count, total == 0 ? 0.0 : 1.0 / total);
    gemm_.store(plan_.type, sums, count, 1, count, nullptr, to, 0, plan_.out.element);
  }

  void few_rows(const Scratch& s, int64_t group, int64_t part) const {
    const GroupData data = data_of(group);
    const int64_t rows = plan_.rows;
    gather_query(data, 0, rows, s.dense_query);
    start(s, rows, rows * plan_.value_size);
    const int64_t seen = plan_.causal ? std::min(plan_.keys, plan_.queries) : plan_.keys;
    const int64_t first_key = seen * part / plan_.parts;
    const int64_t last_key = seen * (part + 1) / plan_.parts;
    for (int64_t key = first_key; key < last_key; key += kKeyBlock) {
      const int64_t count = std::min(kKeyBlock, last_key - key);
      const int64_t pitch = (count + columns_ - 1) / columns_ * columns_;
      for (int64_t r = 0; r < rows; r += gemm_.skinny_rows) {
        gemm_.dots(plan_.mode, plan_.type, s.dense_query + r * plan_.size * dense_element_,
                   plan_.size, static_cast<int>(std::min<int64_t>(gemm_.skinny_rows, rows - r)),
                   data.key + key * plan_.key.row * element_, plan_.key.row, count, plan_.size,
                   s.scores + r * pitch * sum_bytes_, pitch);
      }
      for (int64_t r = 0; r < rows; ++r) {
        const double factor =
            softmax(data, s, r, r, key, count, s.scores + r * pitch * sum_bytes_, pitch, pitch);
        if (key > first_key && factor != 1.0) {
          kernels_.rescale(wide_, s.sums + r * plan_.value_size * sum_bytes_, plan_.value_size,
                           factor);
        }
      }
      std::byte* weights = s.scores;
      if (plan_.mode == GemmMode::kPairs) {
        kernels_.to_pairs(s.weights, reinterpret_cast<const float*>(s.scores), rows * pitch);
        weights = s.weights;
      }
      gemm_.spread(plan_.mode, plan_.type, weights, pitch, static_cast<int>(rows),
                   data.value + key * plan_.value.row * element_, plan_.value.row, plan_.value_size,
                   count, s.sums, plan_.value_size);
    }
    if (plan_.parts > 1) {
      const Partial partial = partial_of(group, part);
      std::memcpy(partial.sums, s.sums, static_cast<size_t>(rows * plan_.value_size * sum_bytes_));
      std::memcpy(partial.maximum, s.maximum, static_cast<size_t>(rows) * 8);
      std::memcpy(partial.total, s.total, static_cast<size_t>(rows) * 8);
      return;
    }
    store_few(data, s.sums, s.total);
  }

  void store_few(const GroupData& data, std::byte* sums, const double* total) const {
    for (int64_t r = 0; r < plan_.rows; ++r) {
      finish_row(total[r], sums + r * plan_.value_size * sum_bytes_, plan_.value_size,
                 data.out + row_offset(plan_.out, r) * element_);
    }
  }

  struct Partial {
    std::byte* sums;
    double* maximum;
    double* total;
  };
  Partial partial_of(int64_t group, int64_t part) const {
    const int64_t bytes = sizes_.partials / (plan_.groups * plan_.parts);
    std::byte* at = workspace_ + (group * plan_.parts + part) * bytes;
    double* state = reinterpret_cast<double*>(at + sizes_.sums);
    return {at, state, state + plan_.rows};
  }

  // Adds up what the parts of the keys gave, in order, relative to the largest score of all.
  void merge_parts(int64_t group) const {
    const Partial into = partial_of(group, 0);
    for (int64_t r = 0; r < plan_.rows; ++r) {
      double top = into.maximum[r];
      for (int64_t part = 1; part < plan_.parts; ++part) {
        top = std::max(top, partial_of(group, part).maximum[r]);
      }
      const auto factor = [&](double maximum) {
        return maximum == top ? 1.0 : std::exp(maximum - top);
      };
      std::byte* sums = into.sums + r * plan_.value_size * sum_bytes_;
      kernels_.rescale(wide_, sums, plan_.value_size, factor(into.maximum[r]));
      double total = into.total[r] * factor(into.maximum[r]);
      for (int64_t part = 1; part < plan_.parts; ++part) {
        const Partial from = partial_of(group, part);
        kernels_.accumulate(wide_, sums, from.sums + r * plan_.value_size * sum_bytes_,
                            plan_.value_size, factor(from.maximum[r]));
        total += from.total[r] * factor(from.maximum[r]);
      }
      into.total[r] = total;
    }
    store_few(data_of(group), into.sums, into.total);
  }

  const AttentionPlan& plan_;
  const RunArgs& args_;
  const AttentionScratch sizes_;
  const GemmKernels& gemm_;
  const AttentionKernels& kernels_;
  const bool wide_;
  const int64_t sum_bytes_;
  const int64_t element_;
  const int64_t columns_;
  const int64_t pair_;           // keys per step of the second product
  const int64_t dense_element_;  // bytes of a dense query or weight element
  std::byte* const workspace_;
};

void run_attention(const KernelState& state, const RunArgs& args) {
  Attention(state.as<AttentionPlan>(), args).run();
}

}  // namespace

RunFn prepare_attention(const Call& call, KernelState& state) {
  if (call.outputs()[0].numel == 0) return run_nothing;
  state.emplace<AttentionPlan>(plan_attention(call));
  return run_attention;
}

size_t attention_workspace(const Call& call) {
  if (call.outputs()[0].numel == 0) return 0;
  const AttentionPlan plan = plan_attention(call);
  const AttentionScratch scratch = attention_scratch(plan);
  return static_cast<size_t>(scratch.partials + scratch.slot * plan.slots) + kWorkspaceAlignment;
}

}  // namespace fgx
