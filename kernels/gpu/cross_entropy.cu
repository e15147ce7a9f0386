// SPDX-License-Identifier: Apache-2.0
// cross_entropy_loss of class indices: every score is read once. Rows of scores that are contiguous are reduced as
// all rows are, or, where there are many, by a warp each; others by tiles of positions. Where losses are summed up, every block leaves its total and one more
// block adds them in order; few blocks are a cluster and need no second kernel. A target that is out of range makes
// its loss NaN.
#include "kernels/gpu/cross_entropy_arguments.h"
#include "kernels/gpu/log_sum.h"
#include "kernels/gpu/reduce_rows.h"

namespace fgx::device {

struct Total {
  double loss;
  double weight;
};
struct AddTotals {
  FGX_DEVICE_INLINE Total operator()(Total a, Total b) const {
    return {a.loss + b.loss, a.weight + b.weight};
  }
};

FGX_DEVICE_INLINE void write_total(const gpu::CrossEntropyArguments& arguments, void* out,
                                   Total total) {
  store_other(out, arguments.dtype, 0,
              arguments.reduction == 1 ? total.loss / total.weight : total.loss);
}

// Of the position that a thread is at.
template <typename Compute>
struct Target {
  int64_t label;
  Compute score;
  Compute weight;

  FGX_DEVICE_INLINE bool ignored(const gpu::CrossEntropyArguments& arguments) const {
    return label == arguments.ignore_index;
  }
  FGX_DEVICE_INLINE bool in_range(const gpu::CrossEntropyArguments& arguments) const {
    return label >= 0 && label < arguments.classes;
  }
  FGX_DEVICE_INLINE Compute loss(const gpu::CrossEntropyArguments& arguments,
                                 LogSumState<Compute> state) const {
    return weight * (log_of(state.sum) - (score - state.from()));
  }
  FGX_DEVICE_INLINE Compute loss(const gpu::CrossEntropyArguments& arguments,
                                 SpreadState<Compute> state) const {
    const Compute log_sum = log_of(state.sum);
    const Compute loss = weight * (log_sum - (score - state.from()));
    const Compute smoothing = static_cast<Compute>(arguments.smoothing);
    const Compute all = state.weight * log_sum - state.spread;
    return (Compute(1) - smoothing) * loss +
           smoothing / static_cast<Compute>(arguments.classes) * all;
  }
  // The loss; adds it to the total.
  template <typename State>
  FGX_DEVICE_INLINE Compute finish(const gpu::CrossEntropyArguments& arguments, State state,
                                   Total& total) const {
    if (ignored(arguments)) return Compute(0);
    const bool good = in_range(arguments);
    const Compute result = good ? loss(arguments, state) : Compute(__builtin_nan(""));
    total.loss += static_cast<double>(result);
    total.weight += good ? static_cast<double>(weight) : __builtin_nan("");
    return result;
  }
};

// A block's total, in its first thread, on its way out. All threads take part.
FGX_DEVICE_INLINE void finish_block(const gpu::CrossEntropyArguments& arguments, void* out,
                                    Total* totals, Total total) {
#if defined(FGX_CLUSTERS)
  if (arguments.clustered != 0) {
    extern __shared__ uint4 shared_memory[];
    Total* const place = reinterpret_cast<Total*>(shared_memory + arguments.total_at / 16);
    __syncthreads();
    cluster_wait();  // all have started
    if (threadIdx.x == 0) store_in_block(place + cluster_rank(), 0, total);
    cluster_arrive();
    cluster_wait();
    if (cluster_rank() != 0 || threadIdx.x != 0) return;
    total = place[0];
    for (int i = 1; i < arguments.blocks; ++i) total = AddTotals()(total, place[i]);
    write_total(arguments, out, total);
    return;
  }
#endif
  if (threadIdx.x != 0) return;
  if (arguments.blocks == 1) {
    write_total(arguments, out, total);
  } else {
    totals[blockIdx.x] = total;
  }
}

template <typename T>
struct LossWriter {
  const gpu::ReduceRowArguments& rows;
  const gpu::CrossEntropyArguments& arguments;
  const T* scores;
  const void* targets;
  const T* weights;
  void* out;
  Total* totals;
  Total total;
  Target<ComputeOf<T>> target;
  static constexpr bool kInTurn = true;

