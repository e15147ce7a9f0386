// SPDX-License-Identifier: Apache-2.0
// cross_entropy_loss of class indices: every score is read once. Rows of scores that are contiguous and fit vectors
// are taken in turn by blocks, or by groups of lanes, that stay and fetch the next row's target and scores ahead; other
// rows are reduced as all are, or, where there are many, by a warp each; others still by tiles of positions. Where
// losses are summed up, every block leaves its total and one more block adds them in order; few blocks are a cluster and
// need no second kernel. A target that is out of range makes its loss NaN.
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

FGX_DEVICE_INLINE int64_t label_at(const gpu::CrossEntropyArguments& arguments, const void* targets,
                                   int64_t at) {
  constexpr uint8_t kUInt8 = 1;
  return arguments.target_dtype == kUInt8 ? static_cast<const uint8_t*>(targets)[at]
                                          : static_cast<const int64_t*>(targets)[at];
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
    target.label = label_at(arguments, targets, row * arguments.target_step);
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

// The targets of the rows that a thread finishes.
template <typename T>
struct TargetsOf {
  const gpu::ReduceRowArguments& rows;
  const gpu::CrossEntropyArguments& arguments;
  const T* scores;
  const void* targets;
  const T* weights;
  bool finishes;  // this thread does

  FGX_DEVICE_INLINE int64_t label(int64_t row) const {
    return finishes && row < rows.outputs
               ? label_at(arguments, targets, row * arguments.target_step)
               : arguments.ignore_index;
  }
  // What goes with the label; loads that nobody waits for yet.
  FGX_DEVICE_INLINE Target<float> find(int64_t row, int64_t label) const {
    Target<float> target{label, 0, 1};
    if (!finishes || row >= rows.outputs || !target.in_range(arguments)) return target;
    target.score = load_as<float>(scores[row * rows.in_steps[0] + label]);
    if (weights != nullptr) {
      target.weight = load_as<float>(weights[label * arguments.weight_step]);
    }
    return target;
  }
};

// A block's place among rows that are taken in turn, `beside` at a time.
template <typename T>
struct RowsInTurn {
  const gpu::ReduceRowArguments& rows;
  const T* scores;
  int t;  // this thread's number among its row's
  int64_t row;
  int64_t step;
  int64_t ahead;  // rows from the block's first one on

  FGX_DEVICE_INLINE RowsInTurn(const gpu::ReduceRowArguments& arguments, const T* in)
      : rows(arguments), scores(in) {
    const int shift = power_of(rows.threads);
    const int64_t beside = blockDim.x >> shift;
    t = static_cast<int>(threadIdx.x) & (rows.threads - 1);
    row = blockIdx.x * beside + (threadIdx.x >> shift);
    step = gridDim.x * beside;
    ahead = rows.outputs - blockIdx.x * beside;
  }
  FGX_DEVICE_INLINE void go_on() {
    row += step;
    ahead -= step;
  }
  template <int kVectors>
  FGX_DEVICE_INLINE void load(int64_t r, int64_t at, HeldVector<T> (&raw)[kVectors]) const {
    constexpr int kSize = Vector<T>::kSize;
    const bool there = r < rows.outputs;
    load_vectors<true>(scores + (there ? r : 0) * rows.in_steps[0] + at + t * kSize,
                       there ? rows.length - at - t * kSize : int64_t{0}, rows.threads * kSize,
                       negative_infinity<T>(), raw);
  }
  // What this thread finds in its row, whose first vectors `raw` has; then it has the next row's.
  template <int kVectors, bool kAhead>
  FGX_DEVICE_INLINE typename LogSum<T, false>::State fold(HeldVector<T> (&raw)[kVectors]) const {
    const int64_t batch = static_cast<int64_t>(kVectors) * Vector<T>::kSize * rows.threads;
    typename LogSum<T, false>::template Part<T> part;
    for (int64_t at = batch; at < rows.length + batch; at += batch) {
      const bool more = at < rows.length;
      if constexpr (kAhead) {
        HeldVector<T> coming[kVectors];
        load(more ? row : row + step, more ? at : 0, coming);
        part.take(raw, 0, 0, 0);
#pragma unroll
        for (int j = 0; j < kVectors; ++j) raw[j] = coming[j];
      } else {
        part.take(raw, 0, 0, 0);
        load(more ? row : row + step, more ? at : 0, raw);
      }
    }
    return part.result();
  }
};

FGX_DEVICE_INLINE void leave_total(const gpu::CrossEntropyArguments& arguments, void* out,
                                   Total* totals, Total total) {
  if (threadIdx.x != 0) return;
  if (arguments.blocks == 1) {
    write_total(arguments, out, total);
  } else {
    totals[blockIdx.x] = total;
  }
}

// Rows that vectors fit, each taken by some lanes of a warp; these finish as many rows as they are at once, a row to
// each lane. Targets are fetched while rows before theirs are folded.
template <typename T, int kVectors>
FGX_DEVICE_INLINE void loss_by_lanes(const gpu::ReduceRowArguments& rows,
                                     const gpu::CrossEntropyArguments& arguments, const T* scores,
                                     void* out, const void* targets, const T* weights,
                                     Total* totals) {
  using Fold = LogSum<T, false>;
  __shared__ Total sums[gpu::kMostRowThreads / kWarpWidth];
  let_next_launch_begin();
  RowsInTurn<T> in_turn(rows, scores);
  const TargetsOf<T> of{rows, arguments, scores, targets, weights, true};
  HeldVector<T> raw[kVectors];
  in_turn.load(in_turn.row, 0, raw);
  const int lanes = rows.threads;
  const int64_t set = in_turn.step * lanes;  // rows from one of a lane's to the next
  int64_t own = in_turn.row + in_turn.step * in_turn.t;
  int64_t label = of.label(own);
  Target<float> target{};
  typename Fold::State kept = Fold::neutral();
  Total total{0, 0};
  for (int turn = 0; in_turn.ahead > 0; in_turn.go_on()) {
    if (turn == 0) {
      target = of.find(own, label);
      label = of.label(own + set);
    }
    const typename Fold::State state =
        fold_lanes<Fold>(in_turn.template fold<kVectors, true>(raw), lanes);
    if (turn == in_turn.t) kept = state;
    if (++turn < lanes && in_turn.ahead > in_turn.step) continue;
    if (in_turn.t < turn && own < rows.outputs) {
      const float loss = target.finish(arguments, kept, total);
      if (arguments.reduction == 0) {
        static_cast<T*>(out)[own * rows.out_steps[0]] = store_as<T>(loss);
      }
    }
    own += set;
    turn = 0;
  }
  if (arguments.reduction == 0) return;
#pragma unroll
  for (int mask = 1; mask < kWarpWidth; mask *= 2) {
    total = AddTotals()(total, from_lane(total, mask));
  }
  if (threadIdx.x % kWarpWidth == 0) sums[threadIdx.x / kWarpWidth] = total;
  __syncthreads();
  const int warps = static_cast<int>(blockDim.x) / kWarpWidth;
  for (int i = 1; threadIdx.x == 0 && i < warps; ++i) total = AddTotals()(total, sums[i]);
  leave_total(arguments, out, totals, total);
}

// Longer ones, each taken by a block. Two rows ahead the label is fetched, one row ahead its score.
template <typename T, int kVectors, bool kAhead, int kThreads>
FGX_DEVICE_INLINE void loss_by_blocks(const gpu::ReduceRowArguments& rows,
                                      const gpu::CrossEntropyArguments& arguments, const T* scores,
                                      void* out, const void* targets, const T* weights,
                                      Total* totals) {
  using Fold = LogSum<T, false>;
  using State = typename Fold::State;
  constexpr int kWarps = kThreads / kWarpWidth;
  __shared__ State met[2][kWarps];  // in turn, so that one barrier to a row is enough
  let_next_launch_begin();
  RowsInTurn<T> in_turn(rows, scores);
  const TargetsOf<T> of{rows, arguments, scores, targets, weights, in_turn.t == 0};
  HeldVector<T> raw[kVectors];
  in_turn.load(in_turn.row, 0, raw);
  Target<float> target = of.find(in_turn.row, of.label(in_turn.row));
  int64_t label = of.label(in_turn.row + in_turn.step);
  Total total{0, 0};
  for (int turn = 0; in_turn.ahead > 0; in_turn.go_on(), turn ^= 1) {
    const Target<float> next = of.find(in_turn.row + in_turn.step, label);
    label = of.label(in_turn.row + 2 * in_turn.step);
    State state = fold_lanes<Fold>(in_turn.template fold<kVectors, kAhead>(raw), kWarpWidth);
    if (threadIdx.x % kWarpWidth == 0) met[turn][threadIdx.x / kWarpWidth] = state;
    __syncthreads();
    if (threadIdx.x < kWarpWidth) {
      state = fold_lanes<Fold>(met[turn][threadIdx.x % kWarps], kWarps);
    }
    if (of.finishes) {
      const float loss = target.finish(arguments, state, total);
      if (arguments.reduction == 0) {
        static_cast<T*>(out)[in_turn.row * rows.out_steps[0]] = store_as<T>(loss);
      }
    }
    target = next;
  }
  if (arguments.reduction != 0) leave_total(arguments, out, totals, total);
}

// At most kMostClusterBlocks rows, each held in registers by a block. Where losses are summed up, the blocks are a
// cluster, the warps of which leave what they have in the first block's shared memory, and that one finishes all rows.
template <typename T, int kVectors, int kThreads>
FGX_DEVICE_INLINE void loss_few_rows(const gpu::ReduceRowArguments& rows,
                                     const gpu::CrossEntropyArguments& arguments, const T* scores,
                                     void* out, const void* targets, const T* weights) {
  using Fold = LogSum<T, false>;
  using State = typename Fold::State;
  constexpr int kSize = Vector<T>::kSize;
  constexpr int kWarps = kThreads / kWarpWidth;
  __shared__ State met[kMostClusterBlocks * kWarps];
  __shared__ Total sums[kWarps];
  const bool reduces = arguments.reduction != 0;
#if defined(FGX_CLUSTERS)
  if (arguments.clustered != 0) cluster_arrive();
#endif
  begin_beside_launch_before();
  const int t = static_cast<int>(threadIdx.x);
  const int warp = t / kWarpWidth;
  const int64_t row = blockIdx.x;
  HeldVector<T> raw[kVectors];
  load_vectors<true>(scores + row * rows.in_steps[0] + t * kSize, rows.length - t * kSize,
                     kThreads * kSize, negative_infinity<T>(), raw);
  // The row that this thread finishes: the first of as many as a row has warps does.
  const int64_t own = reduces ? t / kWarps : row;
  const TargetsOf<T> of{
      rows,    arguments,
      scores,  targets,
      weights, (reduces ? row == 0 && own < rows.outputs : t < kWarps) && t % kWarps == 0};
  const Target<float> target = of.find(own, of.label(own));
  typename Fold::template Part<T> part;
  part.take(raw, 0, 0, 0);
  State state = fold_lanes<Fold>(part.result(), kWarpWidth);
#if defined(FGX_CLUSTERS)
  if (arguments.clustered != 0) {
    cluster_wait();  // all have started
    if (t % kWarpWidth == 0) store_in_block(met + row * kWarps + warp, 0, state);
    cluster_arrive();
    cluster_wait();
    if (row != 0) return;
  } else
#endif
  {
    if (t % kWarpWidth == 0) met[warp] = state;
    __syncthreads();
  }
  const int left = reduces ? static_cast<int>(rows.outputs) * kWarps : kWarps;
  if (left <= kWarpWidth && warp != 0) return;
  state = fold_lanes<Fold>(t < left ? met[t] : Fold::neutral(), kWarps);
  Total total{0, 0};
  float loss = 0;
  if (of.finishes) loss = target.finish(arguments, state, total);
  if (!reduces) {
    if (of.finishes) static_cast<T*>(out)[row * rows.out_steps[0]] = store_as<T>(loss);
    return;
  }
#pragma unroll
  for (int mask = kWarps; mask < kWarpWidth; mask *= 2) {
    total = AddTotals()(total, from_lane(total, mask));
  }
  if (left > kWarpWidth) {
    if (t % kWarpWidth == 0) sums[warp] = total;
    __syncthreads();
    for (int i = 1; t == 0 && i < kWarps; ++i) total = AddTotals()(total, sums[i]);
  }
  if (t == 0) write_total(arguments, out, total);
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
  }
#define FGX_LOSS_WARPS(kind, spread, name, T, access, aligned)                                  \
  extern "C" __global__ void __launch_bounds__(256, spread ? 2 : 3)                             \
      fgx_cross_entropy##kind##_warps_##name##access(FGX_LOSS_PARAMETERS(T)) {                  \
    using Fold = fgx::device::LogSum<fgx::device::T, spread>;                                   \
    fgx::device::reduce_rows_by_warps<Fold, fgx::device::T, fgx::gpu::kVectorsAtOnce, aligned>( \
        rows, scores, FGX_WRITER(T));                                                           \
  }
