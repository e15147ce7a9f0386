// SPDX-License-Identifier: Apache-2.0
// Reductions over rows that are contiguous. A long row is folded from pieces of a fixed length, in order: by one
// block, or by a block for each piece and a second kernel.
#pragma once

#include "kernels/gpu/element.h"
#include "kernels/gpu/reduce_ops.h"

namespace fgx::device {

template <typename Value>
__device__ __noinline__ void store_other(void* out, uint8_t dtype, int64_t at, Value value) {
  store_element(out, dtype, at, value);
}

// A value in a type that is T, or, where T is void, known at run time only.
template <typename T, typename Value>
FGX_DEVICE_INLINE void store_value(void* out, uint8_t dtype, int64_t at, Value value) {
  if constexpr (__is_same(T, void)) {
    store_other(out, dtype, at, static_cast<typename WideOf<Value>::Type>(value));
  } else if constexpr (__is_same(T, Bool)) {
    static_cast<Bool*>(out)[at].byte = value != 0;
  } else {
    static_cast<T*>(out)[at] = store_as<T>(value);
  }
}

// Writes rows' results. T is the type of the row's elements, or void where it is not known. Operations with two
// results have one in `out` and one in `second`, in the same places; where nobody wants one, it is null.
template <typename T>
struct ResultWriter {
  const gpu::ReduceRowArguments& arguments;
  void* out;
  void* second;
  static constexpr bool kInTurn = false;  // whether a block may go on with more rows

  // A row is about to be folded, its elements have arrived, all rows are written; and what a thread folds of a row
  // starts at this element.
  FGX_DEVICE_INLINE void begin(int64_t) {}
  FGX_DEVICE_INLINE void arrived(int64_t) {}
  FGX_DEVICE_INLINE void end() {}
  template <typename Part>
  FGX_DEVICE_INLINE void start(Part&, int64_t) {}

  template <typename State>
  FGX_DEVICE_INLINE void operator()(int64_t row, State state) {
    int64_t at = 0;
#pragma unroll
    for (int d = gpu::kMostOuterDims - 1; d > 0; --d) {
      if (d >= arguments.ndim) continue;
      const int64_t next = row / arguments.sizes[d];
      at += (row - next * arguments.sizes[d]) * arguments.out_steps[d];
      row = next;
    }
    write(at + row * arguments.out_steps[0], state);
  }

