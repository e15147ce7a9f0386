// SPDX-License-Identifier: Apache-2.0
// Reductions over columns, and over any strides and types. Where results are few, blocks take pieces of them, and a
// second kernel folds the pieces.
#pragma once

#include "kernels/gpu/element.h"
#include "kernels/gpu/reduce_ops.h"

namespace fgx::device {

// A block's shared memory as states.
template <typename State>
FGX_DEVICE_INLINE State* shared_slots() {
  extern __shared__ uint4 shared_memory[];
  return reinterpret_cast<State*>(shared_memory);
}

// Where results go: operations with two have one in each, null where nobody wants it.
struct Results {
  void* first;
  void* second;
};

// Not inlined: there is a case for each type of result.
template <typename State>
__device__ __noinline__ void write_result(const gpu::ReduceArguments& arguments, Results out,
                                          int64_t output, State state) {
  if (arguments.mean != 0) state = state / static_cast<State>(arguments.elements);
  store_element(out.first, arguments.out_dtype, offset_in(arguments.kept_out, output), state);
}
FGX_DEVICE_INLINE void write_result(const gpu::ReduceArguments& arguments, Results out,
                                    int64_t output, int32_t state) {
  write_result<int64_t>(arguments, out, output, state);
}
template <typename Work>
__device__ __noinline__ void write_result(const gpu::ReduceArguments& arguments, Results out,
                                          int64_t output, ValueAndIndex<Work, int64_t> state) {
  const int64_t at = offset_in(arguments.kept_out, output);
  if (out.first != nullptr) static_cast<int64_t*>(out.first)[at] = state.index;
  if (out.second == nullptr) return;
  store_element(out.second, arguments.in_dtype, at,
                static_cast<typename WideOf<Work>::Type>(state.value));
}
template <typename Work>
__device__ __noinline__ void write_result(const gpu::ReduceArguments& arguments, Results out,
                                          int64_t output, MomentsOf<Work> state) {
  const int64_t at = offset_in(arguments.kept_out, output);
  if (out.first != nullptr) {
    store_element(out.first, arguments.in_dtype, at, state.variance(arguments.freedom));
  }
  if (out.second != nullptr) store_element(out.second, arguments.in_dtype, at, state.average());
}

// Writes or leaves in its slot what the threads of one tile row have found.
template <typename Op>
FGX_DEVICE_INLINE void finish_tile(const gpu::ReduceArguments& arguments, Results out,
                                   typename Op::State* slots, int64_t output, int64_t piece,
                                   typename Op::State state) {
  if (arguments.split != 0) {
    slots[piece * arguments.outputs + output] = state;
  } else {
    write_result(arguments, out, output, state);
  }
}

// Columns: neighbouring threads have neighbouring columns, kWidth each.
template <typename Op, typename T, int kWidth>
FGX_DEVICE_INLINE void reduce_columns(const gpu::ReduceArguments& arguments, const T* in,
                                      Results out, typename Op::State* slots) {
  using Local = typename Op::Local;
  using LocalState = typename Local::State;
  struct alignas(kWidth * sizeof(T)) Slice {
    T at[kWidth];
  };
  const TilePart part(arguments.tile);
  const int64_t tiles = (arguments.columns - 1) / (static_cast<int64_t>(part.side) * kWidth) +
                        1;  // beside each other
  const int64_t all = arguments.outputs / arguments.columns * tiles;
  const int64_t piece = blockIdx.x / all;
  const int64_t tile = blockIdx.x - piece * all;
  const int64_t outer = tile / tiles;
  const int64_t column = ((tile - outer * tiles) * part.side + part.r) * kWidth;
  const bool there = column < arguments.columns;
  const int64_t output = outer * arguments.columns + column;
  LocalState states[kWidth];
#pragma unroll
  for (int w = 0; w < kWidth; ++w) states[w] = Local::neutral();
  const int64_t begin = piece * arguments.piece;
  const int64_t rest = arguments.length - begin;
  const int64_t length = !there ? 0 : rest < arguments.piece ? rest : arguments.piece;
  const T* from = in + (there ? offset_in(arguments.kept_in, output) : 0) +
                  (begin + part.t) * arguments.row_step;
  const int64_t step = part.along * arguments.row_step;
  const auto load = [&](int u) { return *reinterpret_cast<const Slice*>(from + u * step); };
  const auto take = [&](const Slice& slice, int64_t i) {
#pragma unroll
    for (int w = 0; w < kWidth; ++w) {
      Local::take(states[w], work_of<typename Op::Element>(slice.at[w]), i);
    }
  };
  constexpr int kUnroll = 4;
  for (int64_t i = part.t; i < length; i += kUnroll * part.along) {
    Slice slices[kUnroll];
#pragma unroll
    for (int u = 0; u < kUnroll; ++u) {
      if (i + u * part.along < length) slices[u] = load(u);
    }
#pragma unroll
    for (int u = 0; u < kUnroll; ++u) {
      if (i + u * part.along < length) take(slices[u], i + u * part.along);
    }
    from += kUnroll * step;
  }
  // All columns of the threads at once.
  LocalState* const shared = shared_slots<LocalState>();
  const int block = static_cast<int>(blockDim.x);
  const int place = part.t * part.side + part.r;
#pragma unroll
  for (int w = 0; w < kWidth; ++w) shared[w * block + place] = states[w];
  __syncthreads();
  for (int half = part.along / 2; half > 0; half /= 2) {
    // Halves of all columns, shared out over the block.
    const int count = half * part.side;
    for (int k = static_cast<int>(threadIdx.x); k < kWidth * count; k += block) {
      LocalState* const mine = shared + k / count * block + k % count;
      *mine = Local()(*mine, mine[count]);
    }
    __syncthreads();
  }
  if (part.t != 0 || !there) return;
  for (int w = 0; w < kWidth; ++w) {
    finish_tile<Op>(arguments, out, slots, output + w, piece,
                    Op::widen(shared[w * block + part.r], begin));
  }
}

// Goes along the elements of a region, `along` at a time.
struct Walk {
  const gpu::Region& region;
  int64_t index;
  int64_t offset;
  int64_t left;  // in the innermost dimension
  FGX_DEVICE_INLINE Walk(const gpu::Region& where, int64_t first) : region(where), index(first) {
    find();
  }
  FGX_DEVICE_INLINE void find() {
    offset = offset_in(region, index);
    const int64_t inner = region.ndim > 0 ? region.sizes[region.ndim - 1] : 1;
    const int64_t size = inner > 0 ? inner : 1;  // there may be nothing to reduce
    const bool small = static_cast<uint64_t>(index | size) >> 32 == 0;
    left =
        size - (small ? static_cast<uint32_t>(index) % static_cast<uint32_t>(size) : index % size);
  }
  FGX_DEVICE_INLINE void advance(int along) {
    index += along;
    left -= along;
    if (left > 0) {
      offset += along * region.steps[region.ndim - 1];
    } else {
      find();
    }
  }
};

// Any strides; T is the type of elements, or void where it is known at run time only, and they are converted.
// kWidth: elements that are loaded together, along the innermost reduced dimension.
template <typename Op, typename T, int kWidth>
FGX_DEVICE_INLINE void reduce_strided(const gpu::ReduceArguments& arguments, const void* in,
                                      Results out, typename Op::State* slots) {
  using State = typename Op::State;
  using Work = typename Op::Element;
  const TilePart part(arguments.tile);
  const int64_t blocks = (arguments.outputs - 1) / part.side + 1;
  const int64_t piece = blockIdx.x / blocks;
  const int64_t output = (blockIdx.x - piece * blocks) * part.side + part.r;
  const bool there = output < arguments.outputs;
  const int64_t from = there ? offset_in(arguments.kept_in, output) : 0;
  const int64_t begin = piece * arguments.piece;
  const int64_t stop = begin + arguments.piece;
  const int64_t end = !there ? begin : stop < arguments.length ? stop : arguments.length;
  struct Values {
    Work at[kWidth];
  };
  const auto load = [&](int64_t at) {
    Values values;
    if constexpr (__is_same(T, void)) {
      values.at[0] = load_converted<Work>(in, arguments.in_dtype, at, arguments.convert);
    } else if constexpr (kWidth == 1) {
      values.at[0] = work_of<Work>(static_cast<const T*>(in)[at]);
    } else {
      const Pack<T, kWidth> raw =
          *reinterpret_cast<const Pack<T, kWidth>*>(static_cast<const T*>(in) + at);
#pragma unroll
      for (int w = 0; w < kWidth; ++w) values.at[w] = work_of<Work>(raw.at[w]);
    }
    return values;
  };
  State state = Op::neutral();
  constexpr int kUnroll = kWidth == 1 ? 4 : 2;
  Walk walk(arguments.reduced, begin + part.t);
  for (int64_t i = begin + part.t; i < end; i += kUnroll * part.along) {
    Values values[kUnroll];
#pragma unroll
    for (int u = 0; u < kUnroll; ++u) {
      if (i + u * part.along < end) values[u] = load(from + walk.offset);
      walk.advance(part.along);
    }
#pragma unroll
    for (int u = 0; u < kUnroll; ++u) {
      if (i + u * part.along >= end) continue;
#pragma unroll
      for (int w = 0; w < kWidth; ++w) {
        Op::take(state, values[u].at[w], (i + u * part.along) * kWidth + w);
      }
    }
  }
  state = part.merge(state, shared_slots<State>(), Op());
  if (part.t == 0 && there) finish_tile<Op>(arguments, out, slots, output, piece, state);
}

// The pieces: a block has `side` results.
template <typename Op>
FGX_DEVICE_INLINE void finish_tiles(const gpu::ReduceArguments& arguments, Results out,
                                    const typename Op::State* slots) {
  using State = typename Op::State;
  const TilePart part(arguments.tile);
  const int64_t output = static_cast<int64_t>(blockIdx.x) * part.side + part.r;
  const bool there = output < arguments.outputs;
  State state = Op::neutral();
  for (int64_t i = part.t; there && i < arguments.pieces; i += part.along) {
    state = Op()(state, slots[i * arguments.outputs + output]);
  }
  state = part.merge(state, shared_slots<State>(), Op());
  if (part.t == 0 && there) write_result(arguments, out, output, state);
}

}  // namespace fgx::device