// Rows that vectors fit, without smoothing. Vectors of a thread that are loaded at once and blocks of a multiprocessor
// are what an H200 was fastest with.
#define FGX_LOSS_IN_TURN(name, T, by_lanes, lane_blocks, ahead, blocks, few)                       \
  extern "C" __global__ void __launch_bounds__(256, lane_blocks)                                   \
      fgx_cross_entropy_lanes_##name(FGX_LOSS_PARAMETERS(T)) {                                     \
    fgx::device::loss_by_lanes<fgx::device::T, by_lanes>(                                          \
        rows, arguments, scores, out, targets, weights, static_cast<fgx::device::Total*>(totals)); \
  }                                                                                                \
  extern "C" __global__ void __launch_bounds__(256, blocks)                                        \
      fgx_cross_entropy_blocks_##name(FGX_LOSS_PARAMETERS(T)) {                                    \
    fgx::device::loss_by_blocks<fgx::device::T, fgx::gpu::kVectorsAtOnce, ahead, 256>(             \
        rows, arguments, scores, out, targets, weights, static_cast<fgx::device::Total*>(totals)); \
  }                                                                                                \
  extern "C" __global__ void __launch_bounds__(256)                                                \
      fgx_cross_entropy_few_##name(FGX_LOSS_PARAMETERS(T)) {                                       \
    fgx::device::loss_few_rows<fgx::device::T, few, 256>(rows, arguments, scores, out, targets,    \
                                                         weights);                                 \
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
#define FGX_LOSS_TYPE(name, T)                   \
  FGX_LOSS_KIND(, false, name, T)                \
  FGX_LOSS_WARPS(, false, name, T, _any, false)  \
  FGX_LOSS_KIND(_smooth, true, name, T)          \
  FGX_LOSS_WARPS(_smooth, true, name, T, , true) \
  FGX_LOSS_WARPS(_smooth, true, name, T, _any, false)
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
FGX_LOSS_IN_TURN(float32, Float32, 8, 2, false, 4, 4)
FGX_LOSS_IN_TURN(float16, Float16, 4, 3, true, 3, 2)
FGX_LOSS_IN_TURN(bfloat16, BFloat16, 4, 3, true, 3, 2)
FGX_LOSS_STRIDED(float, float)
FGX_LOSS_STRIDED(double, double)

extern "C" __global__ void __launch_bounds__(1024)
    fgx_cross_entropy_total(const fgx::gpu::CrossEntropyArguments arguments, void* out,
                            const void* totals) {
  using fgx::device::AddTotals;
  using fgx::device::Total;
  extern __shared__ uint4 shared_memory[];
  fgx::device::wait_for_launch_before();
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
