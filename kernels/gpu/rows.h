// SPDX-License-Identifier: Apache-2.0
// What kernels over rows share: vectors of a row, and reductions over a thread's vectors, the threads of a
// row, and the blocks of a cluster.
//
// A row's vectors are combined in one order whatever the number of threads: vector i first meets vector
// i + P/2, where P is the number of vectors rounded up to a power of two, then i + P/4, and so on. Missing
// vectors are neutral. So the launcher may choose threads by the number of rows, and bits stay the same.
#pragma once

#include "kernels/gpu/device_math.h"
#include "kernels/gpu/row_arguments.h"

namespace fgx::device {

#if defined(FGX_WARP_WIDTH)
inline constexpr int kWarpWidth = FGX_WARP_WIDTH;
#elif defined(__HIP__)
inline constexpr int kWarpWidth = 64;
#else
inline constexpr int kWarpWidth = 32;
#endif

template <typename T>
struct ComputeTypeOf {
  using Type = float;
};
template <>
struct ComputeTypeOf<double> {
  using Type = double;
};
template <typename T>
using ComputeOf = typename ComputeTypeOf<T>::Type;

template <typename T>
FGX_DEVICE_INLINE T negative_infinity() {
  return T(-__builtin_inf());
}
template <>
FGX_DEVICE_INLINE Float16 negative_infinity() {
  return {0xfc00};
}
template <>
FGX_DEVICE_INLINE BFloat16 negative_infinity() {
  return {0xff80};
}

// A kernel's parameter that is indexed at run time where it lies, not copied to the stack.
#if defined(__HIP__)
#define FGX_IN_PLACE
#else
#define FGX_IN_PLACE __grid_constant__
#endif

// The exponent of a power of two.
FGX_DEVICE_INLINE int power_of(int value) { return 31 - __clz(value); }

// ---- vectors -------------------------------------------------------------------------------------

// `count` elements at `from`; `fill` from element `left` on, which is not read. kAligned: 16-byte aligned,
// and all or nothing is left.
template <bool kAligned, typename T>
FGX_DEVICE_INLINE Vector<T> load_vector(const T* from, int left, T fill) {
  Vector<T> vector;
  if constexpr (kAligned) {
    if (left > 0) {
      const uint4 raw = *reinterpret_cast<const uint4*>(from);
      __builtin_memcpy(&vector, &raw, 16);
      return vector;
    }
#pragma unroll
    for (int i = 0; i < Vector<T>::kSize; ++i) vector.at[i] = fill;
  } else {
#pragma unroll
    for (int i = 0; i < Vector<T>::kSize; ++i) vector.at[i] = i < left ? from[i] : fill;
  }
  return vector;
}

// kCount values in the compute type, stored as T.
template <bool kAligned, int kCount, typename T, typename Compute>
FGX_DEVICE_INLINE void store_vector(T* to, int left, const Compute (&values)[kCount]) {
  T out[kCount];
  if constexpr (sizeof(T) == 2) {
#pragma unroll
    for (int i = 0; i < kCount; i += 2) to_halves(values[i], values[i + 1], out + i);
  } else {
#pragma unroll
    for (int i = 0; i < kCount; ++i) out[i] = store_as<T>(values[i]);
  }
  if constexpr (kAligned) {
    if (left <= 0) return;
    constexpr int kWords = kCount * static_cast<int>(sizeof(T)) / 16;
    uint4 raw[kWords];
    __builtin_memcpy(raw, out, sizeof raw);
#pragma unroll
    for (int i = 0; i < kWords; ++i) reinterpret_cast<uint4*>(to)[i] = raw[i];
  } else {
#pragma unroll
    for (int i = 0; i < kCount; ++i) {
      if (i < left) to[i] = out[i];
    }
  }
}

// A vector that stays in registers between the passes over its row, as four words: halves that the compiler
// took apart would need twice as many.
template <typename T>
struct HeldVector {
  uint32_t words[4];
  FGX_DEVICE_INLINE explicit HeldVector(const Vector<T>& vector) {
    __builtin_memcpy(words, &vector, 16);
  }
  HeldVector() = default;
  FGX_DEVICE_INLINE Vector<T> vector() const {
    Vector<T> result;
    __builtin_memcpy(&result, words, 16);
    return result;
  }
  FGX_DEVICE_INLINE ComputeOf<T> value(int i) const {
    if constexpr (__is_same(T, BFloat16)) {
      const uint32_t word = words[i / 2];
      return __builtin_bit_cast(float, i % 2 == 0 ? word << 16 : word & 0xffff0000u);
    } else if constexpr (__is_same(T, Float16)) {
      return to_float(Float16{static_cast<uint16_t>(words[i / 2] >> (16 * (i % 2)))});
    } else if constexpr (__is_same(T, double)) {
      return __builtin_bit_cast(double,
                                static_cast<uint64_t>(words[2 * i + 1]) << 32 | words[2 * i]);
    } else {
      return __builtin_bit_cast(float, words[i]);
    }
  }
  // Keeps the compiler from holding on to converted values: converting again is cheaper than registers.
  FGX_DEVICE_INLINE void forget_values() {
    if constexpr (sizeof(T) == 2) {
#pragma unroll
      for (int i = 0; i < 4; ++i) {
#if defined(__HIP__)
        asm volatile("" : "+v"(words[i]));
#else
        asm volatile("" : "+r"(words[i]));
#endif
      }
    }
  }
};

// A number rather than NaN.
FGX_DEVICE_INLINE float larger(float a, float b) { return ::fmaxf(a, b); }
FGX_DEVICE_INLINE double larger(double a, double b) { return ::fmax(a, b); }

// The largest element of a thread's vectors; a number rather than NaN.
template <typename T, int kVectors>
FGX_DEVICE_INLINE ComputeOf<T> largest_of(const HeldVector<T> (&vectors)[kVectors]) {
#if !defined(__HIP__)
  if constexpr (sizeof(T) == 2) {
    // Two halves at once.
    uint32_t top = vectors[0].words[0];
#pragma unroll
    for (int i = 1; i < 4 * kVectors; ++i) {
      const uint32_t word = vectors[i / 4].words[i % 4];
      if constexpr (__is_same(T, BFloat16)) {
        asm("max.bf16x2 %0, %0, %1;" : "+r"(top) : "r"(word));
      } else {
        asm("max.f16x2 %0, %0, %1;" : "+r"(top) : "r"(word));
      }
    }
    HeldVector<T> both;
    both.words[0] = top;
    return larger(both.value(0), both.value(1));
  }
#endif
  ComputeOf<T> top = vectors[0].value(0);
#pragma unroll
  for (int j = 0; j < kVectors; ++j) {
#pragma unroll
    for (int i = 0; i < Vector<T>::kSize; ++i) {
      top = larger(top, vectors[j].value(i));
    }
  }
  return top;
}

// ---- reductions ----------------------------------------------------------------------------------

struct Add {
  template <typename T>
  FGX_DEVICE_INLINE T operator()(T a, T b) const {
    return a + b;
  }
};
struct Larger {
  template <typename T>
  FGX_DEVICE_INLINE T operator()(T a, T b) const {
    return larger(a, b);
  }
};
template <typename T>
struct Both {
  T first;
  T second;
  FGX_DEVICE_INLINE friend Both operator+(Both a, Both b) {
    return {a.first + b.first, a.second + b.second};
  }
};

// The value of the lane whose number differs in the bits of `mask`.
template <typename State>
FGX_DEVICE_INLINE State from_lane(State state, int mask) {
  static_assert(sizeof(State) % 4 == 0);
  int words[sizeof(State) / 4];
  __builtin_memcpy(words, &state, sizeof state);
#pragma unroll
  for (unsigned i = 0; i < sizeof(State) / 4; ++i) {
#if defined(__HIP__)
    words[i] = __shfl_xor(words[i], mask, kWarpWidth);
#else
    words[i] = __shfl_xor_sync(0xffffffffu, words[i], mask, kWarpWidth);
#endif
  }
  __builtin_memcpy(&state, words, sizeof state);
  return state;
}

// Over groups of `lanes` neighbouring lanes; all of the warp take part, each gets its group's result.
template <typename State, typename Merge>
FGX_DEVICE_INLINE State merge_lanes(State state, int lanes, Merge merge) {
  for (int mask = lanes / 2; mask > 0; mask /= 2) state = merge(state, from_lane(state, mask));
  return state;
}

// Of a thread's own vectors: state_of(j) for each, in the order that keeps the fewest alive.
template <int kCount, int kStep = 1, typename Merge, typename StateOf>
FGX_DEVICE_INLINE auto merge_own(Merge merge, const StateOf& state_of, int first = 0) {
  if constexpr (kStep >= kCount) {
    return state_of(first);
  } else {
    const auto left = merge_own<kCount, 2 * kStep>(merge, state_of, first);
    return merge(left, merge_own<kCount, 2 * kStep>(merge, state_of, first + kStep));
  }
}

// Over `kCount` states, kStride warps' worth apart.
template <int kCount, int kStride, int kStep = 1, typename State, typename Merge>
FGX_DEVICE_INLINE State merge_column(const State* states, Merge merge) {
  if constexpr (kStep >= kCount) {
    return states[0];
  } else {
    const State left = merge_column<kCount, kStride, 2 * kStep>(states, merge);
    return merge(left, merge_column<kCount, kStride, 2 * kStep>(
                           states + kStep * kStride * kWarpWidth, merge));
  }
}

// Over the warps of a block, lane by lane; of many warps, a quarter merges four states each first.
template <int kWarps, typename State, typename Merge>
FGX_DEVICE_INLINE State merge_warps(State* shared, bool to_first, Merge merge) {
  const int lane = static_cast<int>(threadIdx.x) % kWarpWidth;
  if constexpr (kWarps < 8) {
    return merge_column<kWarps, 1>(shared + lane, merge);
  } else {
    constexpr int kGroups = kWarps / 4;
    if (!to_first) {
      if (threadIdx.x < kGroups * kWarpWidth) {
        shared[threadIdx.x] = merge_column<4, kGroups>(shared + threadIdx.x, merge);
      }
      __syncthreads();
      return merge_column<kGroups, 1>(shared + lane, merge);
    }
    return merge_column<kWarps, 1>(shared + lane, merge);
  }
}

// Over the `threads` threads of a row; each gets the result, or with kToFirst those of the first warp
// only. Rows of more than a warp have the whole block: `shared` is theirs, one state per thread, and used
// once between two barriers.
template <bool kToFirst = false, typename State, typename Merge>
FGX_DEVICE_INLINE State merge_threads(State state, int threads, State* shared, Merge merge) {
  if (threads <= kWarpWidth) return merge_lanes(state, threads, merge);
  shared[threadIdx.x] = state;
  __syncthreads();
  if (kToFirst && threadIdx.x >= kWarpWidth) return state;
  switch (threads / kWarpWidth) {
    case 2:
      state = merge_warps<2>(shared, kToFirst, merge);
      break;
    case 4:
      state = merge_warps<4>(shared, kToFirst, merge);
      break;
    case 8:
      state = merge_warps<8>(shared, kToFirst, merge);
      break;
    case 16:
      state = merge_warps<16>(shared, kToFirst, merge);
      break;
    default:
      state = merge_warps<32>(shared, kToFirst, merge);
  }
  return merge_lanes(state, kWarpWidth, merge);
}

// ---- clusters: blocks that share a row and reach each other's shared memory -------------------------

#if !defined(__HIP__) && defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
#define FGX_CLUSTERS 1
FGX_DEVICE_INLINE uint32_t cluster_rank() {
  uint32_t rank;
  asm("mov.u32 %0, %%cluster_ctarank;" : "=r"(rank));
  return rank;
}
FGX_DEVICE_INLINE uint32_t cluster_size() {
  uint32_t size;
  asm("mov.u32 %0, %%cluster_nctarank;" : "=r"(size));
  return size;
}
FGX_DEVICE_INLINE void cluster_arrive() {
  asm volatile("barrier.cluster.arrive.aligned;" ::: "memory");
}
FGX_DEVICE_INLINE void cluster_wait() {
  asm volatile("barrier.cluster.wait.aligned;" ::: "memory");
}
// Writes to the same place in the shared memory of block `rank`.
template <typename State>
FGX_DEVICE_INLINE void store_in_block(State* place, uint32_t rank, State state) {
  uint32_t words[sizeof(State) / 4];
  __builtin_memcpy(words, &state, sizeof state);
  const uint32_t here = static_cast<uint32_t>(__cvta_generic_to_shared(place));
  uint32_t there;
  asm("mapa.shared::cluster.u32 %0, %1, %2;" : "=r"(there) : "r"(here), "r"(rank));
#pragma unroll
  for (unsigned i = 0; i < sizeof(State) / 4; ++i) {
    asm volatile("st.shared::cluster.u32 [%0], %1;" ::"r"(there + 4 * i), "r"(words[i]) : "memory");
  }
}
// Over the blocks of a cluster, in their order; all have arrived at a barrier since they started. `slots`:
// one per block, used once.
template <typename State, typename Merge>
FGX_DEVICE_INLINE State merge_cluster(State state, State* slots, Merge merge) {
  const uint32_t size = cluster_size();
  if (threadIdx.x < size) store_in_block(slots + cluster_rank(), threadIdx.x, state);
  cluster_arrive();
  cluster_wait();
  state = slots[0];
  for (uint32_t i = 1; i < size; ++i) state = merge(state, slots[i]);
  return state;
}
#endif
inline constexpr int kMostClusterBlocks = 16;

// ---- rows ----------------------------------------------------------------------------------------

// The row that a thread works on, and its part there.
template <typename In, typename Out>
struct RowPart {
  const In* x;  // its first vector
  Out* y;       // where that goes
  int first;    // index of that vector's first element in the row
  int left;     // elements from there to the row's end; none where there is no such row
  int stride;   // elements from one of its vectors to the next

