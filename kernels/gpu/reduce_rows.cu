// SPDX-License-Identifier: Apache-2.0
// sum, mean, amax and argmax over rows that are contiguous. A long row is folded from pieces of a fixed length,
// in order: by one block, or by a block for each piece and a second kernel.
#include "kernels/gpu/element.h"
#include "kernels/gpu/reduce_ops.h"

namespace fgx::device {

template <typename Value>
__device__ __noinline__ void store_other(void* out, uint8_t dtype, int64_t at, Value value) {
  store_element(out, dtype, at, value);
}

// A row's result. T is the type of the row's elements, or void where it is not known.
template <typename T, typename State>
FGX_DEVICE_INLINE void write_row(const gpu::ReduceRowArguments& arguments, void* out, int64_t row,
                                 State state) {
  int64_t at = 0;
#pragma unroll
  for (int d = gpu::kMostOuterDims - 1; d > 0; --d) {
    if (d >= arguments.ndim) continue;
    const int64_t next = row / arguments.sizes[d];
    at += (row - next * arguments.sizes[d]) * arguments.out_steps[d];
    row = next;
  }
  at += row * arguments.out_steps[0];
  if constexpr (sizeof(State) > 8 || __is_class(State)) {
    static_cast<int64_t*>(out)[at] = state.index;
  } else if constexpr (__is_same(State, float) || __is_same(State, double)) {
    if (arguments.mean != 0) state /= static_cast<State>(arguments.length);
    if constexpr (!__is_same(T, void)) {
      if (arguments.out_dtype == arguments.in_dtype) {
        static_cast<T*>(out)[at] = store_as<T>(state);
        return;
      }
    }
    store_other(out, arguments.out_dtype, at, state);
  } else {
    constexpr uint8_t kInt64 = 5;
    if (arguments.out_dtype == kInt64) {
      static_cast<int64_t*>(out)[at] = state;
    } else {
      store_other(out, arguments.out_dtype, at, static_cast<int64_t>(state));
    }
  }
}

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

// Rows that are one step of their threads: several beside each other or one to a block.
template <typename Op, typename T, int kVectors, bool kAligned>
FGX_DEVICE_INLINE void reduce_short_rows(const gpu::ReduceRowArguments& arguments, const T* in,
                                         void* out) {
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
  const int64_t row =
      static_cast<int64_t>(blockIdx.x) * (blockDim.x >> shift) + (threadIdx.x >> shift);
  const bool there = row < arguments.outputs;
  const int left = there ? static_cast<int>(arguments.length) - first : 0;
  HeldVector<T> raw[kVectors];
  load_vectors<kAligned>(find_row(arguments, in, there ? row : 0) + first, left, stride,
                         Local::template fill<T>(), raw);
  typename Local::template Part<T> part;
  part.take(raw, static_cast<uint32_t>(first), stride, left);
  const LocalState state = fold_threads<Local>(part.result(), threads, shared);
  if (t == 0 && there) write_row<T>(arguments, out, row, Op::widen(state, 0));
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
template <typename Op, typename T, int kVectors, bool kAligned>
FGX_DEVICE_INLINE void reduce_long_row(const gpu::ReduceRowArguments& arguments, const T* in,
                                       void* out, typename Op::State* slots) {
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
  const int64_t begin = split ? (blockIdx.x - row * arguments.pieces) * arguments.piece : 0;
  const int64_t end = split && begin + arguments.piece < arguments.length ? begin + arguments.piece
                                                                          : arguments.length;
  const T* const from = find_row(arguments, in, row) + t * kSize;
  typename Local::template Part<T> part;
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
    ++number;
  }
  if (split) {
    const LocalState state = fold_threads<Local>(part.result(), gpu::kLongRowThreads,
                                                 reinterpret_cast<LocalState*>(shared_memory));
    if (t == 0) slots[blockIdx.x] = Op::widen(state, begin);
    return;
  }
  __syncthreads();
  const State state = fold_slots<Op>(
      [&](int i) {
        return Op::widen(fold_run<Local, kWarps>(found + i * kWarps), i * arguments.piece);
      },
      arguments.pieces, shared);
  if (t == 0) write_row<T>(arguments, out, row, state);
}

// The pieces of rows that blocks of their own have left in slots: a block to each row.
template <typename Op>
FGX_DEVICE_INLINE void finish_rows(const gpu::ReduceRowArguments& arguments, void* out,
                                   const typename Op::State* slots) {
  using State = typename Op::State;
  extern __shared__ uint4 shared_memory[];
  const int64_t row = blockIdx.x;
  const State state = fold_slots<Op>([&](int i) { return slots[row * arguments.pieces + i]; },
                                     arguments.pieces, reinterpret_cast<State*>(shared_memory));
  if (threadIdx.x == 0) write_row<void>(arguments, out, row, state);
}

}  // namespace fgx::device