 private:
  template <typename Work, typename Index>
  FGX_DEVICE_INLINE void write(int64_t at, ValueAndIndex<Work, Index> state) {
    if (out != nullptr) static_cast<int64_t*>(out)[at] = static_cast<int64_t>(state.index);
    if (second != nullptr) store_value<T>(second, arguments.in_dtype, at, state.value);
  }
  template <typename Work>
  FGX_DEVICE_INLINE void write(int64_t at, MomentsOf<Work> state) {
    if (out != nullptr) {
      store_value<T>(out, arguments.in_dtype, at, state.variance(arguments.freedom));
    }
    if (second != nullptr) store_value<T>(second, arguments.in_dtype, at, state.average());
  }
  template <typename Real>
  FGX_DEVICE_INLINE void write_real(int64_t at, Real state) {
    if (arguments.mean != 0) state /= static_cast<Real>(arguments.length);
    if constexpr (!__is_same(T, void)) {
      if (arguments.out_dtype == arguments.in_dtype) {
        static_cast<T*>(out)[at] = store_as<T>(state);
        return;
      }
    }
    store_other(out, arguments.out_dtype, at, state);
  }
  FGX_DEVICE_INLINE void write(int64_t at, float state) { write_real(at, state); }
  FGX_DEVICE_INLINE void write(int64_t at, double state) { write_real(at, state); }
  FGX_DEVICE_INLINE void write(int64_t at, int32_t state) {
    write(at, static_cast<int64_t>(state));
  }
  FGX_DEVICE_INLINE void write(int64_t at, int64_t state) {
    constexpr uint8_t kInt64 = 5;
    if (arguments.out_dtype == kInt64) {
      static_cast<int64_t*>(out)[at] = state;
    } else {
      store_other(out, arguments.out_dtype, at, state);
    }
  }
};

template <typename T>
FGX_DEVICE_INLINE const T* find_row(const gpu::ReduceRowArguments& arguments, const T* in,
                                    int64_t row) {
#pragma unroll
  for (int d = gpu::kMostOuterDims - 1; d > 0; --d) {
    if (d >= arguments.ndim) continue;
    const int64_t next = row / arguments.sizes[d];
    in += (row - next * arguments.sizes[d]) * arguments.in_steps[d];
    row = next;
  }
  return in + row * arguments.in_steps[0];
}

template <bool kAligned, typename T, int kVectors>
FGX_DEVICE_INLINE void load_vectors(const T* from, int64_t left, int stride, T fill,
                                    HeldVector<T> (&raw)[kVectors]) {
  const int some = static_cast<int>(left < (1 << 24) ? left : (1 << 24));
#pragma unroll
  for (int j = 0; j < kVectors; ++j) {
    raw[j] = HeldVector<T>(load_vector<kAligned>(from + j * stride, some - j * stride, fill));
  }
}

// Rows that are one step of their threads: several beside each other or one to a block. A grid that is too small for
// all is for rows beside each other, and writers that take them in turn.
template <typename Op, typename T, int kVectors, bool kAligned, typename Writer>
FGX_DEVICE_INLINE void reduce_short_rows(const gpu::ReduceRowArguments& arguments, const T* in,
                                         Writer writer) {
  using Local = typename Op::Local;
  using LocalState = typename Local::State;
  extern __shared__ uint4 shared_memory[];
  LocalState* const shared = reinterpret_cast<LocalState*>(shared_memory);
  constexpr int kSize = Vector<T>::kSize;
  const int threads = arguments.threads;
  const int shift = power_of(threads);
  const int t = static_cast<int>(threadIdx.x) & (threads - 1);
  const int first = t * kSize;
  const int stride = threads * kSize;
  int64_t row = static_cast<int64_t>(blockIdx.x) * (blockDim.x >> shift) + (threadIdx.x >> shift);
  const int64_t step = static_cast<int64_t>(gridDim.x) * (blockDim.x >> shift);
  for (int64_t ahead = arguments.outputs; ahead > 0; ahead -= step, row += step) {
    const bool there = row < arguments.outputs;
    const bool writes = t == 0 && there;
    const int left = there ? static_cast<int>(arguments.length) - first : 0;
    HeldVector<T> raw[kVectors];
    load_vectors<kAligned>(find_row(arguments, in, there ? row : 0) + first, left, stride,
                           Local::template fill<T>(), raw);
    if (writes) writer.begin(row);
    typename Local::template Part<T> part;
    writer.start(part, 0);
    part.take(raw, static_cast<uint32_t>(first), stride, left);
    if (writes) writer.arrived(row);
    const LocalState state = fold_threads<Local>(part.result(), threads, shared);
    if (writes) writer(row, Op::widen(state, 0));
    if constexpr (!Writer::kInTurn) break;
  }
  writer.end();
}

// Many rows of any length: each warp has its own, one after another, and loads the next step's vectors while it folds
// this one's.
template <typename Op, typename T, int kVectors, bool kAligned, typename Writer>
FGX_DEVICE_INLINE void reduce_rows_by_warps(const gpu::ReduceRowArguments& arguments, const T* in,
                                            Writer writer) {
  using Local = typename Op::Local;
  constexpr int kSize = Vector<T>::kSize;
  constexpr int kStride = kWarpWidth * kSize;
  const int lane = static_cast<int>(threadIdx.x) % kWarpWidth;
  const int64_t warps = static_cast<int64_t>(gridDim.x) * (blockDim.x / kWarpWidth);
  const T fill = Local::template fill<T>();
  for (int64_t row =
           static_cast<int64_t>(blockIdx.x) * (blockDim.x / kWarpWidth) + threadIdx.x / kWarpWidth;
       row < arguments.outputs; row += warps) {
    if (lane == 0) writer.begin(row);
    const T* const from = find_row(arguments, in, row) + lane * kSize;
    const int64_t length = arguments.length - lane * kSize;  // of what this thread sees
    HeldVector<T> raw[kVectors];
    load_vectors<kAligned>(from, length, kStride, fill, raw);
    typename Local::template Part<T> part;
    writer.start(part, 0);
    for (int64_t at = 0; at < arguments.length; at += kVectors * kStride) {
      const int64_t after = at + kVectors * kStride;
      HeldVector<T> next[kVectors];
      if (after < arguments.length) {
        load_vectors<kAligned>(from + after, length - after, kStride, fill, next);
      }
      const int64_t left = length - at;
      part.take(raw, static_cast<uint32_t>(at) + lane * kSize, kStride,
                static_cast<int>(left < (1 << 24) ? left : (1 << 24)));
#pragma unroll
      for (int j = 0; j < kVectors; ++j) raw[j] = next[j];
    }
    if (lane == 0) writer.arrived(row);
    const typename Local::State state = fold_lanes<Local>(part.result(), kWarpWidth);
    if (lane == 0) writer(row, Op::widen(state, 0));
  }
  writer.end();
}

// States that slot_of(i) gives, by the threads of a block; the first thread gets the result.
template <typename Op, typename SlotOf>
FGX_DEVICE_INLINE typename Op::State fold_slots(const SlotOf& slot_of, int count,
                                                typename Op::State* shared) {
  typename Op::State state = Op::neutral();
  if (count <= kWarpWidth && threadIdx.x >= kWarpWidth) return state;
  for (int i = static_cast<int>(threadIdx.x); i < count; i += static_cast<int>(blockDim.x)) {
    state = Op()(state, slot_of(i));
  }
  if (count <= kWarpWidth) return fold_lanes<Op>(state, kWarpWidth);
  return fold_threads<Op>(state, static_cast<int>(blockDim.x), shared);
}

// One long row, or one piece of one. Its warps go on without waiting for each other: what they find in each piece
// meets at the end.
template <typename Op, typename T, int kVectors, bool kAligned, typename Writer>
FGX_DEVICE_INLINE void reduce_long_row(const gpu::ReduceRowArguments& arguments, const T* in,
                                       typename Op::State* slots, Writer writer) {
  using State = typename Op::State;
  using Local = typename Op::Local;
  using LocalState = typename Local::State;
  extern __shared__ uint4 shared_memory[];
  constexpr int kWarps = gpu::kLongRowThreads / kWarpWidth;
  // A state for each warp to merge those of a block, then for each piece those of its warps.
  State* const shared = reinterpret_cast<State*>(shared_memory);
  LocalState* const found = reinterpret_cast<LocalState*>(shared + kWarps);
  constexpr int kSize = Vector<T>::kSize;
  constexpr int kStride = gpu::kLongRowThreads * kSize;
  const int t = static_cast<int>(threadIdx.x);
  const T fill = Local::template fill<T>();
  const bool split = arguments.split != 0;
  const int64_t row = split ? blockIdx.x / arguments.pieces : blockIdx.x;
  if (t == 0 && !split) writer.begin(row);
  const int64_t begin = split ? (blockIdx.x - row * arguments.pieces) * arguments.piece : 0;
  const int64_t end = split && begin + arguments.piece < arguments.length ? begin + arguments.piece
                                                                          : arguments.length;
  const T* const from = find_row(arguments, in, row) + t * kSize;
  typename Local::template Part<T> part;
  writer.start(part, begin);
  int64_t start = begin;  // of the piece
  int number = 0;
  for (int64_t at = begin; at < end; at += kVectors * kStride) {
    HeldVector<T> raw[kVectors];
    const int64_t rest = end - t * kSize - at;  // of what this thread sees
    const int left = static_cast<int>(rest < (1 << 24) ? rest : (1 << 24));
    load_vectors<kAligned>(from + at, left, kStride, fill, raw);
    part.take(raw, static_cast<uint32_t>(at - start) + t * kSize, kStride, left);
    const int64_t after = at + kVectors * kStride;
    if (split || (after - start < arguments.piece && after < end)) continue;
    const LocalState state = fold_lanes<Local>(part.result(), kWarpWidth);
    if (t % kWarpWidth == 0) found[number * kWarps + t / kWarpWidth] = state;
    part = {};
    start = after;
    writer.start(part, start);
    ++number;
  }
  if (split) {
    const LocalState state = fold_threads<Local>(part.result(), gpu::kLongRowThreads,
                                                 reinterpret_cast<LocalState*>(shared_memory));
    if (t == 0) slots[blockIdx.x] = Op::widen(state, begin);
    return;
  }
  if (t == 0) writer.arrived(row);
  __syncthreads();
  const State state = fold_slots<Op>(
      [&](int i) {
        return Op::widen(fold_run<Local, kWarps>(found + i * kWarps), i * arguments.piece);
      },
      arguments.pieces, shared);
  if (t == 0) writer(row, state);
  writer.end();
}

// The pieces of rows that blocks of their own have left in slots: a block to each row.
template <typename Op, typename Writer>
FGX_DEVICE_INLINE void finish_rows(const gpu::ReduceRowArguments& arguments,
                                   const typename Op::State* slots, Writer writer) {
  using State = typename Op::State;
  extern __shared__ uint4 shared_memory[];
  const int64_t row = blockIdx.x;
  if (threadIdx.x == 0) writer.begin(row);
  const State state = fold_slots<Op>([&](int i) { return slots[row * arguments.pieces + i]; },
                                     arguments.pieces, reinterpret_cast<State*>(shared_memory));
  if (threadIdx.x == 0) {
    writer.arrived(row);
    writer(row, state);
  }
  writer.end();
}

}  // namespace fgx::device