  template <typename Part>
  FGX_DEVICE_INLINE void start(Part& part, int64_t from) const {
    if (weights != nullptr) part.weights = weights + from;  // smoothing has them one after another
  }
  FGX_DEVICE_INLINE void begin(int64_t row) {
    const int64_t at = row * arguments.target_step;
    constexpr uint8_t kUInt8 = 1;
    target.label = arguments.target_dtype == kUInt8 ? static_cast<const uint8_t*>(targets)[at]
                                                    : static_cast<const int64_t*>(targets)[at];
  }
  FGX_DEVICE_INLINE void arrived(int64_t row) {
    using Compute = ComputeOf<T>;
    if (!target.in_range(arguments)) return;
    target.score = load_as<Compute>(find_row(rows, scores, row)[target.label]);
    target.weight = weights == nullptr
                        ? Compute(1)
                        : load_as<Compute>(weights[target.label * arguments.weight_step]);
  }
  template <typename State>
  FGX_DEVICE_INLINE void operator()(int64_t row, State state) {
    const ComputeOf<T> loss = target.finish(arguments, state, total);
    if (arguments.reduction == 0) {
      static_cast<T*>(out)[row * rows.out_steps[0]] = store_as<T>(loss);
    }
  }
  FGX_DEVICE_INLINE void end() {
    if (arguments.reduction == 0) return;
    const int threads = static_cast<int>(blockDim.x);
    if (rows.threads < threads) {  // several rows beside each other
      extern __shared__ uint4 shared_memory[];
      total =
          merge_threads<true>(total, threads, reinterpret_cast<Total*>(shared_memory), AddTotals());
    }
    finish_block(arguments, out, totals, total);
  }
};

FGX_DEVICE_INLINE void arrive_in_cluster(
    [[maybe_unused]] const gpu::CrossEntropyArguments& arguments) {
#if defined(FGX_CLUSTERS)
  if (arguments.clustered != 0) cluster_arrive();
#endif
}

// Positions of any strides, of which a block takes `side` beside each other in turn.
template <typename Compute>
FGX_DEVICE_INLINE void loss_strided(const gpu::CrossEntropyArguments& arguments,
                                    const gpu::CrossEntropyRegions& where, const void* scores,
                                    void* out, const void* targets, const void* weights,
                                    Total* totals) {
  using Op = LogSum<Compute, true>;
  using State = typename Op::State;
  extern __shared__ uint4 shared_memory[];
  const TilePart part(where.tile);
  Total total{0, 0};
  for (int64_t first = static_cast<int64_t>(blockIdx.x) * part.side; first < where.positions;
       first += static_cast<int64_t>(gridDim.x) * part.side) {
    const int64_t position = first + part.r;
    const bool there = position < where.positions;
    const int64_t from = there ? offset_in(where.scores, position) : 0;
    const auto score = [&](int64_t i) {
      return load_element<Compute>(scores, arguments.dtype, from + i * where.class_step);
    };
    const auto weight = [&](int64_t i) {
      return weights == nullptr
                 ? Compute(1)
                 : load_element<Compute>(weights, arguments.dtype, i * arguments.weight_step);
    };
    State state = Op::neutral();
#pragma unroll 4
    for (int64_t i = part.t; there && i < arguments.classes; i += part.along) {
      Op::take(state, score(i), arguments.smoothing != 0 ? weight(i) : Compute(0));
    }
    state = part.merge(state, reinterpret_cast<State*>(shared_memory), Op());
    if (part.t != 0 || !there) continue;
    Target<Compute> target;
    target.label =
        load_element<int64_t>(targets, arguments.target_dtype, offset_in(where.targets, position));
    if (target.in_range(arguments)) {
      target.score = score(target.label);
      target.weight = weight(target.label);
    }
    const Compute loss =
        arguments.smoothing != 0
            ? target.finish(arguments, state, total)
            : target.finish(arguments, LogSumState<Compute>{state.peak, state.sum}, total);
    if (arguments.reduction == 0) {
      store_element(out, arguments.dtype, offset_in(where.losses, position), loss);
    }
  }
  if (arguments.reduction == 0) return;
  __syncthreads();
  total = merge_threads<true>(total, static_cast<int>(blockDim.x),
                              reinterpret_cast<Total*>(shared_memory), AddTotals());
  finish_block(arguments, out, totals, total);
}

}  // namespace fgx::device

#define FGX_LOSS_PARAMETERS(T)                                                                    \
  const FGX_IN_PLACE fgx::gpu::ReduceRowArguments rows,                                           \
      const FGX_IN_PLACE fgx::gpu::CrossEntropyArguments arguments, const fgx::device::T *scores, \
      void *out, const void *targets, const fgx::device::T *weights, void *totals, void *slots
