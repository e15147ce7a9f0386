// SPDX-License-Identifier: Apache-2.0
// What kernels over rows share: reductions over a thread's vectors, the threads of a
// row, and the blocks of a cluster.
//
// A row's vectors are combined in one order whatever the number of threads: vector i first meets vector
// i + P/2, where P is the number of vectors rounded up to a power of two, then i + P/4, and so on. Missing
// vectors are neutral. So the launcher may choose threads by the number of rows, and bits stay the same.
#pragma once

#include "kernels/gpu/row_arguments.h"
#include "kernels/gpu/row_vectors.h"

namespace fgx::device {

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