  template <int kVectors, bool kClustered>
  FGX_DEVICE_INLINE void find(const gpu::RowArguments& arguments, const In* in, Out* out) {
    constexpr int kSize = Vector<In>::kSize;
    const int threads = arguments.threads;
    int64_t row = static_cast<int64_t>(blockIdx.x);
    int block = 0;  // number of this block in its row
    if constexpr (kClustered) {
#if defined(FGX_CLUSTERS)
      row /= cluster_size();
      block = static_cast<int>(cluster_rank());
#endif
    } else {
      const int shift = power_of(threads);
      row = row * (blockDim.x >> shift) + (threadIdx.x >> shift);
    }
    const int t = static_cast<int>(threadIdx.x) & (threads - 1);
    stride = threads * kSize;
    first = (block * threads * kVectors + t) * kSize;
    left = row < arguments.rows ? static_cast<int>(arguments.length) - first : 0;
    int64_t from = first, to = first;
#pragma unroll
    for (int d = gpu::kMostOuterDims - 1; d > 0; --d) {
      if (d >= arguments.ndim) continue;
      const int64_t next = row / arguments.sizes[d];
      from += (row - next * arguments.sizes[d]) * arguments.x_steps[d];
      to += (row - next * arguments.sizes[d]) * arguments.y_steps[d];
      row = next;
    }
    x = in + from + row * arguments.x_steps[0];
    y = out + to + row * arguments.y_steps[0];
  }
};

// Shared memory of a row kernel's reductions: per reduction one state for each thread and cluster block.
template <typename State>
FGX_DEVICE_INLINE State* shared_states(int reduction, int threads) {
  extern __shared__ uint4 shared_memory[];
  return reinterpret_cast<State*>(shared_memory) + reduction * (threads + kMostClusterBlocks);
}

// Over a whole row: `reduction` numbers the kernel's reductions, all of one State.
template <bool kClustered, typename State, typename Merge>
FGX_DEVICE_INLINE State merge_row(State state, int threads, int reduction, Merge merge) {
  State* const shared = shared_states<State>(reduction, threads);
  state = merge_threads(state, threads, shared, merge);
  if constexpr (kClustered) {
#if defined(FGX_CLUSTERS)
    if (reduction == 0) cluster_wait();
    state = merge_cluster(state, shared + threads, merge);
#endif
  }
  return state;
}

// ---- rows of any strides -------------------------------------------------------------------------

// A thread's place in a block that has `side` rows beside each other.
struct TilePart {
  int along;  // threads of a row
  int t;      // this one's number among them
  int r;      // its row's number in the block
  int side;
  FGX_DEVICE_INLINE explicit TilePart(const gpu::Tile& tile) : side(tile.side) {
    const int thread = static_cast<int>(threadIdx.x);
    along = static_cast<int>(blockDim.x) >> power_of(side);
    r = tile.side_first != 0 ? thread & (side - 1) : thread >> power_of(along);
    t = tile.side_first != 0 ? thread >> power_of(side) : thread & (along - 1);
  }
  // Over the threads of each row; all get the result. `shared` has one state per thread.
  template <typename State, typename Merge>
  FGX_DEVICE_INLINE State merge(State state, State* shared, Merge merge) const {
    State* const mine = shared + t * side + r;
    *mine = state;
    __syncthreads();
    for (int half = along / 2; half > 0; half /= 2) {
      if (t < half) *mine = merge(*mine, mine[half * side]);
      __syncthreads();
    }
    state = shared[r];
    __syncthreads();
    return state;
  }
};

}  // namespace fgx::device