#define FGX_WRITER(T)                                                                         \
  fgx::device::LossWriter<fgx::device::T> {                                                   \
    rows, arguments, scores, targets, weights, out, static_cast<fgx::device::Total*>(totals), \
        {0, 0}, {                                                                             \
      0, 0, 0                                                                                 \
    }                                                                                         \
  }
#define FGX_LOSS_ACCESS(kind, spread, name, T, access, aligned)                                 \
  extern "C" __global__ void __launch_bounds__(512, 2)                                          \
      fgx_cross_entropy##kind##_rows_##name##access(FGX_LOSS_PARAMETERS(T)) {                   \
    fgx::device::arrive_in_cluster(arguments);                                                  \
    fgx::device::reduce_short_rows<fgx::device::LogSum<fgx::device::T, spread>, fgx::device::T, \
                                   fgx::gpu::kVectorsAtOnce, aligned>(rows, scores,             \
                                                                      FGX_WRITER(T));           \
  }                                                                                             \
  extern "C" __global__ void __launch_bounds__(512, 2)                                          \
      fgx_cross_entropy##kind##_long_##name##access(FGX_LOSS_PARAMETERS(T)) {                   \
    using Fold = fgx::device::LogSum<fgx::device::T, spread>;                                   \
    fgx::device::arrive_in_cluster(arguments);                                                  \
    fgx::device::reduce_long_row<Fold, fgx::device::T, fgx::gpu::kVectorsAtOnce, aligned>(      \
        rows, scores, static_cast<Fold::State*>(slots), FGX_WRITER(T));                         \
  }                                                                                             \
  extern "C" __global__ void __launch_bounds__(256, spread ? 2 : 3)                             \
      fgx_cross_entropy##kind##_warps_##name##access(FGX_LOSS_PARAMETERS(T)) {                  \
    using Fold = fgx::device::LogSum<fgx::device::T, spread>;                                   \
    fgx::device::reduce_rows_by_warps<Fold, fgx::device::T, fgx::gpu::kVectorsAtOnce, aligned>( \
        rows, scores, FGX_WRITER(T));                                                           \
  }
#define FGX_LOSS_KIND(kind, spread, name, T)                                                     \
  FGX_LOSS_ACCESS(kind, spread, name, T, , true)                                                 \
  FGX_LOSS_ACCESS(kind, spread, name, T, _any, false)                                            \
  extern "C" __global__ void __launch_bounds__(512)                                              \
      fgx_cross_entropy##kind##_finish_rows_##name(FGX_LOSS_PARAMETERS(T)) {                     \
    using Fold = fgx::device::LogSum<fgx::device::T, spread>;                                    \
    fgx::device::arrive_in_cluster(arguments);                                                   \
    fgx::device::finish_rows<Fold>(rows, static_cast<const Fold::State*>(slots), FGX_WRITER(T)); \
  }
#define FGX_LOSS_TYPE(name, T)    \
  FGX_LOSS_KIND(, false, name, T) \
  FGX_LOSS_KIND(_smooth, true, name, T)
#define FGX_LOSS_STRIDED(name, Compute)                                                            \
  extern "C" __global__ void __launch_bounds__(512) fgx_cross_entropy_strided_##name(              \
      const FGX_IN_PLACE fgx::gpu::CrossEntropyRegions where,                                      \
      const FGX_IN_PLACE fgx::gpu::CrossEntropyArguments arguments, const void* scores, void* out, \
      const void* targets, const void* weights, void* totals) {                                    \
    fgx::device::loss_strided<Compute>(arguments, where, scores, out, targets, weights,            \
                                       static_cast<fgx::device::Total*>(totals));                  \
  }

FGX_LOSS_TYPE(float32, Float32)
FGX_LOSS_TYPE(float16, Float16)
FGX_LOSS_TYPE(bfloat16, BFloat16)
FGX_LOSS_STRIDED(float, float)
FGX_LOSS_STRIDED(double, double)

extern "C" __global__ void __launch_bounds__(1024)
    fgx_cross_entropy_total(const fgx::gpu::CrossEntropyArguments arguments, void* out,
                            const void* totals) {
  using fgx::device::AddTotals;
  using fgx::device::Total;
  extern __shared__ uint4 shared_memory[];
  Total total{0, 0};
#pragma unroll 8
  for (int i = static_cast<int>(threadIdx.x); i < arguments.blocks;
       i += static_cast<int>(blockDim.x)) {
    total = AddTotals()(total, static_cast<const Total*>(totals)[i]);
  }
  total = fgx::device::merge_threads<true>(total, static_cast<int>(blockDim.x),
                                           reinterpret_cast<Total*>(shared_memory), AddTotals());
  if (threadIdx.x == 0) fgx::device::write_total(arguments, out, total);
}