#define FGX_ROW_ARGUMENTS const FGX_IN_PLACE fgx::gpu::ReduceRowArguments arguments
// The launcher passes slots to all; rows that are one step leave nothing there.
#define FGX_ROW_ACCESS(Op, op, name, T, Work, access, aligned)                               \
  extern "C" __global__ void __launch_bounds__(512, sizeof(fgx::device::T) == 1 ? 2 : 3)     \
      fgx_##op##_rows_##name##access(FGX_ROW_ARGUMENTS, const fgx::device::T* in, void* out, \
                                     void*, void* second) {                                  \
    using Fold = fgx::device::Op<fgx::device::WorkTypeOf<fgx::device::T>::Work>;             \
    fgx::device::reduce_short_rows<Fold, fgx::device::T, fgx::gpu::kVectorsAtOnce, aligned>( \
        arguments, in, fgx::device::ResultWriter<fgx::device::T>{arguments, out, second});   \
  }                                                                                          \
  extern "C" __global__ void __launch_bounds__(                                              \
      512, fgx::device::Op<int>::blocks_of(sizeof(fgx::device::T)))                          \
      fgx_##op##_long_##name##access(FGX_ROW_ARGUMENTS, const fgx::device::T* in, void* out, \
                                     void* slots, void* second) {                            \
    using Fold = fgx::device::Op<fgx::device::WorkTypeOf<fgx::device::T>::Work>;             \
    fgx::device::reduce_long_row<Fold, fgx::device::T, fgx::gpu::kVectorsAtOnce, aligned>(   \
        arguments, in, static_cast<Fold::State*>(slots),                                     \
        fgx::device::ResultWriter<fgx::device::T>{arguments, out, second});                  \
  }
#define FGX_ROW_TYPE(Op, op, name, T, Work)     \
  FGX_ROW_ACCESS(Op, op, name, T, Work, , true) \
  FGX_ROW_ACCESS(Op, op, name, T, Work, _any, false)
#define FGX_ROW_FINISH(Op, op, name, Work)                                                   \
  extern "C" __global__ void __launch_bounds__(512) fgx_##op##_finish_rows_##name(           \
      FGX_ROW_ARGUMENTS, void* out, const void* slots, void* second) {                       \
    using Fold = fgx::device::Op<Work>;                                                      \
    fgx::device::finish_rows<Fold>(arguments, static_cast<const Fold::State*>(slots),        \
                                   fgx::device::ResultWriter<void>{arguments, out, second}); \
  }