#define FGX_TILE_ARGUMENTS const FGX_IN_PLACE fgx::gpu::ReduceArguments arguments
#define FGX_COLUMNS(Op, op, name, T, Work, access, width)                                       \
  extern "C" __global__ void __launch_bounds__(512) fgx_##op##_columns_##name##access(          \
      FGX_TILE_ARGUMENTS, const fgx::device::T* in, void* out, void* slots, void* second) {     \
    using Fold = fgx::device::Op<fgx::device::WorkTypeOf<fgx::device::T>::Work>;                \
    fgx::device::reduce_columns<Fold, fgx::device::T, width>(arguments, in, {out, second},      \
                                                             static_cast<Fold::State*>(slots)); \
  }
#define FGX_STRIDED(Op, op, name, T, Work, width)                                  \
  extern "C" __global__ void __launch_bounds__(512) fgx_##op##_strided_##name(     \
      FGX_TILE_ARGUMENTS, const void* in, void* out, void* slots, void* second) {  \
    using Fold = fgx::device::Op<Work>;                                            \
    fgx::device::reduce_strided<Fold, T, width>(arguments, in, {out, second},      \
                                                static_cast<Fold::State*>(slots)); \
  }
#define FGX_TILE_TYPE(Op, op, name, T, Work)                                                     \
  FGX_COLUMNS(Op, op, name, T, Work, , fgx::gpu::columns_at_once(sizeof(fgx::device::T)))        \
  FGX_COLUMNS(Op, op, name, T, Work, _any, 1)                                                    \
  FGX_STRIDED(Op, op, name##_any, fgx::device::T, fgx::device::WorkTypeOf<fgx::device::T>::Work, \
              1)                                                                                 \
  FGX_STRIDED(Op, op, name, fgx::device::T, fgx::device::WorkTypeOf<fgx::device::T>::Work,       \
              fgx::gpu::columns_at_once(sizeof(fgx::device::T)))
#define FGX_TILE_FINISH(Op, op, name, Work)                                         \
  extern "C" __global__ void __launch_bounds__(512) fgx_##op##_finish_tiles_##name( \
      FGX_TILE_ARGUMENTS, void* out, const void* slots, void* second) {             \
    using Fold = fgx::device::Op<Work>;                                             \
    fgx::device::finish_tiles<Fold>(arguments, {out, second},                       \
                                    static_cast<const Fold::State*>(slots));        \
  }
