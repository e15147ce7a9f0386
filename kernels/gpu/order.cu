// SPDX-License-Identifier: Apache-2.0
// topk and sort of short rows, sorted in registers by a network.
//
//   fgx_order_block_<small, narrow, wide>(arguments, x, from, values, indices)   x, or pairs that order_first.cu kept
//
// Key and index of an element are one number, so that no two are equal and any way to sort is stable: of 32 bits for
// elements of at most 16 (small), of 64 bits for those of at most 32 (narrow), of 96 bits (wide).
#include "kernels/gpu/order_arguments.h"
#include "kernels/gpu/order_keys.h"
#include "kernels/gpu/order_pairs.h"
#include "kernels/gpu/order_rows.h"
#include "kernels/gpu/warp.h"

namespace fgx::device {

// Pairs of a block in shared memory, each part by itself: neighbours have neighbouring words.
template <typename Pair>
struct SharedPairs {
  Pair* pairs;
  FGX_DEVICE_INLINE SharedPairs(void* memory, int) : pairs(static_cast<Pair*>(memory)) {}
  FGX_DEVICE_INLINE void set(int at, const Pair& pair) { pairs[at] = pair; }
  FGX_DEVICE_INLINE Pair get(int at) const { return pairs[at]; }
};
template <>
struct SharedPairs<WidePair> {
  uint64_t* keys;
  uint32_t* lows;
  FGX_DEVICE_INLINE SharedPairs(void* memory, int count)
      : keys(static_cast<uint64_t*>(memory)), lows(reinterpret_cast<uint32_t*>(keys + count)) {}
  FGX_DEVICE_INLINE void set(int at, const WidePair& pair) {
    keys[at] = pair.key;
    lows[at] = pair.low;
  }
  FGX_DEVICE_INLINE WidePair get(int at) const { return {keys[at], lows[at]}; }
};

constexpr int kItems = gpu::kOrderItems;

template <typename Pair>
FGX_DEVICE_INLINE void exchange(Pair& a, Pair& b, bool rising) {
  if (b.before(a) == rising) {
    const Pair other = a;
    a = b;
    b = other;
  }
}

// K. E. Batcher's bitonic network (1968) over threads * kItems pairs, of which each thread has kItems that follow each
// other: steps between a thread's own pairs, between lanes, and, in larger tiles, through shared memory.
template <typename Pair>
FGX_DEVICE_INLINE void sort_tile(Pair (&own)[kItems], int thread, int threads, void* memory) {
  const int count = threads * kItems;
  SharedPairs<Pair> shared(memory, static_cast<int>(blockDim.x) * kItems);
  for (int size = 2; size <= count; size *= 2) {
    for (int step = size / 2; step >= kItems; step /= 2) {
      const int mask = step / kItems;
      const bool rising = (thread * kItems & size) == 0;
      const bool takes_first = ((thread & mask) == 0) == rising;
      Pair others[kItems];
      if (mask >= kWarp) {
        __syncthreads();
#pragma unroll
        for (int i = 0; i < kItems; ++i) {
          shared.set(i * static_cast<int>(blockDim.x) + static_cast<int>(threadIdx.x), own[i]);
        }
        __syncthreads();
#pragma unroll
        for (int i = 0; i < kItems; ++i) {
          others[i] =
              shared.get(i * static_cast<int>(blockDim.x) + (static_cast<int>(threadIdx.x) ^ mask));
        }
      } else {
#pragma unroll
        for (int i = 0; i < kItems; ++i) others[i] = own[i].from_lane(mask);
      }
#pragma unroll
      for (int i = 0; i < kItems; ++i) {
        if (others[i].before(own[i]) == takes_first) own[i] = others[i];
      }
    }
    if (size == 2) {
      exchange(own[0], own[1], true);
      exchange(own[2], own[3], false);
      continue;
    }
    const bool rising = (thread * kItems & size) == 0;
    exchange(own[0], own[2], rising);
    exchange(own[1], own[3], rising);
    exchange(own[0], own[1], rising);
    exchange(own[2], own[3], rising);
  }
}

template <typename Pair>
FGX_DEVICE_INLINE void order_block(const gpu::OrderArguments& a, const void* x, const Pair* from,
                                   void* values, int64_t* indices) {
  using Key = typename Pair::Key;
  extern __shared__ __align__(16) unsigned char shared_memory[];
  static_assert(kItems == 4);
  const int threads = a.threads;
  const int thread = static_cast<int>(threadIdx.x) & (threads - 1);
  const int64_t number = static_cast<int64_t>(blockIdx.x) * (blockDim.x / threads) +
                         static_cast<int>(threadIdx.x) / threads;
  const bool exists = number < a.rows;
  const int64_t row = exists ? number : 0;
  const OrderPlace at = order_place(a, row);
  const int64_t left = thread < a.length ? (a.length - thread - 1) / threads + 1 : 0;
  Pair own[kItems];
  if (a.from_pairs != 0) {
#pragma unroll
    for (int i = 0; i < kItems; ++i) {
      own[i] = i < left ? from[row * a.length + thread + i * threads] : Pair::last();
    }
  } else {
    Key bits[kItems];
    load_elements(x, a.dtype, at.x + thread * a.x_along, threads * a.x_along, left, bits);
    const KeyRule<Key> rule(a.dtype, a.falling != 0);
#pragma unroll
    for (int i = 0; i < kItems; ++i) {
      own[i] = i < left ? Pair::make(rule.of(bits[i]), static_cast<uint32_t>(thread + i * threads))
                        : Pair::last();
    }
  }
  sort_tile(own, thread, threads, shared_memory);
  if (!exists) return;
#pragma unroll
  for (int i = 0; i < kItems; ++i) {
    const int64_t place = thread * kItems + i;
    if (place >= a.kept) continue;
    const int64_t index = own[i].index();
    copy_element(values, at.value + place * a.value_along, x, at.x + index * a.x_along, a.dtype);
    indices[at.index + place * a.index_along] = index;
  }
}

}  // namespace fgx::device

#define FGX_ORDER_BLOCK(name, Pair)                                                           \
  extern "C" __global__ void __launch_bounds__(fgx::gpu::kMostOrderThreads)                   \
      fgx_order_block_##name(const fgx::gpu::OrderArguments arguments, const void* x,         \
                             const fgx::device::Pair* from, void* values, int64_t* indices) { \
    fgx::device::order_block<fgx::device::Pair>(arguments, x, from, values, indices);         \
  }
FGX_ORDER_BLOCK(small, SmallPair)
FGX_ORDER_BLOCK(narrow, NarrowPair)
FGX_ORDER_BLOCK(wide, WidePair)