#define FGX_ARGUMENTS const FGX_IN_PLACE fgx::gpu::ReduceRowArguments arguments
#define FGX_ACCESS(Op, op, name, T, Work, access, aligned)                                   \
  extern "C" __global__ void __launch_bounds__(512, sizeof(fgx::device::T) == 1 ? 2 : 3)     \
      fgx_##op##_rows_##name##access(FGX_ARGUMENTS, const fgx::device::T* in, void* out) {   \
    using Fold = fgx::device::Op<fgx::device::WorkTypeOf<fgx::device::T>::Work>;             \
    fgx::device::reduce_short_rows<Fold, fgx::device::T, fgx::gpu::kVectorsAtOnce, aligned>( \
        arguments, in, out);                                                                 \
  }                                                                                          \
  extern "C" __global__ void __launch_bounds__(                                              \
      512, fgx::device::Op<int>::blocks_of(sizeof(fgx::device::T)))                          \
      fgx_##op##_long_##name##access(FGX_ARGUMENTS, const fgx::device::T* in, void* out,     \
                                     void* slots) {                                          \
    using Fold = fgx::device::Op<fgx::device::WorkTypeOf<fgx::device::T>::Work>;             \
    fgx::device::reduce_long_row<Fold, fgx::device::T, fgx::gpu::kVectorsAtOnce, aligned>(   \
        arguments, in, out, static_cast<Fold::State*>(slots));                               \
  }
#define FGX_TYPE(Op, op, name, T, Work)     \
  FGX_ACCESS(Op, op, name, T, Work, , true) \
  FGX_ACCESS(Op, op, name, T, Work, _any, false)
#define FGX_FINISH(Op, op, name, Work)                                                      \
  extern "C" __global__ void __launch_bounds__(512)                                         \
      fgx_##op##_finish_rows_##name(FGX_ARGUMENTS, void* out, const void* slots) {          \
    using Fold = fgx::device::Op<Work>;                                                     \
    fgx::device::finish_rows<Fold>(arguments, out, static_cast<const Fold::State*>(slots)); \
  }

FGX_NUMBERS(Sum, sum, Sum)
FGX_TYPE(Sum, sum, bool, Bool, Sum)
FGX_FINISH(Sum, sum, float, float)
FGX_FINISH(Sum, sum, double, double)
FGX_FINISH(Sum, sum, int64, int64_t)
FGX_NUMBERS(Max, amax, Order)
FGX_TYPE(Max, amax, bool, Bool, Order)
FGX_FINISH(Max, amax, float, float)
FGX_FINISH(Max, amax, double, double)
FGX_FINISH(Max, amax, int32, int32_t)
FGX_FINISH(Max, amax, int64, int64_t)
FGX_NUMBERS(Argmax, argmax, Order)
FGX_FINISH(Argmax, argmax, float, float)
FGX_FINISH(Argmax, argmax, double, double)
FGX_FINISH(Argmax, argmax, int32, int32_t)
FGX_FINISH(Argmax, argmax, int64, int64_t)
